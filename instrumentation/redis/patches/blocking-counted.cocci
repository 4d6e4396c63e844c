// Where a parked command is executed again when it goes on, INFO commandstats counts that; where it ends otherwise (a timeout, say), it counts here.

@ unblocked_counted @
typedef client;
identifier c;
@@
void updateStatsOnUnblock(client *c, ...) {
<...
c->lastcmd->calls++;
+SS_UNBLOCKED_COUNTED(c);
...>
}
