/**
 * Reading speed against babeltrace2: whole processes, alternating, over the same trace.
 *
 * - babeltrace2: `babeltrace2 -c sink.utils.dummy TRACE` decodes every field and throws it away.
 * - ours: child.ts, bundled: decodes, and reads the value of every field of every event into a checksum, which must be right or the run fails.
 *
 * The checksum's oracle is the writer of the synthetic trace, or for a given trace our interpreter. Needs babeltrace2; the trace is made once, in .cache/.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { type Cost, findRoot, report, timed } from "../paired.ts";
import { type Result, syntheticTrace } from "./synthetic.ts";

const rounds = 5;

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
  const synthetic = options.trace === undefined ? syntheticTrace(root) : undefined;
  const trace = options.trace ?? synthetic?.directory ?? "";
  const expected = synthetic ?? runChild(child, trace, "interpreter").result;

  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(timed("babeltrace2", ["-c", "sink.utils.dummy", trace]).cost);
    const { result, cost } = runChild(child, trace, "");
    if (result.events !== expected.events || result.checksum !== expected.checksum) {
      throw new Error(`wrong result: ${JSON.stringify(result)} instead of ${JSON.stringify(expected)}`);
    }
    ours.push(cost);
  }
  const names = ["babeltrace2 -c sink.utils.dummy", "storescope, every field consumed"] as const;
  report(expected.events, { name: names[0], costs: theirs }, { name: names[1], costs: ours }, options.json);
}

function runChild(child: string, trace: string, mode: string): { result: Result; cost: Cost } {
  const { output, cost } = timed(process.execPath, [child, trace, mode]);
  return { result: JSON.parse(output) as Result, cost };
}
