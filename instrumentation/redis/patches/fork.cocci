// Forks. Children do not record; a server that goes into the background takes the tracer's threads along.

@ fork_times @
identifier store_fork =~ "^(redis|server)Fork$";
identifier fork =~ "^(valkey_)?fork$";
identifier purpose, childpid;
@@
int store_fork(int purpose) {
...
+SS_FORK_START(purpose);
if ((childpid = fork()) == 0) {
+SS_FORK_CHILD();
...
} else {
+SS_FORK_PARENT(purpose, childpid);
...
}
...
}

@ daemonize @
identifier fork =~ "^(valkey_)?fork$";
@@
void daemonize(void) {
<...
-fork()
+ss_daemon_fork()
...>
}
