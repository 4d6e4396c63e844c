// Where a request that was parsed ahead ended.

@ parsed_command @
@@
typedef struct parsedCommand {
...
+uint64_t ss_end;
} parsedCommand;
