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
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnalysisSummary, ExperimentStats } from "../../src/engine/contract.ts";
import { recordedTrace } from "./record.ts";

const rounds = 5;
const sets = ["light", "full", "classic"] as const;

/** Seconds of one process. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

type Summary = Pick<AnalysisSummary, "requests" | "intervals" | "events" | "logicalEvents" | "traceBytes" | "historyBytes">;

export async function run(options: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const root = findRoot();
  const wanted = options.args ?? [];
  const unknown = wanted.find((name) => !sets.includes(name as (typeof sets)[number]));
  if (unknown !== undefined) throw new Error(`there is no set "${unknown}"; there are ${sets.join(", ")}`);
  const results = [];
  for (const set of sets) {
    if (wanted.length > 0 && !wanted.includes(set)) continue;
    console.error(`recording, or finding, the ${set} trace`);
    const { trace, calls } = await recordedTrace(join(root, ".cache", "bench-analysis", set), set);
    results.push(measure(root, set, trace, calls));
  }
  if (options.json) console.log(JSON.stringify({ results }));
}

function measure(root: string, set: string, trace: string, calls: Readonly<Record<string, number>>): object {
  const histories = mkdtempSync(join(tmpdir(), "storescope-bench-"));
  const command = join(root, "bin", "storescope");
  const analyse = (): { readonly summary: Summary; readonly cost: Cost } => {
    const { output, cost } = timed(command, ["analyze", "--force", "--json", "--cache", histories, trace]);
    return { summary: JSON.parse(output) as Summary, cost };
  };
  try {
    const { summary: expected } = analyse();
    checkCalls(JSON.parse(timed(command, ["stats", "--json", "--cache", histories, trace]).output) as ExperimentStats, calls);
    const theirs: Cost[] = [];
    const ours: Cost[] = [];
    const load: number[] = [];
    for (let round = 0; round < rounds; round++) {
      load.push(loadavg()[0] ?? 0);
      theirs.push(timed("babeltrace2", ["-c", "sink.utils.dummy", trace]).cost);
      const { summary, cost } = analyse();
      if (summary.requests !== expected.requests || summary.intervals !== expected.intervals)
        throw new Error(`wrong result: ${JSON.stringify(summary)} instead of ${JSON.stringify(expected)}`);
      ours.push(cost);
    }
    const ratio = (of: (cost: Cost) => number): number => Number((median(ours.map(of)) / median(theirs.map(of))).toFixed(2));
    const { events, logicalEvents, requests, intervals, traceBytes, historyBytes } = expected;
    const result = {
      set,
      rounds,
      load,
      events,
      logicalEvents,
      requests,
      intervals,
      traceBytes,
      historyBytes,
      wallRatio: ratio(({ wall }) => wall),
      cpuRatio: ratio(({ cpu }) => cpu),
      babeltrace2: theirs,
      storescope: ours,
    };
    console.log(`${set}: ${(traceBytes / 1e6).toFixed(0)} MB, ${events} events, ${logicalEvents} logical events, ${requests} requests`);
    console.log(
      `  ${intervals} intervals, history ${(historyBytes / 1e6).toFixed(0)} MB; load ${load.map((each) => each.toFixed(1)).join(" ")}`,
    );
    console.log("                                     wall s: min   median      CPU s: min   median");
    console.log(row("babeltrace2 -c sink.utils.dummy", theirs));
    console.log(row("storescope analyze --force", ours));
    console.log(`  storescope / babeltrace2, medians: wall ${result.wallRatio}, CPU ${result.cpuRatio}`);
    return result;
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

function row(name: string, costs: readonly Cost[]): string {
  const wall = costs.map((cost) => cost.wall);
  const cpu = costs.map((cost) => cost.cpu);
  const numbers = [Math.min(...wall), median(wall), Math.min(...cpu), median(cpu)].map((value) => value.toFixed(2).padStart(9));
  return `  ${name.padEnd(36)}${numbers[0]}${numbers[1]}       ${numbers[2]}${numbers[3]}`;
}

/** Runs a command to its end; the shell's `time` measures the process and its children. */
function timed(command: string, parameters: readonly string[]): { readonly output: string; readonly cost: Cost } {
  const { status, stdout, stderr, error } = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT="%3R %3U %3S"; time "$@"', "bash", command, ...parameters],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { output: stdout, cost: { wall, cpu: user + system } };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The checkout: the nearest folder above this file (or its bundle) that holds this benchmark. */
function findRoot(): string {
  for (let at = dirname(resolve(fileURLToPath(import.meta.url))); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, "bench", "analysis", "record.ts"))) return at;
  }
  throw new Error("the benchmark must run inside a checkout");
}
