/** One pass over an experiment: every analysis gets every event; what they write becomes a history. */

import type { Analysis, AnalysisRun } from "../analyses/contract.ts";
import { StorescopeError, type TaskOptions } from "../base/index.ts";
import { createHistory } from "../state/index.ts";
import type { TraceSource } from "../trace/index.ts";

/** How long the pass runs before it lets others (a server, a Ctrl-C) have a turn, in ms. */
const turnMs = 20;
const eventsPerLook = 64;

/** Builds the history in `directory`. Throws CANCELLED when told to stop: nothing is left behind then. */
export async function buildHistory(
  source: TraceSource,
  analyses: readonly Analysis[],
  directory: string,
  identity: string,
  options: TaskOptions,
): Promise<void> {
  const writer = createHistory(directory, { identity });
  const cursor = source.cursor();
  try {
    const runs: AnalysisRun[] = [];
    for (const analysis of analyses) {
      const run = analysis.start({ source, cursor, writer });
      if (run !== undefined) runs.push(run);
    }
    let end = 0;
    let turn = performance.now();
    let events = 0;
    while (cursor.next()) {
      for (const run of runs) run.handle();
      end = cursor.time;
      if (++events % eventsPerLook !== 0 || performance.now() - turn < turnMs) continue;
      options.onProgress?.({ label: "Analysing", done: cursor.bytesRead, total: source.totalBytes });
      await new Promise((resume) => setImmediate(resume));
      if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "the analysis was cancelled");
      turn = performance.now();
    }
    for (const run of runs) run.finish(end);
    options.onProgress?.({ label: "Analysing", done: source.totalBytes, total: source.totalBytes });
    writer.finish(end);
  } catch (error) {
    writer.abort();
    throw error;
  } finally {
    cursor.close();
  }
}
