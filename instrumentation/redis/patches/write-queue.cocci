// The list of clients with a reply to write, where a client is a node of it.

@ write_queue_add_node @
typedef client, listNode, listIter;
identifier c;
@@
void putClientInPendingWriteQueue(client *c) {
<...
listLinkNodeHead(server.clients_pending_write, &c->clients_pending_write_node);
+SS_WRITE_QUEUE_ADD(c, listLength(server.clients_pending_write));
...>
}

@ write_queue_remove_node @
identifier c, ln;
@@
int handleClientsWithPendingWrites(void) {
<...
client *c = listNodeValue(ln);
...
listUnlinkNode(server.clients_pending_write,ln);
+SS_WRITE_QUEUE_REMOVE(c, SS_NO_LIST, listLength(server.clients_pending_write));
...>
}

@ write_queue_handled @
identifier li;
@@
int handleClientsWithPendingWrites(void) {
...
+SS_HANDLE_WRITES(listLength(server.clients_pending_write));
listRewind(server.clients_pending_write, &li);
...
}
