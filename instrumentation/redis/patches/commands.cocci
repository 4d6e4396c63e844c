// Execution of commands.

@ call_scope @
typedef client;
identifier c, flags, real_cmd;
type T;
@@
void call(client *c, int flags) {
...
T real_cmd = c->realcmd;
+SS_CALL(c, real_cmd);
...
}

// INFO commandstats counts exactly the calls that pass here.
@ call_counted @
identifier c, flags, real_cmd;
@@
void call(client *c, int flags) {
<...
real_cmd->calls++;
+SS_CALL_COUNTED();
...>
}
