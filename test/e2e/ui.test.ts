// biome-ignore-all lint/performance/useDomNodeTextContent: innerText is what a user sees.
/** The web UI in a real browser, on a made-up experiment behind the real server. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeExperiment } from "../../src/testing/fake-experiment.ts";
import { addressOf, buildWeb, graphReady, type Harness, hasBrowser, rangeOf, startHarness } from "./harness.ts";

const experiment = fakeExperiment({ requests: 20_000 });
const whole = experiment.end - experiment.start;

/** A box of the page, which must be there. */
async function boxOf(page: Page, selector: string) {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`${selector} is not visible`);
  return box;
}

describe.runIf(hasBrowser)("the web UI", () => {
  let harness: Harness;
  beforeAll(async () => {
    await buildWeb();
    harness = await startHarness([experiment]);
  });
  afterAll(async () => harness?.close());

  it("shows the whole trace first, with its rows and slowest requests", async () => {
    const page = await harness.open();
    await graphReady(page);
    expect(await rangeOf(page)).toBeUndefined();
    expect(await page.title()).toBe("demo – Storescope");
    await expect.poll(() => page.getByRole("treeitem", { name: "fd 9 127.0.0.1:50312" }).count()).toBe(1);
    const slowest = experiment.requests({ sort: "duration", limit: 1 }).requests[0]!;
    await expect.poll(() => page.getByRole("grid", { name: "Requests" }).getByRole("row").nth(1).innerText()).toContain(`#${slowest.id}`);
    await page.context().close();
  });

  it("zooms at the pointer by wheel, moves by dragging, and shows everything again by key", async () => {
    const page = await harness.open();
    await graphReady(page);
    const box = await boxOf(page, "[data-testid=states]");
    const x = box.x + box.width * 0.25;
    await page.mouse.move(x, box.y + 100);
    for (let i = 0; i < 10; i++) await page.mouse.wheel(0, -120);
    const zoomed = (await rangeOf(page))!;
    const under = zoomed.from + (zoomed.to - zoomed.from) / 4n;
    expect(zoomed.to - zoomed.from).toBeLessThan(whole / 8n);
    // The time under the pointer stayed there, to a pixel of the zoomed view.
    const expected = experiment.start + whole / 4n;
    expect(Math.abs(Number(under - expected))).toBeLessThan(Number(whole) / box.width);

    await page.mouse.down();
    await page.mouse.move(x + 100, box.y + 100, { steps: 5 });
    await page.mouse.up();
    const moved = (await rangeOf(page))!;
    // The address holds whole nanoseconds.
    expect(Math.abs(Number(moved.to - moved.from - (zoomed.to - zoomed.from)))).toBeLessThanOrEqual(1);
    const shift = (Number(zoomed.to - zoomed.from) * 100) / box.width;
    expect(Math.abs(Number(zoomed.from - moved.from) - shift)).toBeLessThan(shift * 0.03);

    await page.keyboard.press("0");
    expect(await rangeOf(page)).toBeUndefined();
    await page.context().close();
  });

  it("selects a range with shift-drag and fits it", async () => {
    const page = await harness.open();
    await graphReady(page);
    const box = await boxOf(page, "[data-testid=states]");
    await page.keyboard.down("Shift");
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
    expect(await rangeOf(page)).toBeUndefined();
    const address = addressOf(page);
    const [at, until] = [BigInt(address.get("at")!), BigInt(address.get("until")!)];
    expect(Number(until - at)).toBeCloseTo((Number(whole) * 100) / box.width, -5);
    await page.keyboard.press("f");
    const range = (await rangeOf(page))!;
    expect(range.from).toBeLessThan(at);
    expect(range.to).toBeGreaterThan(until);
    expect(Number(range.to - range.from)).toBeLessThan(Number(until - at) * 1.2);
    await page.context().close();
  });

  it("shows a clicked state's request: phases that add up, holders with links, events", async () => {
    const wanted = experiment.requests({ sort: "wait", limit: 200 }).requests.find((r) => r.connection === 1_000 + 3)!;
    const margin = 20_000n;
    const page = await harness.open(`#trace=${experiment.id}&from=${wanted.start - margin}&to=${wanted.end + margin}`);
    await graphReady(page);
    const row = await boxOf(page, `[role=treeitem]:has-text("${wanted.connectionLabel}")`);
    const chart = await boxOf(page, "[data-testid=states]");
    const phase = wanted.phases.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
    const middle =
      (Number((phase.start + phase.end) / 2n - wanted.start + margin) / Number(wanted.end - wanted.start + 2n * margin)) * chart.width;
    await page.mouse.click(chart.x + middle, row.y + row.height / 2);
    const detail = page.locator(".detail");
    await expect.poll(() => detail.locator("h2").innerText()).toBe(`${wanted.command} #${wanted.id}`);
    expect(await detail.locator(".phases > li").count()).toBe(wanted.phases.length);
    expect(await detail.locator(".request-events > li").count()).toBe(8);
    await rangeOf(page);
    expect(addressOf(page).get("request")).toBe(String(wanted.id));

    // A holder's link leads to the request that was served meanwhile.
    const link = detail.locator(".holders .link", { hasText: /^#\d+$/ }).first();
    const holder = await link.innerText();
    await link.click();
    await expect.poll(() => detail.locator("h2 .muted").innerText()).toBe(holder);
    await page.context().close();
  });

  it("goes to a request from the table and back to it from its link", async () => {
    const page = await harness.open();
    const grid = page.getByRole("grid", { name: "Requests" });
    const first = grid.getByRole("row").nth(1);
    await first.getByRole("gridcell").first().waitFor();
    const slowest = experiment.requests({ sort: "duration", limit: 1 }).requests[0]!;
    await expect.poll(() => first.innerText()).toContain(`#${slowest.id}`);
    await first.dblclick();
    const range = (await rangeOf(page))!;
    expect(range.from).toBeLessThan(slowest.start);
    expect(range.to).toBeGreaterThan(slowest.end);
    await expect.poll(() => page.locator("[role=treeitem][aria-selected=true]").innerText()).toBe(slowest.connectionLabel);

    const again = await harness.open(new URL(page.url()).hash);
    await expect.poll(() => again.locator(".detail h2 .muted").innerText()).toBe(`#${slowest.id}`);
    expect(await rangeOf(again)).toEqual(range);
    await expect.poll(() => again.locator("[role=treeitem][aria-selected=true]").innerText()).toBe(slowest.connectionLabel);
    await page.context().close();
    await again.context().close();
  });

  it("says what was found, shows where, and what could not be told", async () => {
    const [finding] = (await experiment.diagnose()).findings;
    if (finding === undefined) throw new Error("there is a finding");
    const page = await harness.open();
    await graphReady(page);
    const card = page.getByTestId("finding");
    await card.waitFor();
    expect(await card.getByRole("heading").textContent()).toContain("A slow command <b>held</b> the loop");
    const text = (await card.textContent()) ?? "";
    for (const part of [finding.prose, finding.advice, finding.node, "25.0 %"]) expect(text).toContain(part);
    await page.getByText("Cannot tell (1)").click();
    await page.getByText("recorded without call_command_end").waitFor();
    await card.getByRole("button", { name: "Show where" }).click();
    const range = (await rangeOf(page))!;
    expect(range.from).toBeLessThan(finding.start);
    expect(range.to).toBeGreaterThan(finding.end);
    expect(Number(range.to - range.from)).toBeLessThan(Number(finding.end - finding.start) * 1.5);
    await card.getByRole("button", { name: `#${finding.requests[0]}` }).click();
    await expect.poll(() => page.locator(".detail h2 .muted").textContent()).toBe(`#${finding.requests[0]}`);
    await page.context().close();
  });

  it("filters requests, and shows where a wrong expression is wrong", async () => {
    const page = await harness.open();
    const filter = page.getByRole("searchbox", { name: "Filter expression" });
    await filter.fill('command == "lrange"');
    const grid = page.getByRole("grid", { name: "Requests" });
    await expect.poll(async () => new Set(await grid.getByRole("row").locator("strong").allInnerTexts())).toEqual(new Set(["lrange"]));
    await filter.fill("durationn > 1ms");
    await expect.poll(() => page.getByRole("alert").innerText()).toBe("unknown condition\ndurationn > 1ms\n^");
    expect(await filter.getAttribute("aria-invalid")).toBe("true");
    // What was there stays visible.
    expect(await grid.getByRole("row").count()).toBeGreaterThan(1);
    await page.context().close();
  });

  it("keeps the events table's time in step with the rest, both ways, and searches it by regular expression", async () => {
    const wanted = experiment.requestEvents(9_000)[3]!;
    const page = await harness.open(`#trace=${experiment.id}&at=${wanted.time}`);
    await page.getByRole("tab", { name: "Events" }).click();
    const grid = page.getByRole("grid", { name: "Events" });
    const selected = grid.locator("[role=row][aria-selected=true]");
    await expect.poll(() => selected.getAttribute("aria-rowindex")).toBe(String(experiment.eventIndexAt(wanted.time) + 2));

    const search = page.getByRole("searchbox", { name: "Search Event by regular expression" });
    await search.fill("write_(end|stop)$");
    await search.press("Enter");
    await expect.poll(() => selected.innerText()).toContain("redis:write_end");
    await rangeOf(page);
    const at = BigInt(addressOf(page).get("at")!);
    expect(at).toBeGreaterThanOrEqual(wanted.time);
    expect(experiment.eventRows(experiment.eventIndexAt(at), 1)[0]!.time).toBe(at);

    await search.fill("(");
    await search.press("Enter");
    await expect.poll(() => page.locator(".toolbar .error-text").innerText()).toMatch(/Invalid regular expression/);
    await page.context().close();
  });

  it("reaches the last of five million events by scroll bar, wheel and key", async () => {
    const rows = 5_000_000;
    const long = { ...experiment, id: "22222222-2222-4333-8444-555555555555", eventRowCount: rows };
    const base = experiment.eventRows(0, 1)[0]!;
    const huge = {
      ...long,
      eventRows: (index: number, count: number) =>
        Array.from({ length: count }, (_, i) => ({ ...base, index: index + i, thread: index + i })),
    };
    const own = await startHarness([huge]);
    try {
      const page = await own.open();
      await page.getByRole("tab", { name: "Events" }).click();
      const grid = page.getByRole("grid", { name: "Events" });
      const last = grid.locator(`[aria-rowindex="${rows + 1}"]`);
      await grid.locator(".vt-scroller").evaluate((e) => {
        e.scrollTop = e.scrollHeight;
      });
      await expect.poll(() => last.innerText()).toContain(String(rows - 1));
      const box = (await grid.locator(".vt-scroller").boundingBox())!;
      expect((await last.boundingBox())!.y + 22).toBeLessThanOrEqual(box.y + box.height + 1);
      // One notch of the wheel moves by a few rows, not by thousands.
      await page.mouse.move(box.x + 50, box.y + 50);
      await page.mouse.wheel(0, -220);
      await expect.poll(() => grid.locator(`[aria-rowindex="${rows - 9}"]`).count()).toBe(1);
      await grid.focus();
      await page.keyboard.press("Home");
      await expect.poll(() => grid.locator('[aria-rowindex="2"]').count()).toBe(1);
      await page.keyboard.press("End");
      await expect.poll(() => last.getAttribute("aria-selected")).toBe("true");
      await page.context().close();
    } finally {
      await own.close();
    }
  });

  it("can be used by keyboard alone", async () => {
    const page = await harness.open();
    await graphReady(page);
    // Tab reaches the rows; arrows move between them; Enter on a group collapses it.
    const tree = page.getByRole("tree");
    for (let i = 0; i < 40 && (await page.locator("[role=tree]:focus").count()) === 0; i++) await page.keyboard.press("Tab");
    expect(await page.locator("[role=tree]:focus").count()).toBe(1);
    const selected = page.locator("[role=treeitem][aria-selected=true]");
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await expect.poll(() => selected.innerText()).toBe("fd 9 127.0.0.1:50312");
    expect(await tree.getAttribute("aria-activedescendant")).toBe(await selected.getAttribute("id"));
    // Zoom in until single states are loaded, then step through them.
    for (let i = 0; i < 14; i++) await page.keyboard.press("w");
    await rangeOf(page);
    await expect.poll(() => page.getByRole("progressbar", { name: "Loading states" }).count()).toBe(0);
    await page.keyboard.press("ArrowRight");
    await rangeOf(page);
    const first = BigInt(addressOf(page).get("at")!);
    await page.keyboard.press("ArrowRight");
    await rangeOf(page);
    const second = BigInt(addressOf(page).get("at")!);
    expect(second).toBeGreaterThan(first);
    await expect.poll(() => page.locator(".detail h2").count()).toBe(1);
    await page.keyboard.press("ArrowLeft");
    await rangeOf(page);
    expect(BigInt(addressOf(page).get("at")!)).toBe(first);
    await page.keyboard.press("a");
    const left = (await rangeOf(page))!;
    await page.keyboard.press("d");
    expect((await rangeOf(page))!.from).toBeGreaterThan(left.from);
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("treeitem", { name: "Connections" }).first().getAttribute("aria-expanded")).toBe("false");
    await page.context().close();
  });

  it("finds commands, times, rows and requests in the palette, and explains its keys", async () => {
    const page = await harness.open();
    await graphReady(page);
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("io_thd");
    await page.getByRole("option", { name: "io_thd_1" }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("[role=treeitem][aria-selected=true]").innerText()).toBe("io_thd_1");
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("#123");
    await page.getByRole("option", { name: "Show request #123" }).click();
    await expect.poll(() => page.locator(".detail h2 .muted").innerText()).toBe("#123");
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("250ms");
    await page.keyboard.press("Enter");
    await rangeOf(page);
    expect(BigInt(addressOf(page).get("at")!)).toBe(experiment.start + 250_000_000n);
    await page.keyboard.press("?");
    expect(await page.getByRole("dialog", { name: "Keys and mouse" }).isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog", { name: "Keys and mouse" }).isVisible()).toBe(false);
    await page.context().close();
  });

  it("shows times in the local zone, in UTC and since the start, and names the zone", async () => {
    const page = await harness.open(`#trace=${experiment.id}&at=${experiment.start + 1n}`, { timezoneId: "America/Montreal" });
    const text = async () => (await page.getByTestId("selection").innerText()).replaceAll("\u202f", " ");
    await expect.poll(text).toBe("Selected 15:09:29.123 456 790");
    expect(await page.getByTestId("zone").innerText()).toMatch(/2025-11-23 · America\/(Montreal|Toronto)/);
    await page.getByRole("button", { name: "Wall clock, UTC" }).click();
    expect(await text()).toBe("Selected 20:09:29.123 456 790");
    await page.getByRole("button", { name: "Since the start of the trace" }).click();
    expect(await text()).toBe("Selected 0.000 000 001 s");
    await page.context().close();
  });

  it("follows the system's theme until the user chooses one, and remembers the choice", async () => {
    const page = await harness.open("", { colorScheme: "dark" });
    const theme = () => page.locator("html").getAttribute("data-theme");
    expect(await theme()).toBe("dark");
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(theme).toBe("light");
    await page.getByRole("button", { name: "Theme: as the system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    expect(await theme()).toBe("dark");
    await page.reload();
    await page.locator("header").waitFor();
    expect(await theme()).toBe("dark");
    await page.context().close();
  });

  it("draws only the rows on screen, beside their labels, however far it is scrolled", async () => {
    const own = await startHarness([fakeExperiment({ requests: 4_000, connections: 300 })]);
    try {
      const page = await own.open();
      await graphReady(page);
      const body = await boxOf(page, ".tg-body");
      const last = page.getByRole("treeitem", { name: "fd 14 bus 127.0.0.1:17001" });
      expect(await last.count()).toBe(0);
      await page.locator(".tg-body").evaluate((e) => {
        e.scrollTop = e.scrollHeight;
      });
      await last.waitFor();
      const canvas = await boxOf(page, "[data-testid=states]");
      expect(canvas.height).toBeLessThanOrEqual(body.height);
      expect(Math.abs(canvas.y - body.y)).toBeLessThanOrEqual(1);
      // A click beside the label hits that row.
      const label = (await last.boundingBox())!;
      await page.mouse.click(canvas.x + canvas.width / 2, label.y + label.height / 2);
      await expect.poll(() => last.getAttribute("aria-selected")).toBe("true");
      expect(await page.getByRole("treeitem").count()).toBeLessThan(60);
    } finally {
      await own.close();
    }
  });

  it("draws quickly: a frame of a whole trace's states", async () => {
    const page = await harness.open("", { viewport: { width: 2560, height: 1440 } });
    await graphReady(page);
    await page.keyboard.press("w");
    await page.waitForTimeout(500);
    const canvas = page.getByTestId("states");
    const [frameMs, states] = [await canvas.getAttribute("data-frame-ms"), await canvas.getAttribute("data-states")];
    expect(Number(states)).toBeGreaterThan(10_000);
    // Measured at some 10 ms on two busy cores; the bound catches only a change of the order of growth.
    expect(Number(frameMs)).toBeLessThan(200);
    await page.context().close();
  });
});

describe.runIf(hasBrowser)("states of the page other than a trace to look at", () => {
  beforeAll(buildWeb);

  it("says that a trace is empty", async () => {
    const harness = await startHarness([fakeExperiment({ requests: 0 })]);
    try {
      const page = await harness.open();
      await page.getByText("Nothing to draw").waitFor();
      await page.getByText("This trace holds no requests.").first().waitFor();
      await page.getByRole("tab", { name: "Events" }).click();
      await page.getByText("This trace holds no events.").waitFor();
      await page.keyboard.press("w");
      await page.keyboard.press("f");
    } finally {
      await harness.close();
    }
  });

  it("shows how far the analysis is, then the trace", async () => {
    const harness = await startHarness([fakeExperiment({ requests: 500, analysisMs: 1_500 })]);
    try {
      const page = await harness.open();
      await page.getByText("Analysing demo").waitFor();
      const bar = page.getByRole("progressbar", { name: "Analysis" });
      await expect.poll(async () => Number(await bar.getAttribute("value"))).toBeGreaterThan(20);
      await graphReady(page);
    } finally {
      await harness.close();
    }
  });

  it("says why an analysis failed", async () => {
    const harness = await startHarness([
      fakeExperiment({ requests: 500, analysisMs: 200, failure: "channel0_1: byte 4096: the packet is longer than its file" }),
    ]);
    try {
      const page = await harness.open();
      await page.getByText("could not be analysed").waitFor();
      await page.getByText("channel0_1: byte 4096: the packet is longer than its file (EVENT_INVALID)").waitFor();
    } finally {
      await harness.close();
    }
  });

  it("says that no trace is open, and that the token is missing", async () => {
    const harness = await startHarness([], { token: "s3cret" });
    try {
      const page = await harness.open();
      await page.getByText("No trace is open").waitFor();
      // The token is out of the address, and a reload still has it.
      expect(page.url()).not.toContain("s3cret");
      await page.reload();
      await page.getByText("No trace is open").waitFor();
      const stranger = await harness.open(new URL("/?", harness.url).href);
      await stranger.getByText("Open the address that Storescope printed: it carries the token.").waitFor();
    } finally {
      await harness.close();
    }
  });

  it("shows text from a trace as text", async () => {
    const evil = `<img src=x onerror="document.title='owned'">`;
    const base = fakeExperiment({ requests: 300 });
    const experiment = {
      ...base,
      name: evil,
      requests: (query: Parameters<typeof base.requests>[0]) => {
        const found = base.requests(query);
        return { ...found, requests: found.requests.map((r) => ({ ...r, command: evil, connectionLabel: evil })) };
      },
    };
    const harness = await startHarness([experiment]);
    try {
      const page = await harness.open();
      await page.locator("strong", { hasText: evil }).first().waitFor();
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.title()).toBe(`${evil} – Storescope`);
    } finally {
      await harness.close();
    }
  });
});
