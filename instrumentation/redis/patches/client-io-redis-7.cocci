// Reading, parsing and writing in Redis 7: an io thread takes part in readQueryFromClient up to the first command.

@ read_scope @
typedef client, connection;
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
...
if (postponeClientRead(c)) return;
+SS_READ(c);
...
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
