/**
 * A leaf: a few thousand intervals as columns, sorted by (quark, start, end) and grouped into segments, one per quark.
 *
 *      0  u32  count      intervals
 *      4  u32  segments   distinct quarks
 *      8  f64  base       the least start; 0 when any time is no whole number of at most 53 bits
 *     16  u32  isWide     1: times do not fit 32 bits relative to base
 *     20  u32  0
 *     24  packed columns (packed-integers.ts):
 *           quarks   quark - that of the segment before; escape: the quark
 *           counts   intervals of the segment
 *           gaps     start - the end before it in the segment, the first: - base; escape: start - base
 *           lengths  end - start; escape: end - base
 *           values   0: the value that last followed the two values before it; otherwise 1 + kind + 2 * zigzag(scalar - the last scalar of that kind in the
 *                    leaf); escape: a number as it is
 *
 * A value is a kind (0 text, 1 number) and a scalar (text id, number), and has the code 2 * scalar + kind if the scalar is an integer of 0 .. 2^31 - 1. What has
 * none (negative, large, fractional) counts as code 1 in what comes after it. States follow each other in habits (reading, executing, writing, ...): most values
 * are 0, and cost a bit or none. Intervals without a value are never stored: they are the gaps.
 *
 * In memory the columns hold times and values themselves, in arrays of u32 if times are not wide and all values have codes, as nearly always.
 */
import type { StateValue } from "./contract.ts";
import { escaped, PackReader, PackWriter, packedLimit, unzigzag, zigzag } from "./packed-integers.ts";

/** Kinds of value. */
export const textKind = 0;
export const numberKind = 1;

/** Codes below this are array indices; a palette has no others. */
export const directCodes = 1 << 16;

const maxCoded = 0x7fffffff;
const codeOfUncoded = 1;

function hasCode(scalar: number): boolean {
  return scalar >>> 0 === scalar && scalar <= maxCoded && !Object.is(scalar, -0);
}

/** Which interval last came after each two codes: a table with a place for every pair, several pairs to a place. */
const habitBits = 10;

function habit(code: number, before: number): number {
  return (Math.imul(code, 0x9e3779b1) ^ Math.imul(before, 0x85ebca77)) >>> (32 - habitBits);
}

/** The columns of a leaf with narrow times and codes, for tight loops. Starts are relative to `base`; start + length is below 2^32. */
export interface NarrowColumns {
  readonly base: number;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly codes: Uint32Array;
  /** What the codes are when they are few; undefined when they are not, null as long as nobody asked. */
  palette: Palette | undefined | null;
}

/** The codes of a leaf that has at most `paletteLimit` different ones, all below `directCodes`. */
export interface Palette {
  /** By interval, the index of its code. */
  readonly indices: Uint8Array;
  readonly codes: Uint32Array;
}

/** As many as an integer has bits. */
export const paletteLimit = 32;
/** By code, one more than its index in the palette that is being made. */
const paletteIndices = new Uint8Array(directCodes);

/** The palette of the columns, made when it is first asked for; undefined when they have too many codes for one, or large ones. */
export function paletteOf(columns: NarrowColumns): Palette | undefined {
  if (columns.palette === null) columns.palette = makePalette(columns.codes);
  return columns.palette;
}

function makePalette(codes: Uint32Array): Palette | undefined {
  const indices = new Uint8Array(codes.length);
  const found = new Uint32Array(paletteLimit);
  let count = 0;
  let i = 0;
  for (; i < codes.length; i++) {
    const code = codes[i] as number;
    if (code >= directCodes) break;
    let index = paletteIndices[code] as number;
    if (index === 0) {
      if (count === paletteLimit) break;
      found[count] = code;
      index = ++count;
      paletteIndices[code] = index;
    }
    indices[i] = index - 1;
  }
  for (let c = 0; c < count; c++) paletteIndices[found[c] as number] = 0;
  return i === codes.length ? { indices, codes: found.subarray(0, count) } : undefined;
}

/** Start and length, relative to the base. */
interface NarrowTimes {
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Start and end, relative to the base. */
interface WideTimes {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

interface WideValues {
  readonly scalars: Float64Array;
  readonly kinds: Uint8Array;
}

/** A decoded leaf. */
export class Leaf {
  /** Of memory. */
  readonly bytes: number;
  readonly count: number;
  readonly segments: number;
  readonly quarks: Uint32Array;
  /** Segment s is the intervals firsts[s] .. firsts[s + 1] - 1. */
  readonly firsts: Uint32Array;
  /** Undefined when times are wide or a value has no code. */
  readonly narrow: NarrowColumns | undefined;
  private readonly base: number;
  private readonly starts: Uint32Array | Float64Array;
  private readonly lengths: Uint32Array | undefined;
  private readonly ends: Float64Array | undefined;
  private readonly codes: Uint32Array | undefined;
  private readonly wideValues: WideValues | undefined;

  /** Throws BadInputError when the bytes are not a leaf; `file` and `offset` say where they came from. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    const reader = new PackReader(bytes, file, offset);
    const count = reader.count();
    const segments = reader.count();
    const base = reader.f64();
    const isWide = reader.u32() !== 0;
    reader.u32();
    this.count = count;
    this.segments = segments;
    this.base = base;
    this.quarks = readQuarks(reader, segments);
    this.firsts = readFirsts(reader, segments, count);
    const gaps = new Uint32Array(count);
    const gapEscapes = reader.column(gaps);
    const lengths = new Uint32Array(count);
    const lengthEscapes = reader.column(lengths);
    const values = new Uint32Array(count);
    const numbers = reader.column(values);
    reader.end();
    if (isWide) {
      const times = wideTimes(this.firsts, gaps, gapEscapes, lengths, lengthEscapes);
      this.starts = times.starts;
      this.ends = times.ends;
    } else {
      const times = narrowTimes(this.firsts, gaps, gapEscapes, lengths, lengthEscapes);
      this.starts = times.starts;
      this.lengths = times.lengths;
    }
    if (numbers.every(hasCode)) this.codes = readCodes(values, numbers);
    else this.wideValues = readWideValues(values, numbers);
    this.bytes = (isWide ? 16 : 8) * count + (this.codes === undefined ? 9 : 5) * count + 8 * segments;
    if (this.starts instanceof Uint32Array && this.lengths !== undefined && this.codes !== undefined)
      this.narrow = { base, starts: this.starts, lengths: this.lengths, codes: this.codes, palette: null };
  }

  start(i: number): number {
    return this.base + (this.starts[i] as number);
  }

  end(i: number): number {
    const { lengths } = this;
    return this.base + (lengths === undefined ? (this.ends?.[i] as number) : (this.starts[i] as number) + (lengths[i] as number));
  }

  kind(i: number): number {
    return this.codes === undefined ? (this.wideValues?.kinds[i] as number) : (this.codes[i] as number) & 1;
  }

  /** The number, or the text's id: `kind` says which. */
  scalar(i: number): number {
    return this.codes === undefined ? (this.wideValues?.scalars[i] as number) : (this.codes[i] as number) >>> 1;
  }

  value(i: number, text: (id: number) => string): StateValue {
    return this.kind(i) === textKind ? text(this.scalar(i)) : this.scalar(i);
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

function readQuarks(reader: PackReader, segments: number): Uint32Array {
  const quarks = new Uint32Array(segments);
  const escapes = reader.column(quarks);
  let met = 0;
  let previous = -1;
  for (let s = 0; s < segments; s++) {
    const step = quarks[s] as number;
    const quark = step === escaped ? (escapes[met++] as number) : Math.max(0, previous) + step;
    if (!(quark > previous)) reader.fail(`segment ${s} of a leaf is out of order`);
    quarks[s] = quark;
    previous = quark;
  }
  return quarks;
}

function readFirsts(reader: PackReader, segments: number, count: number): Uint32Array {
  const counts = new Uint32Array(segments);
  reader.column(counts);
  const firsts = new Uint32Array(segments + 1);
  let first = 0;
  for (let s = 0; s < segments; s++) {
    if (counts[s] === 0) reader.fail(`segment ${s} of a leaf is empty`);
    firsts[s] = first;
    first += counts[s] as number;
  }
  firsts[segments] = first;
  if (first !== count) reader.fail("a leaf's segments do not add up to its intervals");
  return firsts;
}

/** Turns gaps into starts in place, and lengths that were escapes into lengths. */
function narrowTimes(
  firsts: Uint32Array,
  gaps: Uint32Array,
  gapEscapes: Float64Array,
  lengths: Uint32Array,
  lengthEscapes: Float64Array,
): NarrowTimes {
  let gapEscape = 0;
  let lengthEscape = 0;
  for (let s = 0; s + 1 < firsts.length; s++) {
    const past = firsts[s + 1] as number;
    let end = 0;
    for (let i = firsts[s] as number; i < past; i++) {
      const gap = gaps[i] as number;
      const length = lengths[i] as number;
      const start = gap === escaped ? (gapEscapes[gapEscape++] as number) : end + gap;
      end = length === escaped ? (lengthEscapes[lengthEscape++] as number) : start + length;
      gaps[i] = start;
      lengths[i] = end - start;
    }
  }
  return { starts: gaps, lengths };
}

function wideTimes(
  firsts: Uint32Array,
  gaps: Uint32Array,
  gapEscapes: Float64Array,
  lengths: Uint32Array,
  lengthEscapes: Float64Array,
): WideTimes {
  const starts = new Float64Array(gaps.length);
  const ends = new Float64Array(gaps.length);
  let gapEscape = 0;
  let lengthEscape = 0;
  for (let s = 0; s + 1 < firsts.length; s++) {
    const past = firsts[s + 1] as number;
    let end = 0;
    for (let i = firsts[s] as number; i < past; i++) {
      const gap = gaps[i] as number;
      const length = lengths[i] as number;
      const start = gap === escaped ? (gapEscapes[gapEscape++] as number) : end + gap;
      end = length === escaped ? (lengthEscapes[lengthEscape++] as number) : start + length;
      starts[i] = start;
      ends[i] = end;
    }
  }
  return { starts, ends };
}

/** Turns the values column into codes, in place. */
function readCodes(values: Uint32Array, numbers: Float64Array): Uint32Array {
  const followers = new Uint32Array(1 << habitBits);
  const last = new Uint32Array(2);
  let number = 0;
  let code = 0;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const place = habit(code, before);
    const packed = values[i] as number;
    before = code;
    if (packed === 0) code = values[followers[place] as number] as number;
    else if (packed === escaped) code = 2 * (numbers[number++] as number) + numberKind;
    else {
      const kind = (packed - 1) & 1;
      code = (2 * ((last[kind] as number) + unzigzag((packed - 1) >>> 1)) + kind) >>> 0;
    }
    last[code & 1] = code >>> 1;
    values[i] = code;
    followers[place] = i;
  }
  return values;
}

function readWideValues(values: Uint32Array, numbers: Float64Array): WideValues {
  const scalars = new Float64Array(values.length);
  const kinds = new Uint8Array(values.length);
  const followers = new Uint32Array(1 << habitBits);
  const last = new Uint32Array(2);
  let number = 0;
  let code = 0;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const place = habit(code, before);
    const packed = values[i] as number;
    let kind = (packed - 1) & 1;
    let scalar: number;
    if (packed === 0) {
      const follower = followers[place] as number;
      kind = kinds[follower] as number;
      scalar = scalars[follower] as number;
    } else if (packed === escaped) {
      kind = numberKind;
      scalar = numbers[number++] as number;
    } else scalar = (last[kind] as number) + unzigzag((packed - 1) >>> 1);
    before = code;
    code = hasCode(scalar) ? 2 * scalar + kind : codeOfUncoded;
    last[code & 1] = code >>> 1;
    scalars[i] = scalar;
    kinds[i] = kind;
    followers[place] = i;
  }
  return { scalars, kinds };
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

/** Encodes leaves of at most `maxIntervals`, into one buffer that it reuses. */
export class LeafEncoder {
  private readonly writer = new PackWriter();
  private readonly numbers: Uint32Array;
  private readonly counts: Uint32Array;
  private readonly escapes: number[] = [];
  private readonly followers = new Int32Array(1 << habitBits);

  constructor(maxIntervals: number) {
    this.numbers = new Uint32Array(maxIntervals);
    this.counts = new Uint32Array(maxIntervals);
  }

  /** Encodes the intervals `order[from] .. order[to - 1]` (at least one), which must be sorted by (quark, start, end). */
  encode(columns: IntervalColumns, order: Uint32Array, from: number, to: number): EncodedLeaf {
    const { starts, ends } = columns;
    let minStart = Number.POSITIVE_INFINITY;
    let maxEnd = Number.NEGATIVE_INFINITY;
    let isWhole = true;
    for (let k = from; k < to; k++) {
      const i = order[k] as number;
      const start = starts[i] as number;
      const end = ends[i] as number;
      if (start < minStart) minStart = start;
      if (end > maxEnd) maxEnd = end;
      if (Math.floor(start) !== start || Math.floor(end) !== end) isWhole = false;
    }
    // Beyond 2^53 differences of whole doubles are no longer exact: keep such times as they are.
    if (!(minStart >= -Number.MAX_SAFE_INTEGER && maxEnd <= Number.MAX_SAFE_INTEGER)) isWhole = false;
    const base = isWhole ? minStart : 0;
    const { writer } = this;
    writer.begin();
    writer.u32(to - from);
    const segments = this.segments(columns.quarks, order, from, to);
    writer.u32(segments);
    writer.f64(base);
    writer.u32(isWhole && maxEnd - base <= 0xffffffff ? 0 : 1);
    writer.u32(0);
    this.writeColumn(segments);
    writer.column(this.counts, segments, []);
    this.gaps(columns, order, from, to, base, isWhole);
    this.writeColumn(to - from);
    this.lengths(columns, order, from, to, base, isWhole);
    this.writeColumn(to - from);
    this.values(columns, order, from, to);
    this.writeColumn(to - from);
    return { bytes: writer.finish(), start: minStart, end: maxEnd };
  }

  private writeColumn(count: number): void {
    this.writer.column(this.numbers, count, this.escapes);
    this.escapes.length = 0;
  }

  /** Fills `numbers` with the quarks and `counts`; returns how many. */
  private segments(quarks: Uint32Array, order: Uint32Array, from: number, to: number): number {
    const { numbers, counts } = this;
    let segments = 0;
    let previous = -1;
    for (let k = from; k < to; k++) {
      const quark = quarks[order[k] as number] as number;
      if (quark === previous) {
        counts[segments - 1] = (counts[segments - 1] as number) + 1;
        continue;
      }
      const step = quark - Math.max(0, previous);
      if (step >= packedLimit) this.escapes.push(quark);
      numbers[segments] = step < packedLimit ? step : escaped;
      counts[segments++] = 1;
      previous = quark;
    }
    return segments;
  }

  private gaps(columns: IntervalColumns, order: Uint32Array, from: number, to: number, base: number, isWhole: boolean): void {
    const { quarks, starts, ends } = columns;
    const { numbers } = this;
    let previous = -1;
    let end = base;
    for (let k = from; k < to; k++) {
      const i = order[k] as number;
      const quark = quarks[i] as number;
      const start = starts[i] as number;
      const gap = start - (quark === previous ? end : base);
      if (isWhole && gap >= 0 && gap < packedLimit) numbers[k - from] = gap;
      else {
        numbers[k - from] = escaped;
        this.escapes.push(start - base);
      }
      previous = quark;
      end = ends[i] as number;
    }
  }

  private lengths(columns: IntervalColumns, order: Uint32Array, from: number, to: number, base: number, isWhole: boolean): void {
    const { starts, ends } = columns;
    const { numbers } = this;
    for (let k = from; k < to; k++) {
      const i = order[k] as number;
      const end = ends[i] as number;
      const length = end - (starts[i] as number);
      if (isWhole && length < packedLimit) numbers[k - from] = length;
      else {
        numbers[k - from] = escaped;
        this.escapes.push(end - base);
      }
    }
  }

  private values(columns: IntervalColumns, order: Uint32Array, from: number, to: number): void {
    const { values, kinds } = columns;
    const { numbers, followers } = this;
    followers.fill(-1);
    let lastText = 0;
    let lastNumber = 0;
    let code = 0;
    let before = 0;
    for (let k = from; k < to; k++) {
      const i = order[k] as number;
      const value = values[i] as number;
      const kind = kinds[i] as number;
      const place = habit(code, before);
      const follower = followers[place] as number;
      const isCoded = hasCode(value);
      if (follower >= 0 && kinds[follower] === kind && Object.is(values[follower], value)) numbers[k - from] = 0;
      else {
        const packed = isCoded ? 1 + kind + 2 * zigzag(value - (kind === textKind ? lastText : lastNumber)) : escaped;
        if (packed < packedLimit) numbers[k - from] = packed;
        else {
          numbers[k - from] = escaped;
          this.escapes.push(value);
        }
      }
      before = code;
      code = isCoded ? 2 * value + kind : codeOfUncoded;
      if (code % 2 === textKind) lastText = value;
      else lastNumber = isCoded ? value : 0;
      followers[place] = i;
    }
  }
}
