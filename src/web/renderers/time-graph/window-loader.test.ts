import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unpackWindow } from "./states.ts";
import { askFor, createWindowLoader, isMet, type LoadingState, type WindowLoader } from "./window-loader.ts";

const full = { start: 0, end: 1_000_000 };
const need = (start: number, end: number, entries = [1]) => ({ range: { start, end }, columns: 100, entries });
const load = (start: number, end: number, columns: number, count: number) =>
  unpackWindow(
    {
      base: start,
      styles: ["a"],
      labels: [""],
      rows: [{ entry: 1, gaps: [0], lengths: [5], styles: [0], labels: [0], counts: [count] }],
      arrows: [],
    },
    start,
    end,
    columns,
  );

describe("what the time graph asks for", () => {
  it("has a margin for panning, cut at the experiment's ends, at the same resolution", () => {
    expect(askFor(need(10_000, 20_000), full)).toEqual({ start: 5_000, end: 25_000, columns: 200 });
    expect(askFor(need(0, 10_000), full)).toEqual({ start: 0, end: 15_000, columns: 150 });
  });

  it("is met by what covers range, rows and resolution", () => {
    const loaded = load(5_000, 25_000, 200, 2);
    expect(isMet(need(10_000, 20_000), loaded)).toBe(true);
    expect(isMet(need(4_000, 14_000), loaded)).toBe(false);
    expect(isMet(need(10_000, 12_000), loaded)).toBe(false);
    expect(isMet(need(10_000, 20_000, [1, 2]), loaded)).toBe(false);
  });

  it("needs no finer data where every state was sent as it is", () => {
    expect(isMet(need(10_000, 10_100), load(5_000, 25_000, 200, 1))).toBe(true);
  });
});

describe("the loader", () => {
  const asked: { entries: readonly number[]; arrows: boolean; columns: number }[] = [];
  const states = {
    base: 0,
    styles: ["a"],
    labels: [""],
    rows: [{ entry: 1, gaps: [0], lengths: [5], styles: [0], labels: [0], counts: [2] }],
  };
  const arrow = { source: 1, target: 1, start: 1, end: 2, label: "", style: "a" };
  let status = 200;

  beforeEach(() => {
    asked.length = 0;
    status = 200;
    vi.stubGlobal("sessionStorage", { getItem: () => null });
    vi.stubGlobal("fetch", async (_path: string, { body }: { body: string }) => {
      const question = JSON.parse(body) as (typeof asked)[number];
      asked.push(question);
      const window = { ...states, rows: question.entries.length === 0 ? [] : states.rows, arrows: question.arrows ? [arrow] : [] };
      return new Response(JSON.stringify(status === 200 ? window : { title: "no" }), { status });
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  /** Until nothing is under way. */
  const settled = async (loader: WindowLoader): Promise<string | undefined> => {
    for (;;) {
      const before = asked.length;
      const { isLoading, error } = await new Promise<LoadingState>((resolve) => loader.follow(resolve));
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (!isLoading && asked.length === before) return error;
    }
  };

  it("brings the first states coarsely and without their arrows, then finely, then the arrows without the states, later all at once", async () => {
    const loader = createWindowLoader({ path: "window", origin: 0n });
    loader.want(need(0, 1_000_000), full);
    await settled(loader);
    expect(asked.map(({ entries, arrows, columns }) => ({ entries, arrows, columns }))).toEqual([
      { entries: [1], arrows: false, columns: 26 },
      { entries: [1], arrows: false, columns: 101 },
      { entries: [], arrows: true, columns: 101 },
    ]);
    expect(loader.loaded?.arrows).toEqual([arrow]);
    expect(loader.loaded?.rows.get(1)?.count).toBe(1);
    loader.want(need(10, 20), full);
    await settled(loader);
    expect(asked.slice(3).map(({ entries, arrows }) => ({ entries, arrows }))).toEqual([{ entries: [1], arrows: true }]);
  });

  it("tells whoever follows what went wrong before, and asks again for something else only", async () => {
    status = 500;
    const loader = createWindowLoader({ path: "window", origin: 0n });
    const same = need(0, 1_000_000);
    loader.want(same, full);
    expect(await settled(loader)).toBe("no");
    loader.want(same, full);
    expect(asked).toHaveLength(1);
    status = 200;
    loader.want(need(0, 500_000), full);
    expect(await settled(loader)).toBeUndefined();
    expect(loader.loaded).toBeDefined();
  });
});
