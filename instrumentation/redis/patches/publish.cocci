@ publish @
typedef robj;
identifier channel, message, sharded, receivers;
expression E;
@@
int pubsubPublishMessageAndPropagateToCluster(robj *channel, robj *message, int sharded) {
...
int receivers = E;
+SS_PUBLISH(channel, message, receivers);
...
}
