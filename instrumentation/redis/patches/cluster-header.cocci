// Stream offsets of a cluster-bus link.

@ link_stream @
@@
typedef struct clusterLink {
...
+struct ss_link ss;
} clusterLink;
