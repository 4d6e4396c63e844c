@ process_end @
typedef client;
identifier c;
@@
void commandProcessed(client *c) {
+SS_PROCESS_END(c);
...
}
