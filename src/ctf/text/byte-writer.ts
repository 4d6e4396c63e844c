/** Builds text as bytes: numbers and short names go straight into one growing buffer, without strings in between. */
import type { TextBuffer } from "../../trace/index.ts";
import { putHexadecimal, putNine, putWhole, putWide, widestNumber } from "./digits.ts";

const encoder = new TextEncoder();

/** Bytes that are written often: four at a time, so that up to three behind them are written too. */
export class Literal {
  readonly length: number;
  /** Bytes that `put` needs. */
  readonly room: number;
  readonly #words: Int32Array;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    this.room = padded.length;
    this.#words = Int32Array.from({ length: padded.length / 4 }, (_, word) => view.getInt32(word * 4, true));
  }

  /** Writes it; gives the place behind. */
  put(view: DataView, at: number): number {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i] as number, true);
    return at + this.length;
  }
}

export class ByteWriter implements TextBuffer {
  bytes: Uint8Array;
  view: DataView;
  length = 0;

  constructor(size = 1 << 10) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** What has been written, as part of the buffer. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
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
        const bytes = encoder.encode(text);
        this.copy(bytes, 0, bytes.length);
        return;
      }
      this.bytes[this.length++] = code;
    }
  }

  literal(literal: Literal): void {
    this.reserve(literal.room);
    this.length = literal.put(this.view, this.length);
  }

  /** All of `bytes`; nothing where there are none. */
  all(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.copy(bytes, 0, bytes.length);
  }

  /** Bytes [start, end) of `from`. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    const { bytes } = this;
    let to = this.length;
    if (end - start < 64) for (let at = start; at < end; at++) bytes[to++] = from[at] ?? 0;
    else {
      bytes.set(from.subarray(start, end), to);
      to += end - start;
    }
    this.length = to;
  }

  /** A whole number >= 0 that a double holds exactly. */
  whole(value: number): void {
    this.reserve(widestNumber);
    this.length = putWhole(this.bytes, this.view, this.length, value);
  }

  /** A whole number < 10^9 with nine digits. */
  nine(value: number): void {
    this.reserve(widestNumber);
    this.length = putNine(this.bytes, this.view, this.length, value);
  }

  /** A 64-bit integer in decimal, given as halves. */
  decimal(low: number, high: number, signed: boolean): void {
    this.reserve(widestNumber);
    this.length = putWide(this.bytes, this.view, this.length, low, high, signed);
  }

  /** The lowest `bits` bits in base 2, 8 or 16 (upper case), without prefix; base 2 with leading zeros. */
  power(low: number, high: number, base: 2 | 8 | 16, bits: number): void {
    if (base === 16) {
      this.reserve(widestNumber);
      this.length = putHexadecimal(this.bytes, this.length, low, high);
    } else if (base === 2) {
      for (let shift = bits - 1; shift >= 0; shift--) this.byte(48 + ((shift >= 32 ? high >>> (shift - 32) : low >>> shift) & 1));
    } else this.text(((BigInt(high) << 32n) | BigInt(low)).toString(8));
  }
}
