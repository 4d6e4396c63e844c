// Every report of a crash, failed assertion or panic starts here: send the records before anything else can go wrong.

@ crash @
@@
bugReportStart(void) {
+SS_CRASH();
...
}
