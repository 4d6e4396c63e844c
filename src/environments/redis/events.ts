/**
 * The `redis` provider's events: the one place where they are defined.
 *
 * Generated from this file (`npm run gen`): the LTTng-UST provider header, the record kinds of the batch buffers (both in instrumentation/redis/provider/)
 * and docs/events.md. Checked against it: what the running binary offers (`lttng list -u -f`), and the readers in this folder.
 *
 * Two carriers, one meaning. In the `classic` set every event is an LTTng event of its own. In the `light` and `full` sets the frequent ones are records
 * in a per-thread buffer that travels as one event, `commands` or `steps`, once in a few event-loop iterations (ADR 0003 has the costs).
 * Rare events (a connection opens, a fork, ...) are LTTng events in every set.
 */

import { type EventField, fields } from "../definition.ts";

/** What `storescope record --events` can ask for. */
export type EventSet = "light" | "full" | "classic";

export interface EventDefinition {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly EventField[];
  readonly sets: readonly EventSet[];
}

function event(name: string, sets: readonly EventSet[], declared: string, doc: string): EventDefinition {
  return { name, doc, fields: fields(declared), sets };
}

const every: readonly EventSet[] = ["light", "full", "classic"];
const classic: readonly EventSet[] = ["classic"];
const connection = "u64 conn_id, s32 fd";
const endpoint = `${connection}, u8 kind, u8 tls, string laddr, u16 lport, string raddr, u16 rport, u64 read_offset, u64 write_offset`;
const batch = "u16 thread, u64 base_ticks, u64 base_ns, u64 end_ticks, u64 end_ns, u64 settled_ticks, u32[] words";

/** Values of `kind` in connection events. */
export const connectionKinds = ["client", "replica", "master", "bus-in", "bus-out", "module"] as const;

/** Every LTTng event of the provider. Stream offsets count plaintext bytes from the connection's start. */
export const events: readonly EventDefinition[] = [
  event(
    "server_info",
    every,
    "string run_id, string node_id, string flavor, string version, u16 port, u16 tls_port, u16 bus_port, u8 cluster_enabled, u8 io_threads, u8 io_threads_do_reads",
    "Who this server is: once when tracing is switched on, and after each change.",
  ),
  event(
    "server_state",
    every,
    "u64 used_memory, u32 connected_clients, u32 blocked_clients, u32 pending_reads, u32 pending_writes, u32 clients_to_close, u64 repl_backlog, u64 commands, u64 net_input_bytes, u64 net_output_bytes",
    "Once a second while traced. The last three are the server's own counters.",
  ),
  event(
    "thread_info",
    every,
    "u16 thread, string role",
    "Once per thread: 0 is the main thread, 1.. are io threads, 100.. background threads.",
  ),
  event(
    "command_table",
    every,
    "u16 command, u32 flags, string name",
    "The name behind a command number: once per command when tracing is switched on. Flags: 1 read, 2 write, 4 pubsub, 8 script, 16 admin, 32 blocking.",
  ),
  event("connection_open", every, endpoint, "A connection appears."),
  event("connection_state", every, endpoint, "A connection that was there before tracing was switched on."),
  event("connection_close", every, `${connection}, u32 reason`, "A connection's socket is closed. Reason: the client's flags."),
  event(
    "link_open",
    every,
    "u32 link, u8 inbound, string node_id, string laddr, u16 lport, string raddr, u16 rport, u64 read_offset, u64 write_offset",
    "A cluster-bus link appears, or was there when tracing was switched on, or learns its peer's node id.",
  ),
  event("link_close", every, "u32 link", "A cluster-bus link is freed."),
  event("client_blocked", every, `${connection}, u8 type`, "BLPOP, WAIT and the like park the client."),
  event("client_unblocked", every, `${connection}, u8 type`, "The parked client goes on."),
  event(
    "call_counted",
    every,
    `${connection}, u16 command`,
    "A parked command is over without being executed again (Redis 8, Valkey): INFO commandstats counts it now.",
  ),
  event("free_client", every, `${connection}, u64 flags`, "A client's resources are freed."),
  event("free_client_async", every, `${connection}, u64 flags`, "A client is put on the list of clients to close."),
  event(
    "client_memory",
    every,
    `${connection}, u64 query_buffer, u64 output_buffer, u64 memory`,
    "What a client holds, looked at once a second, told when it changed: bytes read and not yet executed, memory of queued replies (beyond a fixed buffer), and all it takes. CLIENT LIST: qbuf, omem, tot-mem.",
  ),
  event(
    "cluster_redirect",
    every,
    `${connection}, u16 slot, u8 kind, string target, u16 command`,
    "A command is sent elsewhere. Kind: 1 MOVED, 2 ASK, 3 other refusal.",
  ),
  event(
    "replication_offset",
    every,
    `${connection}, u64 offset`,
    "Before the first write to a replica, and the first read from a master, while traced: bytes of the replication history that went over the connection so far, counted as both servers count them (INFO: master_repl_offset).",
  ),
  event("fork_start", every, "u8 purpose", "fork() is called. Purpose: 1 rdb, 2 aof, 3 script debugger, 4 module."),
  event("fork_end", every, "u8 purpose, s32 child_pid, u64 duration_ns", "fork() returned in the parent."),
  event("rdb_save_start", every, "u8 background", "An RDB save begins in this process."),
  event("rdb_save_end", every, "u8 background, s32 result", "It ended."),

  event(
    "commands",
    ["light"],
    batch,
    "Batch of records, `light` set. `settled_ticks`, in the main thread's batches: up to here, every thread's records have been sent.",
  ),
  event("steps", ["full"], batch, "Batch of records, `full` set; as `commands`."),

  event("start_read_client_query", classic, connection, "Reading a request from the socket begins, on the thread that reads."),
  event("read_client_query", classic, `${connection}, s32 nread`, "The socket read returned."),
  event(
    "end_read_client_query",
    classic,
    `${connection}, s32 nread, u32 query_buffer, u64 memory`,
    "Reading, and on the main thread executing what was read, ended.",
  ),
  event(
    "command_parsed",
    classic,
    `${connection}, u32 argc, u64 start_offset, u64 end_offset`,
    "A whole request has been parsed: it was bytes [start, end) of the request stream.",
  ),
  event(
    "call_command_start",
    classic,
    `${connection}, string name, u32 argc, u32 flags, u8 nesting, u16 db`,
    "Execution begins. Nested for scripts, transactions, modules.",
  ),
  event(
    "call_command_end",
    classic,
    `${connection}, string name, u64 duration_ns, u32 reply_bytes, u8 error, u8 nesting, u8 counted`,
    "Execution ended. Counted: INFO commandstats counts it as a call.",
  ),
  event("end_process_command", classic, connection, "The command is done with, or parked."),
  event("insert_client_write_queue", classic, `${connection}, u32 length`, "The client is put on the list of pending writes."),
  event("pending_write_remove", classic, `${connection}, u32 length, u16 list`, "Taken off that list, onto io thread list `list`."),
  event("pending_read_add", classic, `${connection}, u32 length`, "The client is put on the list of pending reads (io threads)."),
  event("pending_read_remove", classic, `${connection}, u32 length, u16 list`, "Taken off that list, onto io thread list `list`."),
  event(
    "pending_read_done",
    classic,
    connection,
    "The threads are done with the list of pending reads, and the main thread goes on with this entry of it. It follows the client's free_client where the client was on the list twice.",
  ),
  event(
    "io_thread_run_start",
    classic,
    "u16 thread, u8 operation, u32 items",
    "A thread starts on its io list. Operation: 0 read, 1 write.",
  ),
  event("io_thread_run_end", classic, "u16 thread, u8 operation, u32 items", "It is done."),
  event("handle_pending_reads_start", classic, "u32 items", "handleClientsWithPendingReadsUsingThreads begins with work to do."),
  event("handle_pending_reads_end", classic, "u32 items", "It ended."),
  event("handle_pending_writes_start", classic, "u32 items", "handleClientsWithPendingWrites begins with work to do."),
  event("handle_pending_writes_end", classic, "u32 items", "It ended."),
  event(
    "hand_over",
    classic,
    `${connection}, u16 to, u8 purpose, u32 length`,
    "Redis 8, Valkey 8 and later: the client is put on the queue of thread `to` (0 the main thread, 65535 the queue that all io threads share), now `length` long where that is known. Purpose: 0 to read from it, 1 to write to it, 2 to execute what was read, or to free it, 3 to look after it.",
  ),
  event("take_over", classic, `${connection}, u8 purpose`, "The thread took the client from its queue."),
  event("write_to_client_start", classic, connection, "Writing a reply to the socket begins."),
  event(
    "write_to_client_end",
    classic,
    `${connection}, s32 nwritten, u64 write_offset, u32 left`,
    "It ended; `left` bytes are still queued, or 1 where some are and the thread cannot tell how many.",
  ),
  event(
    "ssl_read",
    classic,
    `${connection}, u32 asked, s32 returned, u32 pending`,
    "SSL_read returned; `pending` plaintext bytes are left inside OpenSSL.",
  ),
  event("ssl_write", classic, `${connection}, u32 asked, s32 returned, u32 pending`, "SSL_write returned."),
  event("add_file_event", classic, "s32 fd, u16 mask", "A descriptor is registered with the event loop."),
  event("delete_file_event", classic, "s32 fd, u16 mask", "It is unregistered."),
  event("poll_start", classic, "s32 timeout_us", "epoll_wait begins."),
  event("poll_end", classic, "u32 ready", "It returned with this many events."),
  event("file_event_start", classic, "s32 fd, u16 mask", "A ready descriptor's handler begins."),
  event("file_event_end", classic, "s32 fd", "It ended."),
  event("time_events_start", classic, "", "Timers begin."),
  event("time_events_end", classic, "u32 processed", "They ended."),
  event("before_sleep_start", classic, "", "The event loop's work before polling begins."),
  event("before_sleep_end", classic, "", "It ended."),
  event("after_sleep", classic, "", "Right after polling."),
  event(
    "cluster_send",
    classic,
    "u32 link, u16 type, u32 length, u64 end_offset, u64 backlog",
    "A message is queued on a bus link; it ends at this offset of the link's send stream.",
  ),
  event("cluster_write", classic, "u32 link, s32 nwritten, u64 left", "Bytes of the link's send stream were written to its socket."),
  event("cluster_read", classic, "u32 link, s32 nread", "Bytes were read from a bus link."),
  event(
    "cluster_process_packet",
    classic,
    "u32 link, u16 type, u32 length, u64 end_offset",
    "A whole bus message was received; it ended at this offset of the link's receive stream.",
  ),
  event("broadcast_start", classic, "u16 type, u32 length", "A message to every node begins."),
  event("broadcast_end", classic, "u16 type, u32 links", "It was queued on this many links."),
  event("publish", classic, `${connection}, hash channel, u32 payload, u32 receivers`, "PUBLISH reached this many local subscribers."),
  event(
    "deliver",
    classic,
    connection,
    "A published message was put into this subscriber's output: for the PUBLISH being executed, or the bus message being processed.",
  ),
  event("aof_write", classic, "u64 duration_ns, u64 amount", "The append-only file was written; amount in bytes."),
  event("aof_fsync", classic, "u64 duration_ns, u64 amount", "It was synced in the main thread."),
  event("expire_cycle", classic, "u64 duration_ns, u64 amount", "Expired keys were looked for; amount: keys removed."),
  event("eviction_cycle", classic, "u64 duration_ns, u64 amount", "Keys were evicted; amount: keys."),
  event("active_defrag", classic, "u64 duration_ns, u64 amount", "Memory was defragmented."),
  event("lazy_free", classic, "u64 duration_ns, u64 amount", "A background thread freed objects."),
];

/** What the `housekeeping` record's aux says; each is an event of its own in `classic`. */
export const housekeepingKinds = ["aof_write", "aof_fsync", "expire_cycle", "eviction_cycle", "active_defrag", "lazy_free"] as const;

/**
 * One kind of record in a batch. A record is 32-bit words:
 *
 *     word 0   kind (bits 0-7) | flags (8-15) | aux (16-31)
 *     word 1   time, in ticks after the batch's base_ticks; of the END, where the record has a duration
 *     word 2.. as `words` names them
 *
 * Connection ids, link ids and stream offsets are their low 32 bits. Counts that do not fit their place are saturated.
 * A record without a `conn` word belongs to the connection of the latest record of its thread's batch that had one (`context` exists to set it).
 */
export interface RecordDefinition {
  readonly kind: number;
  readonly name: string;
  readonly sets: readonly ("light" | "full")[];
  /** Meaning of aux; empty when unused. */
  readonly aux: string;
  /** Meaning of flags; empty when unused. */
  readonly flags: string;
  readonly words: readonly string[];
  readonly doc: string;
}

function record(kind: number, name: string, sets: string, aux: string, flags: string, words: string, doc: string): RecordDefinition {
  return {
    kind,
    name,
    sets: [...(sets.includes("L") ? ["light" as const] : []), ...(sets.includes("F") ? ["full" as const] : [])],
    aux,
    flags,
    words: words === "" ? [] : words.split(" "),
    doc,
  };
}

/** Flag bits of call records. The low two bits are the nesting depth, saturated at 3. */
export const callFlags = { nestingMask: 3, counted: 4, error: 8, blocked: 16 } as const;

/** Every kind of record. `duration` words are ticks; `extend` carries the high half of the next record's duration. */
export const records: readonly RecordDefinition[] = [
  record(1, "context", "LF", "", "", "conn", "Sets the connection of the records that follow. Its time word is unused."),
  record(2, "extend", "LF", "", "", "high", "High 32 bits of the next record's duration. Its time word is unused."),
  record(3, "poll", "L", "ready", "", "duration", "epoll_wait, whole."),
  record(4, "poll_start", "F", "", "", "", "poll_start."),
  record(5, "poll_end", "F", "ready", "", "", "poll_end."),
  record(6, "read", "L", "", "", "duration conn nread", "start_read_client_query to the socket read's return."),
  record(7, "read_start", "F", "", "", "conn", "start_read_client_query."),
  record(8, "read_done", "F", "", "", "nread", "The socket read returned."),
  record(9, "read_end", "F", "", "", "conn query_buffer", "end_read_client_query."),
  record(
    10,
    "parsed",
    "LF",
    "argc",
    "",
    "end_offset",
    "command_parsed; starts where the previous request of the connection ended. In `light` only for requests that are never executed.",
  ),
  record(11, "call", "L", "command", "callFlags", "duration end_offset", "call_command_start to call_command_end; offset as in parsed."),
  record(12, "call_start", "F", "command", "callFlags", "", "call_command_start."),
  record(13, "call_end", "F", "command", "callFlags", "reply_bytes", "call_command_end."),
  record(14, "process_end", "F", "", "", "", "end_process_command."),
  record(15, "write", "L", "", "bit 0: bytes are still queued", "duration conn nwritten", "write_to_client_start to _end."),
  record(16, "write_start", "F", "", "", "conn", "write_to_client_start."),
  record(17, "write_end", "F", "", "", "conn nwritten left", "write_to_client_end."),
  record(18, "write_queue_add", "F", "length", "", "conn", "insert_client_write_queue."),
  record(19, "write_queue_remove", "F", "list", "", "conn length", "pending_write_remove."),
  record(20, "read_queue_add", "LF", "length", "", "conn", "pending_read_add."),
  record(21, "read_queue_remove", "LF", "list", "", "conn length", "pending_read_remove."),
  record(22, "io_run_start", "LF", "thread", "operation", "items", "io_thread_run_start."),
  record(23, "io_run_end", "LF", "thread", "operation", "items", "io_thread_run_end."),
  record(24, "handle_reads_start", "LF", "", "", "items", "handle_pending_reads_start."),
  record(25, "handle_reads_end", "LF", "", "", "items", "handle_pending_reads_end."),
  record(26, "handle_writes_start", "F", "", "", "items", "handle_pending_writes_start."),
  record(27, "handle_writes_end", "F", "", "", "items", "handle_pending_writes_end."),
  record(28, "ssl_read", "F", "", "", "conn asked returned pending", "ssl_read."),
  record(29, "ssl_write", "F", "", "", "conn asked returned pending", "ssl_write."),
  record(30, "file_event_start", "F", "mask", "", "fd", "file_event_start."),
  record(31, "file_event_end", "F", "", "", "fd", "file_event_end."),
  record(32, "time_events_start", "F", "", "", "", "time_events_start."),
  record(33, "time_events_end", "F", "processed", "", "", "time_events_end."),
  record(34, "before_sleep_start", "F", "", "", "", "before_sleep_start."),
  record(35, "before_sleep_end", "F", "", "", "", "before_sleep_end."),
  record(36, "after_sleep", "F", "", "", "", "after_sleep."),
  record(37, "add_file_event", "F", "mask", "", "fd", "add_file_event."),
  record(38, "delete_file_event", "F", "mask", "", "fd", "delete_file_event."),
  record(39, "cluster_send", "LF", "type", "", "link length end_offset backlog", "cluster_send."),
  record(40, "cluster_write", "LF", "", "", "link nwritten left", "cluster_write."),
  record(41, "cluster_read", "LF", "", "", "link nread", "cluster_read."),
  record(42, "cluster_packet", "LF", "type", "", "link length end_offset", "cluster_process_packet."),
  record(43, "broadcast_start", "F", "type", "", "length", "broadcast_start."),
  record(44, "broadcast_end", "F", "type", "", "links", "broadcast_end."),
  record(45, "publish", "LF", "", "", "receivers payload channel", "publish; channel: low half of the hash."),
  record(
    46,
    "housekeeping",
    "LF",
    "housekeepingKinds",
    "",
    "duration amount",
    "One of the housekeeping events. `light` records those of 20 us and more.",
  ),
  record(47, "hand_over", "LF", "to", "", "conn purpose length", "hand_over. In `light` only those to read."),
  record(48, "take_over", "F", "purpose", "", "conn", "take_over."),
  record(49, "io_poll_start", "LF", "", "", "", "poll_start of a thread other than the main one."),
  record(50, "io_poll_end", "LF", "ready", "", "", "poll_end of a thread other than the main one."),
  record(51, "read_queue_done", "F", "", "", "conn", "pending_read_done."),
  record(52, "deliver", "F", "", "", "conn", "deliver."),
];

/** The LTTng event names to enable for a set, with the provider's prefix. */
export function eventNames(set: EventSet): readonly string[] {
  return events.filter((definition) => definition.sets.includes(set)).map((definition) => `redis:${definition.name}`);
}
