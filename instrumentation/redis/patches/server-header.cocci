// The structs that carry our stream offsets, and the probes' header where every file of the server sees it.

@ include_in_server_header @
@@
#include "connection.h"
+#include "storescope.h"

@ client_stream @
@@
typedef struct client {
...
+struct ss_stream ss;
} client;
