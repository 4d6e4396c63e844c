/** Packed columns: what goes in comes out, in the bits that the code promises, and other bytes are refused or read as numbers, never worse. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadInputError } from "../base/index.ts";
import { escaped, PackReader, PackWriter, packedLimit, unzigzag, zigzag } from "./packed-integers.ts";

const number = fc.oneof(
  { weight: 5, arbitrary: fc.nat(20) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }).map((bits) => Math.max(0, 2 ** bits - 1)) },
  { weight: 3, arbitrary: fc.nat(packedLimit - 1) },
  { weight: 1, arbitrary: fc.double().map((value) => ({ value })) },
);
const column = fc.oneof(fc.array(number, { maxLength: 400 }), fc.array(fc.constant(0), { maxLength: 400 }));

function split(column: readonly (number | { value: number })[]): { numbers: Uint32Array; escapes: number[] } {
  return {
    numbers: Uint32Array.from(column, (entry) => (typeof entry === "number" ? entry : escaped)),
    escapes: column.flatMap((entry) => (typeof entry === "number" ? [] : [entry.value])),
  };
}

function pack(writer: PackWriter, columns: readonly (readonly (number | { value: number })[])[]): Uint8Array<ArrayBuffer> {
  writer.begin();
  for (const column of columns) {
    const { numbers, escapes } = split(column);
    writer.column(numbers, numbers.length, escapes);
  }
  return writer.finish().slice();
}

describe("packed columns", () => {
  test("give back what they were made of", () => {
    const writer = new PackWriter();
    fc.assert(
      fc.property(fc.array(column, { maxLength: 3 }), (columns) => {
        const reader = new PackReader(pack(writer, columns), "file", 0);
        for (const column of columns) {
          const { numbers, escapes } = split(column);
          const out = new Uint32Array(numbers.length);
          expect([...reader.column(out)]).toEqual(escapes);
          expect(out).toEqual(numbers);
        }
        reader.end();
      }),
      { numRuns: 500 },
    );
  });

  test("take the bits of the cheapest order, as counted number by number", () => {
    const writer = new PackWriter();
    const bitsOf = (value: number, k: number): number => {
      const above = Math.floor(value / 2 ** k);
      return above === 0 ? 1 + k : 2 * above.toString(2).length + k;
    };
    fc.assert(
      fc.property(fc.array(fc.nat(packedLimit - 1), { minLength: 1, maxLength: 128 }), fc.nat(29), (large, shift) => {
        const values = large.map((value) => value >>> shift);
        const costs = Array.from({ length: 31 }, (_, k) => values.reduce((sum, value) => sum + bitsOf(value, k), 0));
        const least = values.every((value) => value === 0) ? 0 : Math.min(...costs);
        expect(writer.costOf(Uint32Array.from(values), 0, values.length)).toBe(8 + least);
        const bytes = pack(writer, [values]);
        expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(Math.ceil(least / 32));
      }),
      { numRuns: 300 },
    );
  });

  test("fold differences of both signs and unfold them", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 29), max: 2 ** 29 - 1 }), (difference) => {
        expect(unzigzag(zigzag(difference))).toBe(difference);
      }),
    );
    expect([0, -1, 1, -2].map(zigzag)).toEqual([0, 1, 2, 3]);
    expect([2 ** 29, -(2 ** 29) - 1, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY].map(zigzag)).toEqual(new Array(5).fill(escaped));
  });

  test("other bytes are refused or read as numbers", () => {
    const writer = new PackWriter();
    fc.assert(
      fc.property(column, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (column, changes, cut) => {
        const bytes = pack(writer, [column]);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const damaged = bytes.slice(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length);
        try {
          const reader = new PackReader(damaged, "file", 0);
          reader.column(new Uint32Array(column.length));
          reader.end();
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
