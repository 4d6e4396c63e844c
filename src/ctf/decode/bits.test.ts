import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Halves, readBits, readWide, reverseBits, signExtend, toBigint } from "./bits.ts";

/** Bit by bit, as the drawing in bits.ts says. */
function slowly(bytes: Uint8Array, at: number, bits: number, bigEndian: boolean): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i++) {
    const position = at + i;
    const byte = bytes[Math.floor(position / 8)]!;
    if (bigEndian) value = (value << 1n) | BigInt((byte >> (7 - (position % 8))) & 1);
    else value |= BigInt((byte >> (position % 8)) & 1) << BigInt(i);
  }
  return value;
}

const bytes = fc.uint8Array({ minLength: 40, maxLength: 40 });

describe("integers at any bit", () => {
  test("are what reading bit by bit gives", () => {
    fc.assert(
      fc.property(bytes, fc.nat(100), fc.integer({ min: 1, max: 64 }), fc.boolean(), (data, at, bits, bigEndian) => {
        const halves: Halves = { low: 0, high: 0 };
        readBits(data, at, bits, bigEndian, halves);
        expect(toBigint(halves.low, halves.high, false)).toBe(slowly(data, at, bits, bigEndian));
        expect(readWide(data, at, bits, bigEndian)).toBe(slowly(data, at, bits, bigEndian));
        const reversed = { ...halves };
        reverseBits(reversed, bits);
        reverseBits(reversed, bits);
        expect(reversed).toEqual(halves);
        signExtend(halves, bits);
        expect(toBigint(halves.low, halves.high, true)).toBe(BigInt.asIntN(bits, slowly(data, at, bits, bigEndian)));
      }),
    );
  });
});
