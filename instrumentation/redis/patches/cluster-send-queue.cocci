// Bus messages where a link has a queue of blocks that links share.

@ cluster_write_part @
typedef clusterLink, connection;
identifier conn, link, nwritten;
@@
void clusterWriteHandler(connection *conn) {
<...
+SS_CLUSTER_WRITE(link, nwritten);
link->head_msg_send_offset += nwritten;
...>
}

@ cluster_write_whole @
identifier conn, link, nwritten;
expression E1, E2;
@@
void clusterWriteHandler(connection *conn) {
<...
serverAssert((E1 + nwritten) == E2);
+SS_CLUSTER_WRITE(link, nwritten);
link->head_msg_send_offset = 0;
...>
}
