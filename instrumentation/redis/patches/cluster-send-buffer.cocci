// Bus messages where a link's send buffer is one string (Redis 7.0).

@ cluster_write_buffer @
typedef clusterLink, clusterMsg, connection;
identifier conn, link, nwritten;
@@
void clusterWriteHandler(connection *conn) {
<...
sdsrange(link->sndbuf,nwritten,-1);
+SS_CLUSTER_WRITE(link, nwritten);
...>
}

@ cluster_send_buffer @
identifier link, msg, msglen;
@@
void clusterSendMessage(clusterLink *link, unsigned char *msg, size_t msglen) {
...
link->sndbuf = sdscatlen(link->sndbuf, msg, msglen);
+SS_CLUSTER_SEND(link, ntohs(((const clusterMsg *)msg)->type), msglen);
...
}

@ broadcast_buffer @
identifier buf, len;
@@
void clusterBroadcastMessage(void *buf, size_t len) {
+SS_BROADCAST(ntohs(((const clusterMsg *)buf)->type), len);
...
}

@ cluster_packet_buffer @
identifier link, hdr;
expression E;
@@
clusterProcessPacket(clusterLink *link) {
...
clusterMsg *hdr = E;
+SS_CLUSTER_PACKET(link, ntohs(hdr->type), ntohl(hdr->totlen));
...
}
