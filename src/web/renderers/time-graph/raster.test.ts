import { describe, expect, it } from "vitest";
import { blitRow, colorWord, createRaster, cssOf, heights, inkOn, mix, paintRow } from "./raster.ts";
import { stateAt, unpackWindow } from "./states.ts";

/** `"get 0-4, set 4-5"` as a window of one row, one style per label. */
function rowOf(text: string) {
  const states = text.split(", ").map((part) => /^(\w+) (\d+)-(\d+)$/.exec(part)!.slice(1) as [string, string, string]);
  const names = [...new Set(states.map(([name]) => name))];
  let at = 0;
  const gaps: number[] = [];
  const lengths: number[] = [];
  for (const [, start, end] of states) {
    gaps.push(Number(start) - at);
    lengths.push(Number(end) - Number(start));
    at = Number(end);
  }
  const ids = states.map(([name]) => names.indexOf(name));
  const row = { entry: 1, gaps, lengths, styles: ids, labels: ids, counts: ids.map(() => 1) };
  const window = unpackWindow({ base: 0, styles: names, labels: names, rows: [row], arrows: [] }, 0, 100, 100);
  return { row: window.rows.get(1)!, styles: names.map((_, i) => ({ fill: i + 1, seam: 9, height: heights.full })) };
}

function paint(text: string, width: number, start: number, nsPerPixel: number): string {
  const { row, styles } = rowOf(text);
  const raster = createRaster(width, 4);
  paintRow(raster, row, start, nsPerPixel, styles);
  return [...raster.colors].map((c) => ".abcdefgh|"[c]).join("");
}

describe("rows of pixels", () => {
  it("draws states where they are, with a seam at the end of wide ones", () => {
    expect(paint("get 0-4, set 4-5, get 8-10", 10, 0, 1)).toBe("aaa|b...aa");
  });

  it("gives every state at least one pixel", () => {
    expect(paint("get 1-2, set 50-51", 10, 0, 10)).toBe("a....b....");
  });

  it("lets the longest of several states in one pixel win, in any order", () => {
    expect(paint("get 0-1, set 1-4, get 4-6", 2, 0, 10)).toBe("b.");
    expect(paint("set 0-3, get 3-4", 2, 0, 10)).toBe("a.");
  });

  it("draws the part of a state that is inside", () => {
    expect(paint("get 0-100", 4, 50, 1)).toBe("aaaa");
    expect(paint("get 0-52", 4, 50, 1)).toBe("aa..");
  });

  it("remembers the states that are wide enough for a label", () => {
    const { row, styles } = rowOf("get 0-4, set 4-5, get 8-12");
    const raster = createRaster(12, 4);
    paintRow(raster, row, 0, 1, styles);
    expect([...raster.wide.subarray(0, raster.wideCount)]).toEqual([0, 2]);
  });

  it("draws waits lower than work", () => {
    const raster = createRaster(2, 4);
    raster.colors.set([1, 2]);
    raster.levels.set([heights.full, heights.wait]);
    const pixels = new Uint32Array(2 * 4);
    blitRow(pixels, 4, 0, 4, raster, Uint32Array.of(7, 8));
    expect([...pixels]).toEqual([1, 8, 1, 2, 1, 2, 1, 2]);
  });
});

describe("the state under the pointer", () => {
  it("is the one that covers the time, or the nearest within reach", () => {
    const { row } = rowOf("get 0-4, set 10-12");
    expect([stateAt(row, 3, 0), stateAt(row, 4, 0), stateAt(row, 5, 2), stateAt(row, 9, 2), stateAt(row, 20, 2)]).toEqual([
      0, -1, 0, 1, -1,
    ]);
  });
});

describe("colours", () => {
  it("are data: anything but #rrggbb is grey", () => {
    expect(cssOf(colorWord("#1f6feb"))).toBe("#1f6feb");
    expect(cssOf(colorWord("#fa0"))).toBe("#ffaa00");
    expect(cssOf(colorWord("url(x)"))).toBe("#8a919c");
    expect(cssOf(mix(colorWord("#000000"), colorWord("#ffffff"), 0.5))).toBe("#808080");
    expect([inkOn(colorWord("#f2b84b")), inkOn(colorWord("#24406e"))]).toEqual(["#10151c", "#ffffff"]);
  });
});
