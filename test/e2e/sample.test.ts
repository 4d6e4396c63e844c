/** The shipped trace, through the real reader, analyses, engine and server, in a real browser: no part of the way is made up. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";
import { buildWeb, graphReady, type Harness, startHarness } from "./harness.ts";

const sample = fileURLToPath(new URL("../../samples/redis-cluster", import.meta.url));

describe("the UI on the shipped trace", () => {
  let cache: string;
  let experiment: Experiment;
  let harness: Harness;

  beforeAll(async () => {
    await buildWeb();
    cache = mkdtempSync(join(tmpdir(), "storescope-e2e-"));
    experiment = await openExperiment([sample], { cacheDirectory: cache });
    harness = await startHarness([experiment]);
  });

  afterAll(async () => {
    await harness?.close();
    experiment?.close();
    rmSync(cache, { recursive: true, force: true });
  });

  it("analyses it when the page asks, and shows a row for each node's main thread", async () => {
    const page = await harness.open();
    await graphReady(page);
    const rows = await page.getByRole("treeitem").allTextContents();
    const nodes = experiment.stats().nodes.map(({ node }) => node);
    expect(nodes).toHaveLength(3);
    for (const node of nodes) expect(rows.some((row) => row.includes(node))).toBe(true);
    expect(rows.filter((row) => row.includes("main"))).toHaveLength(3);
  });

  it("shows the slowest request as the engine knows it: its phases add up to its time, and its events are there", async () => {
    const page = await harness.open();
    await graphReady(page);
    const [slowest] = experiment.requests({ limit: 1 }).requests;
    if (slowest === undefined) throw new Error("the sample holds no request");
    await page.getByText(`#${slowest.id}`, { exact: true }).first().click();
    const exact = slowest.durationNs.toLocaleString("en-US").replaceAll(",", "");
    await expect
      .poll(async () => ((await page.locator("body").textContent()) ?? "").replace(/[\s\u2009\u202f]/g, ""))
      .toContain(`${exact}ns`);
    await expect.poll(async () => page.getByText("redis:call_command_start").count()).toBeGreaterThan(0);
    expect(slowest.phases.reduce((sum, phase) => sum + Number(phase.end - phase.start), 0)).toBe(slowest.durationNs);
  });
});
