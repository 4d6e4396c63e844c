import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { putHexadecimal, putNine, putSigned, putUnsigned } from "./digits.ts";
import { formatG, writeG } from "./float.ts";

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return new TextDecoder().decode(out.bytes.subarray(0, out.length));
}

describe("numbers as text", () => {
  test("64-bit integers have all their digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.boolean(), (value, signed) => {
        const expected = signed ? BigInt.asIntN(64, value) : value;
        expect(written((out) => out.decimal(Number(value & 0xffff_ffffn), Number(value >> 32n), signed))).toBe(String(expected));
        expect(written((out) => out.power(Number(value & 0xffff_ffffn), Number(value >> 32n), 16, 64))).toBe(
          value.toString(16).toUpperCase(),
        );
      }),
    );
  });

  test("integers of 32 bits around every power of ten, and at random", () => {
    const powers = Array.from({ length: 10 }, (_, n) => 10 ** n).flatMap((power) => [power - 1, power, power + 1]);
    const values = [...powers, 2 ** 31, 2 ** 32 - 1, ...fc.sample(fc.integer({ min: 0, max: 2 ** 32 - 1 }), 1000)];
    const put = (write: (out: ByteWriter) => number): string =>
      written((out) => {
        // What stands behind the number must not matter.
        out.bytes.fill(0x58);
        out.length = write(out);
      });
    for (const value of values) {
      expect(put((out) => putUnsigned(out.bytes, out.view, 0, value))).toBe(String(value));
      expect(put((out) => putSigned(out.bytes, out.view, 0, value | 0))).toBe(String(value | 0));
      expect(put((out) => putHexadecimal(out.bytes, 0, value, 0))).toBe(value.toString(16).toUpperCase());
      expect(put((out) => putNine(out.bytes, out.view, 0, value % 1e9))).toBe(String(value % 1e9).padStart(9, "0"));
    }
  });

  test.each([
    [0, "0"],
    [-0, "-0"],
    [1.5, "1.5"],
    [100000, "100000"],
    [1000000, "1e+06"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [-1e308, "-1e+308"],
    [100000.5, "100000"],
    [100001.5, "100002"],
    [999999.5, "1e+06"],
    [1 / 3, "0.333333"],
    [Number.NaN, "nan"],
    [Number.POSITIVE_INFINITY, "inf"],
  ])("%d prints as %s, as C does it", (value, text) => {
    expect(formatG(value)).toBe(text);
    expect(written((out) => writeG(out, value))).toBe(text);
  });

  test("many doubles print as the system's printf prints them", () => {
    // Any doubles; some of usual size; halves in the seventh digit and their neighbours; around powers of ten.
    const usual = fc.sample(fc.tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -20, max: 30 })), 300);
    const halves = fc.sample(fc.tuple(fc.integer({ min: 100_000, max: 999_999 }), fc.integer({ min: -8, max: 12 })), 200);
    const values = fc
      .sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 300)
      .concat(usual.map(([digits, exponent]) => digits * 10 ** exponent))
      .concat(halves.flatMap(([digits, exponent]) => [1 - 2 ** -53, 1, 1 + 2 ** -52].map((near) => (digits + 0.5) * 2 ** exponent * near)))
      .concat(halves.map(([digits, exponent]) => (digits + 0.5) * 10 ** exponent))
      .concat(
        Array.from({ length: 44 }, (_, i) => Number(`1e${i - 18}`)).flatMap((power) => [power, power * (1 - 2 ** -53), -power * 0.9999995]),
      )
      .filter((value) => value !== 0)
      .concat([0.5, 2.5, 1234565, 12345.25, 5e-324]);
    const expected = execFileSync("printf", ["%g\\n", ...values.map((value) => value.toExponential(60))], {
      encoding: "utf8",
      env: { LC_ALL: "C" },
    });
    const lines = expected.split("\n");
    const wrong = values.filter((value, i) => formatG(value) !== lines[i] || written((out) => writeG(out, value)) !== lines[i]);
    expect(wrong).toEqual([]);
  });
});
