// Active defragmentation, where the allocator supports it.

@ defrag_scope @
@@
void activeDefragCycle(void) {
+SS_CHORE(SS_ACTIVE_DEFRAG, server.stat_active_defrag_hits);
static int current_db = -1;
...
}

@ defrag_begin @
identifier latency;
@@
void activeDefragCycle(void) {
<...
latencyStartMonitor(latency);
+SS_CHORE_BEGIN();
...>
}
