/**
 * The budget: what reading, analysing and asking cost, in counts that do not depend on the machine. bench/budget.json holds them; a change that alters one
 * fails here until it is accepted with `npx vitest run --project unit --update src/engine/budget.test.ts`, and is then seen in review.
 */
import fs, { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeSyntheticTrace } from "../../bench/read/synthetic.ts";
import { openCtf } from "../ctf/index.ts";
import { type HistoryReader, openHistory } from "../state/index.ts";
import type { TraceSource } from "../trace/index.ts";
import { buildHistory } from "./build-history.ts";
import { EventRows } from "./event-rows.ts";
import { analyses } from "./registry/analyses.gen.ts";
import { RequestQueries } from "./requests.ts";

const sample = fileURLToPath(new URL("../../samples/redis-cluster/ust/uid/0/64-bit", import.meta.url));
const budget = fileURLToPath(new URL("../../bench/budget.json", import.meta.url));
const syntheticEvents = 50_000;

/** Calls of fs.readSync, of all modules, and the bytes they gave. */
const read = { calls: 0, bytes: 0 };
const { readSync } = fs;
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "storescope-budget-"));
  fs.readSync = ((...parameters: Parameters<typeof readSync>) => {
    const bytes = readSync(...parameters);
    read.calls++;
    read.bytes += bytes;
    return bytes;
  }) as typeof readSync;
  syncBuiltinESMExports();
});

afterAll(() => {
  fs.readSync = readSync;
  syncBuiltinESMExports();
  rmSync(directory, { recursive: true });
});

/** What the task reads. */
function reads(task: () => unknown): { readonly calls: number; readonly bytes: number } {
  const before = { ...read };
  task();
  return { calls: read.calls - before.calls, bytes: read.bytes - before.bytes };
}

async function measure(trace: string): Promise<object> {
  let source: TraceSource | undefined;
  const opening = reads(() => {
    source = openCtf(trace);
  });
  if (source === undefined) throw new Error("unreachable");
  const opened = source;
  const target = join(directory, "history");
  const before = { ...read };
  await buildHistory(opened, analyses, target, "budget", {});
  const analysis = { calls: read.calls - before.calls, bytes: read.bytes - before.bytes };
  const history = openHistory(target, { identity: "budget" });
  if (history === undefined) throw new Error("no history");
  const { state } = history;
  const at = (part: number): number => Math.floor(state.start + (state.end - state.start) * part);
  const quarks = Array.from({ length: state.attributes.count }, (_, quark) => quark);
  const rows = quarks.filter((quark) => state.attributes.children(quark).length === 0).slice(0, 50);
  /** Each on a history of its own, so that nothing is in its cache. */
  const cold = (ask: (fresh: HistoryReader) => unknown): object => {
    const fresh = openHistory(target, { identity: "budget" });
    if (fresh === undefined) throw new Error("no history");
    const cost = reads(() => ask(fresh));
    fresh.close();
    return cost;
  };
  const table = new EventRows(opened, history, opened.origin);
  const requests = new RequestQueries(history, opened.origin);
  const result = {
    trace: {
      bytes: opened.totalBytes,
      packets: opened.streams.reduce((sum, stream) => sum + stream.packets, 0),
      events: (history.document("events") as { total: number }).total,
      logicalEvents: table.count,
    },
    history: { bytes: history.bytes, attributes: state.attributes.count, intervals: state.intervalCount, requests: requests.count },
    reads: {
      "opening the trace": opening,
      analysis,
      "opening the history": reads(() => openHistory(target, { identity: "budget" })?.close()),
      "a point": cold((fresh) => fresh.state.at(at(0.5), rows[0] ?? 0)),
      "all attributes at a time": cold((fresh) => fresh.state.full(at(0.5))),
      "50 rows x 1400 columns, all": cold((fresh) => fresh.state.columns(rows, at(0), at(1), 1400)),
      "50 rows x 1400 columns, a hundredth": cold((fresh) => fresh.state.columns(rows, at(0.5), at(0.51), 1400)),
      "the slowest requests": cold((fresh) => new RequestQueries(fresh, opened.origin).find({ limit: 10 }, 0, Number.POSITIVE_INFINITY)),
      "a page of events": reads(() => table.rows(Math.floor(table.count / 2), 50)),
    },
  };
  history.close();
  opened.close();
  return result;
}

it("costs what bench/budget.json says", async () => {
  const synthetic = join(directory, "synthetic");
  writeSyntheticTrace(synthetic, syntheticEvents);
  const measured = { "samples/redis-cluster": await measure(sample), [`synthetic, ${syntheticEvents} events`]: await measure(synthetic) };
  await expect(`${JSON.stringify(measured, undefined, 2)}\n`).toMatchFileSnapshot(budget);
});
