// Background threads: who they are, and objects freed by them.

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

@ lazy_free @
identifier arg, job;
@@
void *bioProcessBackgroundJobs(void *arg) {
<...
+uint64_t ss_lazy_free = SS_CHORE_START();
+size_t ss_freed = lazyfreeGetFreedObjectsCount();
job->free_args.free_fn(job->free_args.free_args);
+SS_CHORE_END(SS_LAZY_FREE, ss_lazy_free, lazyfreeGetFreedObjectsCount() - ss_freed);
...>
}
