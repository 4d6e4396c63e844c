// Writing and syncing the append-only file on the main thread.

@ aof_write @
identifier nwritten, force;
expression E1, E2, E3;
@@
void flushAppendOnlyFile(int force) {
<...
+uint64_t ss_aof_write = SS_CHORE_START();
nwritten = aofWrite(E1, E2, E3);
+SS_CHORE_END(SS_AOF_WRITE, ss_aof_write, nwritten < 0 ? 0 : nwritten);
...>
}

@ aof_fsync @
identifier fsync =~ "^(redis|valkey)_fsync$";
identifier force;
statement S;
@@
void flushAppendOnlyFile(int force) {
<...
+uint64_t ss_aof_fsync = SS_CHORE_START();
if (fsync(server.aof_fd) == -1) S
+SS_CHORE_END(SS_AOF_FSYNC, ss_aof_fsync, server.aof_last_incr_size - server.aof_last_incr_fsync_offset);
...>
}
