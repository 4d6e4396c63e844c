/** The engine: front door, and the library API. Opens traces, builds and caches histories, answers questions. */
import { statSync } from "node:fs";
import { StorescopeError, UsageError } from "../base/index.ts";
import { FilePool, findCtfTraces, openCtfInSteps } from "../ctf/index.ts";
import { openExperimentSource } from "../experiment/index.ts";
import type { TraceSource } from "../trace/index.ts";
import type { Unpacked } from "./archive/index.ts";
import { synchroniseClocks } from "./clock-sync.ts";
import type { Experiment, OpenOptions } from "./contract.ts";
import type { DiagnosisInfo } from "./diagnose.ts";
import { OpenExperiment } from "./experiment.ts";
import { archiveFolder } from "./history-cache.ts";
import type { PrintOptions } from "./print-range.ts";
import { environments } from "./registry/environments.gen.ts";
import { ownWorker } from "./thread.ts";

export type { Confidence, Measure, Severity } from "../diagnoses/contract.ts";
export { severities } from "../diagnoses/contract.ts";
export * from "./contract.ts";
export { eventText } from "./event-text.ts";
export { flowFilterNames } from "./flows.ts";
export { compileGlob } from "./glob.ts";
export { cacheFolderName, historyDirectory, userCacheDirectory } from "./history-cache.ts";
export type { PrintOptions } from "./print-range.ts";
export { requestFilterNames } from "./requests.ts";

/** Whether `path` is a file, and so has to be unpacked. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Throws TRACE_NOT_FOUND where one of the paths is neither an archive nor a directory with a trace: a look at names, before longer work is begun. */
export function requireTraces(paths: readonly string[]): void {
  for (const path of paths) if (!isFile(path)) tracesIn(path, path);
}

function tracesIn(directory: string, path: string): readonly string[] {
  const found = findCtfTraces(directory);
  if (found.length === 0)
    throw new StorescopeError("TRACE_NOT_FOUND", `${path}: there is no CTF trace here (a directory with a file called "metadata")`);
  return found;
}

async function unpack(path: string, options: OpenOptions): Promise<Unpacked> {
  const { unpackArchive } = await import("./archive/index.ts");
  return await unpackArchive(path, archiveFolder(path, options.cacheDirectory), options);
}

/** Takes the steps, and gives others their turn between two. Throws CANCELLED when told to stop. */
async function inTurns<T>(steps: Generator<void, T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await new Promise((resume) => setImmediate(resume));
      if (signal?.aborted) throw new StorescopeError("CANCELLED", "opening was cancelled");
    }
  } finally {
    steps.return(undefined as T);
  }
}

/**
 * Opens every trace found under the paths (directories, or archives) as one experiment. Reads metadata and packet headers only; an archive is unpacked when it
 * is seen for the first time. Throws TRACE_NOT_FOUND where there is none.
 */
export async function openExperiment(paths: readonly string[], options: OpenOptions = {}): Promise<Experiment> {
  const sources: TraceSource[] = [];
  const pool = new FilePool();
  try {
    for (const path of paths) {
      const archive = isFile(path) ? await unpack(path, options) : undefined;
      for (const [i, trace] of tracesIn(archive?.directory ?? path, path).entries())
        sources.push(await inTurns(openCtfInSteps(trace, { pool, warnings: i === 0 ? archive?.warnings : [] }), options.signal));
    }
    const [only] = sources;
    if (only === undefined) throw new StorescopeError("TRACE_NOT_FOUND", "name at least one trace");
    const clocks = await synchroniseClocks(sources, environments, options);
    return new OpenExperiment(paths, sources, openExperimentSource(sources, clocks.corrections), clocks, options);
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
}

/** What there is to diagnose. */
export async function diagnosisList(): Promise<readonly DiagnosisInfo[]> {
  return (await import("./diagnose.ts")).diagnosisList();
}

/** Prints (or counts) an experiment's raw events; returns how many matched. */
export async function printEvents(experiment: Experiment, options: PrintOptions): Promise<number> {
  if (!(experiment instanceof OpenExperiment)) throw new UsageError("only experiments opened by openExperiment can be printed");
  const workers = ownWorker("print-worker");
  const { printEvents: printSource } = await import("./print-events.ts");
  return await printSource(experiment.rawSource, options, workers && { ...workers, traces: experiment.traceFiles() });
}
