// Background threads: who they are.

@ background_start_valkey @
identifier arg, bwd;
@@
void *bioProcessBackgroundJobs(void *arg) {
...
bio_worker_num = bioWorkerNum(bwd);
+SS_THREAD_START(SS_BACKGROUND_THREAD + bio_worker_num, "background");
...
}
