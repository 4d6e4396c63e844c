// Objects freed by background threads.

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
