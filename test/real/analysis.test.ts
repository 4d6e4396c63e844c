/** A trace recorded just now, analysed by different numbers of threads: from the sources, and as the command does it with what was built. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCtfTraces, openCtf } from "../../src/ctf/index.ts";
import { buildHistory } from "../../src/engine/build-history.ts";
import { analyses } from "../../src/engine/registry/analyses.gen.ts";
import { openHistory } from "../../src/state/index.ts";
import { bundleWorker } from "../../src/testing/worker-bundle.ts";
import { run } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "storescope-analysis-test-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function historyOf(trace: string, threads: number, entry: URL, packing?: URL): Promise<string> {
  const source = openCtf(trace);
  const target = join(directory, "history");
  try {
    const workers = { entry, packing, threads, smallestBytes: 0, traces: [{ path: trace, correction: undefined }] };
    await buildHistory(source, analyses, target, "test", { workers });
  } finally {
    source.close();
  }
  expect(readdirSync(target)).toEqual(["history"]);
  expect(openHistory(target, { identity: "test" })?.table("requests")?.rowCount).toBeGreaterThan(1000);
  return createHash("sha256")
    .update(readFileSync(join(target, "history")))
    .digest("hex");
}

describe("an analysis shared between threads", () => {
  it.each(["light", "full", "classic"])("makes the same history of a recorded cluster, bit for bit: %s", async (events) => {
    const trace = join(directory, events);
    const { code, stderr } = await run(["demo", "--size", "small", "--events", events, "--keep", trace, "--no-open", "--json"]);
    expect(code, stderr).toBe(0);
    const [found = ""] = findCtfTraces(trace);
    mkdirSync(join(root, ".cache"), { recursive: true });
    const folder = mkdtempSync(join(root, ".cache", "analysis-test-"));
    try {
      const entry = await bundleWorker(folder);
      const one = await historyOf(found, 1, entry);
      expect(await historyOf(found, 2, entry)).toBe(one);
      expect(await historyOf(found, 3, entry)).toBe(one);
      const packing = await bundleWorker(folder, "../engine/packing-worker.ts");
      expect(await historyOf(found, 6, entry, packing)).toBe(one);
      const built = join(root, "dist", "analysis-worker.js");
      expect(existsSync(built)).toBe(true);
      expect(await historyOf(found, 2, pathToFileURL(built))).toBe(one);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
