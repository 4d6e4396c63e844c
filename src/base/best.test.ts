import fc from "fast-check";
import { expect, test } from "vitest";
import { Best } from "./best.ts";

test("keeps what a stable sort puts first", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 })), fc.integer({ min: 0, max: 4 }), (ranks, limit) => {
      const best = new Best<number>(limit);
      for (const [i, rank] of ranks.entries()) best.add(rank, i);
      const order = ranks.map((_, i) => i).sort((left, right) => (ranks[right] as number) - (ranks[left] as number));
      expect(best.sorted()).toEqual(order.slice(0, limit));
    }),
    { numRuns: 500 },
  );
});
