// A replica's connection to its master is a client made by hand.

@ master_open @
typedef connection;
identifier create =~ "^replicationCreate(MasterClient|PrimaryClientWithHandler)$";
identifier master =~ "^(master|primary)$";
identifier conn;
@@
void create(connection *conn, ...) {
...
server.master = createClient(conn);
...
+SS_CONNECTION_OPEN(server.master);
}

@ master_resurrect @
identifier resurrect =~ "^replicationResurrectCached(Master|Primary)$";
identifier master =~ "^(master|primary)$";
identifier conn;
@@
void resurrect(connection *conn) {
...
linkClient(server.master);
+SS_CLIENT_INIT(server.master);
+SS_CONNECTION_OPEN(server.master);
...
}
