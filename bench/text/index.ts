/**
 * Printing speed against babeltrace2: whole processes, alternating, over the same trace, output to /dev/null.
 *
 * - babeltrace2: `babeltrace2 TRACE`, its default text.
 * - ours: `storescope events --format babeltrace TRACE`, the built command.
 *
 * Both print once more before, into a hash: the bytes must be the same, or the run fails. Needs babeltrace2. `-- text TRACE` prints another trace than the
 * synthetic one of bench/read.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Cost, findRoot, report, timed } from "../paired.ts";
import { syntheticTrace } from "../read/synthetic.ts";

const rounds = 5;

export async function run({ json, args = [] }: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const root = findRoot();
  const trace = args[0] ?? syntheticTrace(root).directory;
  const command = [join(root, "bin", "storescope"), "events", "--format", "babeltrace", trace];
  const expected = await digest("babeltrace2", [trace]);
  const printed = await digest(process.execPath, command);
  if (printed.hash !== expected.hash) throw new Error(`wrong result: ${JSON.stringify(printed)} instead of ${JSON.stringify(expected)}`);

  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(timed("babeltrace2", [trace], true).cost);
    ours.push(timed(process.execPath, command, true).cost);
  }
  console.log(`${printed.bytes} bytes of text, the same of both`);
  report(printed.lines, { name: "babeltrace2", costs: theirs }, { name: "storescope events --format babeltrace", costs: ours }, json);
}

interface Digest {
  readonly hash: string;
  readonly bytes: number;
  readonly lines: number;
}

/** What a process prints. */
async function digest(command: string, parameters: readonly string[]): Promise<Digest> {
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const hash = createHash("sha256");
  let bytes = 0;
  let lines = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${command} failed with exit code ${code}`);
  return { hash: hash.digest("hex"), bytes, lines };
}
