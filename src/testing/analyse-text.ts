/** Analyses over text traces, in memory: what tests of views and diagnoses start from. */
import type { Analysis } from "../analyses/contract.ts";
import { createMemoryHistory, type HistoryReader } from "../state/index.ts";
import { traceFromText } from "./trace-from-text.ts";

/** The history that these analyses make of the text (trace-from-text.ts), and the time of the last event. */
export function analyseText(
  analyses: readonly Analysis[],
  text: string,
): { readonly history: HistoryReader; readonly start: number; readonly end: number } {
  const source = traceFromText(text);
  const cursor = source.cursor();
  const writer = createMemoryHistory();
  const runs = analyses.map((analysis) => analysis.start({ source, cursor, writer })).filter((run) => run !== undefined);
  let end = 0;
  while (cursor.next()) {
    for (const run of runs) run.handle();
    end = cursor.time;
  }
  for (const run of runs) run.finish(end);
  writer.finish(end);
  return { history: writer.reader(), start: 0, end };
}
