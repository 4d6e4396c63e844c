// The io threads of Valkey 9: the main thread puts jobs on a queue that all of them share, and collects the answers. The hand-over is told of before the
// job is queued, since it may be taken at once; where the queue is full, the main thread does the work itself.

@ read_job @
typedef client;
identifier c;
@@
int trySendReadToIOThreads(client *c) {
<...
+SS_HAND_OVER(c, SS_ANY_THREAD, SS_TO_READ, spmcSize(&io_shared_inbox));
if (unlikely(spmcEnqueue(&io_shared_inbox, tagJob(c, JOB_REQ_READ_CLIENT)) == false)) { ... }
...>
}

@ write_job @
identifier c, job;
@@
int trySendWriteToIOThreads(client *c) {
<...
+SS_HAND_OVER(c, SS_ANY_THREAD, SS_TO_WRITE, spmcSize(&io_shared_inbox));
if (unlikely(spmcEnqueue(&io_shared_inbox, job) == false)) { ... }
...>
}

@ write_queue_to_io @
identifier c;
@@
int trySendWriteToIOThreads(client *c) {
<...
listUnlinkNode(server.clients_pending_write, &c->clients_pending_write_node);
+SS_WRITE_QUEUE_REMOVE(c, SS_NO_LIST, listLength(server.clients_pending_write));
...>
}

@ io_jobs_start @
identifier myid, id;
@@
void *IOThreadMain(void *myid) {
...
thread_id = (int)id;
+SS_THREAD_START(id, "io");
...
}

@ io_jobs_idle @
identifier myid, processed;
@@
void *IOThreadMain(void *myid) {
<...
if (processed == 0) {
+SS_THREAD_IDLE();
...
}
...>
}

@ io_jobs_end @
identifier dummy;
@@
void cleanupThreadResources(void *dummy) {
...
+SS_THREAD_END();
}

@ read_answers @
identifier read_jobs, read_count;
@@
void handleReadJobs(client **read_jobs, int read_count) {
+SS_HANDLE_READS(read_count);
...
}
