// Reading from, parsing for and writing to clients; their connections' lives.

@ client_init @
typedef client, connection;
identifier conn, c;
@@
client *createClient(connection *conn) {
...
c->conn = conn;
+SS_CLIENT_INIT(c);
...
}

@ connection_open @
identifier c, flags;
@@
acceptCommonHandler(...) {
...
c->flags |= flags;
+SS_CONNECTION_OPEN(c);
...
}

@ connection_close @
identifier c;
@@
void unlinkClient(client *c) {
<...
+SS_CONNECTION_CLOSE(c);
connClose(c->conn);
...>
}

// A protected client is freed later: its freeClientAsync says so.
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

@ read_scope @
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
...
if (postponeClientRead(c)) return;
+SS_READ(c);
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

@ read_buffer @
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
<...
+SS_READ_BUFFER(c);
beforeNextClient(c);
...>
}

@ parsed @
identifier c;
statement S;
@@
int processInputBuffer(client *c) {
<...
if (c->argc == 0) { resetClient(c); } else {
+SS_PARSED(c);
S
...
}
...>
}

@ write_scope @
identifier c, installed;
@@
int writeToClient(client *c, int installed) {
+SS_WRITE(c);
...
}

@ written @
identifier c, installed, total;
statement S;
@@
int writeToClient(client *c, int installed) {
<...
+SS_WRITTEN(c, total);
if (getClientType(c) == CLIENT_TYPE_SLAVE) { atomicIncr(server.stat_net_repl_output_bytes, total); } else S
...>
}

@ write_queue_add @
identifier c;
@@
void putClientInPendingWriteQueue(client *c) {
<...
listAddNodeHead(server.clients_pending_write,c);
+SS_WRITE_QUEUE_ADD(c, listLength(server.clients_pending_write));
...>
}

@ write_queue_remove @
identifier c, ln;
@@
int handleClientsWithPendingWrites(void) {
<...
client *c = listNodeValue(ln);
...
listDelNode(server.clients_pending_write,ln);
+SS_WRITE_QUEUE_REMOVE(c, 0, listLength(server.clients_pending_write));
...>
}
