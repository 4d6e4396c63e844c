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

  it("draws the volume of data, curve by curve as asked", async () => {
    const page = await harness.open();
    await graphReady(page);
    await page.getByRole("tab", { name: "Data volume" }).click();
    const chart = page.getByTestId("xy-data-volume");
    // Of each node: bytes in from clients, bytes sent on the bus.
    await expect.poll(() => chart.getAttribute("data-curves")).toBe("6");
    await page.getByRole("checkbox", { name: "Clients: bytes in" }).first().press("Space");
    await expect.poll(() => chart.getAttribute("data-curves")).toBe("5");
    expect(await chart.getByRole("img").getAttribute("aria-label")).toMatch(/Bus: bytes sent: at most [\d.]+ MiB\/s at /);
    await page.context().close();
  });

  it("leads from a point of the latency view to its request", async () => {
    const page = await harness.open();
    await graphReady(page);
    await page.getByRole("tab", { name: "Latency", exact: true }).click();
    await expect.poll(() => page.getByTestId("xy-latency").getAttribute("data-curves")).not.toBe("0");
    const [slowest] = experiment.requests({ limit: 1 }).requests;
    if (slowest === undefined) throw new Error("the sample holds no request");
    const area = page.getByTestId("xy-latency").locator(".u-over");
    const box = await area.boundingBox();
    if (box === null) throw new Error("the chart has no place");
    const share = Number(slowest.start - experiment.start) / Number(experiment.end - experiment.start);
    // From the top down, the first point is the slowest request.
    let y = 0;
    do await page.mouse.move(box.x + share * box.width, box.y + ++y);
    while (y < box.height && (await area.evaluate((element) => element.style.cursor)) !== "pointer");
    await page.mouse.click(box.x + share * box.width, box.y + y);
    const detail = page.locator(".detail");
    await expect.poll(() => detail.locator("h2").textContent()).toContain(slowest.command);
    const shown = Number(((await detail.locator("h2 .muted").textContent()) ?? "").slice(1));
    expect(experiment.request(shown).durationNs).toBe(slowest.durationNs);
    await page.context().close();
  });

  it("shows every attribute's value at the selected time", async () => {
    const time = (experiment.start + experiment.end) / 2n;
    const page = await harness.open(`#trace=${experiment.id}&at=${time}`);
    await graphReady(page);
    await page.getByRole("tab", { name: "Event loop" }).click();
    const [iteration] = experiment.stateAt(time, "Redis/*/EventLoop/Iteration");
    const node = iteration?.path.split("/")[1] ?? "";
    const rows = page.getByRole("tree", { name: "Event loop: rows" }).getByRole("treeitem");
    const texts = async () => (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
    await expect
      .poll(async () => {
        const all = await texts();
        return all.slice(all.indexOf(node)).find((text) => text.startsWith("Iteration"));
      })
      .toBe(`Iteration ${iteration?.interval.value}`);
    await page.context().close();
  });
});
