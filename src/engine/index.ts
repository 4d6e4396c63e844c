/** The engine: front door, and the library API. Opens traces, builds and caches histories, answers questions. */
import { StorescopeError, UsageError } from "../base/index.ts";
import { findCtfTraces, openCtf } from "../ctf/index.ts";
import { openExperimentSource } from "../experiment/index.ts";
import type { TraceSource } from "../trace/index.ts";
import type { Experiment, OpenOptions } from "./contract.ts";
import { OpenExperiment } from "./experiment.ts";
import { type PrintOptions, printEvents as printSource } from "./print-events.ts";

export * from "./contract.ts";
export { eventText } from "./event-text.ts";
export { compileGlob } from "./glob.ts";
export { cacheFolderName, historyDirectory } from "./history-cache.ts";
export type { PrintOptions } from "./print-events.ts";
export { requestFilterNames } from "./requests.ts";

/** Opens every trace found under the paths as one experiment. Reads metadata and packet headers only. Throws TRACE_NOT_FOUND where there is none. */
export async function openExperiment(paths: readonly string[], options: OpenOptions = {}): Promise<Experiment> {
  const sources: TraceSource[] = [];
  try {
    for (const path of paths) {
      const found = findCtfTraces(path);
      if (found.length === 0)
        throw new StorescopeError("TRACE_NOT_FOUND", `${path}: there is no CTF trace here (a directory with a file called "metadata")`);
      for (const trace of found) sources.push(openCtf(trace));
    }
    const [only] = sources;
    if (only === undefined) throw new StorescopeError("TRACE_NOT_FOUND", "name at least one trace");
    return new OpenExperiment(paths, sources, sources.length === 1 ? only : openExperimentSource(sources), options);
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
}

/** Prints (or counts) an experiment's raw events; returns how many matched. */
export function printEvents(experiment: Experiment, options: PrintOptions): Promise<number> {
  if (!(experiment instanceof OpenExperiment)) throw new UsageError("only experiments opened by openExperiment can be printed");
  return printSource(experiment.rawSource, options);
}
