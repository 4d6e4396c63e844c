// Reading, parsing and writing in Redis 8: all of it on the thread whose event loop the client is in.

@ read_scope_8 @
typedef client, connection;
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
...
if (!(c->io_flags & CLIENT_IO_READ_ENABLED)) return;
+SS_READ(c);
...
}

@ parsed_8 @
identifier c;
statement S;
@@
int processInputBuffer(client *c) {
<...
if (c->argc == 0) { ... } else {
+SS_PARSED(c);
if (c->running_tid != IOTHREAD_MAIN_THREAD_ID) S
...
}
...>
}

@ write_scope_8 @
identifier c, installed;
@@
int writeToClient(client *c, int installed) {
if (!(c->io_flags & CLIENT_IO_WRITE_ENABLED)) return C_OK;
+SS_WRITE(c);
...
}

@ written_8 @
identifier c, installed, total;
expression counter;
@@
int writeToClient(client *c, int installed) {
<...
+SS_WRITTEN(c, total);
atomicIncr(counter, total);
...>
}
