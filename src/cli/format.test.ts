import { describe, expect, it } from "vitest";
import { bytes, count, duration, offset, printable, table, timeOfDay } from "./format.ts";

describe("what people read", () => {
  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [1_000, "1.00 µs"],
    [12_345, "12.3 µs"],
    [99_960, "100 µs"],
    [999_999, "1.00 ms"],
    [2_500_000_000, "2.50 s"],
    [200_000_000_000, "3 min 20 s"],
  ])("%d ns is %s", (ns, text) => expect(duration(ns)).toBe(text));

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [64 * 1024 ** 2, "64.0 MiB"],
  ])("%d bytes are %s", (amount, text) => expect(bytes(amount)).toBe(text));

  it("sets thousands apart", () =>
    expect([0, 999, 1000, 1234567, 12345678901n].map(count)).toEqual(["0", "999", "1 000", "1 234 567", "12 345 678 901"]));

  it("prints offsets to the nanosecond", () =>
    expect([0, 1, 1_234_567_890, -5].map(offset)).toEqual(["+0.000000000s", "+0.000000001s", "+1.234567890s", "-0.000000005s"]));

  it("prints absolute times to the nanosecond, in UTC", () =>
    expect(timeOfDay(1_763_928_569_123_456_789n)).toBe("2025-11-23 20:09:29.123456789"));

  it("never sends a control character, a line break or a change of writing direction from a trace to the terminal", () => {
    expect(printable("a\u001b[2J\r\n\u0000\u009b\u2028\u202eb")).toBe("a\\u{1b}[2J\\u{d}\\u{a}\\u{0}\\u{9b}\\u{2028}\\u{202e}b");
    expect(printable("größe 尺寸 µs")).toBe("größe 尺寸 µs");
  });

  it("aligns columns, and no line ends in spaces", () => {
    const text = table(
      [{ title: "name" }, { title: "n", align: "right" }, { title: "note" }],
      [
        ["a", "1", ""],
        ["longer", "1000", "x\ny"],
      ],
    );
    expect(text).toBe(["name       n  note", "a          1", "longer  1000  x\\u{a}y", ""].join("\n"));
  });
});
