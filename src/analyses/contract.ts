/**
 * Analyses: state providers, events -> state. One folder each; `id` equals the folder's name; `keys.ts` holds the public names of its attributes and tables.
 * To add one, copy `event-counts/` (the smallest), rename, run `npm run gen`.
 *
 * One that costs much can be shared between threads (`SharedAnalysis`): its work falls into parts that do not need each other, each thread sees every event
 * and does the parts that are its own, and at the end one of them joins what is left:
 *
 *     thread 0   all events -> parts 0, 2, 4, 6 -> outcome \
 *                                                            join -> documents, tables of the whole
 *     thread 1   all events -> parts 1, 3, 5, 7 -> outcome /
 *
 * What a part holds must follow from the events alone, never from who does it or what else that thread does: then the history is the same, bit for bit,
 * whatever the number of threads.
 */
import type { RelativeNs } from "../base/index.ts";
import type { HistoryWriter } from "../state/contract.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";
import type { IntegrationOffer } from "./integration.ts";
import type { Spool, SpoolEnd, SpoolRows } from "./spool.ts";

export type { IntegrationOffer } from "./integration.ts";
export type { Spool, SpoolEnd, SpoolRows } from "./spool.ts";

/** What an analysis is given once, before the first event. */
export interface AnalysisContext {
  readonly source: TraceSource;
  readonly cursor: EventCursor;
  readonly writer: HistoryWriter;
}

/** One running analysis over one experiment. */
export interface AnalysisRun {
  /** Called once per event, in time order. Read fields through readers made at start; keep nothing of the cursor. */
  handle(): void;
  /** Called after the last event: close what is open. `end` is the time of the last event. */
  finish(end: RelativeNs): void;
}

interface AnyAnalysis {
  readonly id: string;
  readonly version: number;
  /** Analyses that must run in the same pass, before this one. */
  readonly needs: readonly string[];
}

/** An analysis: how its state is made. Changing what it writes means raising `version`. */
export interface SingleAnalysis extends AnyAnalysis {
  /** Starts a run; undefined when the trace holds nothing for it. */
  start(context: AnalysisContext): AnalysisRun | undefined;
}

/** Parts that the work of a shared analysis falls into, at most: a constant, since the parts make the history. */
export const partCount = 8;

/** What one thread's share of an analysis is given. */
export interface ShareContext {
  readonly source: TraceSource;
  readonly cursor: EventCursor;
  /** Whether part `part` (0 .. partCount - 1) belongs to this share. */
  owns(part: number): boolean;
  /** Where an own part is written; made when first asked for. */
  writer(part: number): HistoryWriter;
  /** A new spool for rows of `width` numbers. */
  spool(width: number): Spool;
  /** Whether processes of several runtimes are in the trace, so that integration events are worth their room. */
  readonly isIntegrated: boolean;
}

/** One thread's run. */
export interface ShareRun<Outcome> {
  handle(): void;
  /** Closes what is open. The outcome is sent between threads: numbers, texts, arrays, plain objects. */
  finish(end: RelativeNs): Outcome;
}

export interface JoinContext {
  readonly source: TraceSource;
  /** For what belongs to no part: documents, and tables that no part has. */
  readonly writer: HistoryWriter;
  rows(spool: SpoolEnd): SpoolRows;
  /** Integration events (integration.ts): an analysis that has some adds its own, one that takes them is joined after all those. */
  readonly offers: IntegrationOffer[];
}

/** An analysis whose work can be shared. */
export interface SharedAnalysis<Outcome = unknown> extends AnyAnalysis {
  /** How many threads would have something to do. Asked before the pass; may look at the first events. */
  usefulShares(source: TraceSource): number;
  /** Starts a share; undefined when the trace holds nothing for it: then for no share. */
  startShare(context: ShareContext): ShareRun<Outcome> | undefined;
  /** Joined after all analyses that offer. */
  readonly takesOffers?: true;
  /** Once, after all shares: `outcomes` has one per share. */
  join(outcomes: readonly Outcome[], context: JoinContext): void;
}

export type Analysis = SingleAnalysis | SharedAnalysis;
