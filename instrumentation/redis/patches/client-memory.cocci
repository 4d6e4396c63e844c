// What a client holds: where the store's cron has just counted it, about once a second for each, with no io thread at work on it.

@ client_memory @
identifier c;
@@
clientsCron(...) {
<...
+SS_CLIENT_MEMORY(c);
if (closeClientOnOutputBufferLimitReached(c, 0)) continue;
...>
}
