import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBuckets, TimeBuckets } from "./time-buckets.ts";

describe("TimeBuckets", () => {
  it("counts every time in the bucket that covers it, however far time goes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 500_000_000_000 }), { maxLength: 200 }), (times) => {
        const buckets = new TimeBuckets();
        for (const time of times) buckets.add(time);
        const { widthNs, counts } = buckets.finish();
        const expected: number[] = new Array(counts.length).fill(0);
        for (const time of times) expected[Math.max(0, Math.floor(time / widthNs))]! += 1;
        expect(counts).toEqual(expected);
      }),
    );
  });

  it("adds counts of different widths", () => {
    const sum = addBuckets([
      { widthNs: 1_000_000, counts: [1, 2, 3] },
      { widthNs: 2_000_000, counts: [10, 20] },
    ]);
    expect(sum).toEqual({ widthNs: 2_000_000, counts: [13, 23] });
  });
});
