// The event loop. ae.c is also part of redis-cli and redis-benchmark, so it includes our header itself.

@ include_in_ae @
@@
#include "ae.h"
+#include "storescope.h"

@ add_file_event @
typedef aeEventLoop, aeFileEvent;
identifier el, fd, mask, fe;
@@
aeCreateFileEvent(aeEventLoop *el, int fd, int mask, ...) {
...
fe->mask |= mask;
+SS_ADD_FILE_EVENT(fd, mask);
...
}

@ delete_file_event @
identifier el, fd, mask;
@@
aeDeleteFileEvent(aeEventLoop *el, int fd, int mask) {
<...
+SS_DELETE_FILE_EVENT(fd, mask);
aeApiDelEvent(el, fd, mask);
...>
}

@ poll @
identifier el, tvp, n;
@@
aeProcessEvents(aeEventLoop *el, ...) {
<...
+SS_POLL_START(tvp);
n = aeApiPoll(el, tvp);
+SS_POLL_END(n);
...>
}

@ file_event @
identifier el, fd, mask, j;
@@
aeProcessEvents(aeEventLoop *el, ...) {
<...
int fd = el->fired[j].fd;
...
int mask = el->fired[j].mask;
int fired = 0;
+SS_FILE_EVENT_START(fd, mask);
...
+SS_FILE_EVENT_END(fd);
processed++;
...>
}


@ time_events @
identifier el, processed;
@@
processTimeEvents(aeEventLoop *el) {
int processed = 0;
+SS_TIME_EVENTS_START();
...
+SS_TIME_EVENTS_END(processed);
return processed;
}
