/** Analyses over text traces: what tests of views and diagnoses start from. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Analysis } from "../analyses/contract.ts";
import { defined } from "../base/index.ts";
import { joinShares, Share } from "../engine/share.ts";
import { createHistoryPart, type HistoryReader, openHistory } from "../state/index.ts";
import { traceFromText } from "./trace-from-text.ts";

/** The history that these analyses make of the text (trace-from-text.ts), and the time of the last event. Its file has no name any more. */
export function analyseText(
  analyses: readonly Analysis[],
  text: string,
): { readonly history: HistoryReader; readonly start: number; readonly end: number } {
  const source = traceFromText(text);
  const cursor = source.cursor();
  const directory = mkdtempSync(join(tmpdir(), "storescope-test-"));
  try {
    const rest = createHistoryPart(directory);
    const share = new Share({ analyses, source, cursor, directory, index: 0, count: 1, rest });
    let end = 0;
    while (cursor.next()) {
      share.handle();
      end = cursor.time;
    }
    joinShares([share.finish(end)], { analyses, source, directory, rest, identity: "test" }, end);
    return { history: defined(openHistory(directory, { identity: "test" }), "the history just written is there"), start: 0, end };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
