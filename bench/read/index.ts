/**
 * Reading speed against babeltrace2: whole processes, alternating, over the same trace.
 *
 * - babeltrace2: `babeltrace2 -c sink.utils.dummy TRACE` decodes every field and throws it away.
 * - ours: child.ts, bundled: decodes, and reads the value of every field of every event into a checksum, which must be right or the run fails.
 *
 * The checksum's oracle is the writer of the synthetic trace, or for a given trace our interpreter. Needs babeltrace2; the trace is made once, in .cache/.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { syntheticVersion, writeSyntheticTrace } from "./synthetic.ts";

const rounds = 5;
const eventCount = 4_000_000;

interface Result {
  readonly events: number;
  readonly checksum: number;
}

/** Prints a table; with `json`, one JSON line at the end. `trace`: a CTF trace to read instead of the synthetic one. */
export async function run(options: { json: boolean; trace?: string }): Promise<void> {
  const root = findRoot();
  const cache = join(root, ".cache", "bench-read");
  mkdirSync(cache, { recursive: true });
  const child = join(cache, "child.mjs");
  await build({
    entryPoints: [join(root, "bench", "read", "child.ts")],
    outfile: child,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  const trace = options.trace ?? join(cache, `synthetic-v${syntheticVersion}-${eventCount}`);
  const expected = options.trace === undefined ? syntheticTrace(trace) : runChild(child, trace, "interpreter").result;

  const theirs: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(timed("babeltrace2", ["-c", "sink.utils.dummy", trace]).seconds);
    const { result, seconds } = runChild(child, trace, "");
    if (result.events !== expected.events || result.checksum !== expected.checksum) {
      throw new Error(`wrong result: ${JSON.stringify(result)} instead of ${JSON.stringify(expected)}`);
    }
    ours.push(seconds);
  }
  const { events } = expected;
  const perSecond = (seconds: readonly number[]): number => Math.round(events / median(seconds));
  const summary = {
    events,
    rounds,
    ratio: Number((median(theirs) / median(ours)).toFixed(2)),
    ours_events_per_s: perSecond(ours),
    babeltrace2_events_per_s: perSecond(theirs),
    ours_s: ours,
    babeltrace2_s: theirs,
  };
  console.log(`${events} events, ${rounds} rounds, alternating; whole processes; wall seconds`);
  console.log("                                     median      min      max   events/s");
  console.log(row("babeltrace2 -c sink.utils.dummy", theirs, events));
  console.log(row("storescope, every field consumed", ours, events));
  console.log(`ratio of medians: ${summary.ratio}`);
  if (options.json) console.log(JSON.stringify(summary));
}

function row(name: string, seconds: readonly number[], events: number): string {
  const numbers = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(3).padStart(9));
  return `${name.padEnd(34)}${numbers.join("")}${String(Math.round(events / median(seconds))).padStart(11)}`;
}

function syntheticTrace(directory: string): Result {
  const oracle = join(directory, ".checksum.json");
  if (!existsSync(oracle)) {
    console.error(`writing a trace of ${eventCount} events (once) ...`);
    writeSyntheticTrace(directory, eventCount);
  }
  return JSON.parse(readFileSync(oracle, "utf8")) as Result;
}

function runChild(child: string, trace: string, mode: string): { result: Result; seconds: number } {
  const { output, seconds } = timed(process.execPath, [child, trace, mode]);
  return { result: JSON.parse(output) as Result, seconds };
}

function timed(command: string, parameters: readonly string[]): { output: string; seconds: number } {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: "utf8", maxBuffer: 1 << 26 });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return { output: stdout, seconds };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The checkout: the nearest folder above this file (or its bundle) that holds bench/read/child.ts. */
function findRoot(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, "bench", "read", "child.ts"))) return at;
  }
  throw new Error("the benchmark must run inside a checkout");
}
