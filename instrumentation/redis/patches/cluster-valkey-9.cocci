// Bus messages, as cluster-send-queue.cocci: a message may have the light header, which a bit of its type says. The length tells as well, so the type is bare.

@ cluster_send_valkey @
typedef clusterLink, clusterMsgHeader, clusterMsgSendBlock;
identifier link, msgblock;
@@
void clusterSendMessage(clusterLink *link, clusterMsgSendBlock *msgblock) {
...
msgblock->refcount++;
+SS_CLUSTER_SEND(link, ntohs(getMessageFromSendBlock(msgblock)->type) & ~CLUSTERMSG_MODIFIER_MASK, ntohl(getMessageFromSendBlock(msgblock)->totlen));
...
}

@ broadcast_valkey @
identifier msgblock;
@@
void clusterBroadcastMessage(clusterMsgSendBlock *msgblock) {
+SS_BROADCAST(ntohs(getMessageFromSendBlock(msgblock)->type) & ~CLUSTERMSG_MODIFIER_MASK, ntohl(getMessageFromSendBlock(msgblock)->totlen));
...
}

@ cluster_packet_valkey @
identifier link;
@@
clusterProcessPacket(clusterLink *link) {
+SS_CLUSTER_PACKET(link, ntohs(((const clusterMsgHeader *)link->rcvbuf)->type) & ~CLUSTERMSG_MODIFIER_MASK, ntohl(((const clusterMsgHeader *)link->rcvbuf)->totlen));
...
}
