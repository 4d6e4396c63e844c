/**
 * Public names of what the `redis` analysis writes (docs/model.md explains each).
 *
 *     Redis/<host:port>/
 *       Server/{UsedMemory,ClientMemory,ReplicationBacklog}
 *       Connections/<conn_id>/{State,Type,Memory,OutputBuffer,TotalMemory,DataStructure,Thread}
 *       Requests/<conn_id>/{Request,Type,DataStructure}
 *       Bus/<peer>/{Sent,Received,Backlog,Type}
 *       Threads/<tid>/{Operation,Request}
 *       EventLoop/{Phase,Iteration,Ready,QueueLength}
 */

import type { BucketCounts, BucketReach } from "../../base/time-buckets.ts";
import type { ColumnSpec } from "../../state/contract.ts";

export const root = "Redis";

export const branches = {
  server: "Server",
  connections: "Connections",
  requests: "Requests",
  bus: "Bus",
  threads: "Threads",
  eventLoop: "EventLoop",
} as const;

/** Values of Connections/<id>/State besides command names. The upper-case ones are the paper's. Idle is stored as no state. */
export const connectionStates = {
  idle: "idle",
  queuedForRead: "queued for read",
  reading: "READ CLIENT",
  queuedForExecution: "queued for execution",
  queuedForWrite: "queued for write",
  writing: "WRITE TO CLIENT",
  blocked: "BLOCKED",
  freeing: "FREEING CLIENT",
  closed: "closed",
} as const;

/** Values of Threads/<tid>/Operation besides command names and `Reading SSL bytes=N`. Polling and waiting are stored as no state. */
export const operations = {
  polling: "POLLING",
  eventLoop: "EVENT LOOP",
  reading: "READ CLIENT",
  writing: "WRITE TO CLIENT",
  runningTask: "RUNNING TASK",
  beforeSleep: "BEFORE SLEEP",
  cron: "CRON",
  clusterRead: "CLUSTER READ",
  clusterSend: "CLUSTER SEND",
  freeing: "FREEING CLIENT",
  fork: "FORK",
  waiting: "WAITING",
} as const;

/**
 * Bits of the requests table's `flags`. Deferred: read while io threads were at work, executed when the main thread came to it. Redirected: answered MOVED
 * or ASK, or refused for its slot.
 */
export const requestFlags = {
  read: 1,
  write: 2,
  failed: 4,
  incomplete: 8,
  notCalled: 16,
  blocked: 32,
  deferred: 64,
  redirected: 128,
} as const;

/** Stands for no request. */
export const noRequest = 0xffff_ffff;

/** Id spaces (state/contract.ts): what `redis` numbers. A connection's id is its row in the connections table. */
export const idSpaces = { requests: "requests", connections: "connections" } as const;

/** Stands for an unknown number of bytes. */
export const unknownBytes = 0xffff_ffff;

/**
 * One row per request, part by part in order of completion. Times are relative ns and never decrease from `arrived` to `writeEnd`:
 *
 *     arrived ..queued-for-read.. readStart ..read.. readEnd ..queued-behind, or queued-for-execution where deferred.. parseStart ..parse..
 *     callStart ..execute.. callEnd ..queued-for-write.. writeStart ..write.. writeEnd
 *
 * `connection` is a row of the connections table, `process` of the processes document. `readThread` and `thread` are kernel thread ids.
 */
export const requestColumns = [
  { name: "id", type: "u32", ids: idSpaces.requests },
  { name: "process", type: "u16" },
  { name: "connection", type: "u32", ids: idSpaces.connections },
  { name: "command", type: "text" },
  { name: "flags", type: "u8" },
  { name: "readThread", type: "u32" },
  { name: "thread", type: "u32" },
  { name: "arrived", type: "f64" },
  { name: "readStart", type: "f64" },
  { name: "readEnd", type: "f64" },
  { name: "parseStart", type: "f64" },
  { name: "callStart", type: "f64" },
  { name: "callEnd", type: "f64" },
  { name: "writeStart", type: "f64" },
  { name: "writeEnd", type: "f64", since: "arrived" },
  { name: "requestBytes", type: "u32" },
  { name: "replyBytes", type: "u32" },
] as const satisfies readonly ColumnSpec[];

export type RequestColumn = (typeof requestColumns)[number]["name"];

type RequestPhase = readonly [name: PhaseName, from: RequestColumn, to: RequestColumn];

/** The steps of a request's life, in order. Waits are the steps whose name starts with "queued". */
export type PhaseName =
  | "queued-for-read"
  | "read"
  | "queued-behind"
  | "parse"
  | "queued-for-execution"
  | "execute"
  | "queued-for-write"
  | "write";

const phases: readonly RequestPhase[] = [
  ["queued-for-read", "arrived", "readStart"],
  ["read", "readStart", "readEnd"],
  ["queued-behind", "readEnd", "parseStart"],
  ["parse", "parseStart", "callStart"],
  ["execute", "callStart", "callEnd"],
  ["queued-for-write", "callEnd", "writeStart"],
  ["write", "writeStart", "writeEnd"],
];
const deferredPhases: readonly RequestPhase[] = phases.map((phase) =>
  phase[0] === "queued-behind" ? ["queued-for-execution", phase[1], phase[2]] : phase,
);

/** The phases of a row with these flags. They follow each other without gap, so that they add up to the whole. */
export function requestPhases(flags: number): readonly RequestPhase[] {
  return (flags & requestFlags.deferred) !== 0 ? deferredPhases : phases;
}

/** Calls inside another command (scripts, transactions, modules) that INFO commandstats counts as calls of their own. */
export const nestedCallColumns = [
  { name: "process", type: "u16" },
  { name: "connection", type: "u32", ids: idSpaces.connections },
  { name: "command", type: "text" },
  { name: "flags", type: "u8" },
  { name: "start", type: "f64" },
  { name: "end", type: "f64" },
] as const satisfies readonly ColumnSpec[];

/** One row per connection, part by part in order of appearance. `closed` is infinite while open at the end. Bytes are as far as the trace saw them. */
export const connectionColumns = [
  { name: "process", type: "u16" },
  { name: "connection", type: "u32" },
  { name: "label", type: "text" },
  { name: "kind", type: "text" },
  { name: "opened", type: "f64" },
  { name: "closed", type: "f64" },
  { name: "bytesIn", type: "f64" },
  { name: "bytesOut", type: "f64" },
  { name: "requests", type: "u32" },
] as const satisfies readonly ColumnSpec[];

export type ConnectionColumn = (typeof connectionColumns)[number]["name"];

/** What a link between nodes carries: values of Bus/…/Type, and the type of its totals. */
export const linkTypes = { nodeToNode: "node-to-node", broadcast: "broadcast", primaryToReplica: "primary-to-replica" } as const;

/**
 * One row per cluster-bus message, in the order in which its second end happened. `received` (or `sent`) is infinite when the other end is not in the
 * trace. `from` and `to` are processes; 65535 is one that is not in the trace. `request` is the request that caused it; 4294967295 for none.
 */
export const messageColumns = [
  { name: "from", type: "u16" },
  { name: "to", type: "u16" },
  { name: "type", type: "u16" },
  { name: "length", type: "u32" },
  { name: "sent", type: "f64" },
  { name: "received", type: "f64" },
  { name: "request", type: "u32" },
] as const satisfies readonly ColumnSpec[];

/**
 * One row per published message put into a subscriber's output, in the order in which they were known to be written. `request` is the PUBLISH that caused it,
 * also on another node, or 4294967295 where that is not in the trace; `from` its process (65535: unknown). `received` is when the bus brought it, infinite where
 * publisher and subscriber are on one node. `written` is when the subscriber's socket had taken all that was queued up to it; infinite when it never did.
 */
export const deliveryColumns = [
  { name: "process", type: "u16" },
  { name: "connection", type: "u32", ids: idSpaces.connections },
  { name: "request", type: "u32" },
  { name: "from", type: "u16" },
  { name: "received", type: "f64" },
  { name: "queued", type: "f64" },
  { name: "written", type: "f64" },
] as const satisfies readonly ColumnSpec[];

/**
 * What must never be of two entries of one client on the lists of Redis' io threads: kinds of rows of the conflicts table. A turn is one emptying of the
 * list of pending reads.
 *
 *     queuedTwice     put on the list of pending reads while it was on it
 *     listedTwice     handed out twice in one turn; `other` is the io thread's list of the first time, `list` of the second
 *     twoThreads      read by `thread` while thread `other` had not finished reading from it
 *     usedAfterFree   an entry of its was taken from the list after it had been freed
 *     freedTwice      freed once more
 */
export const conflictKinds = { queuedTwice: 1, listedTwice: 2, twoThreads: 3, usedAfterFree: 4, freedTwice: 5 } as const;

/** One row per conflict, part by part in order of their ends. `end` is `time` but for twoThreads. Threads are kernel thread ids, lists numbers. */
export const conflictColumns = [
  { name: "process", type: "u16" },
  { name: "connection", type: "u32", ids: idSpaces.connections },
  { name: "kind", type: "u8" },
  { name: "time", type: "f64" },
  { name: "end", type: "f64" },
  { name: "thread", type: "u32" },
  { name: "other", type: "u32" },
  { name: "list", type: "u16" },
] as const satisfies readonly ColumnSpec[];

/**
 * One row per write of a primary to a replica, in the order in which it was known to be applied. `offset` is up to where of the replication history it went,
 * as INFO's master_repl_offset counts. It was `sent` when the write began;
 * `received` is when the replica had read the last of its bytes, `applied` when it had executed all that these
 * completed. Times are infinite, processes 65535 and connections 4294967295 for an end that is not in the trace; `bytes` is 0 where only the replica is.
 */
export const replicationColumns = [
  { name: "from", type: "u16" },
  { name: "connection", type: "u32", ids: idSpaces.connections },
  { name: "to", type: "u16" },
  { name: "toConnection", type: "u32" },
  { name: "bytes", type: "u32" },
  { name: "offset", type: "f64" },
  { name: "sent", type: "f64" },
  { name: "received", type: "f64" },
  { name: "applied", type: "f64" },
] as const satisfies readonly ColumnSpec[];

export type ReplicationColumn = (typeof replicationColumns)[number]["name"];

/** Values of the redirects table's `kind`, as in `cluster_redirect`. */
export const redirectKinds = { moved: 1, ask: 2 } as const;

/**
 * One row per request that was answered MOVED or ASK, in the order in which that was known to be followed or not. `repeat` is the request by which the client
 * followed it, 4294967295 where none or more than one might be it; joined by what the two have in common (redirects.ts), so it is likely and not certain.
 * `asking` is the ASKING before it. `to` is the repeat's process, 65535 where there is none. Times: the redirected request `arrived` and was `answered`; it
 * was `resumed` when the repeat arrived: infinite where there is none.
 */
export const redirectColumns = [
  { name: "request", type: "u32" },
  { name: "kind", type: "u8" },
  { name: "slot", type: "u16" },
  { name: "target", type: "text" },
  { name: "process", type: "u16" },
  { name: "connection", type: "u32" },
  { name: "repeat", type: "u32" },
  { name: "asking", type: "u32" },
  { name: "to", type: "u16" },
  { name: "toConnection", type: "u32" },
  { name: "arrived", type: "f64" },
  { name: "answered", type: "f64" },
  { name: "resumed", type: "f64" },
] as const satisfies readonly ColumnSpec[];

export type RedirectColumn = (typeof redirectColumns)[number]["name"];

export const tables = {
  requests: "requests",
  nestedCalls: "nested-calls",
  connections: "connections",
  messages: "messages",
  conflicts: "conflicts",
  deliveries: "deliveries",
  redirects: "redirects",
  replication: "replication",
} as const;

/** The `processes` document. */
export interface ProcessSummary {
  readonly index: number;
  readonly node: string;
  readonly pid: number;
  readonly trace: number;
  readonly nodeId: string;
  readonly flavor: string;
  readonly version: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly commands: readonly (string | null)[];
  readonly calls: Readonly<Record<string, number>>;
  readonly threads: readonly { readonly thread: number; readonly tid: number; readonly role: string }[];
  readonly bus: readonly {
    readonly peer: string;
    readonly type: string;
    readonly messagesSent: number;
    readonly bytesSent: number;
    readonly messagesReceived: number;
    readonly bytesReceived: number;
  }[];
  readonly badRecords: number;
}

/** The `steps` document: logical events, that is steps and rare events, by name and over time; and what decoding them again at random needs. */
export interface StepSummary {
  readonly counts: Readonly<Record<string, number>>;
  readonly buckets: BucketCounts;
  /** In which later bucket the last of a bucket's steps was carried. */
  readonly reach: BucketReach;
  readonly slopes: Readonly<Record<string, number>>;
}

export const documents = { processes: "processes", steps: "steps" } as const;
