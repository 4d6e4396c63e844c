// Active defragmentation, where the allocator supports it: in a function of its own, or in a timer's.

@ defrag @
identifier cycle =~ "^activeDefrag(Cycle|TimeProc)$";
@@
cycle(...) {
+SS_CHORE(SS_ACTIVE_DEFRAG, server.stat_active_defrag_hits);
<+...
latencyStartMonitor(latency);
+SS_CHORE_BEGIN();
...+>
}
