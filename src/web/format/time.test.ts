import { describe, expect, it } from "vitest";
import { formatDate, formatDuration, formatExactNs, formatTime, parseTime } from "./time.ts";

const origin = 1_763_928_569_123_456_789n;
const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("times as text", () => {
  it("shows every nanosecond of a wall-clock time, and cuts, never rounds, when asked for less", () => {
    expect(plain(formatTime(0, origin, "utc"))).toBe("20:09:29.123 456 789");
    expect(plain(formatTime(1, origin, "utc"))).toBe("20:09:29.123 456 790");
    expect(plain(formatTime(0, origin, "utc", 6))).toBe("20:09:29.123 456");
    expect(formatTime(876_543_210, origin, "utc", 0)).toBe("20:09:29");
    expect(formatTime(876_543_211, origin, "utc", 0)).toBe("20:09:30");
    expect(formatDate(0, origin, "utc")).toBe("2025-11-23");
  });

  it("counts from the start in seconds", () => {
    expect(plain(formatTime(1_500_000_001, origin, "relative"))).toBe("1.500 000 001 s");
    expect(plain(formatTime(-12, origin, "relative"))).toBe("-0.000 000 012 s");
  });

  it("picks the unit of a duration by its size", () => {
    expect([482, 12_482, 5_475_906, 1_203_900_000, 999_999].map(formatDuration)).toEqual([
      "482 ns",
      "12.48 µs",
      "5.48 ms",
      "1.204 s",
      "1.00 ms",
    ]);
    expect(plain(formatExactNs(5_475_906))).toBe("5 475 906 ns");
  });
});

describe("times that users type", () => {
  it("reads what it shows", () => {
    for (const relative of [0, 1, 876_543_211, 12_345_678_901]) {
      expect(parseTime(formatTime(relative, origin, "utc"), origin, "utc")).toBe(relative);
      expect(parseTime(formatTime(relative, origin, "local"), origin, "local")).toBe(relative);
      expect(parseTime(formatTime(relative, origin, "relative"), origin, "relative")).toBeCloseTo(relative, 0);
    }
  });

  it("reads durations since the start and absolute nanoseconds", () => {
    expect(parseTime("+1.5 ms", origin, "utc")).toBe(1_500_000);
    expect(parseTime("1763928569123456790", origin, "utc")).toBe(1);
    expect(parseTime("publish", origin, "utc")).toBeUndefined();
    expect(parseTime("12", origin, "utc")).toBeUndefined();
  });
});
