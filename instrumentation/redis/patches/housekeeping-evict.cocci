// Evictions, once memory is over its limit.

@ evict_scope @
@@
int performEvictions(void) {
+SS_CHORE(SS_EVICTION_CYCLE, server.stat_evictedkeys);
...
}

@ evict_begin @
@@
int performEvictions(void) {
<...
mem_freed = 0;
+SS_CHORE_BEGIN();
...>
}
