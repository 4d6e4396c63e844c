import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DurationHistogram } from "./distribution.ts";

describe("DurationHistogram", () => {
  it("gives quantiles within 0.4 % of the exact ones, and the exact count, mean and maximum", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = new DurationHistogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((left, right) => left - right);
        const found = histogram.finish();
        expect(found.count).toBe(values.length);
        expect(found.max).toBe(sorted.at(-1));
        expect(found.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 0);
        for (const [key, fraction] of [
          ["p50", 0.5],
          ["p95", 0.95],
          ["p99", 0.99],
        ] as const) {
          const exact = sorted[Math.ceil(values.length * fraction) - 1] as number;
          expect(found[key]).toBeGreaterThanOrEqual(exact);
          expect(found[key]).toBeLessThanOrEqual(exact * 1.004 + 1);
        }
      }),
    );
  });
});
