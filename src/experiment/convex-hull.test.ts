import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestSkew, type MessageTimes, relateClocks } from "./convex-hull.ts";

/** Messages between two clocks with a known relation: delays are at least `least` ns, and random beyond. */
function exchange(
  truth: { skew: number; offset: number },
  delays: readonly (readonly [at: number, delay: number, isForward: boolean])[],
): MessageTimes[] {
  const other = (x: number): number => x + truth.skew * x + truth.offset;
  return delays.map(([at, delay, isForward]) => ({
    x: isForward ? at : at + delay,
    y: isForward ? other(at + delay) : other(at),
    isForward,
  }));
}

const relation = fc.record({
  skew: fc.double({ min: -largestSkew * 0.9, max: largestSkew * 0.9, noNaN: true }),
  offset: fc.integer({ min: -1e15, max: 1e15 }),
});
const delay = fc.tuple(fc.integer({ min: 0, max: 60e9 }), fc.integer({ min: 0, max: 5e6 }), fc.boolean());

describe("the relation of two clocks", () => {
  it("puts no effect before its cause, and is as accurate as it says", () => {
    fc.assert(
      fc.property(relation, fc.array(delay, { minLength: 2, maxLength: 200 }), (truth, delays) => {
        const messages = exchange(truth, delays);
        const found = relateClocks(messages);
        if (new Set(delays.map(([, , isForward]) => isForward)).size < 2) {
          expect(found).toBeUndefined();
          return;
        }
        if (found === undefined) throw new Error("messages went both ways");
        expect(found.isConsistent).toBe(true);
        for (const { x, y, isForward } of messages) {
          const guess = x + found.skew * x + found.offset;
          // Doubles near 1e15 have steps of an eighth of a nanosecond.
          if (isForward) expect(guess).toBeLessThanOrEqual(y + 1);
          else expect(guess).toBeGreaterThanOrEqual(y - 1);
        }
        // Also before the first message and after the last.
        for (const x of [-30e9, ...messages.map((message) => message.x), 90e9]) {
          const error = Math.abs(x + found.skew * x + found.offset - (x + truth.skew * x + truth.offset));
          expect(error).toBeLessThanOrEqual(found.errorAt(x) + 1);
        }
      }),
    );
  });

  it("is exact where messages take no time", () => {
    const truth = { skew: 1e-5, offset: 12_345 };
    const found = relateClocks(
      exchange(
        truth,
        [0, 1e9, 2e9].flatMap((at) => [[at, 0, true] as const, [at, 0, false] as const]),
      ),
    );
    expect(found?.skew).toBeCloseTo(truth.skew, 12);
    expect(found?.offset).toBeCloseTo(truth.offset, 3);
    expect(found?.errorAt(0)).toBeLessThan(0.01);
    expect(found?.errorAt(2e9)).toBeLessThan(0.01);
  });

  it("gets better with messages that are quick, whichever they are", () => {
    const truth = { skew: -3e-5, offset: 5e9 };
    const slow = Array.from({ length: 100 }, (_, i) => [i * 1e8, 2e6 + ((i * 7919) % 1000) * 1e3, i % 2 === 0] as const);
    const quick = [[1e8, 20e3, true] as const, [9e9, 20e3, true] as const, [2e8, 20e3, false] as const, [9.5e9, 20e3, false] as const];
    const rough = relateClocks(exchange(truth, slow));
    const fine = relateClocks(exchange(truth, [...slow, ...quick]));
    expect(rough?.errorAt(0)).toBeGreaterThan(1e6);
    expect(fine?.errorAt(10e9)).toBeLessThan(50e3);
  });

  it("says so when no line fits: clocks that do not run evenly", () => {
    const bent = [0, 1e9, 2e9].flatMap((x) => {
      const y = x + (x === 1e9 ? 1e6 : 0);
      return [
        { x, y: y + 10, isForward: true },
        { x: x + 10, y, isForward: false },
      ];
    });
    const found = relateClocks(bent);
    expect(found?.isConsistent).toBe(false);
    expect(found?.errorAt(1e9)).toBeGreaterThan(4e5);
    expect(found?.errorAt(1e9)).toBeLessThan(1e6);
  });

  it("is unknown with messages one way only, or none", () => {
    expect(relateClocks([])).toBeUndefined();
    expect(relateClocks([{ x: 1, y: 2, isForward: true }])).toBeUndefined();
  });
});
