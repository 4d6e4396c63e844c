import { describe, expect, it } from "vitest";
import { type Curve, formatValue, joinCurves, nearestPoint } from "./points.ts";

const curve = (id: number, x: number[], y: number[]): Curve => ({ id, name: `c${id}`, x, y });

describe("curves joined for the chart", () => {
  it("leaves curves over the same times as they are", () => {
    const a = curve(0, [1, 2, 3], [7, 8, 9]);
    const b = curve(1, [1, 2, 3], [4, 5, 6]);
    expect(joinCurves([a, b])).toEqual({ x: [1, 2, 3], y: [a.y, b.y] });
  });

  it("puts every point at its time and nothing where a curve has none", () => {
    expect(joinCurves([curve(0, [1, 5], [10, 50]), curve(1, [3], [30])])).toEqual({
      x: [1, 3, 5],
      y: [
        [10, null, 50],
        [null, 30, null],
      ],
    });
  });

  it("keeps the largest of several points at one time", () => {
    expect(joinCurves([curve(0, [1, 1, 2], [3, 9, 4])])).toEqual({ x: [1, 2], y: [[9, 4]] });
  });

  it("is nothing for nothing", () => {
    expect(joinCurves([])).toEqual({ x: [], y: [] });
  });
});

describe("the point under the pointer", () => {
  const curves = [curve(0, [0, 100], [0, 100]), curve(1, [50], [50])];
  const same = (value: number): number => value;

  it("is the nearest one within reach", () => {
    expect(nearestPoint(curves, { x: 52, y: 49 }, 5, same, same)).toMatchObject({ time: 50, value: 50 });
    expect(nearestPoint(curves, { x: 98, y: 97 }, 5, same, same)).toMatchObject({ time: 100, value: 100 });
  });

  it("is none where all are too far away", () => {
    expect(nearestPoint(curves, { x: 70, y: 70 }, 5, same, same)).toBeUndefined();
  });
});

it("values are shown in their unit", () => {
  expect(formatValue(2_500_000, "ns")).toBe("2.50 ms");
  expect(formatValue(2048, "bytes/s")).toBe("2.0 KiB/s");
  expect(formatValue(1234.4, "events")).toBe("1,234 events");
});
