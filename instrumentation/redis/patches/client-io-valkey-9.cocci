// Reading, parsing ahead and writing in Valkey 9, on the main thread and on io threads.

@ connection_open_valkey @
typedef client, connection, ClientFlags;
identifier conn, c, flags;
@@
acceptCommonHandler(connection *conn, ...) {
<...
if (flags.unix_socket) c->flag.unix_socket = 1;
+SS_CONNECTION_OPEN(c);
...>
}

@ free_client_valkey @
identifier c;
@@
freeClient(client *c) {
...
+SS_FREE_CLIENT(c);
moduleNotifyUserChanged(c);
...
}

@ free_client_async_valkey @
identifier c;
@@
void freeClientAsync(client *c) {
...
+SS_FREE_CLIENT_ASYNC(c);
c->flag.close_asap = 1;
...
}

@ read_scope_valkey @
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
...
if (c->io_write_state != CLIENT_IDLE || c->io_read_state != CLIENT_IDLE) return;
+SS_READ(c);
...
}

@ read_done_valkey @
identifier conn, c, full_read;
@@
void readQueryFromClient(connection *conn) {
<...
bool full_read = readToQueryBuf(c);
+SS_READ_DONE(c, c->nread);
...>
}

@ read_on_io_thread @
identifier c;
@@
void ioThreadReadQueryFromClient(client *c) {
serverAssert(c->io_read_state == CLIENT_PENDING_IO);
+SS_TAKE_OVER(c, SS_TO_READ);
+SS_READ(c);
readToQueryBuf(c);
+SS_READ_DONE(c, c->nread);
...
+SS_READ_BUFFER(c);
+SS_READ_CLOSE();
+SS_HAND_OVER(c, 0, SS_TO_EXECUTE, 0);
c->io_read_state = CLIENT_COMPLETED_IO;
...
}

@ read_by_io_thread_done @
identifier c;
@@
int processClientIOReadsDone(client *c) {
...
c->io_read_state = CLIENT_IDLE;
+SS_TAKE_OVER(c, SS_TO_EXECUTE);
...
}

@ parsed_first @
identifier c, flag;
@@
void parseMultibulkBuffer(client *c) {
...
c->read_flags |= flag;
+c->ss.ahead = SS_UNPARSED(c);
...
}

@ parsed_ahead @
typedef parsedCommand;
identifier c, p, flag;
@@
void parseMultibulkBuffer(client *c) {
<...
p->read_flags = flag;
+p->ss_end = SS_UNPARSED(c);
...>
}

@ parsed_inline @
identifier c;
@@
void parseInputBuffer(client *c) {
<...
parseInlineBuffer(c);
+c->ss.ahead = SS_UNPARSED(c);
...>
}

@ parsed_taken @
identifier c, p;
@@
consumeCommandQueue(client *c) {
<...
c->slot = p->slot;
+c->ss.ahead = p->ss_end;
...>
}

@ parsed_next @
identifier c;
statement S;
@@
int processInputBuffer(client *c) {
<...
+SS_PARSED_AHEAD(c);
if (processCommandAndResetClient(c) == C_ERR) S
...>
}

@ parsed_pending @
identifier c;
statement S;
@@
int processPendingCommandAndInputBuffer(client *c) {
<...
+SS_PARSED_AHEAD(c);
if (processCommandAndResetClient(c) == C_ERR) S
...>
}

@ write_scope_valkey @
identifier c;
@@
int writeToClient(client *c) {
if (c->io_write_state != CLIENT_IDLE || c->io_read_state != CLIENT_IDLE) return C_OK;
+SS_WRITE(c);
...
+SS_WRITTEN(c, c->nwritten);
return postWriteToClient(c);
}

@ write_on_io_thread @
identifier c;
@@
void ioThreadWriteToClient(client *c) {
serverAssert(c->io_write_state == CLIENT_PENDING_IO);
+SS_TAKE_OVER(c, SS_TO_WRITE);
+SS_WRITE(c);
...
+SS_WRITTEN(c, c->nwritten);
+SS_WRITE_CLOSE();
c->io_write_state = CLIENT_COMPLETED_IO;
...
}
