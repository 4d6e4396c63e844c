/**
 * Integers of any width at any bit (CTF 1.8.3 section 4.1.5).
 *
 * Bit `i` of a little-endian field is found from the low end of each byte, of a big-endian one from the high end:
 *
 *     byte n                 byte n+1
 *     7 6 5 4 3 2 1 0        7 6 5 4 3 2 1 0
 *     little endian: position 8n is bit 0 of byte n, positions grow leftwards; the first bit is the least significant
 *     big endian:    position 8n is bit 7 of byte n, positions grow rightwards; the first bit is the most significant
 */

/** The result of `readBits`: both halves, unsigned. A module-level scratch would be shared state, so callers own one. */
export interface Halves {
  low: number;
  high: number;
}

/** Reads `bits` (1..64) at bit `at`, unsigned, into `into`. The caller has checked the bounds. */
export function readBits(bytes: Uint8Array, at: number, bits: number, bigEndian: boolean, into: Halves): void {
  let low = 0;
  let high = 0;
  let done = 0;
  while (done < bits) {
    const position = at + done;
    const inByte = position % 8;
    const byte = bytes[(position - inByte) / 8] ?? 0;
    const take = Math.min(8 - inByte, bits - done);
    const mask = (1 << take) - 1;
    // Where these `take` bits stand in the value, from its low end.
    const piece = bigEndian ? (byte >>> (8 - inByte - take)) & mask : (byte >>> inByte) & mask;
    const shift = bigEndian ? bits - done - take : done;
    if (shift >= 32) high |= piece << (shift - 32);
    else {
      low |= piece << shift;
      if (shift + take > 32) high |= piece >>> (32 - shift);
    }
    done += take;
  }
  into.low = low >>> 0;
  into.high = high >>> 0;
}

/** Extends the sign of a value of `bits` bits to 64. */
export function signExtend(value: Halves, bits: number): void {
  if (bits <= 32) {
    const shift = 32 - bits;
    value.low = ((value.low << shift) >> shift) >>> 0;
    value.high = value.low >= 0x8000_0000 ? 0xffff_ffff : 0;
  } else if (bits < 64) {
    const shift = 64 - bits;
    value.high = ((value.high << shift) >> shift) >>> 0;
  }
}

/** Reads more than 64 bits; unsigned. */
export function readWide(bytes: Uint8Array, at: number, bits: number, bigEndian: boolean): bigint {
  let value = 0n;
  const part: Halves = { low: 0, high: 0 };
  for (let done = 0; done < bits; done += 32) {
    const take = Math.min(32, bits - done);
    readBits(bytes, at + done, take, bigEndian, part);
    value |= BigInt(part.low) << BigInt(bigEndian ? bits - done - take : done);
  }
  return value;
}

/** The value with its lowest `bits` bits in opposite order (CTF 2 "bit-order"). */
export function reverseBits(value: Halves, bits: number): void {
  let low = 0;
  let high = 0;
  for (let i = 0; i < bits; i++) {
    const bit = (i < 32 ? value.low >>> i : value.high >>> (i - 32)) & 1;
    const to = bits - 1 - i;
    if (to < 32) low |= bit << to;
    else high |= bit << (to - 32);
  }
  value.low = low >>> 0;
  value.high = high >>> 0;
}

/** `reverseBits` of a value of any width. */
export function reverseWide(value: bigint, bits: number): bigint {
  return BigInt(`0b${value.toString(2).padStart(bits, "0").split("").reverse().join("")}`);
}

/** The double nearest to a 64-bit value. */
export function toNumber(low: number, high: number, signed: boolean): number {
  return (signed ? high | 0 : high) * 4294967296 + low;
}

/** The exact 64-bit value. */
export function toBigint(low: number, high: number, signed: boolean): bigint {
  return (BigInt(signed ? high | 0 : high) << 32n) | BigInt(low);
}

/** Value of an IEEE 754 half (CTF 2 has floats of 16 bits). */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The double nearest to an IEEE 754 quad, given as an integer of 128 bits. */
export function quadToNumber(bits: bigint): number {
  const sign = bits >> 127n ? -1 : 1;
  const exponent = Number((bits >> 112n) & 0x7fffn);
  const fraction = bits & ((1n << 112n) - 1n);
  if (exponent === 0x7fff) return fraction === 0n ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const mantissa = Number(fraction) / 2 ** 112;
  return exponent === 0 ? sign * mantissa * 2 ** -16382 : sign * (1 + mantissa) * 2 ** (exponent - 16383);
}
