/**
 * The engine's public face: what CLI, server and export call. Everything else in `engine/` is private.
 * Times at this door are absolute (`bigint` ns since the epoch) unless a name says relative.
 */
import type { Evidence, FlowSummary, SpanKind } from "../analyses/flows/keys.ts";
import type { PhaseName } from "../analyses/redis/keys.ts";
import type { AbsoluteNs, ErrorCode, RelativeNs, TaskOptions } from "../base/index.ts";
import type { Confidence, Measure, Severity } from "../diagnoses/contract.ts";
import type { AttributeTree, Interval, StateHistory } from "../state/index.ts";
import type { StreamInfo, TraceWarning } from "../trace/index.ts";
import type { View, ViewContext } from "../views/contract.ts";

export interface OpenOptions extends TaskOptions {
  /** Where histories are kept; default: `.storescope/` beside the trace, or the user's cache folder where that is read-only. */
  readonly cacheDirectory?: string | undefined;
}

export type ExperimentStatus =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly done: number; readonly total: number }
  | { readonly state: "completed" }
  | { readonly state: "failed"; readonly code: ErrorCode | "BUG"; readonly message: string };

export interface EventCount {
  readonly name: string;
  readonly count: number;
}

/**
 * How the trace's clock was made to agree with those of the other hosts. `alone`: no messages lead to it, it is taken as it is; `inconsistent`: no even clock
 * fits all messages. `correctionNs` is what was added at the trace's start, `skewPpm` how much per million since, `accuracyNs` the largest error left.
 */
export type ClockInfo =
  | { readonly state: "reference" | "alone" }
  | {
      readonly state: "synchronised" | "inconsistent";
      readonly correctionNs: bigint;
      readonly skewPpm: number;
      readonly accuracyNs: number;
      readonly messages: number;
    };

/** `storescope info`. */
export interface TraceInfo {
  readonly path: string;
  readonly format: string;
  readonly environment: Readonly<Record<string, string | number | bigint>>;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly bytes: number;
  readonly streams: readonly StreamInfo[];
  readonly discardedEvents: number;
  readonly discardedPackets: number;
  /** What could not be read; `eventCounts` may add to it. */
  readonly warnings: readonly TraceWarning[];
  /** When one of the trace's files was last written to: shortly ago while it is being recorded. */
  readonly changed?: AbsoluteNs | undefined;
  /** Absent where all traces share one clock. */
  readonly clock?: ClockInfo;
}

/** One logical event of the events table: a trace event, or one record of a batch event, at its own time. */
export interface EventRow {
  readonly index: number;
  readonly time: AbsoluteNs;
  /** Data-store node or process it came from, e.g. `127.0.0.1:7001`; empty where unknown. */
  readonly node: string;
  readonly thread: number;
  readonly name: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Who held the thread during a wait: label as in the Threads rows, and the request it served, if any. */
export interface Holder {
  readonly label: string;
  readonly request: number | undefined;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
}

export interface Phase {
  readonly name: PhaseName;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly thread: number;
  /** Only for waits, and only from `request(id)`: a full partition of [start, end). */
  readonly holders?: readonly Holder[];
}

/** One request, from readable socket to reply written. */
export interface RequestInfo {
  readonly id: number;
  readonly node: string;
  readonly connection: number;
  /** As in the Connections rows: `fd 9 127.0.0.1:50312`. */
  readonly connectionLabel: string;
  readonly command: string;
  readonly type: "read" | "write" | "other";
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly durationNs: number;
  /** Undefined where the trace does not tell, as the `light` set does of replies that one write answered together. */
  readonly requestBytes: number | undefined;
  readonly replyBytes: number | undefined;
  readonly failed: boolean;
  /** False when the trace ended, or tracing began, in the middle of its life. */
  readonly complete: boolean;
  readonly phases: readonly Phase[];
  /** Of a PUBLISH that is asked for by its id: the subscribers, on whichever node, that its message was put into the output of; the first to be written first. */
  readonly deliveries?: readonly DeliveryInfo[];
  /** Of a request that is asked for by its id, and was redirected or is the repeat of one that was: the whole of it. */
  readonly redirected?: RedirectedInfo;
}

/** What the client sees as one request: a command that was answered MOVED or ASK, and its repeats. */
export interface RedirectedInfo {
  /** In time order. Every hop but the last was redirected; the last was, too, where the trace does not tell how it was followed. */
  readonly hops: readonly HopInfo[];
  /** From the first hop's arrival to the last one's end. */
  readonly durationNs: number;
  /** From the first hop's arrival to that of the last: what the redirects cost. */
  readonly lostNs: number;
  /** What the hops are joined by. "context": the caller is traced. "order": by client, command and order, so likely and not certain. "nothing": there is one hop. */
  readonly evidence: Evidence;
}

export interface HopInfo {
  readonly request: number;
  readonly node: string;
  readonly connectionLabel: string;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  /** The ASKING before it. */
  readonly asking: number | undefined;
  /** Where it was sent instead, `host:port` as the node said; undefined for the hop that was served. */
  readonly redirect: { readonly kind: "moved" | "ask"; readonly slot: number; readonly target: string } | undefined;
}

/** A published message on its way to one subscriber. */
export interface DeliveryInfo {
  readonly node: string;
  readonly connection: number;
  readonly connectionLabel: string;
  /** When the cluster bus brought it to the subscriber's node; undefined where it was published there. */
  readonly received: AbsoluteNs | undefined;
  /** When it was put into the subscriber's output. */
  readonly queued: AbsoluteNs;
  /** When the subscriber's socket had taken it; undefined where the trace does not tell of it. */
  readonly written: AbsoluteNs | undefined;
}

export interface RequestQuery {
  readonly sort?: "duration" | "start" | "wait" | "execute" | undefined;
  /** Filter expression; see docs/howto. */
  readonly filter?: string | undefined;
  readonly from?: AbsoluteNs | undefined;
  readonly to?: AbsoluteNs | undefined;
  readonly limit?: number | undefined;
}

/** A part of a flow that one process did: what it served, or a call from its begin to the last byte of the reply. */
export interface SpanInfo {
  readonly id: number;
  /** The span it was done for. */
  readonly parent: number | undefined;
  /** Id of the flow's root. */
  readonly flow: number;
  readonly depth: number;
  readonly kind: SpanKind;
  readonly process: string;
  /** Method and route, path or host, or the store's command. */
  readonly name: string;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly durationNs: number;
  /** Of a call to a database: how long it waited for a connection before it was sent. */
  readonly waitedNs: number;
  /** HTTP status; 0 where there is none. */
  readonly status: number;
  /** gRPC's own status, such as NOT_FOUND; undefined where there is none. */
  readonly grpc?: string | undefined;
  /** What it was joined with the other process by; see docs/glossary. */
  readonly evidence: Evidence;
  /** The connection ended before the whole answer. */
  readonly broken: boolean;
  /** The caller ended it before it had the whole answer: after a timeout, say. */
  readonly cancelled: boolean;
  /** A database refused it, or gRPC's own status did. */
  readonly failed: boolean;
  /** False when the trace ended before it. */
  readonly complete: boolean;
  /** The store's request, for `Experiment.request`. */
  readonly request: number | undefined;
  /** In a flow, of a call that its callee sent elsewhere (MOVED, ASK): the span by which the caller followed, and after how long; undefined where that is not known. */
  readonly redirected?: { readonly repeat: number | undefined; readonly lostNs: number | undefined };
  /** In a flow: the redirected call that this one repeats. */
  readonly repeats?: number;
  /** In a flow: the failed HTTP call that this one tries again. Same caller, method, host and path, after that had failed, and nothing alike beside either. */
  readonly retries?: number;
}

/** A stretch of time in which a flow's root waited for this span's own work. */
export interface PathPart {
  readonly span: number;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
}

/** A flow: its spans, parents first, and its critical path, which covers the root without gap. */
export interface FlowInfo {
  readonly root: SpanInfo;
  readonly spans: readonly SpanInfo[];
  readonly path: readonly PathPart[];
}

export interface FlowQuery {
  readonly sort?: "duration" | "start" | undefined;
  readonly filter?: string | undefined;
  readonly from?: AbsoluteNs | undefined;
  readonly to?: AbsoluteNs | undefined;
  readonly limit?: number | undefined;
}

/** Durations in ns. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface CommandStats {
  readonly command: string;
  readonly calls: number;
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly failed: number;
  readonly whole: Distribution;
  readonly phases: Readonly<Partial<Record<PhaseName, Distribution>>>;
}

export interface NodeStats {
  readonly node: string;
  readonly nodeId: string;
  readonly flavor: string;
  readonly version: string;
  readonly pid: number;
  readonly requests: number;
  /** Bytes read from clients and from replicas: equals the server's total_net_input_bytes over the recording. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly commands: readonly CommandStats[];
  readonly connections: readonly {
    readonly connection: number;
    readonly label: string;
    readonly type: string;
    readonly requests: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
  }[];
  readonly bus: readonly {
    readonly peer: string;
    readonly type: string;
    readonly messagesSent: number;
    readonly bytesSent: number;
    readonly messagesReceived: number;
    readonly bytesReceived: number;
  }[];
}

/** `storescope stats --json`. */
export interface ExperimentStats {
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly events: number;
  readonly lostEvents: number;
  readonly nodes: readonly NodeStats[];
}

/** Something that a diagnosis found on one node. Its sentences hold names from the trace: escape them where they are shown. */
export interface Finding {
  /** The diagnosis, and the version of its rule. */
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly verdict: "found";
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly node: string;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly prose: string;
  readonly advice: string;
  readonly evidence: readonly Measure[];
  /** Ids of requests that show it, the clearest first. */
  readonly requests: readonly number[];
  /** Time that requests lost to it, summed. */
  readonly costNs: number;
  /** Where to see it; `fragment` is what follows `#` in the address of the UI. */
  readonly link: { readonly view: string; readonly from: AbsoluteNs; readonly to: AbsoluteNs; readonly fragment: string };
}

/** A diagnosis that found nothing, or could not tell, and why. */
export interface Unanswered {
  readonly id: string;
  readonly version: number;
  readonly verdict: "not found" | "cannot tell";
  readonly reason: string;
}

/** `storescope diagnose --json`: findings by severity, then confidence, then cost. */
export interface DiagnosisReport {
  readonly findings: readonly Finding[];
  readonly notFound: readonly Unanswered[];
  readonly cannotTell: readonly Unanswered[];
}

export type EventFormat = "text" | "babeltrace" | "json" | "csv";

/** An opened experiment: one trace or several, opened together. */
export interface Experiment {
  /** Stable for the same paths: a UUID made from them. */
  readonly id: string;
  readonly name: string;
  readonly traces: readonly TraceInfo[];
  readonly origin: AbsoluteNs;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  /** Where the analysis stands. `analyze` starts it; views and queries need `completed`. */
  readonly status: ExperimentStatus;
  /** Builds the history, or finds it in the cache. Calling it again while it runs waits for the same run. */
  analyze(options?: TaskOptions & { readonly force?: boolean }): Promise<AnalysisSummary>;
  /** Event counts by name; reads the whole trace unless the history is there. */
  eventCounts(options?: TaskOptions): Promise<readonly EventCount[]>;
  readonly views: readonly View[];
  /** The view of this id with the context to call it; throws NOT_FOUND, or HISTORY_INVALID before `analyze` is done. */
  view(id: string): { readonly view: View; readonly context: ViewContext };
  readonly state: StateHistory;
  stateAt(time: AbsoluteNs, glob?: string): readonly { readonly path: string; readonly interval: Interval }[];
  requests(query: RequestQuery): { readonly total: number; readonly requests: readonly RequestInfo[] };
  /** One request with its waits attributed; throws NOT_FOUND. */
  request(id: number): RequestInfo;
  /** The request that the connection or thread row of the netflow view served at this time. */
  requestAt(entry: number, time: AbsoluteNs): RequestInfo | undefined;
  /** Logical events of one request, in time order. */
  requestEvents(id: number): readonly EventRow[];
  /** Flows by their roots; `total` counts all that match. None where no traced process calls another. */
  flows(query: FlowQuery): { readonly total: number; readonly flows: readonly SpanInfo[]; readonly summary: FlowSummary | undefined };
  /** One flow; throws NOT_FOUND. */
  flow(id: number): FlowInfo;
  /** The flow and span that row `entry` of the spans view shows at `time`. */
  flowAt(entry: number, time: AbsoluteNs): { readonly flow: number; readonly span: number } | undefined;
  stats(query?: { readonly from?: AbsoluteNs | undefined; readonly to?: AbsoluteNs | undefined }): ExperimentStats;
  /** Asks every diagnosis. Reads the history some ten times over: seconds for millions of requests. */
  diagnose(options?: TaskOptions): Promise<DiagnosisReport>;
  /** Events table. `index` counts logical events in time order. */
  readonly eventRowCount: number;
  eventRows(index: number, count: number): readonly EventRow[];
  /** Index of the first logical event at or after `time`. */
  eventIndexAt(time: AbsoluteNs): number;
  /** Next logical event from `index` on (or before it) whose named columns match the regular expressions; undefined when there is none. */
  findEvent(
    index: number,
    direction: "next" | "previous",
    columns: Readonly<Record<string, RegExp>>,
    options?: TaskOptions,
  ): Promise<number | undefined>;
  relative(time: AbsoluteNs): RelativeNs;
  absolute(time: RelativeNs): AbsoluteNs;
  close(): void;
}

export interface AnalysisSummary {
  readonly cached: boolean;
  readonly events: number;
  readonly logicalEvents: number;
  readonly requests: number;
  readonly intervals: number;
  readonly traceBytes: number;
  readonly historyBytes: number;
  readonly wallMs: number;
  readonly historyDirectory: string;
}

/** Attribute tree type re-exported for shells that print it. */
export type { AttributeTree };
