/**
 * Public names of what the `flows` analysis writes.
 *
 *     Flows/<process>/{Requests,Calls}/<lane>/{Name,Span}
 *
 * A flow is a tree of spans over all processes: what was done for one request. Spans of one process that overlap stand in lanes of their own.
 */
import { serviceRuntimes } from "../../environments/contract.ts";
import type { ColumnSpec } from "../../state/contract.ts";

export { serviceRuntimes };

export const root = "Flows";

/** Requests: what a process served, and messages pushed to it. Calls: what it asked of others. */
export const branches = { requests: "Requests", calls: "Calls" } as const;

export const spanKinds = ["served", "http", "store", "database", "message"] as const;
export type SpanKind = (typeof spanKinds)[number];

/**
 * What a span's parent is known by, or for calls what they were matched with at the other end by. Nothing: there is none, or none was found. Order: by their
 * order on the connection, since several fit. Stream id: by connection and number of the HTTP/2 stream. Context: by the process itself, which did the one for the other.
 */
export const evidences = ["nothing", "stream-offset", "order", "context", "stream-id"] as const;
export type Evidence = (typeof evidences)[number];

/** Broken: the connection ended before it was answered. Cancelled: the caller ended it before, after a timeout, say. Unfinished: the trace ended before. Unmatched: the other end of a call is not known. Failed: the other end refused, a database, or by gRPC's own status. */
export const spanFlags = { broken: 1, unfinished: 2, unmatched: 4, failed: 8, cancelled: 16 } as const;

/** Flags of a span that came to nothing. */
export const failureFlags = spanFlags.broken | spanFlags.failed | spanFlags.cancelled;

const firstServerError = 500;

/** Whether a call with these flags and HTTP status came to nothing. */
export const hasFailed = (flags: number, status: number): boolean => (flags & failureFlags) !== 0 || status >= firstServerError;

/** What gRPC's statuses are called, by their codes. */
export const grpcStatuses = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** Stands for a process that is not in the trace. */
export const noProcess = 0xffff;

/** Stands for no span, and for no request. */
export const none = 0xffff_ffff;

/**
 * One row per span, in the order in which they were known to be over: nearly that of their ends. `parent` is a span, `flow` the id of the tree's root, `process` an index of the `flow-processes` document, `kind` one
 * of `spanKinds`, `status` of HTTP, `grpc` 1 + that of gRPC (0: none), `request` an id of the store's requests. `evidence` is that of the join with the other process; of served
 * spans with their caller. `sent` is when a call's first bytes were handed to a connection: until then it waited for one; `start` where that is not told. `callee` is
 * the process that served a call, 65535 where that is not in the trace.
 */
export const spanColumns = [
  { name: "id", type: "u32" },
  { name: "parent", type: "u32" },
  { name: "flow", type: "u32" },
  { name: "process", type: "u16" },
  { name: "kind", type: "u8" },
  { name: "name", type: "text" },
  { name: "start", type: "f64" },
  { name: "end", type: "f64", since: "start" },
  { name: "status", type: "u16" },
  { name: "flags", type: "u8" },
  { name: "evidence", type: "u8" },
  { name: "lane", type: "u16" },
  { name: "request", type: "u32" },
  { name: "sent", type: "f64", since: "start" },
  { name: "callee", type: "u16" },
  { name: "grpc", type: "u8" },
] as const satisfies readonly ColumnSpec[];

export type SpanColumn = (typeof spanColumns)[number]["name"];

/**
 * One row per call that its callee sent elsewhere, in the order in which it was known whether it was followed (repeats.ts): `call` and `repeat` are spans, `request` and
 * `repeatRequest` the store's requests, all 4294967295 where there is none or it is not known. The caller followed at `resumed`, infinite where it did not.
 */
export const repeatColumns = [
  { name: "call", type: "u32" },
  { name: "repeat", type: "u32" },
  { name: "flow", type: "u32" },
  { name: "request", type: "u32" },
  { name: "repeatRequest", type: "u32" },
  { name: "start", type: "f64" },
  { name: "resumed", type: "f64" },
] as const satisfies readonly ColumnSpec[];

export type RepeatColumn = (typeof repeatColumns)[number]["name"];

export const tables = { spans: "spans", repeats: "repeats" } as const;
export const documents = { processes: "flow-processes", summary: "flow-summary" } as const;

/** The `flow-processes` document holds these. */
export interface FlowProcess {
  readonly name: string;
  readonly runtime: string;
  readonly version: string;
  readonly pid: number;
}

/** The `flow-summary` document: how well the ends of calls fit. `strangers` are requests served for connections of traced callers that no call was found for. */
export interface FlowSummary {
  readonly spans: number;
  readonly calls: number;
  readonly evidence: Readonly<Record<Evidence, number>>;
  readonly strangers: number;
}
