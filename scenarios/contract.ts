/**
 * Scenarios: real servers under real load, traced. One folder each; `id` equals the folder's name; `storescope demo NAME` runs it.
 *
 * A scenario starts its servers in `directory`, records while it drives its load, and stops everything by process id, whatever happens.
 * To add one, copy `slow-command/` (one server) or `cluster/`: it is found by its folder. Scenarios import types from src/ only; what they need to call is in the context.
 */
import type { Recording, RecordingOptions, RecordResult } from "../src/record/index.ts";

export type ScenarioSize = "small" | "medium" | "large";

/** An instrumented store's programs. */
export interface StorePrograms {
  readonly server: string;
  readonly cli: string;
  readonly benchmark: string;
}

export interface ScenarioContext {
  readonly store: StorePrograms;
  /** Folder of the built programs that scenarios run besides servers: `<scenario's folder>/<program>.js`. */
  readonly programs: string;
  /** Empty folder for everything the servers write; removed afterwards by the caller. */
  readonly directory: string;
  /** Where the trace goes. */
  readonly output: string;
  readonly events: string;
  readonly size: ScenarioSize;
  /** Decides every random choice of the load; timing stays the machine's. */
  readonly seed: number;
  /** Aborts when the user has had enough: stop everything and throw. */
  readonly signal: AbortSignal;
  /** Reports one step to the user while it runs. */
  step<T>(title: string, task: () => Promise<T>): Promise<T>;
  startRecording(options: RecordingOptions): Promise<Recording>;
  /** Variables with which a Node.js process is traced. */
  tracedNode(): Promise<Readonly<Record<string, string>>>;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One paragraph: what runs, and what there is to see. */
  readonly description: string;
  /** Diagnosis that must find it, before anything else; undefined where there is nothing to find, or nothing is promised. */
  readonly finds?: string;
  /** Returns when the trace is complete and nothing that was started runs any more. */
  run(context: ScenarioContext): Promise<RecordResult>;
}
