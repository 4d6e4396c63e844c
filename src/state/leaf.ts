/**
 * A leaf: a few thousand intervals as columns, sorted by (quark, start, end) and grouped into segments, one per quark. Readable in place: decoding makes
 * typed-array views over the bytes, no copy and no object per interval.
 *
 *      0  u32  count        intervals
 *      4  u32  segments     distinct quarks
 *      8  f64  base         added to narrow starts; 0 for f64 starts
 *     16  u8   startWidth   4: u32, start - base; 8: f64, the start itself
 *     17  u8   lengthWidth  1, 2, 4: unsigned, end - start; 8: f64, the end itself
 *     18  u8   valueWidth   1, 2, 4: unsigned codes; 8: f64 numbers and a kind for each
 *     19  u8   0
 *     20  u32  valueBase    added to narrow codes
 *     24  columns in this order, each padded with zeros to a multiple of 8 bytes:
 *           quarks   u32[segments]
 *           firsts   u32[segments + 1]   segment s is the intervals firsts[s] .. firsts[s + 1] - 1
 *           starts   startWidth * count
 *           lengths  lengthWidth * count
 *           values   valueWidth * count
 *           kinds    u8[count], only when valueWidth is 8
 *
 * A value code is 2 * text id for a text, 2 * n + 1 for an integer 0 <= n < 2^31. A leaf with any other number uses the wide form, where `kind` tells a
 * text id from a number. Intervals without a value are never stored: they are the gaps.
 */
import { BadInputError } from "../base/index.ts";
import type { StateValue } from "./contract.ts";

/** Kinds of value in the wide form and in the writer's buffers. */
export const textKind = 0;
export const numberKind = 1;

type Unsigned = Uint8Array | Uint16Array | Uint32Array;

/** A decoded leaf. */
export class Leaf {
  readonly bytes: number;
  readonly count: number;
  readonly segments: number;
  readonly quarks: Uint32Array;
  readonly firsts: Uint32Array;
  private readonly base: number;
  private readonly starts: Uint32Array | Float64Array;
  private readonly lengths: Unsigned | Float64Array;
  private readonly hasEnds: boolean;
  private readonly valueBase: number;
  private readonly values: Unsigned | Float64Array;
  private readonly kinds: Uint8Array | undefined;

  /** Throws BadInputError when the bytes are not a leaf; `file` and `offset` say where they came from. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    const fail = (what: string): never => {
      throw new BadInputError("HISTORY_INVALID", file, offset, what);
    };
    if (bytes.length < 24) fail("a leaf of fewer than 24 bytes");
    const { buffer } = bytes;
    const header = new DataView(buffer, 0, 24);
    const count = header.getUint32(0, true);
    const segments = header.getUint32(4, true);
    const startWidth = header.getUint8(16);
    const lengthWidth = header.getUint8(17);
    const valueWidth = header.getUint8(18);
    if (![4, 8].includes(startWidth) || ![1, 2, 4, 8].includes(lengthWidth) || ![1, 2, 4, 8].includes(valueWidth))
      fail("a leaf of unknown column widths");
    const layout = leafLayout(count, segments, startWidth, lengthWidth, valueWidth);
    if (layout.bytes !== bytes.length) fail(`a leaf of ${bytes.length} bytes whose columns need ${layout.bytes}`);
    this.bytes = bytes.length;
    this.count = count;
    this.segments = segments;
    this.base = header.getFloat64(8, true);
    this.valueBase = header.getUint32(20, true);
    this.quarks = new Uint32Array(buffer, layout.quarks, segments);
    this.firsts = new Uint32Array(buffer, layout.firsts, segments + 1);
    this.starts = startWidth === 8 ? new Float64Array(buffer, layout.starts, count) : new Uint32Array(buffer, layout.starts, count);
    this.lengths =
      lengthWidth === 8 ? new Float64Array(buffer, layout.lengths, count) : unsignedView(buffer, layout.lengths, count, lengthWidth);
    this.hasEnds = lengthWidth === 8;
    this.values =
      valueWidth === 8 ? new Float64Array(buffer, layout.values, count) : unsignedView(buffer, layout.values, count, valueWidth);
    this.kinds = valueWidth === 8 ? new Uint8Array(buffer, layout.kinds, count) : undefined;
    let previous = -1;
    for (let s = 0; s < segments; s++) {
      const quark = this.quarks[s] as number;
      if (quark <= previous || (this.firsts[s] as number) >= (this.firsts[s + 1] as number)) fail(`segment ${s} of a leaf is out of order`);
      previous = quark;
    }
    if (this.firsts[0] !== 0 || this.firsts[segments] !== count) fail("a leaf's segments do not add up to its intervals");
  }

  start(i: number): number {
    return this.base + (this.starts[i] as number);
  }

  end(i: number): number {
    const length = this.lengths[i] as number;
    return this.hasEnds ? length : this.base + (this.starts[i] as number) + length;
  }

  kind(i: number): number {
    if (this.kinds !== undefined) return this.kinds[i] as number;
    return (this.valueBase + (this.values[i] as number)) & 1;
  }

  /** The number, or the text's id: `kind` says which. */
  scalar(i: number): number {
    const value = this.values[i] as number;
    return this.kinds !== undefined ? value : (this.valueBase + value) >>> 1;
  }

  value(i: number, text: (id: number) => string): StateValue {
    return this.kind(i) === textKind ? text(this.scalar(i)) : this.scalar(i);
  }

  /** The starts relative to `timeBase`, for loops over a narrow leaf; undefined when starts, lengths or values are not narrow. */
  get narrowStarts(): Uint32Array | undefined {
    return !this.hasEnds && this.kinds === undefined && this.starts instanceof Uint32Array ? this.starts : undefined;
  }

  get timeBase(): number {
    return this.base;
  }

  /**
   * Copies lengths and value codes (relative to `codeBase`) of the intervals [first, past) of a narrow leaf. Loops over arrays that are always of the same
   * types run several times as fast as calls per interval.
   */
  copy(first: number, past: number, lengths: Uint32Array, codes: Uint32Array): void {
    lengths.set(this.lengths.subarray(first, past));
    codes.set(this.values.subarray(first, past));
  }

  /** Added to the codes that `copy` gives. */
  get codeBase(): number {
    return this.valueBase;
  }

  /** Segment of this quark, -1 when it has none. */
  segment(quark: number): number {
    const { quarks } = this;
    let low = 0;
    let high = this.segments - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = quarks[middle] as number;
      if (at === quark) return middle;
      if (at < quark) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** First interval in [low, high) that starts after `time`; `high` when none does. */
  firstStartingAfter(time: number, low: number, high: number): number {
    const { starts } = this;
    const relative = time - this.base;
    let from = low;
    let to = high;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((starts[middle] as number) > relative) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** First interval in [low, high) that starts at or after `time`; `high` when none does. */
  firstStartingFrom(time: number, low: number, high: number): number {
    const { starts } = this;
    const relative = time - this.base;
    let from = low;
    let to = high;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((starts[middle] as number) >= relative) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** The interval of segment `s` that covers `time`, -1 when none does. Instants are passed over. */
  covering(s: number, time: number): number {
    const first = this.firsts[s] as number;
    let i = this.firstStartingAfter(time, first, this.firsts[s + 1] as number) - 1;
    for (; i >= first; i--) {
      const end = this.end(i);
      if (end > time) return i;
      if (end > this.start(i)) return -1;
    }
    return -1;
  }
}

/** Byte offsets of a leaf's columns. */
interface LeafLayout {
  readonly quarks: number;
  readonly firsts: number;
  readonly starts: number;
  readonly lengths: number;
  readonly values: number;
  readonly kinds: number;
  readonly bytes: number;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function leafLayout(count: number, segments: number, startWidth: number, lengthWidth: number, valueWidth: number): LeafLayout {
  const quarks = 24;
  const firsts = quarks + padded(4 * segments);
  const starts = firsts + padded(4 * (segments + 1));
  const lengths = starts + padded(startWidth * count);
  const values = lengths + padded(lengthWidth * count);
  const kinds = values + padded(valueWidth * count);
  return { quarks, firsts, starts, lengths, values, kinds, bytes: kinds + (valueWidth === 8 ? padded(count) : 0) };
}

function unsignedView(buffer: ArrayBuffer, offset: number, count: number, width: number): Unsigned {
  if (width === 1) return new Uint8Array(buffer, offset, count);
  if (width === 2) return new Uint16Array(buffer, offset, count);
  return new Uint32Array(buffer, offset, count);
}

function widthFor(max: number): 1 | 2 | 4 {
  return max < 0x100 ? 1 : max < 0x10000 ? 2 : 4;
}

/** Intervals as columns, in any order: what the writer gathers. */
export interface IntervalColumns {
  readonly quarks: Uint32Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Numbers, or text ids where `kinds` says text. */
  readonly values: Float64Array;
  readonly kinds: Uint8Array;
}

/** What the index keeps of an encoded leaf. `bytes` is valid until the next encoding. */
export interface EncodedLeaf {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Encodes leaves into one buffer that it reuses. */
export class LeafEncoder {
  private buffer = new ArrayBuffer(1 << 16);

  /** Encodes the intervals `order[from] .. order[to - 1]` (at least one), which must be sorted by (quark, start, end). */
  encode(columns: IntervalColumns, order: Uint32Array, from: number, to: number): EncodedLeaf {
    const { quarks, starts, ends, values, kinds } = columns;
    const count = to - from;
    let minStart = Number.POSITIVE_INFINITY;
    let maxStart = Number.NEGATIVE_INFINITY;
    let maxEnd = Number.NEGATIVE_INFINITY;
    let maxLength = 0;
    let minCode = 0xffffffff;
    let maxCode = 0;
    let segments = 0;
    let previous = -1;
    let whole = true;
    let narrow = true;
    for (let k = from; k < to; k++) {
      const i = order[k] as number;
      const quark = quarks[i] as number;
      if (quark !== previous) {
        segments++;
        previous = quark;
      }
      const start = starts[i] as number;
      const end = ends[i] as number;
      if (start < minStart) minStart = start;
      if (start > maxStart) maxStart = start;
      if (end > maxEnd) maxEnd = end;
      const length = end - start;
      if (length > maxLength) maxLength = length;
      if (Math.floor(start) !== start || Math.floor(end) !== end) whole = false;
      const value = values[i] as number;
      const code = value * 2 + (kinds[i] as number);
      if (value >>> 0 !== value || value > 0x7fffffff || Object.is(value, -0)) narrow = false;
      else {
        if (code < minCode) minCode = code;
        if (code > maxCode) maxCode = code;
      }
    }
    // Beyond 2^53 differences of whole doubles are no longer exact: keep such times as they are.
    if (!(minStart >= -Number.MAX_SAFE_INTEGER && maxEnd <= Number.MAX_SAFE_INTEGER)) whole = false;
    const startWidth = whole && maxStart - minStart <= 0xffffffff ? 4 : 8;
    const lengthWidth = whole && maxLength <= 0xffffffff ? widthFor(maxLength) : 8;
    const valueWidth = narrow ? widthFor(maxCode - minCode) : 8;
    const base = startWidth === 4 ? minStart : 0;
    const valueBase = narrow ? minCode : 0;
    const layout = leafLayout(count, segments, startWidth, lengthWidth, valueWidth);
    if (layout.bytes > this.buffer.byteLength) this.buffer = new ArrayBuffer(layout.bytes * 2);
    const { buffer } = this;
    const bytes = new Uint8Array(buffer, 0, layout.bytes);
    zeroPadding(bytes, layout, count, segments, startWidth, lengthWidth, valueWidth);
    const header = new DataView(buffer, 0, 24);
    header.setUint32(0, count, true);
    header.setUint32(4, segments, true);
    header.setFloat64(8, base, true);
    header.setUint8(16, startWidth);
    header.setUint8(17, lengthWidth);
    header.setUint8(18, valueWidth);
    header.setUint8(19, 0);
    header.setUint32(20, valueBase, true);

    const outQuarks = new Uint32Array(buffer, layout.quarks, segments);
    const outFirsts = new Uint32Array(buffer, layout.firsts, segments + 1);
    let segment = 0;
    previous = -1;
    for (let k = from; k < to; k++) {
      const quark = quarks[order[k] as number] as number;
      if (quark !== previous) {
        outQuarks[segment] = quark;
        outFirsts[segment++] = k - from;
        previous = quark;
      }
    }
    outFirsts[segments] = count;
    const outStarts = startWidth === 8 ? new Float64Array(buffer, layout.starts, count) : new Uint32Array(buffer, layout.starts, count);
    for (let k = from, o = 0; k < to; k++, o++) outStarts[o] = (starts[order[k] as number] as number) - base;
    if (lengthWidth === 8) {
      const out = new Float64Array(buffer, layout.lengths, count);
      for (let k = from, o = 0; k < to; k++, o++) out[o] = ends[order[k] as number] as number;
    } else {
      const out = unsignedView(buffer, layout.lengths, count, lengthWidth);
      for (let k = from, o = 0; k < to; k++, o++) {
        const i = order[k] as number;
        out[o] = (ends[i] as number) - (starts[i] as number);
      }
    }
    if (valueWidth === 8) {
      const out = new Float64Array(buffer, layout.values, count);
      const outKinds = new Uint8Array(buffer, layout.kinds, count);
      for (let k = from, o = 0; k < to; k++, o++) {
        const i = order[k] as number;
        out[o] = values[i] as number;
        outKinds[o] = kinds[i] as number;
      }
    } else {
      const out = unsignedView(buffer, layout.values, count, valueWidth);
      for (let k = from, o = 0; k < to; k++, o++) {
        const i = order[k] as number;
        out[o] = (values[i] as number) * 2 + (kinds[i] as number) - valueBase;
      }
    }
    return { bytes, start: minStart, end: maxEnd };
  }
}

/** The buffer is reused: padding must not carry old bytes, so that equal leaves are equal bytes. */
function zeroPadding(
  bytes: Uint8Array,
  layout: LeafLayout,
  count: number,
  segments: number,
  startWidth: number,
  lengthWidth: number,
  valueWidth: number,
): void {
  bytes.fill(0, layout.quarks + 4 * segments, layout.firsts);
  bytes.fill(0, layout.firsts + 4 * (segments + 1), layout.starts);
  bytes.fill(0, layout.starts + startWidth * count, layout.lengths);
  bytes.fill(0, layout.lengths + lengthWidth * count, layout.values);
  bytes.fill(0, layout.values + valueWidth * count, layout.kinds);
  if (valueWidth === 8) bytes.fill(0, layout.kinds + count);
}
