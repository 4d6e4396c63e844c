// The io threads of Redis 8: each runs an event loop of its own, and clients change hands through queues.

@ to_main @
typedef client, IOThread, listNode, listIter;
identifier c, unbind;
@@
void enqueuePendingClientsToMainThread(client *c, int unbind) {
<...
listAddNodeTail(IOThreads[c->tid].pending_clients_to_main_thread, c);
+SS_HAND_OVER(c, 0, SS_TO_EXECUTE, listLength(IOThreads[c->tid].pending_clients_to_main_thread));
...>
}

@ to_io @
identifier c;
@@
void assignClientToIOThread(client *c) {
...
listAddNodeTail(mainThreadPendingClientsToIOThreads[c->tid], c);
+SS_HAND_OVER(c, c->tid, clientHasPendingReplies(c) ? SS_TO_WRITE : SS_TO_KEEP, listLength(mainThreadPendingClientsToIOThreads[c->tid]));
}

@ from_io @
identifier t, c, node;
@@
void processClientsFromIOThread(IOThread *t) {
<...
client *c = listNodeValue(node);
+SS_TAKE_OVER(c, SS_TO_EXECUTE);
...>
}

@ from_io_items @
identifier t, node;
@@
void processClientsFromIOThread(IOThread *t) {
listNode *node = NULL;
+SS_HANDLE_READS(listLength(mainThreadProcessingClients[t->id]));
...
}

@ back_to_io @
identifier t, c, node;
@@
void processClientsFromIOThread(IOThread *t) {
<...
listLinkNodeHead(mainThreadPendingClientsToIOThreads[c->tid], node);
+SS_HAND_OVER(c, c->tid, clientHasPendingReplies(c) ? SS_TO_WRITE : SS_TO_KEEP, listLength(mainThreadPendingClientsToIOThreads[c->tid]));
...>
}

@ write_queue_leave @
identifier t, c;
@@
void processClientsFromIOThread(IOThread *t) {
<...
listUnlinkNode(server.clients_pending_write, &c->clients_pending_write_node);
+SS_WRITE_QUEUE_REMOVE(c, SS_NO_LIST, listLength(server.clients_pending_write));
...>
}

@ from_main @
identifier ae, fd, ptr, mask, c, ln;
@@
handleClientsFromMainThread(struct aeEventLoop *ae, int fd, void *ptr, int mask) {
<...
client *c = listNodeValue(ln);
+SS_TAKE_OVER(c, clientHasPendingReplies(c) ? SS_TO_WRITE : SS_TO_KEEP);
...>
}

@ io_loop_start @
identifier ptr, t;
@@
void *IOThreadMain(void *ptr) {
IOThread *t = ptr;
...
makeThreadKillable();
+SS_THREAD_START(t->id, "io");
...
}
