// Evictions, once memory is over its limit.

@ evict @
@@
int performEvictions(void) {
+SS_CHORE(SS_EVICTION_CYCLE, server.stat_evictedkeys);
<+...
latencyStartMonitor(latency);
+SS_CHORE_BEGIN();
...+>
}
