/**
 * Numbers as ASCII, straight into bytes. Every function writes at `at` and gives the place behind; the caller has made room (`widestNumber` bytes do for
 * each of them, 66 for base 2).
 *
 * Decimal digits go out in pairs from a table; 64-bit integers are halves and never become bigints.
 */

/** Bytes that one integer in base 8, 10 or 16 takes at most, with its sign. */
export const widestNumber = 24;

/** `pairs[n]`: the two digits of n < 100, so that a little-endian store puts the first one first. */
const pairs = Uint16Array.from({ length: 100 }, (_, n) => (48 + Math.floor(n / 10)) | ((48 + (n % 10)) << 8));
const hexadecimal = new TextEncoder().encode("0123456789ABCDEF");
const billion = 1_000_000_000;

/** A whole number < 2^32. */
export function putUnsigned(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = 48 + value;
    return at + 1;
  }
  const width = widthOf(value);
  let to = at + width;
  let rest = value;
  while (rest >= 100) {
    const quotient = (rest / 100) >>> 0;
    to -= 2;
    view.setUint16(to, pairs[rest - quotient * 100] ?? 0, true);
    rest = quotient;
  }
  if (rest >= 10) view.setUint16(at, pairs[rest] ?? 0, true);
  else bytes[at] = 48 + rest;
  return at + width;
}

function widthOf(value: number): number {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < billion ? 9 : 10;
}

/** A whole number < 10^9 with nine digits. */
export function putNine(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  const high = (value / 10000) >>> 0;
  const low = value - high * 10000;
  const first = (high / 10000) >>> 0;
  const middle = high - first * 10000;
  bytes[at] = 48 + first;
  putFour(view, at + 1, middle);
  putFour(view, at + 5, low);
  return at + 9;
}

function putFour(view: DataView, at: number, value: number): void {
  const high = (value / 100) >>> 0;
  view.setUint16(at, pairs[high] ?? 0, true);
  view.setUint16(at + 2, pairs[value - high * 100] ?? 0, true);
}

/** A whole number >= 0 that a double holds exactly. */
export function putWhole(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value < 4294967296) return putUnsigned(bytes, view, at, value);
  const quotient = Math.floor(value / billion);
  return putNine(bytes, view, putUnsigned(bytes, view, at, quotient), value - quotient * billion);
}

/** An integer >= -2^31, < 2^31. */
export function putSigned(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value >= 0) return putUnsigned(bytes, view, at, value);
  bytes[at] = 45;
  return putUnsigned(bytes, view, at + 1, -value);
}

/** A 64-bit integer given as unsigned halves. */
export function putWide(bytes: Uint8Array, view: DataView, at: number, low: number, high: number, signed: boolean): number {
  if (high === 0) return putUnsigned(bytes, view, at, low);
  if (signed && high >= 0x8000_0000) {
    bytes[at] = 45;
    const negatedLow = (-low | 0) >>> 0;
    const negatedHigh = (~high + (low === 0 ? 1 : 0)) >>> 0;
    return putWide(bytes, view, at + 1, negatedLow, negatedHigh, false);
  }
  if (high < 0x20_0000) return putWhole(bytes, view, at, high * 4294967296 + low);
  // Beyond 2^53: divided by 10^9 in two steps of 16 bits, with remainders that stay exact.
  const highQuotient = Math.floor(high / billion);
  const step1 = (high - highQuotient * billion) * 65536 + Math.floor(low / 65536);
  const quotient1 = Math.floor(step1 / billion);
  const step2 = (step1 - quotient1 * billion) * 65536 + (low % 65536);
  const quotient2 = Math.floor(step2 / billion);
  const end = putWhole(bytes, view, at, highQuotient * 4294967296 + quotient1 * 65536 + quotient2);
  return putNine(bytes, view, end, step2 - quotient2 * billion);
}

/** A 64-bit integer in base 16, upper case, without prefix. */
export function putHexadecimal(bytes: Uint8Array, at: number, low: number, high: number): number {
  const width = high === 0 ? hexWidth(low) : 8 + hexWidth(high);
  let rest = low;
  for (let digit = width - 1; digit >= 0; digit--) {
    if (digit === width - 9) rest = high;
    bytes[at + digit] = hexadecimal[rest & 15] ?? 0;
    rest >>>= 4;
  }
  return at + width;
}

function hexWidth(value: number): number {
  return value === 0 ? 1 : (35 - Math.clz32(value)) >> 2;
}
