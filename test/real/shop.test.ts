/** The shop's own tests, without us, and with the preload active while a session records: the same must pass. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScenarioContext } from "../../scenarios/contract.ts";
import { recordShop } from "../../scenarios/shop/run.ts";
import { openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildNode, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildStore } from "../../src/record/store/index.ts";

const ownTests = 7;
let temporary: string;

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "storescope-shop-"));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** The lines that the tests printed. */
async function tested(name: string, more: Partial<ScenarioContext>): Promise<readonly string[]> {
  const directory = join(temporary, name);
  mkdirSync(directory);
  await recordShop(
    {
      store: await buildStore({ flavor: "redis" }),
      programs: fileURLToPath(new URL("../../dist", import.meta.url)),
      directory,
      output: join(temporary, `${name}-trace`),
      events: "full",
      size: "small",
      seed: 1,
      signal: new AbortController().signal,
      step: (_title, task) => task(),
      startRecording,
      tracedNode: async () => preloadEnvironment((await buildNode()).preload),
      ...more,
    },
    { isTested: true },
  );
  return readFileSync(join(directory, "check.log"), "utf8").trim().split("\n");
}

describe("the shop's own tests", () => {
  it("pass without us and while we record, the same", async () => {
    const output = join(temporary, "nothing");
    const nothing = { output, seconds: 0, lost: 0 };
    const without = await tested("without", {
      tracedNode: async () => ({}),
      // Nobody records: whoever is asked for is there.
      startRecording: (async ({ pids = [] }: { readonly pids?: readonly number[] }) => ({
        processes: async () => pids.map((pid) => ({ pid })),
        stop: async () => nothing,
      })) as unknown as ScenarioContext["startRecording"],
    });
    expect(without).toHaveLength(ownTests);
    for (const line of without) expect(line).toMatch(/^ok /);
    expect(await tested("traced", {})).toEqual(without);
    const experiment = await openExperiment([join(temporary, "traced-trace")]);
    try {
      await experiment.analyze();
      expect(experiment.flows({ filter: 'process == "gateway"', limit: 1 }).total).toBeGreaterThan(250);
    } finally {
      experiment.close();
    }
  }, 180_000);
});
