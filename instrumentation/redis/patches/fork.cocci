// Forks. Children do not record; a server that goes into the background takes the tracer's threads along.

@ fork_times @
identifier purpose, childpid;
@@
int redisFork(int purpose) {
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
@@
void daemonize(void) {
<...
-fork()
+ss_daemon_fork()
...>
}
