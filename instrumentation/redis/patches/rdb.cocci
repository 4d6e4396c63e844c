// RDB saves: in the foreground, and, as the parent sees them, in the background.

@ rdb_scope @
identifier filename;
@@
int rdbSave(..., char *filename, ...) {
+SS_RDB_SAVE();
...
}

@ rdb_saved @
identifier filename;
@@
int rdbSave(..., char *filename, ...) {
...
stopSaving(1);
+SS_RDB_SAVED();
return C_OK;
...
}

@ rdb_background_start @
identifier filename;
@@
int rdbSaveBackground(..., char *filename, ...) {
<...
server.rdb_child_type = RDB_CHILD_TYPE_DISK;
+SS_RDB_SAVE_START(1);
...>
}

@ rdb_background_end @
identifier exitcode, bysignal;
@@
void backgroundSaveDoneHandler(int exitcode, int bysignal) {
+SS_RDB_SAVE_END(1, bysignal ? -bysignal : exitcode);
...
}
