// One cycle that looks for expired keys; calls that return at once, because the last cycle was just now, do not count.

@ expire @
identifier type;
@@
activeExpireCycle(int type) {
+SS_CHORE(SS_EXPIRE_CYCLE, server.stat_expiredkeys);
<+...
+SS_CHORE_BEGIN();
serverAssert(server.also_propagate.numops == 0);
...+>
}
