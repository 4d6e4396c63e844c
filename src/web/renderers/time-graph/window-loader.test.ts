import { describe, expect, it } from "vitest";
import { unpackWindow } from "./states.ts";
import { askFor, isMet } from "./window-loader.ts";

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
