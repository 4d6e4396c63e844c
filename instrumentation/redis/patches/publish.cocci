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

@ deliver_message @
typedef client;
identifier c, channel, msg, bulk;
@@
void addReplyPubsubMessage(client *c, robj *channel, robj *msg, robj *bulk) {
+SS_DELIVER(c);
...
}

@ deliver_pattern @
identifier c, pat, channel, msg;
@@
void addReplyPubsubPatMessage(client *c, robj *pat, robj *channel, robj *msg) {
+SS_DELIVER(c);
...
}
