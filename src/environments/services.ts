/**
 * What every runtime of services tells, in the same words: sockets with the offsets of their streams, HTTP requests in and out, commands to stores. Each has a
 * provider of its own and events besides these; the analysis of what they have in common is analyses/services.ts.
 *
 * Join keys: a connection's two ends are the same 4-tuple (socket_connect on one side, socket_accept on the other), and both count plaintext bytes from
 * its start. Bytes [a, b) written here are the bytes [a, b) read there, also under keep-alive, pipelining and TLS.
 */
import { type EventField, fields } from "./definition.ts";

export interface EventDefinition {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly EventField[];
}

export function event(name: string, declared: string, doc: string): EventDefinition {
  return { name, doc, fields: fields(declared) };
}

/**
 * Fields that hold an identity. A runtime passes the number it counted in its thread; the provider adds the thread: id = environment << 40 | number.
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

export const connection = "u64 conn_id, s32 fd";
const endpoint = `${connection}, u64 context, u8 tls, string laddr, u16 lport, string raddr, u16 rport, u64 read_offset, u64 write_offset`;

/** Events that say twice what others say, for whoever looks at single bytes: no analysis needs them, and they are a third of what tracing costs a service. */
export const detailEvents: ReadonlySet<string> = new Set(["socket_write"]);

/** Stream offsets count plaintext bytes from the connection's start; a context is the HTTP request below which work is done. */
export const serviceEvents: readonly EventDefinition[] = [
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
    "Bytes [offset, offset + length) reached the application. Of a server's HTTP connections only where socket_write is recorded, too; Node reads these by itself: there, one event for all bytes up to an HTTP event.",
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
];
