/**
 * Analyses: state providers, events -> state. One folder each; `id` equals the folder's name; `keys.ts` holds the public names of its attributes and tables.
 * To add one, copy `event-counts/` (the smallest), rename, run `npm run gen`.
 */
import type { RelativeNs } from "../base/index.ts";
import type { HistoryWriter } from "../state/contract.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";

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

/** An analysis: how its state is made. Changing what it writes means raising `version`. */
export interface Analysis {
  readonly id: string;
  readonly version: number;
  /** Analyses that must run in the same pass, before this one. */
  readonly needs: readonly string[];
  /** Starts a run; undefined when the trace holds nothing for it. */
  start(context: AnalysisContext): AnalysisRun | undefined;
}
