// The work before each poll, and right after it.

@ before_sleep @
identifier el;
@@
void beforeSleep(struct aeEventLoop *el) {
+SS_BEFORE_SLEEP();
...
}

@ after_sleep @
identifier el;
@@
void afterSleep(struct aeEventLoop *el, ...) {
+SS_AFTER_SLEEP();
...
}
