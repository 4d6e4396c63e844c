/**
 * Diagnoses: questions an operator has, answered from the state alone. One folder each; `id` equals the folder's name.
 *
 * A diagnosis answers *found*, *not found* or *cannot tell*, never from the trace's name or how it was made. What is found says how bad it is, how sure
 * that is, and the numbers it rests on; its sentences are built from those numbers. Thresholds are constants beside the rule, each with its reason.
 * To add one, `npm run new -- diagnosis NAME`, or copy `fork-stall/` (the smallest): it is found by its folder.
 */
import type { ProcessSummary, RequestColumn } from "../analyses/redis/keys.ts";
import type { RelativeNs } from "../base/index.ts";
import type { HistoryReader } from "../state/contract.ts";

export const severities = ["info", "warning", "critical"] as const;
export type Severity = (typeof severities)[number];
export const confidences = ["low", "medium", "high"] as const;
export type Confidence = (typeof confidences)[number];

/** A number that a finding rests on. `ratio` is a part of one. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: "ns" | "bytes" | "count" | "ratio" | "per-second";
}

/** Something found on one node. */
export interface Found {
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** `host:port`, as in the views. */
  readonly node: string;
  /** Where to look: a stretch of time that shows it, or all of it. */
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  /** What happened and what it cost, in one or two plain sentences with the numbers. */
  readonly prose: string;
  /** What to do about it. */
  readonly advice: string;
  readonly evidence: readonly Measure[];
  /** Ids of requests that show it, the clearest first; at most `shownRequests`. */
  readonly requests: readonly number[];
  /** Time in ns that it cost requests, summed: what findings of one severity are ordered by. */
  readonly costNs: number;
}

/** An answer. `reason` says why in a sentence; an answer without any finding means *not found*. */
export type Answer =
  | { readonly verdict: "found"; readonly findings: readonly Found[] }
  | { readonly verdict: "not found"; readonly reason: string }
  | { readonly verdict: "cannot tell"; readonly reason: string };

export const shownRequests = 10;

/** One traced store process. */
export interface NodeFacts {
  /** Index in the `processes` document, as in the tables. */
  readonly index: number;
  readonly name: string;
  readonly summary: ProcessSummary;
  /** Requests that came to their end, and the sum of their lives without those that were parked (BLPOP and the like). */
  readonly requests: number;
  readonly requestNs: number;
}

/** A stretch of time in which a main thread did one thing; `request` and `connection` (a row of the connections table) where it did so for one. */
export interface Hold {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly request?: number;
  readonly connection?: number;
}

/** What held the main thread of a node by one operation. */
export interface Holds {
  /** How many there were, and how long the longest took, ns. */
  readonly count: number;
  readonly longestNs: number;
  /** In time order: all of them, or where there are very many the longest. */
  readonly list: readonly Hold[];
}

export interface Cost {
  readonly holds: number;
  readonly heldNs: number;
  readonly longestHold: Hold;
  /** Requests that stood still during some hold. */
  readonly delayed: number;
  readonly waitedNs: number;
  readonly longestWaitNs: number;
  /** Requests that were ready when the loop polled again: they came during a hold, so they waited too. */
  readonly unseen: number;
  /** `waitedNs` as a part of the lives of all requests of the node. */
  readonly share: number;
  /** The requests that waited longest, longest first. */
  readonly requests: readonly number[];
}

/** A row of the requests table. Times as in `requestColumns`. */
export type RequestRow = Readonly<Record<RequestColumn, number>>;
export type RequestVisitor = (row: RequestRow) => void;

/** What a diagnosis reads from. Times are relative to the experiment's origin. */
export interface DiagnosisContext {
  readonly history: HistoryReader;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  /** One per traced store process; never empty. */
  readonly nodes: readonly NodeFacts[];
  /** Calls `visit` for every request that was not cut by an end of the trace, in order of completion. The row is reused: keep nothing of it. */
  scan(visit: RequestVisitor): void;
  /** What held the main thread of a node besides commands. */
  holds(node: NodeFacts, operation: string): Holds;
  /** What these holds of the node's main thread cost its requests. `holds` in time order, not overlapping. */
  cost(node: NodeFacts, holds: readonly Hold[], whom: "everyone" | "other connections"): Cost;
  /** Logical events of one connection (its id in the store) in [from, to], decoded again from the trace: for details of a short stretch. `thread` is a kernel thread id. */
  connectionEvents(
    node: NodeFacts,
    connection: number,
    from: RelativeNs,
    to: RelativeNs,
  ): readonly {
    readonly time: RelativeNs;
    readonly thread: number;
    readonly name: string;
    readonly fields: readonly (readonly [name: string, value: string])[];
  }[];
}

export interface Diagnosis {
  readonly id: string;
  readonly title: string;
  /** Raised when the rule changes: the same trace may then be answered otherwise. */
  readonly version: number;
  /** Events (environments/redis) without which it cannot tell. */
  readonly needs: readonly string[];
  /** The LTTng-UST providers that it is about: asked only where the trace has events of one. Absent: always. */
  readonly providers?: readonly string[];
  /** View that shows it. */
  readonly view: string;
  /** For `--explain` and docs/diagnoses.md: what it is, how it is decided, and why the thresholds are what they are. Paragraphs, in Markdown. */
  readonly explanation: string;
  check(context: DiagnosisContext): Answer;
}
