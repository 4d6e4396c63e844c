// Clients that are parked, and go on.

@ blocked @
typedef client;
identifier c, btype;
@@
blockClient(client *c, int btype) {
<...
c->btype = btype;
+SS_BLOCKED(c, btype);
...>
}

@ unblocked @
identifier c;
@@
unblockClient(client *c,...) {
+SS_UNBLOCKED(c, c->btype);
...
}
