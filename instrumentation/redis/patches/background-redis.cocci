// Background threads: who they are.

@ background_start @
identifier arg, type;
expression E;
@@
void *bioProcessBackgroundJobs(void *arg) {
...
unsigned long type = E;
...
makeThreadKillable();
+SS_THREAD_START(SS_BACKGROUND_THREAD + type, "background");
...
}
