/** A cached history that is damaged: found when it is read, and built anew when it is needed next. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BadInputError } from "../base/index.ts";
import { type Experiment, openExperiment } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "storescope-damaged-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("damage is met when opening, which builds anew; or by a query, which fails, and then the next analysis builds anew; or not at all", async () => {
  const trace = join(folder, "trace");
  cpSync(join(import.meta.dirname, "..", "..", "samples", "redis-cluster"), trace, { recursive: true });
  const open = (): Promise<Experiment> => openExperiment([trace], { cacheDirectory: join(folder, "cache") });
  const everyState = (experiment: Experiment): unknown => {
    const { state } = experiment.view("netflow").context.history;
    const quarks = Array.from({ length: state.attributes.count }, (_, quark) => quark);
    return state.columns(quarks, state.start, state.end, 7);
  };
  const experiment = await open();
  const first = await experiment.analyze();
  const truth = everyState(experiment);
  experiment.close();
  const path = join(first.historyDirectory, "history");
  const whole = readFileSync(path);
  const seen = new Set<string>();
  for (let at = 20; at < whole.length; at += Math.ceil(whole.length / 10)) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    writeFileSync(path, damaged);
    const again = await open();
    const { cached } = await again.analyze();
    let answer: unknown;
    try {
      answer = everyState(again);
    } catch (error) {
      expect(error, `byte ${at}`).toBeInstanceOf(BadInputError);
      expect(cached).toBe(true);
      expect(again.status.state).toBe("idle");
      const { cached: stillCached, intervals } = await again.analyze();
      expect([stillCached, intervals]).toEqual([false, first.intervals]);
      answer = everyState(again);
      seen.add("by a query");
    }
    if (!cached) seen.add("when opening");
    expect(answer, `byte ${at}`).toEqual(truth);
    again.close();
  }
  expect([...seen].sort()).toEqual(["by a query", "when opening"]);
});
