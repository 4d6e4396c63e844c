// The cluster bus: links and what is read from them. A packet is processed exactly when its last byte has come.

@ link_init @
typedef clusterLink, clusterMsg, clusterNode, connection, client;
identifier node, link;
@@
clusterLink *createClusterLink(clusterNode *node) {
...
link->node = node;
+SS_LINK_INIT(link);
...
}

@ link_close @
identifier link;
@@
void freeClusterLink(clusterLink *link) {
+SS_LINK_CLOSE(link);
...
}

@ link_open_inbound @
identifier conn, link;
@@
clusterConnAcceptHandler(connection *conn) {
...
connSetPrivateData(conn, link);
+SS_LINK_OPEN(link);
...
}

@ link_open_outbound @
identifier conn, link;
@@
void clusterLinkConnectHandler(connection *conn) {
clusterLink *link = connGetPrivateData(conn);
...
connSetReadHandler(conn, clusterReadHandler);
+SS_LINK_OPEN(link);
...
}

@ link_peer @
identifier node, link;
@@
void setClusterNodeToInboundClusterLink(clusterNode *node, clusterLink *link) {
...
link->node = node;
+SS_LINK_OPEN(link);
...
}

// A node met by its address is known by a random name until it answers.
@ link_renamed @
identifier node, newname;
@@
void clusterRenameNode(clusterNode *node, char *newname) {
...
memcpy(node->name, newname, CLUSTER_NAMELEN);
+SS_LINK_OPEN(node->link);
+SS_LINK_OPEN(node->inbound_link);
...
}

@ cluster_read @
identifier conn, link, nread;
@@
void clusterReadHandler(connection *conn) {
<...
link->rcvbuf_len += nread;
+SS_CLUSTER_READ(link, nread);
...>
}
