/**
 * The `node` provider's events: the one place where they are defined.
 *
 * Generated from this file (`npm run gen`): the LTTng-UST provider header and the emitters in C and JavaScript (all in instrumentation/node/), and
 * docs/events-node.md. Checked against it: what a traced process offers (`lttng list -u -f`), and the traces of test/real/node.test.ts.
 */
import { fields } from "../definition.ts";
import { connection, detailEvents, type EventDefinition, event, serviceEvents } from "../services.ts";

/** Values of `library` in store_command. */
export const storeLibraries = { unknown: 0, ioredis: 1, "node-redis": 2, iovalkey: 3 } as const;

/** Values of `library` in database_query. */
export const databaseLibraries = { mysql2: 1, pg: 2 } as const;

/** What a database library speaks to, as people know it. */
export const databaseSystems: Readonly<Record<number, string>> = { 1: "mysql", 2: "postgresql" };

/** Values of `kind` in database_query. */
export const databaseKinds = { statement: 0, connection: 1 } as const;

/** Values of `end` in http_client_cut and http2_client_end: how a request that was sent ended. */
export const requestEnds = { whole: 0, broken: 1, cancelled: 2 } as const;

/** Values of `kind` in context_start. */
export const contextKinds = { push: 0 } as const;

/** The field that every event ends with. */
export const happenedField = "at_ns";

/** Every event of the provider. Stream offsets count plaintext bytes from the connection's start; a context is the HTTP request below which work is done. */
const told: readonly EventDefinition[] = [
  event(
    "process_info",
    "u32 environment, u32 thread, u32 cluster_worker, string node_version, string script, string service",
    "Who this JavaScript thread is: when tracing is switched on, and when it starts. Thread 0 is the main one, others are worker threads; environment counts them in this process and is the upper part of its ids.",
  ),
  ...serviceEvents,
  event(
    "http_client_cut",
    `u64 request, ${connection}, u64 read_offset, u8 end`,
    "A request that was sent ended before its whole answer was received. End 1, broken: the connection did; 2, cancelled: the caller gave it up, after a timeout, say.",
  ),
  event(
    "http2_server_receive",
    `u64 context, ${connection}, u32 stream, string method, string path`,
    "An HTTP/2 request's headers were received, on this stream of the connection: a context starts. gRPC calls are such requests. Of an HTTP/2 connection no bytes are told; the lengths in its socket_close say nothing.",
  ),
  event(
    "http2_server_response",
    `u64 context, ${connection}, u32 stream, u16 status, u8 aborted, u8 grpc`,
    "The stream is over: answered, or reset or broken before (aborted). Grpc: 1 + gRPC's own status, which it sends in the trailers, or in the headers where they are all; 0: none.",
  ),
  event(
    "http2_client_request",
    `u64 request, u64 context, ${connection}, u32 stream, string method, string host, string path`,
    "An HTTP/2 request to somebody else is sent, as this stream of the connection.",
  ),
  event(
    "http2_client_end",
    `u64 request, ${connection}, u32 stream, u16 status, u8 end, u8 grpc`,
    "The stream is over. End 0, whole: the answer was received, all of it; 1, broken: the other end reset it, or the connection ended; 2, cancelled: the caller gave it up. Status 0: no answer. Grpc: 1 + gRPC's own status; 0: none was received.",
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
    "u32 environment, u64 poll_ns, u64 busy_ns, u32 poll1_ns, u32 busy1_ns, u32 poll2_ns, u32 busy2_ns, u32 poll3_ns, u32 busy3_ns",
    "An iteration of the event loop ended: it waited poll_ns for something to do, and then ran callbacks for busy_ns. Up to three brief ones right before it (1: the last of them), without a gap between, are told with it; 0 and 0: none.",
  ),
  event(
    "gc",
    "u32 environment, u8 kind, u64 start_ns, u64 duration_ns",
    "A garbage collection, told when it is over or later, so it says when (CLOCK_MONOTONIC). Kind: 1 scavenge, 2 minor mark-sweep, 4 mark-sweep-compact, 8 incremental marking, 16 weak callbacks.",
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

/** A thread keeps its events until its event loop turns, and tells them together: so each says when it happened. */
export const events: readonly EventDefinition[] = told.map((definition) => ({
  ...definition,
  fields: [...definition.fields, ...fields(`u64 ${happenedField}`)],
}));

/** The LTTng event names, with the provider's prefix; all, or those that analyses need. */
export function nodeEventNames(withDetails = true): readonly string[] {
  return events.filter(({ name }) => withDetails || !detailEvents.has(name)).map(({ name }) => `node:${name}`);
}
