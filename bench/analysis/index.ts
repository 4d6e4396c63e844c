/**
 * `npm run bench -- analysis [SET...] [--json]`: the whole analysis against babeltrace2 that only decodes, on the same recorded trace.
 *
 * - babeltrace2: `babeltrace2 -c sink.utils.dummy TRACE` decodes every field and throws it away.
 * - ours: `storescope analyze --force TRACE`: reads, runs the models, writes the history with everything the UI needs.
 *
 * Whole processes, alternating. Sets: light, full, classic (record.ts). Their events differ: `classic` has an LTTng event per step, the others have batches
 * of steps, which babeltrace2 sees as one event with a sequence of numbers: it decodes no step of them. Before anything is measured the analysis' calls per
 * command must equal the servers' own counters, and each measured run must find as many requests and intervals as that first one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { AnalysisSummary, ExperimentStats } from "../../src/engine/contract.ts";
import { type Cost, findRoot, report, timed } from "../paired.ts";
import { recordedTrace } from "./record.ts";

const rounds = 5;
const sets = ["light", "full", "classic"] as const;

type Summary = Pick<AnalysisSummary, "requests" | "intervals" | "events" | "logicalEvents" | "traceBytes" | "historyBytes">;

/** With `json`, one JSON line per set. */
export async function run(options: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const root = findRoot();
  const wanted = options.args ?? [];
  const unknown = wanted.find((name) => !sets.some((set) => set === name));
  if (unknown !== undefined) throw new Error(`there is no set "${unknown}"; there are ${sets.join(", ")}`);
  for (const set of sets) {
    if (wanted.length > 0 && !wanted.includes(set)) continue;
    console.error(`recording, or finding, the ${set} trace`);
    const { trace, calls } = await recordedTrace(join(root, ".cache", "bench-analysis", set), set);
    measure(join(root, "bin", "storescope"), set, trace, calls, options.json);
  }
}

function measure(command: string, set: string, trace: string, calls: Readonly<Record<string, number>>, json: boolean): void {
  const histories = mkdtempSync(join(tmpdir(), "storescope-bench-"));
  const analyse = (): { readonly summary: Summary; readonly cost: Cost } => {
    const { output, cost } = timed(command, ["analyze", "--force", "--json", "--cache", histories, trace]);
    return { summary: JSON.parse(output) as Summary, cost };
  };
  try {
    const { summary: expected } = analyse();
    checkCalls(JSON.parse(timed(command, ["stats", "--json", "--cache", histories, trace]).output) as ExperimentStats, calls);
    const theirs: Cost[] = [];
    const ours: Cost[] = [];
    const load: string[] = [];
    for (let round = 0; round < rounds; round++) {
      load.push((loadavg()[0] ?? 0).toFixed(1));
      theirs.push(timed("babeltrace2", ["-c", "sink.utils.dummy", trace]).cost);
      const { summary, cost } = analyse();
      if (summary.requests !== expected.requests || summary.intervals !== expected.intervals)
        throw new Error(`wrong result: ${JSON.stringify(summary)} instead of ${JSON.stringify(expected)}`);
      ours.push(cost);
    }
    const { events, logicalEvents, requests, intervals, traceBytes, historyBytes } = expected;
    console.log(
      `\n${set}: ${(traceBytes / 1e6).toFixed(0)} MB, ${events} events (${logicalEvents} with those in batches), ${requests} requests`,
    );
    console.log(`${intervals} intervals, history ${(historyBytes / 1e6).toFixed(0)} MB; load before each round ${load.join(" ")}`);
    report(
      logicalEvents,
      { name: "babeltrace2 -c sink.utils.dummy", costs: theirs },
      { name: "storescope analyze --force", costs: ours },
      json,
    );
  } finally {
    rmSync(histories, { recursive: true, force: true });
  }
}

/** The analysis must count what the servers counted. */
function checkCalls(stats: ExperimentStats, expected: Readonly<Record<string, number>>): void {
  for (const [command, count] of Object.entries(expected)) {
    const found = stats.nodes.flatMap((node) => node.commands).filter((each) => each.command === command);
    const calls = found.reduce((sum, each) => sum + each.calls, 0);
    if (calls !== count) throw new Error(`the analysis finds ${calls} calls of ${command}, the servers counted ${count}`);
  }
}
