/** What benchmarks against another program share: whole processes with their costs, and how the two are shown. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Seconds. CPU time (user and system) is less disturbed by other work on the machine than wall time. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Runs a process to its end. `discard`: its output goes to /dev/null instead of into `output`. */
export function timed(command: string, parameters: readonly string[], discard = false): { readonly output: string; readonly cost: Cost } {
  const before = childrenCpu();
  const start = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", discard ? "ignore" : "pipe", "pipe"],
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return { output: stdout ?? "", cost: { wall, cpu: childrenCpu() - before } };
}

/** CPU seconds of all children that have ended (proc(5), /proc/pid/stat, fields 16 and 17; hundredths of a second). */
function childrenCpu(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Shows both programs and the ratios of their medians; with `json`, one JSON line at the end. */
export function report(
  events: number,
  theirs: { readonly name: string; readonly costs: readonly Cost[] },
  ours: { readonly name: string; readonly costs: readonly Cost[] },
  json: boolean,
): void {
  const walls = (costs: readonly Cost[]): number[] => costs.map(({ wall }) => wall);
  const cpus = (costs: readonly Cost[]): number[] => costs.map(({ cpu }) => cpu);
  const ratio = (of: (costs: readonly Cost[]) => number[]): number =>
    Number((median(of(theirs.costs)) / median(of(ours.costs))).toFixed(2));
  const perSecond = (costs: readonly Cost[]): number => Math.round(events / median(walls(costs)));
  const load = readFileSync("/proc/loadavg", "latin1").split(" ")[0];
  console.log(`${events} events, ${ours.costs.length} rounds, alternating; whole processes; seconds; load now ${load}`);
  console.log(`${" ".repeat(38)}wall median   min    max  cpu median    min   events/s`);
  for (const { name, costs } of [theirs, ours]) {
    const numbers = [
      median(walls(costs)),
      Math.min(...walls(costs)),
      Math.max(...walls(costs)),
      median(cpus(costs)),
      Math.min(...cpus(costs)),
    ];
    console.log(
      `${name.padEnd(40)}${numbers.map((value) => value.toFixed(3).padStart(8)).join("")}${String(perSecond(costs)).padStart(11)}`,
    );
  }
  console.log(`ratio of medians: wall ${ratio(walls)}, CPU ${ratio(cpus)}`);
  const summary = {
    events,
    rounds: ours.costs.length,
    ratio: ratio(walls),
    ratio_cpu: ratio(cpus),
    ours_events_per_s: perSecond(ours.costs),
    babeltrace2_events_per_s: perSecond(theirs.costs),
    ours: ours.costs,
    babeltrace2: theirs.costs,
  };
  if (json) console.log(JSON.stringify(summary));
}

/** The checkout: the nearest folder above this file (or its bundle) that holds this file's source. */
export function findRoot(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, "bench", "paired.ts"))) return at;
  }
  throw new Error("the benchmark must run inside a checkout");
}
