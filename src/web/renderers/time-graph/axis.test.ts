import { describe, expect, it } from "vitest";
import { digitsFor, tickCount, tickStep, ticks } from "./axis.ts";

const origin = 1_763_928_569_123_456_789n;

describe("the time axis", () => {
  it("steps by 1, 2 or 5 times a power of ten and never below a nanosecond", () => {
    expect([tickStep(1e9, 10), tickStep(1.1e9, 10), tickStep(40, 10), tickStep(5, 10), tickStep(7e6, 8)]).toEqual([1e8, 2e8, 5, 1, 1e6]);
    expect([2e9, 1e7, 5e4, 20].map(digitsFor)).toEqual([0, 3, 6, 9]);
  });

  it("has fewer ticks where their labels are longer", () => {
    expect(tickCount(0, 60e9, 900)).toBe(10);
    expect(tickCount(0, 1e3, 900)).toBe(6);
  });

  it("puts ticks at round wall-clock times", () => {
    const labels = ticks(0, 1e9, 5, origin, "utc").map((t) => t.label.replaceAll("\u202f", " "));
    expect(labels).toEqual(["20:09:29.200", "20:09:29.400", "20:09:29.600", "20:09:29.800", "20:09:30.000"]);
  });

  it("puts ticks at round times since the start in relative mode", () => {
    expect(ticks(0, 1e9, 5, origin, "relative").map((t) => t.time)).toEqual([0, 2e8, 4e8, 6e8, 8e8, 1e9]);
  });
});
