/** What all threads of this program share: opening the same traces as the main thread, and telling it why they failed. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { BadInputError, type ErrorCode, StorescopeError } from "../base/index.ts";
import { FilePool, openCtf } from "../ctf/index.ts";
import { type ClockCorrection, openExperimentSource } from "../experiment/index.ts";
import type { TraceSource } from "../trace/index.ts";

/** One trace of the experiment, for another thread to open. */
export interface TraceFile {
  readonly path: string;
  readonly correction: ClockCorrection | undefined;
}

export function openTraces(traces: readonly TraceFile[]): TraceSource {
  const pool = new FilePool();
  const corrections = new Map<TraceSource, ClockCorrection>();
  const sources = traces.map(({ path, correction }) => {
    const source = openCtf(path, { pool });
    if (correction !== undefined) corrections.set(source, correction);
    return source;
  });
  return openExperimentSource(sources, corrections);
}

/** What tells whether two threads have opened the same trace: one being recorded grows. */
export interface Opened {
  readonly bytes: number;
  readonly end: bigint;
  readonly streams: number;
}

export function openedAs(source: TraceSource): Opened {
  return { bytes: source.totalBytes, end: source.end, streams: source.streams.length };
}

export function isSame(a: Opened, b: Opened): boolean {
  return a.bytes === b.bytes && a.end === b.end && a.streams === b.streams;
}

/** An error on its way to another thread. */
export interface Failure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly place: { readonly file: string; readonly offset: number; readonly what: string } | undefined;
}

export function toFailure(error: unknown): Failure {
  const message =
    error instanceof Error ? (error instanceof StorescopeError ? error.message : (error.stack ?? error.message)) : String(error);
  const place = error instanceof BadInputError ? { file: error.file, offset: error.offset, what: error.what } : undefined;
  return { code: error instanceof StorescopeError ? error.code : undefined, message, place };
}

export function fromFailure({ code, message, place }: Failure): Error {
  if (code === undefined) return new Error(message);
  return place === undefined ? new StorescopeError(code, message) : new BadInputError(code, place.file, place.offset, place.what);
}

export interface WorkerOptions {
  /** Module that a worker runs, bundled. */
  readonly entry: URL;
  /** Threads to use at most, the caller's included where it works too. */
  readonly threads: number;
  /** Smaller traces are not shared: they are done before another thread has started. */
  readonly smallestBytes: number;
}

/** Where other threads have begun before one is done, in bytes of trace: an analysis takes ten times as long as printing. */
const smallestBytes = { "analysis-worker": 4_000_000, "print-worker": 100_000_000 };

/** The bundled module of a thread beside the bundle this runs from; undefined where there is none. */
export function ownModule(name: string): URL | undefined {
  return [`./${name}.js`, `../${name}.js`].map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
}

/** The bundled worker of this name beside the bundle this runs from; undefined where there is none (sources run by a tool): then one thread does all. */
export function ownWorker(name: keyof typeof smallestBytes): WorkerOptions | undefined {
  const entry = ownModule(name);
  return entry === undefined ? undefined : { entry, threads: availableParallelism(), smallestBytes: smallestBytes[name] };
}
