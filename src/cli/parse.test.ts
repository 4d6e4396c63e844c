import { describe, expect, it } from "vitest";
import { parseBytes, parseChoice, parseCount, parseTime } from "./parse.ts";

const start = 1_763_928_569_000_000_000n;

describe("parseTime", () => {
  it.each([
    ["+1.5s", start + 1_500_000_000n],
    ["250ms", start + 250_000_000n],
    ["+0.000000001s", start + 1n],
    ["3us", start + 3_000n],
    ["2min", start + 120_000_000_000n],
    ["1763928569123456789", 1_763_928_569_123_456_789n],
    ["1763928569.123456789", 1_763_928_569_123_456_789n],
    ["2025-11-23T20:09:29.123456789Z", 1_763_928_569_123_456_789n],
    ["2025-11-23T20:09:29", 1_763_928_569_000_000_000n],
    ["2025-11-23 21:09:29.5+01:00", 1_763_928_569_500_000_000n],
  ])("reads %s exactly", (text, time) => expect(parseTime(text, start)).toBe(time));

  it.each(["", "noon", "-1s", "1.s", "1e3s", "2025-13-01T00:00:00Z", "12", "1s 2s"])("refuses %j, and says what it takes", (text) => {
    expect(() => parseTime(text, start)).toThrow(/is not a time: use/);
  });
});

describe("numbers and words", () => {
  it("reads sizes in powers of 1024", () =>
    expect(["4096", "64K", "4M", "1g", "2MiB"].map(parseBytes)).toEqual([4096, 65536, 4194304, 1073741824, 2097152]));
  it.each(["", "K", "1.5M", "-1", "4T"])("refuses the size %j", (text) => expect(() => parseBytes(text)).toThrow(/is not a size/));
  it("reads whole numbers in their range", () =>
    expect([parseCount("0", "--x"), parseCount("65535", "--x", 1, 65535)]).toEqual([0, 65535]));
  it.each(["-1", "1.5", "0x10", "", "65536"])("refuses the count %j", (text) =>
    expect(() => parseCount(text, "--x", 0, 65535)).toThrow(/--x is a whole number from 0 to 65535/),
  );
  it("names the choices", () => expect(() => parseChoice("c", "--x", ["a", "b"])).toThrow('--x is one of a, b, not "c"'));
});
