// Clients that are parked, and go on.

@ blocked @
typedef client;
identifier c, btype;
@@
void blockClient(client *c, int btype) {
...
+SS_BLOCKED(c, btype);
addClientToTimeoutTable(c);
...
}

@ unblocked @
identifier c;
@@
unblockClient(client *c,...) {
+SS_UNBLOCKED(c);
...
}
