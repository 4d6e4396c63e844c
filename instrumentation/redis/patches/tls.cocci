// The TLS layer's reads and writes of plaintext.

@ ssl_read @
typedef connection, tls_connection;
identifier conn_, conn, buf, len, ret;
@@
connTLSRead(connection *conn_, void *buf, size_t len) {
<...
ret = SSL_read(conn->ssl, buf, len);
+SS_SSL_READ(conn_, len, ret, conn->ssl);
...>
}

@ ssl_write @
identifier conn_, conn, data, len, ret;
@@
connTLSWrite(connection *conn_, const void *data, size_t len) {
<...
ret = SSL_write(conn->ssl, data, len);
+SS_SSL_WRITE(conn_, len, ret, conn->ssl);
...>
}
