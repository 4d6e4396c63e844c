import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCtf } from "../ctf/index.ts";
import { openHistory } from "../state/index.ts";
import { bundleWorker } from "../testing/worker-bundle.ts";
import { buildHistory } from "./build-history.ts";
import { analyses } from "./registry/analyses.gen.ts";

const sample = fileURLToPath(new URL("../../samples/redis-cluster/ust/uid/0/64-bit", import.meta.url));
const cache = fileURLToPath(new URL("../../.cache", import.meta.url));

let directory = "";
let entry: URL;
let packingEntry: URL;

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  directory = mkdtempSync(join(cache, "build-history-"));
  entry = await bundleWorker(directory);
  packingEntry = await bundleWorker(directory, "../engine/packing-worker.ts");
});

afterAll(() => rmSync(directory, { recursive: true }));

async function build(name: string, threads: number, options: { entry?: URL; packing?: URL; signal?: AbortSignal } = {}): Promise<string> {
  const source = openCtf(sample);
  const target = join(directory, name);
  try {
    const traces = [{ path: sample, correction: undefined }];
    const workers = { entry: options.entry ?? entry, packing: options.packing, threads, smallestBytes: 0, traces };
    await buildHistory(source, analyses, target, "test", { workers, signal: options.signal });
  } finally {
    source.close();
  }
  return target;
}

/** A module in place of the worker. */
function worker(name: string, text: string): URL {
  const file = join(directory, name);
  writeFileSync(file, text);
  return pathToFileURL(file);
}

const opened = `{ bytes: ${openedBytes()}, end: ${openedEnd()}n, streams: 2 }`;
function openedBytes(): number {
  const source = openCtf(sample);
  source.close();
  return source.totalBytes;
}
function openedEnd(): bigint {
  const source = openCtf(sample);
  source.close();
  return source.end;
}
const ready = `import { parentPort } from "node:worker_threads"; parentPort.postMessage({ kind: "ready", opened: ${opened} });`;

describe("buildHistory", () => {
  it("makes the same history, bit for bit, with one, two and three threads", async () => {
    const [one = "", ...others] = await Promise.all([1, 2, 3].map((threads) => build(`threads-${threads}`, threads)));
    const expected = readFileSync(join(one, "history"));
    expect(expected.length).toBeGreaterThan(100_000);
    for (const other of others) expect(Buffer.compare(readFileSync(join(other, "history")), expected)).toBe(0);
    expect(readdirSync(one)).toEqual(["history"]);
    expect(openHistory(one, { identity: "test" })?.table("requests")?.rowCount).toBeGreaterThan(500);
  });

  it("makes the same history, bit for bit, where other threads pack what the first, the first two, and all three shares collect", async () => {
    const expected = readFileSync(join(await build("collected-and-packed", 1), "history"));
    for (const threads of [4, 5, 6]) {
      const packed = await build(`packed-${threads}`, threads, { packing: packingEntry });
      expect(Buffer.compare(readFileSync(join(packed, "history")), expected)).toBe(0);
      expect(readdirSync(packed)).toEqual(["history"]);
    }
  });

  it("says why packing failed, and leaves nothing", async () => {
    const failure = `{ code: "DISK_FULL", message: "no space left", place: undefined }`;
    const full = worker(
      "full.mjs",
      `import { parentPort, workerData } from "node:worker_threads";
      const words = new Int32Array(workerData.shared);
      parentPort.on("message", ({ kind }) => {
        if (kind === "end") { workerData.failures.close(); parentPort.close(); return; }
        if (kind === "finish") { workerData.failures.postMessage(${failure}); Atomics.store(words, 1, 1); }
        Atomics.add(words, 0, 1);
        Atomics.notify(words, 0);
      });`,
    );
    for (const threads of [4, 6]) {
      await expect(build("full", threads, { packing: full })).rejects.toMatchObject({ code: "DISK_FULL", message: "no space left" });
      // No thread may have come as far as making it.
      const left = existsSync(join(directory, "full")) ? readdirSync(join(directory, "full")) : [];
      expect(left).toEqual([]);
    }
  });

  it("fails when packing really fails: what should be the directory is a file", async () => {
    writeFileSync(join(directory, "file"), "");
    await expect(build("file", 6, { packing: packingEntry })).rejects.toMatchObject({ code: "HISTORY_INVALID" });
    expect(readFileSync(join(directory, "file"), "utf8")).toBe("");
  });

  it("leaves nothing of what others pack when it is told to stop", async () => {
    await expect(build("stopped", 6, { packing: packingEntry, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(readdirSync(join(directory, "stopped"))).toEqual([]);
  });

  it("fails when a thread ends by itself, and leaves nothing", async () => {
    const gone = worker("gone.mjs", `${ready} parentPort.once("message", () => process.exit(3));`);
    await expect(build("gone", 2, { entry: gone })).rejects.toThrow("an analysis thread ended by itself (exit code 3)");
    expect(readdirSync(join(directory, "gone"))).toEqual([]);
  });

  it("fails when a thread throws, before and after it has started", async () => {
    const early = worker("early.mjs", `throw new Error("no memory");`);
    await expect(build("early", 2, { entry: early })).rejects.toThrow("no memory");
    const late = worker("late.mjs", `${ready} parentPort.once("message", () => { throw new Error("no memory"); });`);
    await expect(build("late", 2, { entry: late })).rejects.toThrow("no memory");
    expect(readdirSync(join(directory, "late"))).toEqual([]);
  });

  it("passes on what is wrong with the trace as a thread says it", async () => {
    const place = `{ file: "f", offset: 7, what: "bad" }`;
    const failed = worker(
      "bad.mjs",
      `${ready} parentPort.once("message", () => parentPort.postMessage({ kind: "failed", failure: { code: "EVENT_INVALID", message: "", place: ${place} } }));`,
    );
    await expect(build("bad", 2, { entry: failed })).rejects.toMatchObject({ code: "EVENT_INVALID", message: "f: byte 7: bad" });
  });

  it("does it alone when a thread sees another trace: it is still being recorded", async () => {
    const other = worker("other.mjs", ready.replace(/bytes: \d+/, "bytes: 1"));
    const alone = await build("alone", 2, { entry: other });
    expect(Buffer.compare(readFileSync(join(alone, "history")), readFileSync(join(await build("same", 1), "history")))).toBe(0);
  });

  it("stops when told to while a thread never answers, and leaves nothing", async () => {
    const silent = worker("silent.mjs", `${ready} parentPort.on("message", () => undefined);`);
    const controller = new AbortController();
    const building = build("silent", 2, { entry: silent, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(building).rejects.toMatchObject({ code: "CANCELLED" });
    expect(readdirSync(join(directory, "silent"))).toEqual([]);
  });
});
