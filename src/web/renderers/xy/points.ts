/** What an xy chart works out besides drawing: joining curves for the chart library, texts of values, and which point the pointer means. */
import { formatDuration } from "../../format/time.ts";
import { formatBytes, formatCount } from "../../format/units.ts";

/** One curve as loaded. Times are relative ns and never decrease. */
export interface Curve {
  readonly id: number;
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** A value of the y axis in words. */
export function formatValue(value: number, unit: string): string {
  if (unit === "ns") return formatDuration(Math.round(value));
  if (unit === "bytes") return formatBytes(value);
  if (unit === "bytes/s") return `${formatBytes(value)}/s`;
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(2) : formatCount(value);
  return unit === "" ? digits : `${digits} ${unit}`;
}

/**
 * One x for all curves, as the chart library wants it, and per curve a y or null for each. Where several points of one curve share an x, the largest stays.
 * Cost: O(points * log(points)).
 */
export function joinCurves(curves: readonly Curve[]): {
  readonly x: readonly number[];
  readonly y: readonly (readonly (number | null)[])[];
} {
  const [first] = curves;
  const isShared =
    first !== undefined && curves.every(({ x }) => x.length === first.x.length && x.every((value, i) => value === first.x[i]));
  if (isShared && new Set(first.x).size === first.x.length) return { x: first.x, y: curves.map(({ y }) => y) };
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const places = new Map(x.map((value, i) => [value, i]));
  const y = curves.map((curve) => {
    const values = new Array<number | null>(x.length).fill(null);
    for (const [i, time] of curve.x.entries()) {
      const place = places.get(time) ?? 0;
      values[place] = Math.max(values[place] ?? Number.NEGATIVE_INFINITY, curve.y[i] ?? 0);
    }
    return values;
  });
  return { x, y };
}

/** The point nearest to a place, and its curve; undefined where none is within `reach` pixels. `xOf` and `yOf` give pixels. */
export function nearestPoint(
  curves: readonly Curve[],
  at: { readonly x: number; readonly y: number },
  reach: number,
  xOf: (time: number) => number,
  yOf: (value: number) => number,
): { readonly curve: Curve; readonly time: number; readonly value: number } | undefined {
  let found: { curve: Curve; time: number; value: number } | undefined;
  let best = reach * reach;
  for (const curve of curves) {
    for (let i = 0; i < curve.x.length; i++) {
      const dx = xOf(curve.x[i] ?? 0) - at.x;
      if (dx * dx > best) continue;
      const dy = yOf(curve.y[i] ?? 0) - at.y;
      const distance = dx * dx + dy * dy;
      if (distance > best) continue;
      best = distance;
      found = { curve, time: curve.x[i] ?? 0, value: curve.y[i] ?? 0 };
    }
  }
  return found;
}
