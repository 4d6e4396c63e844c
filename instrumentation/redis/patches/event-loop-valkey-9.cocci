// The event loop where an io thread may poll for the main thread, which then collects what was found.

@ poll_on_io_thread @
typedef aeEventLoop;
identifier el, tvp, ret;
@@
int aePoll(aeEventLoop *el, struct timeval *tvp) {
<...
+SS_POLL_START(tvp);
int ret = aeApiPoll(el, tvp);
+SS_POLL_END(ret);
...>
}

@ poll_result @
identifier el, n;
@@
aeProcessEvents(aeEventLoop *el, ...) {
<...
+SS_LOOK_START();
n = el->custompoll(el);
+SS_LOOK_END(n);
...>
}
