/** Builds text as bytes: numbers and short names go straight into one growing buffer, without strings in between. */

const encoder = new TextEncoder();
const hexDigits = "0123456789ABCDEF";

export class ByteWriter {
  bytes: Uint8Array = new Uint8Array(1 << 16);
  length = 0;
  readonly #digits = new Uint8Array(24);

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    this.reserve(text.length);
    const start = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.length = start;
        this.copy(encoder.encode(text), 0, undefined);
        return;
      }
      this.bytes[this.length++] = code;
    }
  }

  /** Bytes [start, end) of `from`. */
  copy(from: Uint8Array, start: number, end: number | undefined): void {
    const stop = end ?? from.length;
    this.reserve(stop - start);
    if (stop - start < 32) for (let at = start; at < stop; at++) this.bytes[this.length++] = from[at] ?? 0;
    else {
      this.bytes.set(from.subarray(start, stop), this.length);
      this.length += stop - start;
    }
  }

  /** A whole number >= 0 that a double holds exactly, with at least `width` digits. */
  whole(value: number, width = 1): void {
    const digits = this.#digits;
    let rest = value;
    let at = digits.length;
    while (rest >= 4294967296) {
      const quotient = Math.floor(rest / 10);
      digits[--at] = 48 + (rest - quotient * 10);
      rest = quotient;
    }
    let small = rest >>> 0;
    do {
      const quotient = (small / 10) >>> 0;
      digits[--at] = 48 + (small - quotient * 10);
      small = quotient;
    } while (small > 0);
    while (digits.length - at < width) digits[--at] = 48;
    this.copy(digits, at, undefined);
  }

  /** A 64-bit integer in decimal, given as halves. */
  decimal(low: number, high: number, signed: boolean): void {
    if (high === 0) {
      this.whole(low);
      return;
    }
    if (signed && high >= 0x8000_0000) {
      this.byte(45);
      const negatedLow = (-low | 0) >>> 0;
      const negatedHigh = (~high + (low === 0 ? 1 : 0)) >>> 0;
      this.decimal(negatedLow, negatedHigh, false);
      return;
    }
    if (high < 0x20_0000) this.whole(high * 4294967296 + low);
    else {
      // Beyond 2^53: split at 10^9, digit group by digit group, with remainders that stay exact.
      const billion = 1e9;
      const highQuotient = Math.floor(high / billion);
      const highRest = high - highQuotient * billion;
      // (highRest * 2^32 + low) / 10^9 in two steps of 16 bits.
      const step1 = highRest * 65536 + Math.floor(low / 65536);
      const quotient1 = Math.floor(step1 / billion);
      const step2 = (step1 - quotient1 * billion) * 65536 + (low % 65536);
      const quotient2 = Math.floor(step2 / billion);
      this.whole(highQuotient * 4294967296 + quotient1 * 65536 + quotient2);
      this.whole(step2 - quotient2 * billion, 9);
    }
  }

  /** The lowest `bits` bits in base 2, 8 or 16 (upper case), without prefix; base 2 with leading zeros. */
  power(low: number, high: number, base: 2 | 8 | 16, bits: number): void {
    if (base === 16) {
      let started = false;
      for (let shift = 60; shift >= 0; shift -= 4) {
        const digit = (shift >= 32 ? high >>> (shift - 32) : low >>> shift) & 15;
        if (digit === 0 && !started && shift > 0) continue;
        started = true;
        this.byte(hexDigits.charCodeAt(digit));
      }
    } else if (base === 2) {
      for (let shift = bits - 1; shift >= 0; shift--) this.byte(48 + ((shift >= 32 ? high >>> (shift - 32) : low >>> shift) & 1));
    } else this.text(((BigInt(high) << 32n) | BigInt(low)).toString(8));
  }
}
