// The io threads of Redis 6 to 7: the main thread hands out lists and waits for them.

@ read_queue_add @
typedef client, listNode, listIter;
identifier c;
@@
int postponeClientRead(client *c) {
<...
listAddNodeHead(server.clients_pending_read,c);
+SS_READ_QUEUE_ADD(c, listLength(server.clients_pending_read));
...>
}

@ handle_reads @
identifier processed;
@@
int handleClientsWithPendingReadsUsingThreads(void) {
...
if (processed == 0) return 0;
+SS_HANDLE_READS(processed);
...
}

@ handle_writes @
identifier processed;
@@
int handleClientsWithPendingWritesUsingThreads(void) {
...
if (processed == 0) return 0;
+SS_HANDLE_WRITES(processed);
...
}

@ read_queue_remove @
identifier c, target;
@@
int handleClientsWithPendingReadsUsingThreads(void) {
<...
listAddNodeTail(io_threads_list[target],c);
+SS_READ_QUEUE_REMOVE(c, target, listLength(io_threads_list[target]));
...>
}

// Before the client is touched: it may have been freed with an entry of its before.
@ read_queue_done @
identifier c, ln;
@@
int handleClientsWithPendingReadsUsingThreads(void) {
<...
client *c = listNodeValue(ln);
listDelNode(server.clients_pending_read,ln);
+SS_READ_QUEUE_DONE(c);
...>
}

@ write_queue_remove_threaded @
identifier c, target;
@@
int handleClientsWithPendingWritesUsingThreads(void) {
<...
listAddNodeTail(io_threads_list[target],c);
+SS_WRITE_QUEUE_REMOVE(c, target, listLength(io_threads_list[target]));
...>
}

// Replicas are served by the main thread.
@ write_queue_remove_replica @
identifier c;
@@
int handleClientsWithPendingWritesUsingThreads(void) {
<...
listAddNodeTail(io_threads_list[0],c);
+SS_WRITE_QUEUE_REMOVE(c, 0, listLength(io_threads_list[0]));
...>
}

@ write_queue_remove_closing @
identifier c, ln;
@@
int handleClientsWithPendingWritesUsingThreads(void) {
<...
if (c->flags & CLIENT_CLOSE_ASAP) {
listDelNode(server.clients_pending_write, ln);
+SS_WRITE_QUEUE_REMOVE(c, SS_NO_LIST, listLength(server.clients_pending_write));
continue;
}
...>
}

@ main_reads @
identifier li, ln, c;
@@
int handleClientsWithPendingReadsUsingThreads(void) {
<...
listRewind(io_threads_list[0],&li);
+SS_IO_RUN_START(0, 0, listLength(io_threads_list[0]));
while((ln = listNext(&li))) {
client *c = listNodeValue(ln);
readQueryFromClient(c->conn);
}
+SS_IO_RUN_END(0, 0, listLength(io_threads_list[0]));
listEmpty(io_threads_list[0]);
...>
}

@ main_writes @
identifier li, ln, c;
@@
int handleClientsWithPendingWritesUsingThreads(void) {
<...
listRewind(io_threads_list[0],&li);
+SS_IO_RUN_START(0, 1, listLength(io_threads_list[0]));
while((ln = listNext(&li))) {
client *c = listNodeValue(ln);
writeToClient(c,0);
}
+SS_IO_RUN_END(0, 1, listLength(io_threads_list[0]));
listEmpty(io_threads_list[0]);
...>
}

@ io_thread_start @
identifier myid, id;
expression E;
@@
void *IOThreadMain(void *myid) {
long id = E;
...
makeThreadKillable();
+SS_THREAD_START(id, "io");
...
}

// The end sends the thread's records, so it must stand before the count drops to 0.
@ io_thread_run @
identifier myid, id, li;
@@
void *IOThreadMain(void *myid) {
<...
+SS_IO_RUN_START(id, io_threads_op == IO_THREADS_OP_WRITE, listLength(io_threads_list[id]));
listRewind(io_threads_list[id],&li);
...
+SS_IO_RUN_END(id, io_threads_op == IO_THREADS_OP_WRITE, listLength(io_threads_list[id]));
listEmpty(io_threads_list[id]);
...>
}
