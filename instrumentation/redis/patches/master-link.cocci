// A replica's connection to its master is a client made by hand.

@ master_open @
typedef connection;
identifier conn, dbid;
@@
void replicationCreateMasterClient(connection *conn, int dbid) {
...
+SS_CONNECTION_OPEN(server.master);
}

@ master_resurrect @
identifier conn;
@@
void replicationResurrectCachedMaster(connection *conn) {
...
linkClient(server.master);
+SS_CLIENT_INIT(server.master);
+SS_CONNECTION_OPEN(server.master);
...
}
