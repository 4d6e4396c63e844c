import * as fc from "fast-check";
import { expect, test } from "vitest";
import { NodeCache } from "./node-cache.ts";

test("stays within its budget, gives the right item, and keeps what is asked for again", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(19), { maxLength: 200 }), fc.integer({ min: 10, max: 100 }), (asked, budget) => {
      const cache = new NodeCache(20, budget, (index) => ({ index, bytes: 1 + (index % 10) }));
      for (const index of asked) {
        expect(cache.get(index).index).toBe(index);
        expect(cache.bytes).toBeLessThanOrEqual(budget);
      }
    }),
  );
  let loads = 0;
  const cache = new NodeCache(100, 50, (index) => {
    loads++;
    return { index, bytes: 10 };
  });
  for (let i = 1; i < 100; i++) {
    cache.get(0);
    cache.get(i);
  }
  expect(loads).toBe(100);
});

test("remembers no failure", () => {
  let fails = true;
  const cache = new NodeCache(1, 10, () => {
    if (fails) throw new Error("damaged");
    return { bytes: 1 };
  });
  expect(() => cache.get(0)).toThrow("damaged");
  fails = false;
  expect(cache.get(0).bytes).toBe(1);
});
