/**
 * The `node` provider's events: the one place where they are defined.
 *
 * Generated from this file (`npm run gen`): the LTTng-UST provider header and the emitters in C and JavaScript (all in instrumentation/node/), and
 * docs/events-node.md. Checked against it: what a traced process offers (`lttng list -u -f`), and the traces of test/real/node.test.ts.
 *
 * Join keys: a connection's two ends are the same 4-tuple (socket_connect on one side, socket_accept on the other), and both count plaintext bytes from
 * its start. Bytes [a, b) written here are the bytes [a, b) read there, also under keep-alive, pipelining and TLS.
 */
import { type EventField, fields } from "../definition.ts";

export interface EventDefinition {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly EventField[];
}

function event(name: string, declared: string, doc: string): EventDefinition {
  return { name, doc, fields: fields(declared) };
}

/**
 * Fields that hold an identity. JavaScript passes the number it counted in its thread; the provider adds the thread: id = environment << 40 | number.
 * So an id is never used twice inside a process. Number 0 is "none", and stays 0.
 */
export const idFields: ReadonlySet<string> = new Set(["conn_id", "context", "parent", "request"]);

/** Values of `how`: the evidence for `context`. */
export const evidence = {
  none: {
    code: 0,
    doc: "the context is not known (0): the client library puts several requests' bytes on one connection and nothing told them apart",
  },
  protocol: { code: 1, doc: "the HTTP message that these bytes belong to says so" },
  library: { code: 2, doc: "the client library's own object for the command was followed from where it was issued" },
} as const;

/** Values of `library` in store_command. */
export const storeLibraries = { unknown: 0, ioredis: 1, "node-redis": 2, iovalkey: 3 } as const;

/** Values of `library` in database_query. */
export const databaseLibraries = { mysql2: 1, pg: 2 } as const;

/** What a database library speaks to, as people know it. */
export const databaseSystems: Readonly<Record<number, string>> = { 1: "mysql", 2: "postgresql" };

/** Values of `kind` in database_query. */
export const databaseKinds = { statement: 0, connection: 1 } as const;

/** Values of `kind` in context_start. */
export const contextKinds = { push: 0 } as const;

const connection = "u64 conn_id, s32 fd";
const endpoint = `${connection}, u64 context, u8 tls, string laddr, u16 lport, string raddr, u16 rport, u64 read_offset, u64 write_offset`;

/** Every event of the provider. Stream offsets count plaintext bytes from the connection's start; a context is the HTTP request below which work is done. */
export const events: readonly EventDefinition[] = [
  event(
    "process_info",
    "u32 environment, u32 thread, u32 cluster_worker, string node_version, string script, string service",
    "Who this JavaScript thread is: when tracing is switched on, and when it starts. Thread 0 is the main one, others are worker threads; environment counts them in this process and is the upper part of its ids.",
  ),
  event("socket_connect", endpoint, "A connection to somebody else is made; the context is the one that asked for it."),
  event("socket_accept", endpoint, "A connection was accepted."),
  event("socket_state", endpoint, "A connection that was there before tracing was switched on: at its first use."),
  event(
    "socket_close",
    `${connection}, u64 read_offset, u64 write_offset`,
    "The connection is gone. The offsets are its streams' lengths.",
  ),
  event(
    "socket_write",
    `${connection}, u64 context, u8 how, u64 offset, u32 length`,
    "The application handed bytes [offset, offset + length) to the connection. On a connection that is not yet made, before its socket_connect.",
  ),
  event(
    "socket_read",
    `${connection}, u64 offset, u32 length`,
    "Bytes [offset, offset + length) reached the application. Node reads a server's HTTP connections by itself: there, one event for all bytes up to an HTTP event.",
  ),
  event(
    "http_server_receive",
    `u64 context, ${connection}, u64 read_offset, string method, string path`,
    "A request's headers were received: a context starts. They end at or before read_offset, and begin at or after that of the connection's previous http_server_receive. The path is without its query.",
  ),
  event(
    "http_server_response",
    `u64 context, ${connection}, u64 start_offset, u64 end_offset, u16 status, u8 aborted, string route`,
    "The response, bytes [start_offset, end_offset), was handed over; or the connection broke before (aborted). The route where express or fastify told it.",
  ),
  event(
    "http_client_request",
    `u64 request, u64 context, ${connection}, u64 write_offset, string method, string host, string path`,
    "A request to somebody else begins at write_offset. Emitted at its first byte, from http, https, and fetch or undici. The path is without its query, and ends in a question mark where there was one.",
  ),
  event(
    "http_client_response",
    `u64 request, u64 context, ${connection}, u64 read_offset, u16 status`,
    "The response's headers were received; they end at or before read_offset. Status 0: the connection broke before.",
  ),
  event(
    "store_command",
    `u64 context, ${connection}, u8 how, u8 library, u64 start_offset, u64 end_offset, string name`,
    "A command to a data store is bytes [start_offset, end_offset) of the connection's write stream.",
  ),
  event(
    "database_query",
    "u64 request, u64 context, u8 how, u8 library, u8 kind, string name",
    "The application asked a database's client library for something. Kind 0: a statement; the name is its first word, such as SELECT. Kind 1: a connection of a pool that had none free.",
  ),
  event(
    "database_send",
    `u64 request, ${connection}, u64 write_offset`,
    "The statement begins at write_offset; until now it waited for a connection, or for the statements before it on the connection.",
  ),
  event(
    "database_result",
    `u64 request, ${connection}, u64 read_offset, u8 failed`,
    "The result was received, all of it, and ends at or before read_offset; or the connection was got. Failed: the database or the connection refused.",
  ),
  event(
    "context_start",
    `u64 context, u64 parent, u8 kind, ${connection}, u64 offset, u32 length`,
    "A context that no HTTP request started. Kind 0, push: a subscriber's connection received these bytes, and what follows is done for the messages in them.",
  ),
  event(
    "loop_iteration",
    "u32 environment, u64 poll_ns, u64 busy_ns",
    "An iteration of the event loop ended: it waited poll_ns for something to do, and then ran callbacks for busy_ns.",
  ),
  event(
    "gc",
    "u32 environment, u8 kind, u64 start_ns, u64 duration_ns",
    "A garbage collection; told later, so it says when (CLOCK_MONOTONIC). Kind: 1 scavenge, 2 minor mark-sweep, 4 mark-sweep-compact, 8 incremental marking, 16 weak callbacks.",
  ),
  event(
    "dns",
    "u32 environment, u64 start_ns, u64 duration_ns, string host",
    "A host name was looked up; told later, so it says when (CLOCK_MONOTONIC).",
  ),
  event(
    "tracing_end",
    "u32 environment, string reason",
    "Something of ours failed: of this thread nothing more is told, though it runs on. The reason is the kind of error and the line of our code.",
  ),
];

/** The LTTng event names, with the provider's prefix. */
export function nodeEventNames(): readonly string[] {
  return events.map(({ name }) => `node:${name}`);
}
