// Reading from and writing to clients, and their connections' lives: what is alike in all stores.

@ client_init @
typedef client, connection;
identifier conn, c;
@@
client *createClient(connection *conn) {
...
c->conn = conn;
+SS_CLIENT_INIT(c);
...
}

@ connection_close @
identifier c;
@@
void unlinkClient(client *c) {
<...
+SS_CONNECTION_CLOSE(c);
connClose(c->conn);
...>
}

@ read_buffer @
identifier conn, c;
@@
void readQueryFromClient(connection *conn) {
<...
+SS_READ_BUFFER(c);
beforeNextClient(c);
...>
}
