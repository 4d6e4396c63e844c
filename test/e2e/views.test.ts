/**
 * Every view by keyboard alone, on a trace of services and a store recorded for it, and on one that holds nothing: each panel is shown from the palette, the focus gets into it, and
 * neither the page nor the server complains.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";
import { applicationNode, freePort, start } from "../real/support.ts";
import { buildWeb, graphReady, type Harness, startHarness } from "./harness.ts";

const chain = fileURLToPath(new URL("../real/node-apps/chain.mjs", import.meta.url));
const ofServices = ["Spans", "Service map", "Node.js event loop"];
const ofStores = [
  "Netflow",
  "Connections",
  "Threads",
  "Event loop",
  "Latency heat map",
  "State explorer",
  "Statistics",
  "Data volume",
  "Latency",
  "Memory",
  "Replication",
  "Requests",
  "Events",
  "Findings",
];

/** Shows a panel through the palette, and brings the focus into it with Tab. Returns whether it holds anything that takes the focus. */
async function visit(page: Page, title: string): Promise<boolean> {
  await page.keyboard.press("Escape");
  // In a field a slash is a slash.
  while ((await page.locator("input:focus, textarea:focus, select:focus").count()) > 0) await page.keyboard.press("Tab");
  await page.keyboard.press("/");
  await page.locator("[role=combobox]:focus").waitFor();
  await page.keyboard.type(`Show ${title}`);
  const wanted = page.getByRole("option", { name: `Show ${title}`, exact: true });
  await wanted.waitFor();
  for (let i = 0; i < 10 && (await wanted.getAttribute("aria-selected")) !== "true"; i++) {
    await page.keyboard.press("ArrowDown");
    await page.waitForTimeout(50);
  }
  await page.keyboard.press("Enter");
  const tab = page.getByRole("tab", { name: title, exact: true });
  await expect.poll(() => tab.getAttribute("aria-selected"), { message: title }).toBe("true");
  const panel = page.locator(`[id="${await tab.getAttribute("aria-controls")}"]`);
  for (let i = 0; i < 80; i++) {
    if ((await panel.locator(":focus").count()) > 0) return true;
    await page.keyboard.press("Tab");
  }
  return false;
}

describe("every view by keyboard alone", () => {
  let directory: string;
  let experiment: Experiment;
  let nothing: Experiment;
  let harness: Harness;
  let empty: Harness;

  beforeAll(async () => {
    await buildWeb();
    directory = mkdtempSync(join(tmpdir(), "storescope-views-"));
    const [full, none] = [join(directory, "full"), join(directory, "none")];
    const port = await freePort();
    const script = `redis-server --port ${port} --bind 127.0.0.1 --save "" --daemonize no >/dev/null & store=$!
      until redis-cli -p ${port} ping >/dev/null 2>&1; do sleep 0.1; done
      "${applicationNode}" "${chain}" ${port}; code=$?; sleep 0.3; kill $store; wait $store; exit $code`;
    for (const [output, program] of [
      [full, script],
      [none, `"${applicationNode}" -e "setTimeout(() => undefined, 1500)"`],
    ] as const) {
      const { code, stderr } = await start(["record", "--events", "full", "--output", output, "--", "sh", "-c", program]).ended;
      expect(code, stderr).toBe(0);
    }
    [experiment, nothing] = [await openExperiment([full]), await openExperiment([none])];
    [harness, empty] = [await startHarness([experiment]), await startHarness([nothing])];
  });

  afterAll(async () => {
    await harness?.close();
    await empty?.close();
    experiment?.close();
    nothing?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("shows each with something in it, and moves in it", async () => {
    const page = await harness.open();
    await graphReady(page);
    for (const title of [...ofServices, ...ofStores]) {
      const isReached = await visit(page, title);
      // There is no replica.
      expect(isReached, title).toBe(title !== "Replication");
      for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "End", "Home"]) await page.keyboard.press(key);
      expect(await page.getByRole("alert").count(), title).toBe(0);
    }
    await page.context().close();
  });

  it("says of each that there is nothing, where there is nothing", async () => {
    const page = await empty.open();
    await page.getByText("Nothing to draw").first().waitFor();
    for (const title of [...ofServices, ...ofStores]) {
      await visit(page, title);
      expect(await page.getByRole("alert").count(), title).toBe(0);
    }
    await page.context().close();
  });
});
