// Bus messages, as cluster-send-queue.cocci: types and lengths as Redis has them.

@ cluster_send_8 @
typedef clusterLink, clusterMsg, clusterMsgSendBlock;
identifier link, msgblock;
@@
void clusterSendMessage(clusterLink *link, clusterMsgSendBlock *msgblock) {
...
msgblock->refcount++;
+SS_CLUSTER_SEND(link, ntohs(msgblock->msg.type), ntohl(msgblock->msg.totlen));
...
}

@ broadcast_8 @
identifier msgblock;
@@
void clusterBroadcastMessage(clusterMsgSendBlock *msgblock) {
+SS_BROADCAST(ntohs(msgblock->msg.type), ntohl(msgblock->msg.totlen));
...
}

@ cluster_packet_8 @
identifier link, hdr;
expression E;
@@
clusterProcessPacket(clusterLink *link) {
...
clusterMsg *hdr = E;
+SS_CLUSTER_PACKET(link, ntohs(hdr->type), ntohl(hdr->totlen));
...
}
