/** Printing by several threads against printing by one: every trace of the set, the broken ones too, to the byte. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oneClock, packetContext, tsdl } from "../../test/traces/cases.ts";
import { openCtf } from "../ctf/index.ts";
import { bundleWorker } from "../testing/worker-bundle.ts";
import type { TraceSource } from "../trace/index.ts";
import { printEvents } from "./print-events.ts";
import type { PrintOptions } from "./print-range.ts";

const root = join(import.meta.dirname, "..", "..");
const own = join(root, "test", "traces", "own");
/** Where it is, the whole collection is printed, too. */
const collection = join(root, "..", "shared", "ctf-traces");
const sample = join(root, "samples", "redis-cluster", "ust", "uid", "0", "64-bit");
const cache = join(root, ".cache");
let scratch = "";
let entry: URL;
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  scratch = mkdtempSync(join(cache, "print-"));
  entry = await bundleWorker(scratch, "../engine/print-worker.ts");
});
afterAll(() => rmSync(scratch, { recursive: true }));

interface Printed {
  readonly text: string;
  readonly count: number | undefined;
  readonly error: string;
  /** Whether the text came from several threads: they do not ask for progress by events. */
  readonly slices: number;
}

async function print(source: TraceSource, path: string, options: Partial<PrintOptions>, threads: number): Promise<Printed> {
  const parts: Buffer[] = [];
  let count: number | undefined;
  let error = "";
  let slices = 0;
  try {
    count = await printEvents(
      source,
      {
        format: "babeltrace",
        ...options,
        write: (bytes) => void parts.push(Buffer.from(bytes)),
        onProgress: () => void slices++,
      },
      threads === 1 ? undefined : { entry, threads, smallestBytes: 0, sliceBytes: 1, traces: [{ path, correction: undefined }] },
    );
  } catch (cause) {
    error = String(cause);
  }
  return { text: Buffer.concat(parts).toString("latin1"), count, error, slices };
}

function tracesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  if (existsSync(join(directory, "metadata"))) return [directory];
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => tracesBelow(join(directory, name)));
}

function open(path: string): TraceSource | undefined {
  try {
    return openCtf(path);
  } catch {
    return undefined;
  }
}

test("every trace, whole or broken, is printed as one thread prints it", async () => {
  let sliced = 0;
  for (const path of [...tracesBelow(own), ...tracesBelow(collection)]) {
    const source = open(path);
    if (source === undefined) continue;
    const { slices, ...several } = await print(source, path, {}, 2);
    const { slices: turns, ...alone } = await print(source, path, {}, 1);
    expect(several, path).toEqual(alone);
    if (slices > turns) sliced++;
    source.close();
  }
  // Some really were: five of those that ship, and many more of the larger collection.
  expect(sliced).toBeGreaterThan(existsSync(collection) ? 10 : 3);
}, 120_000);

test("a packet that holds later events than it says is printed whole, and what comes after it in its place", async () => {
  const path = join(scratch, "lying");
  mkdirSync(path);
  const metadata = tsdl(
    `${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; }; event { name = e; fields := struct { u8 v; }; };`,
  );
  writeFileSync(join(path, "metadata"), metadata);
  const packet = (begin: number, end: number, times: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(14 + 5 * times.length);
    for (const at of [0, 2]) bytes.writeUInt16LE(8 * bytes.length, at);
    bytes.writeUInt32LE(begin, 4);
    bytes.writeUInt32LE(end, 8);
    for (const [i, time] of times.entries()) bytes.writeUInt32LE(time, 14 + 5 * i);
    return bytes;
  };
  // The second packet says 25 and goes on to 45: who looks for 40 does not look there.
  const packets = [packet(1, 10, [1, 5, 9]), packet(20, 25, [21, 22, 45, 46]), packet(40, 50, [47, 49]), packet(60, 70, [61, 62])];
  writeFileSync(join(path, "s"), Buffer.concat(packets));
  const source = openCtf(path);
  const { slices, ...several } = await print(source, path, { format: "json" }, 2);
  const { slices: turns, ...alone } = await print(source, path, { format: "json" }, 1);
  expect(alone.text.split("\n").length).toBe(12);
  expect(several).toEqual(alone);
  expect(slices).toBeGreaterThan(turns);
  source.close();
});

test.each([
  ["json", {}],
  ["csv", {}],
  ["text", {}],
  ["babeltrace", { noDelta: true, clockSeconds: true }],
  ["babeltrace", { filter: 'name == "redis:connection_open"' }],
  ["babeltrace", { filter: 'name == "redis:none"' }],
  ["babeltrace", { countOnly: true, filter: 'name != "redis:connection_open"' }],
] as const)("the sample as %s, %o", async (format, options) => {
  const source = openCtf(sample);
  const { slices, ...several } = await print(source, sample, { format, ...options }, 3);
  const { slices: turns, ...alone } = await print(source, sample, { format, ...options }, 1);
  expect(several).toEqual(alone);
  expect(slices).toBeGreaterThan(turns + 3);
  source.close();
});
