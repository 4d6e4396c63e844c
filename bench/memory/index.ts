/**
 * `npm run bench -- memory [GB...] [--json]`: peak memory of the programs that read a trace, by the size of the trace.
 *
 * The traces are the sample, repeated (repeat.ts), each later than the one before; by default 1, 3 and 9 GB. Each is made, measured and removed again, with
 * its history: room on disk for the largest and a third more is needed.
 *
 * - `storescope info`: what the trace holds
 * - `storescope analyze`: reads all, writes the history with everything the UI needs, in as many threads as are useful
 * - `storescope requests`, `stats`, `diagnose`: read it again
 *
 * Peak is VmHWM of proc(5), read every few ms until the process ends: memory of all its threads that is or was resident, file pages of its own mappings
 * included. Checks: a trace of n copies has n times the events and the requests of one copy.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { AnalysisSummary } from "../../src/engine/contract.ts";
import { findRoot } from "../paired.ts";
import { repeatTrace } from "./repeat.ts";

const defaultSizes = [1, 3, 9];
const gigabyte = 1e9;
const lookEveryMs = 5;
const limitMb = 512;

interface Peak {
  readonly command: string;
  readonly peakMb: number;
  readonly seconds: number;
}

/** With `json`, one JSON line per size. Throws where a program takes more than 512 MB, or counts wrong. */
export async function run(options: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const root = findRoot();
  const sizes = options.args?.length ? options.args.map(Number) : defaultSizes;
  if (!sizes.every((size) => size > 0)) throw new Error("sizes are in GB: npm run bench -- memory 1 9");
  const sample = join(root, "samples", "redis-cluster", "ust", "uid", "0", "64-bit");
  const command = join(root, "bin", "storescope");
  const scratch = mkdtempSync(join(tmpdir(), "storescope-memory-"));
  try {
    const one = (await measured(command, ["analyze", "--force", "--json", "--cache", join(scratch, "one"), sample])).output;
    const expected = JSON.parse(one) as AnalysisSummary;
    for (const size of sizes) {
      const trace = join(scratch, "trace");
      const { copies, bytes } = repeatTrace(sample, trace, size * gigabyte);
      const peaks: Peak[] = [];
      let summary: AnalysisSummary | undefined;
      for (const name of ["info", "analyze", "requests", "stats", "diagnose"]) {
        const cache = name === "info" ? [] : ["--cache", join(scratch, "histories")];
        const { output, peak } = await measured(command, [name, "--json", ...cache, trace]);
        if (name === "analyze") summary = JSON.parse(output) as AnalysisSummary;
        peaks.push(peak);
      }
      for (const key of ["events", "requests"] as const) {
        if (summary?.[key] !== copies * expected[key])
          throw new Error(`${copies} copies have ${summary?.[key]} ${key} instead of ${copies * expected[key]}`);
      }
      show(bytes, peaks, options.json);
      rmSync(trace, { recursive: true });
      rmSync(join(scratch, "histories"), { recursive: true });
      const worst = peaks.find(({ peakMb }) => peakMb > limitMb);
      if (worst !== undefined) throw new Error(`${worst.command} took ${worst.peakMb} MB`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs the command to its end. */
async function measured(command: string, args: readonly string[]): Promise<{ readonly output: string; readonly peak: Peak }> {
  const start = performance.now();
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let peakKb = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const look = setInterval(() => {
    peakKb = Math.max(peakKb, residentPeak(child.pid));
  }, lookEveryMs);
  const status = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  clearInterval(look);
  if (status !== 0) throw new Error(`${args.join(" ")} failed`);
  return {
    output,
    peak: { command: args[0] ?? "", peakMb: Math.round(peakKb / 1024), seconds: (performance.now() - start) / 1000 },
  };
}

/** VmHWM in KiB; 0 once the process is gone. */
function residentPeak(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function show(bytes: number, peaks: readonly Peak[], json: boolean): void {
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const text = peaks.map(({ command, peakMb, seconds }) => `${command} ${peakMb} MB in ${seconds.toFixed(1)} s`).join(", ");
  console.log(`${(bytes / gigabyte).toFixed(2)} GB: ${text}; load ${load}`);
  if (json) console.log(JSON.stringify({ bytes, peaks, load }));
}
