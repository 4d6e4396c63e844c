/**
 * Events of Valkey's own `valkey_*` providers (Valkey 9 and later, built with USE_LTTNG=yes): what is read of them.
 *
 * Each tells of something when it is over, with a duration in whole microseconds; there is nothing of sockets, threads, bus or the event loop's order. So a
 * command's time is known, and not what it waited for. Times are those of the provider's tracepoint, a moment after the end.
 */

/** `command_call`: `addr` and `laddr` are the connection's ends, `?:0` for what a script or module calls. */
export const commandEvent = "valkey_commands:command_call";

/** What the main thread did besides commands, by event; the values are those of `housekeepingKinds` of the redis environment. */
export const housekeepingEvents: Readonly<Record<string, string>> = {
  "valkey_aof:aof_write": "aof_write",
  "valkey_aof:aof_fsync_always": "aof_fsync",
  "valkey_db:expire_cycle": "expire_cycle",
  "valkey_db:eviction_cycle": "eviction_cycle",
  "valkey_db:active_defrag_cycle": "active_defrag",
};

/** fork(), by event; the values are the purposes of `fork_start` of the redis environment. */
export const forkEvents: Readonly<Record<string, number>> = { "valkey_rdb:fork": 1, "valkey_aof:fork": 2 };

/** Names to record: all that is read, and what tells of the event loop for whoever looks at single events. */
export function valkeyEventNames(): readonly string[] {
  return [commandEvent, ...Object.keys(housekeepingEvents), ...Object.keys(forkEvents), "valkey_server:eventloop"];
}
