// As client-io.cocci, for Redis alone. A protected client is freed later: its freeClientAsync says so.

@ connection_open @
typedef client, connection;
identifier c, flags;
@@
acceptCommonHandler(...) {
...
c->flags |= flags;
+SS_CONNECTION_OPEN(c);
...
}

@ free_client @
identifier c;
statement S;
@@
freeClient(client *c) {
...
if (c->flags & CLIENT_PROTECTED) S
+SS_FREE_CLIENT(c);
...
}

@ free_client_async @
identifier c;
@@
void freeClientAsync(client *c) {
...
+SS_FREE_CLIENT_ASYNC(c);
c->flags |= CLIENT_CLOSE_ASAP;
...
}

@ read_done @
identifier conn, c, nread;
expression E1, E2;
@@
void readQueryFromClient(connection *conn) {
<...
nread = connRead(c->conn, E1, E2);
+SS_READ_DONE(c, nread);
...>
}
