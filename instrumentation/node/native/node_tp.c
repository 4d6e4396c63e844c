/* Creates the probes of the `node` provider; nothing else belongs here. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "node_tp.h"
