// One cycle that looks for expired keys; calls that return at once, because the last cycle was just now, do not count.

@ expire_scope @
identifier type;
@@
void activeExpireCycle(int type) {
+SS_CHORE(SS_EXPIRE_CYCLE, server.stat_expiredkeys);
...
}

@ expire_begin @
identifier type;
@@
void activeExpireCycle(int type) {
<...
+SS_CHORE_BEGIN();
timelimit_exit = 0;
...>
}
