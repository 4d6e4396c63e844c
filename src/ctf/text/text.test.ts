import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";
import { formatG } from "./float.ts";

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
  });

  test("many doubles print as the system's printf prints them", () => {
    const values = fc
      .sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 300)
      .filter((value) => value !== 0)
      .concat([0.5, 2.5, 1234565, 12345.25, 5e-324]);
    const expected = execFileSync("printf", ["%g\\n", ...values.map((value) => value.toExponential(60))], {
      encoding: "utf8",
      env: { LC_ALL: "C" },
    });
    const lines = expected.split("\n");
    const wrong = values.filter((value, i) => formatG(value) !== lines[i]);
    expect(wrong).toEqual([]);
  });
});
