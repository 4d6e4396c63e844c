/**
 * Columns of small whole numbers in few bits: what leaves, summaries and table chunks are made of. Whoever packs a column first turns it into numbers that are
 * mostly small (differences); what does not become a number below 2^30 is an *escape* and stands beside as a double.
 *
 *     u32 words, u32 escapes
 *     f64 escape[escapes]
 *     u8  k[ceil(count / 128)]    parameter of each block of 128 numbers; 31: all of the block are 0 and have no bits
 *     u32 word[words]             the bits, highest first; starts at a multiple of 4 bytes
 *     zeros up to a multiple of 8 bytes
 *
 * A number x is written in the exponential Golomb code of order k, by the m bits of x >> k:
 *
 *     m = 0        1                    k bits of x
 *     0 < m < 31   m zeros              m + k bits of x, of which the first is 1
 *     escape       31 zeros             1
 *
 * So the typical number of a block costs about its own bits and one or two more, and a rare large one costs only itself (frames of reference pay the largest
 * number's bits for all). k is the cheapest for the block. Reference: Teuhola, "A compression method for clustered bit-vectors", 1978.
 */
import { BadInputError } from "../base/index.ts";

/** In a column to be packed, and in one unpacked: an escape stands here. */
export const escaped = 0xffffffff;
/** Numbers below this can be packed. */
export const packedLimit = 2 ** 30;

const blockNumbers = 128;
const allZero = 31;
const escapeZeros = 31;

/** Small numbers for small whole differences of either sign: 0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ...; `escaped` for large ones. */
export function zigzag(difference: number): number {
  const folded = difference >= 0 ? 2 * difference : -2 * difference - 1;
  return folded < packedLimit ? folded : escaped;
}

export function unzigzag(folded: number): number {
  return (folded >>> 1) ^ -(folded & 1);
}

function pad(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}

/** The cheapest k for the block, and what it costs in bits. */
interface BlockCost {
  k: number;
  bits: number;
}

/** Writes packed columns and plain numbers into one buffer, which it reuses. */
export class PackWriter {
  private buffer = new ArrayBuffer(1 << 16);
  private view = new DataView(this.buffer);
  private words = new Uint32Array(this.buffer);
  private at = 0;
  /** Numbers of the block by their bits; the last is for escapes. */
  private readonly histogram = new Uint32Array(33);
  private readonly cost: BlockCost = { k: 0, bits: 0 };

  /** Begins anew. What `finish` gave is no longer valid. */
  begin(): void {
    this.at = 0;
  }

  /** The bytes written since `begin`, until the next `begin`. */
  finish(): Uint8Array {
    return new Uint8Array(this.buffer, 0, this.at);
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Bits that the numbers [begin, end) cost, escapes and all; `begin` is where a block begins. */
  costOf(numbers: Uint32Array, begin: number, end: number): number {
    let bits = 0;
    for (let from = begin; from < end; from += blockNumbers) {
      this.measure(numbers, from, Math.min(end, from + blockNumbers));
      bits += 8 + this.cost.bits;
    }
    return bits;
  }

  /** Packs the first `count` numbers; `escapes` has one value for each that is `escaped`, in order. Begins and ends at a multiple of 8 bytes. */
  column(numbers: Uint32Array, count: number, escapes: readonly number[]): void {
    const blocks = Math.ceil(count / blockNumbers);
    // No number takes more than 60 bits.
    this.reserve(8 + 8 * escapes.length + pad(blocks, 4) + 8 * count + 16);
    const header = this.at;
    this.view.setUint32(header + 4, escapes.length, true);
    let at = header + 8;
    for (const value of escapes) {
      this.view.setFloat64(at, value, true);
      at += 8;
    }
    const ks = new Uint8Array(this.buffer, at, pad(blocks, 4)).fill(0);
    at += ks.length;
    const first = at >>> 2;
    const { words } = this;
    let word = first;
    let bits = 0;
    let free = 32;
    for (let block = 0; block < blocks; block++) {
      const from = block * blockNumbers;
      const past = Math.min(count, from + blockNumbers);
      this.measure(numbers, from, past);
      const { k } = this.cost;
      ks[block] = k;
      if (k === allZero) continue;
      for (let i = from; i < past; i++) {
        let value = numbers[i] as number;
        let length = 1;
        const zeros = value === escaped ? escapeZeros : 32 - Math.clz32(value >>> k);
        if (value === escaped) value = 1;
        else if (zeros === 0) {
          length = k + 1;
          value |= 1 << k;
        } else length = zeros + k;
        free -= zeros;
        if (free <= 0) {
          words[word++] = bits;
          bits = 0;
          free += 32;
        }
        if (free > length) {
          free -= length;
          bits |= value << free;
        } else {
          words[word++] = bits | (value >>> (length - free));
          free += 32 - length;
          bits = free === 32 ? 0 : value << free;
        }
      }
    }
    if (free < 32) words[word++] = bits;
    this.view.setUint32(header, word - first, true);
    const end = 4 * word;
    this.at = pad(end, 8);
    if (this.at > end) words[word] = 0;
  }

  private measure(numbers: Uint32Array, from: number, past: number): void {
    const { histogram, cost } = this;
    histogram.fill(0);
    for (let i = from; i < past; i++) {
      const bits = 32 - Math.clz32(numbers[i] as number);
      histogram[bits] = (histogram[bits] as number) + 1;
    }
    // Escapes have all 32 bits.
    const escapes = histogram[32] as number;
    if (histogram[0] === past - from) {
      cost.k = allZero;
      cost.bits = 0;
      return;
    }
    let most = 30;
    while (most > 0 && histogram[most] === 0) most--;
    // From k - 1 to k, numbers of more than k bits (2 * bits - k each) save one bit, those of fewer (1 + k each) cost one more, those of k bits stay.
    let bits = 0;
    for (let b = 0; b <= most; b++) bits += (histogram[b] as number) * (b === 0 ? 1 : 2 * b);
    cost.k = 0;
    cost.bits = bits;
    let above = past - from - escapes - (histogram[0] as number);
    let within = histogram[0] as number;
    for (let k = 1; k <= most; k++) {
      const exactly = histogram[k] as number;
      above -= exactly;
      bits += within - above;
      within += exactly;
      if (bits < cost.bits) {
        cost.k = k;
        cost.bits = bits;
      }
    }
    cost.bits += escapes * (32 + 64);
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.byteLength) return;
    const grown = new ArrayBuffer(pad(2 * (this.at + bytes), 8));
    new Uint8Array(grown).set(new Uint8Array(this.buffer, 0, this.at));
    this.buffer = grown;
    this.view = new DataView(grown);
    this.words = new Uint32Array(grown);
  }
}

/** Reads what PackWriter wrote, in the same order. Throws BadInputError where the bytes end early; `file` and `offset` say where they came from. */
export class PackReader {
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly view: DataView;
  private readonly file: string;
  private readonly offset: number;
  private at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.file = file;
    this.offset = offset;
  }

  fail(what: string): never {
    throw new BadInputError("HISTORY_INVALID", this.file, this.offset + Math.min(this.at, this.bytes.length), what);
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  f64(): number {
    this.need(8);
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  /** Refuses counts that so few bytes cannot hold: a block of numbers takes a byte at least. */
  count(): number {
    const count = this.u32();
    if (count > blockNumbers * this.bytes.length) this.fail(`${count} numbers in ${this.bytes.length} bytes`);
    return count;
  }

  /** Fills `out` with a column's numbers, `escaped` where an escape stands, and returns the escapes' values. */
  column(out: Uint32Array): Float64Array {
    const count = out.length;
    const blocks = Math.ceil(count / blockNumbers);
    const wordCount = this.u32();
    const escapeCount = this.u32();
    this.need(8 * escapeCount + pad(blocks, 4) + 4 * wordCount);
    const escapes = new Float64Array(this.bytes.buffer, this.at, escapeCount);
    const ks = new Uint8Array(this.bytes.buffer, this.at + 8 * escapeCount, blocks);
    const begin = this.at + 8 * escapeCount + pad(blocks, 4);
    const words = new Uint32Array(this.bytes.buffer, begin, wordCount);
    let at = 0;
    let escapesMet = 0;
    for (let block = 0; block < blocks; block++) {
      const k = ks[block] as number;
      const past = Math.min(count, (block + 1) * blockNumbers);
      if (k === allZero) {
        out.fill(0, block * blockNumbers, past);
        continue;
      }
      for (let i = block * blockNumbers; i < past; i++) {
        const word = at >>> 5;
        const shift = at & 31;
        // A shift by 32 is one by 0, hence the shift in two steps.
        const window = ((words[word] as number) << shift) | (((words[word + 1] as number) >>> 1) >>> (31 - shift));
        const zeros = Math.clz32(window);
        if (zeros === 0) {
          out[i] = (window & 0x7fffffff) >>> (31 - k);
          at += 1 + k;
          continue;
        }
        if (zeros >= escapeZeros) {
          out[i] = escaped;
          escapesMet++;
          at += escapeZeros + 1;
          continue;
        }
        const length = zeros + k;
        at += zeros;
        if (zeros + length <= 32) out[i] = window >>> (32 - zeros - length);
        else {
          const next = at >>> 5;
          const by = at & 31;
          out[i] = (((words[next] as number) << by) | (((words[next + 1] as number) >>> 1) >>> (31 - by))) >>> (32 - length);
        }
        at += length;
      }
    }
    if (at > 32 * wordCount || escapesMet !== escapeCount) this.fail(`a column of ${count} numbers does not end where its bits do`);
    this.at = pad(begin + 4 * wordCount, 8);
    return escapes;
  }

  /** To be called behind the last: nothing may follow. */
  end(): void {
    if (this.at !== this.bytes.length) this.fail(`${this.bytes.length} bytes where ${this.at} are needed`);
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.bytes.length) this.fail("the block is shorter than its columns");
  }
}
