/**
 * Numbers as ASCII, straight into bytes. Every function writes at `at` and gives the place behind; the caller has made room (`widestNumber` bytes do for
 * each of them).
 *
 * Decimal digits go out four at a time from a table; 64-bit integers are halves and never become bigints.
 */

/** Bytes that one integer takes at most, with its sign and what a store of four bytes writes behind it. */
export const widestNumber = 24;

/** `fours[n]`: the four digits of n < 10000, so that a little-endian store puts the first one first. */
const fours = Uint32Array.from({ length: 10000 }, (_, n) => {
  const digit = (place: number): number => 48 + (Math.floor(n / place) % 10);
  return digit(1000) | (digit(100) << 8) | (digit(10) << 16) | (digit(1) << 24);
});
const hexadecimal = new TextEncoder().encode("0123456789ABCDEF");
const billion = 1_000_000_000;

/** A whole number < 2^32. */
export function putUnsigned(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value < 10000) return putShort(bytes, view, at, value);
  const upper = (value / 10000) >>> 0;
  let to: number;
  if (upper < 10000) to = putShort(bytes, view, at, upper);
  else {
    const top = (upper / 10000) >>> 0;
    to = putShort(bytes, view, at, top);
    view.setUint32(to, fours[upper - top * 10000] as number, true);
    to += 4;
  }
  view.setUint32(to, fours[value - upper * 10000] as number, true);
  return to + 4;
}

/** A whole number < 10000. */
function putShort(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = 48 + value;
    return at + 1;
  }
  // All four digits, from the first one that is no leading zero on: what is stored behind them is written over.
  const skipped = value < 100 ? 2 : value < 1000 ? 1 : 0;
  view.setUint32(at, (fours[value] as number) >>> (8 * skipped), true);
  return at + 4 - skipped;
}

/** A whole number < 10^9 with nine digits. */
export function putNine(bytes: Uint8Array, view: DataView, at: number, value: number): number {
  const high = (value / 10000) >>> 0;
  const low = value - high * 10000;
  const first = (high / 10000) >>> 0;
  const middle = high - first * 10000;
  bytes[at] = 48 + first;
  view.setUint32(at + 1, fours[middle] as number, true);
  view.setUint32(at + 5, fours[low] as number, true);
  return at + 9;
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
