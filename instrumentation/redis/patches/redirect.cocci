// A command is sent elsewhere.

@ redirect @
typedef client, clusterNode;
identifier c, n, hashslot, error_code;
@@
void clusterRedirectClient(client *c, clusterNode *n, int hashslot, int error_code) {
+SS_REDIRECT(c, hashslot, error_code == CLUSTER_REDIR_MOVED ? 1 : error_code == CLUSTER_REDIR_ASK ? 2 : 3, n);
...
}
