/**
 * The interpreter: walks field classes over bytes, at bit granularity. It understands every field class; the compiled decoders are a faster form of it for
 * the shapes that tracers write, and tests compare the two.
 *
 * Invariants: the packet starts at byte 0 of `bytes`; nothing at or after `end` (bits) is read; lengths are checked against what remains before any loop.
 * A broken rule throws `DecodeError`, which knows the bit where it happened; the stream turns it into a BadInputError with file and offset.
 */
import type { EventVisitor, IntegerFormat } from "../../trace/index.ts";
import {
  type ArrayClass,
  type BytesClass,
  type FieldClass,
  type FieldRole,
  type FloatClass,
  type IntegerClass,
  inRanges,
  type Length,
  type StringClass,
  type StructClass,
  type TextEncoding,
  type VariableIntegerClass,
} from "../schema.ts";
import {
  type Halves,
  halfToNumber,
  quadToNumber,
  readBits,
  readWide,
  reverseBits,
  reverseWide,
  signExtend,
  toBigint,
  toNumber,
} from "./bits.ts";

/** Something in the bytes broke a rule. `bit` counts from the packet's start. */
export class DecodeError extends Error {
  readonly bit: number;
  constructor(bit: number, what: string) {
    super(what);
    this.name = "DecodeError";
    this.bit = bit;
  }
}

/** What is wrong is that a field ends behind the content's end: with more content it might not be. */
export class PastEndError extends DecodeError {}

/** What the walker tells about fields that mean something to the reader itself. */
export interface WalkerHooks {
  /** A clock-mapped field of `bits` bits was read. */
  clock(bits: number, low: number, high: number): void;
  /** A field with a role was read. */
  role(role: FieldRole, value: bigint): void;
  /** A field of bytes with a role was read. */
  bytesRole(role: FieldRole, bytes: Uint8Array): void;
}

/** Elements of zero bits make no progress through the packet: their number has to have a limit of its own. */
const maximumEmptyElements = 1 << 20;

/** A variable-length integer may have any size; metadata's largest fixed-length one has 4096 bits. */
const maximumVariableBits = 7 * 586;

export class Walker {
  bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Bit positions from the packet's start. */
  position = 0;
  end = 0;
  hooks: WalkerHooks | undefined;
  readonly #slots: (number | bigint)[];
  readonly #halves: Halves = { low: 0, high: 0 };
  readonly #floatView = new DataView(new ArrayBuffer(8));
  readonly #minimumBits = new WeakMap<FieldClass, number>();
  #arrayDepth = 0;
  #emptyCount = 0;
  /** Byte order of the last integer that did not end on a byte boundary. */
  #partialOrder: boolean | undefined;

  constructor(slotCount: number) {
    this.#slots = new Array<number | bigint>(slotCount).fill(0);
  }

  /** Sets the packet to walk in: `end` in bits. */
  setPacket(bytes: Uint8Array, view: DataView, end: number): void {
    this.bytes = bytes;
    this.#view = view;
    this.end = end;
  }

  /** Decodes one field at `position` and moves past it. Without a visitor it only moves (and keeps slots, clock and roles up to date). */
  walk(field: FieldClass, visitor: EventVisitor | undefined): void {
    switch (field.type) {
      case "integer":
        this.#integer(field, visitor);
        return;
      case "varint":
        this.#varint(field, visitor);
        return;
      case "float":
        this.#float(field, visitor);
        return;
      case "string":
        this.#string(field, visitor);
        return;
      case "bytes":
        this.#bytesField(field, visitor);
        return;
      case "array":
        this.#array(field, visitor);
        return;
      case "struct":
        visitor?.beginStruct();
        this.members(field, visitor);
        visitor?.endStruct();
        return;
      case "variant": {
        const selector = this.#slots[field.selector] ?? 0;
        const option = field.options.find((candidate) => inRanges(candidate.ranges, selector));
        if (option === undefined) throw new DecodeError(this.position, `no option of a variant is selected by ${selector}`);
        visitor?.beginVariant(option.name);
        this.walk(option.field, visitor);
        visitor?.endVariant();
        return;
      }
      case "optional":
        if (inRanges(field.ranges, this.#slots[field.selector] ?? 0)) this.walk(field.field, visitor);
        else visitor?.absent();
        return;
    }
  }

  /** The members of a structure, without the structure's own begin and end. */
  members(struct: StructClass, visitor: EventVisitor | undefined): void {
    this.align(struct.align);
    for (const member of struct.members) {
      visitor?.member(member.name);
      this.walk(member.field, visitor);
    }
  }

  align(bits: number): void {
    const rest = this.position % bits;
    if (rest !== 0) this.#moveTo(this.position + bits - rest);
  }

  #moveTo(position: number): void {
    if (position > this.end) throw new PastEndError(this.position, "a field goes beyond the packet's content");
    this.position = position;
  }

  #integer(field: IntegerClass, visitor: EventVisitor | undefined): void {
    this.align(field.align);
    const at = this.position;
    if (at % 8 !== 0 && this.#partialOrder !== undefined && this.#partialOrder !== field.bigEndian) {
      throw new DecodeError(at, "the byte order changes within a byte");
    }
    this.#moveTo(at + field.bits);
    if (this.position % 8 !== 0) this.#partialOrder = field.bigEndian;
    if (field.bits > 64) {
      this.#wide(field, at, visitor);
      return;
    }
    const halves = this.#halves;
    readBits(this.bytes, at, field.bits, field.bigEndian, halves);
    if (field.reversed) reverseBits(halves, field.bits);
    if (field.clock !== undefined) this.hooks?.clock(field.bits, halves.low, halves.high);
    if (field.signed) signExtend(halves, field.bits);
    this.#note(field, halves.low, halves.high);
    visitor?.integer(formatOf(field), halves.low, halves.high);
  }

  #wide(field: IntegerClass, at: number, visitor: EventVisitor | undefined): void {
    let value = readWide(this.bytes, at, field.bits, field.bigEndian);
    if (field.reversed) value = reverseWide(value, field.bits);
    if (field.signed) value = BigInt.asIntN(field.bits, value);
    if (field.slot >= 0) this.#slots[field.slot] = value;
    for (const role of field.roles) this.hooks?.role(role, value);
    visitor?.wideInteger(formatOf(field), value);
  }

  /** Keeps a value for later lengths and selectors, and tells the hooks about its roles. */
  #note(field: IntegerClass | VariableIntegerClass, low: number, high: number): void {
    if (field.slot >= 0) {
      const value = toNumber(low, high, field.signed);
      this.#slots[field.slot] = Number.isSafeInteger(value) ? value : toBigint(low, high, field.signed);
    }
    for (const role of field.roles) this.hooks?.role(role, toBigint(low, high, field.signed));
  }

  /** LEB128: seven bits a byte from the low end, the high bit says that more follow (CTF 2 variable-length integers). */
  #varint(field: VariableIntegerClass, visitor: EventVisitor | undefined): void {
    this.align(8);
    const at = this.position;
    let value = 0n;
    let bits = 0;
    for (;;) {
      const byteAt = this.position / 8;
      this.#moveTo(this.position + 8);
      const byte = this.bytes[byteAt] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      bits += 7;
      if ((byte & 0x80) === 0) break;
      if (bits >= maximumVariableBits) throw new DecodeError(at, `a variable-length integer has more than ${maximumVariableBits} bits`);
    }
    const low = Number(value & 0xffff_ffffn);
    const high = Number((value >> 32n) & 0xffff_ffffn);
    // As many low bits of the clock as the field has (CTF2-SPEC-2.0, clock value update).
    if (field.clock !== undefined) this.hooks?.clock(Math.min(bits, 64), low, high);
    if (field.signed) value = BigInt.asIntN(bits, value);
    if (value === (field.signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))) {
      const halves = BigInt.asUintN(64, value);
      const [lower, upper] = [Number(halves & 0xffff_ffffn), Number(halves >> 32n)];
      this.#note(field, lower, upper);
      visitor?.integer(formatOf(field), lower, upper);
    } else {
      if (field.slot >= 0) this.#slots[field.slot] = value;
      for (const role of field.roles) this.hooks?.role(role, value);
      visitor?.wideInteger(formatOf(field), value);
    }
  }

  #float(field: FloatClass, visitor: EventVisitor | undefined): void {
    this.align(field.align);
    const at = this.position;
    this.#moveTo(at + field.bits);
    if (visitor === undefined) return;
    if (field.bits === 128) {
      const value = readWide(this.bytes, at, 128, field.bigEndian);
      visitor.float(quadToNumber(field.reversed ? reverseWide(value, 128) : value), 128);
      return;
    }
    const halves = this.#halves;
    readBits(this.bytes, at, field.bits, field.bigEndian, halves);
    if (field.reversed) reverseBits(halves, field.bits);
    const view = this.#floatView;
    view.setUint32(0, halves.high);
    view.setUint32(4, halves.low);
    visitor.float(field.bits === 64 ? view.getFloat64(0) : field.bits === 32 ? view.getFloat32(4) : halfToNumber(halves.low), field.bits);
  }

  #string(field: StringClass, visitor: EventVisitor | undefined): void {
    this.align(8);
    const start = this.position / 8;
    const limit = Math.floor(this.end / 8);
    const unit = unitBytes(field.encoding);
    const stop = findZero(this.bytes, start, limit, unit);
    if (stop === undefined) throw new PastEndError(this.position, "a string has no end within the packet's content");
    this.position = (stop + unit) * 8;
    if (visitor !== undefined) this.#text(field.encoding, start, stop, visitor);
  }

  #bytesField(field: BytesClass, visitor: EventVisitor | undefined): void {
    this.align(8);
    const start = this.position / 8;
    const length = this.#length(field.length);
    this.#moveTo(this.position + length * 8);
    const stop = start + length;
    for (const role of field.roles) this.hooks?.bytesRole(role, this.bytes.subarray(start, stop));
    if (visitor === undefined) return;
    if (field.encoding === undefined) visitor.blob(this.bytes, start, stop);
    else this.#text(field.encoding, start, findZero(this.bytes, start, stop, unitBytes(field.encoding)) ?? stop, visitor);
  }

  #text(encoding: TextEncoding, start: number, stop: number, visitor: EventVisitor): void {
    if (encoding === "utf-8" || encoding === "none") {
      visitor.string(this.bytes, start, stop);
      return;
    }
    const utf8 = new TextEncoder().encode(decodeText(encoding, this.bytes.subarray(start, stop)));
    visitor.string(utf8, 0, utf8.length);
  }

  #length(length: Length): number {
    if (length.kind === "constant") return length.count;
    const value = this.#slots[length.slot] ?? 0;
    // No packet is that long: stop before any arithmetic loses bits.
    if (typeof value === "bigint") throw new DecodeError(this.position, `a length of ${value} goes beyond the packet's content`);
    return value;
  }

  #array(field: ArrayClass, visitor: EventVisitor | undefined): void {
    this.align(field.align);
    const start = this.position;
    const length = this.#length(field.length);
    const minimum = this.#minimum(field.element);
    if (minimum === 0 ? length > maximumEmptyElements : length * minimum > this.end - start) {
      throw new PastEndError(start, `an array of ${length} elements goes beyond the packet's content`);
    }
    const role = field.roles[0];
    if (
      visitor === undefined &&
      field.element.type === "integer" &&
      field.element.bits % field.element.align === 0 &&
      field.element.clock === undefined
    ) {
      this.#moveTo(start + length * field.element.bits);
    } else {
      visitor?.beginArray(length);
      // Arrays of arrays of nothing multiply: what has no size counts towards one limit for all of the outermost.
      if (this.#arrayDepth++ === 0) this.#emptyCount = 0;
      try {
        for (let i = 0; i < length; i++) {
          const before = this.position;
          visitor?.element(i);
          this.walk(field.element, visitor);
          if (this.position === before && ++this.#emptyCount > maximumEmptyElements) {
            throw new DecodeError(start, `more than ${maximumEmptyElements} elements of no size`);
          }
        }
      } finally {
        this.#arrayDepth--;
      }
      visitor?.endArray();
    }
    if (role !== undefined && start % 8 === 0) this.hooks?.bytesRole(role, this.bytes.subarray(start / 8, this.position / 8));
  }

  #minimum(field: FieldClass): number {
    const known = this.#minimumBits.get(field);
    if (known !== undefined) return known;
    const minimum = minimumBits(field);
    this.#minimumBits.set(field, minimum);
    return minimum;
  }

  /** The view over `bytes`, for callers that read at `position`. */
  get view(): DataView {
    return this.#view;
  }
}

/** A lower bound of the bits a field takes. */
export function minimumBits(field: FieldClass): number {
  switch (field.type) {
    case "integer":
    case "float":
      return field.bits;
    case "varint":
    case "string":
      return 8;
    case "bytes":
      return field.length.kind === "constant" ? field.length.count * 8 : 0;
    case "array":
      return field.length.kind === "constant" ? field.length.count * minimumBits(field.element) : 0;
    case "struct":
      return field.members.reduce((sum, member) => sum + minimumBits(member.field), 0);
    case "variant":
      return Math.min(...field.options.map((option) => minimumBits(option.field)));
    case "optional":
      return 0;
  }
}

function unitBytes(encoding: TextEncoding): 1 | 2 | 4 {
  if (encoding.startsWith("utf-16")) return 2;
  return encoding.startsWith("utf-32") ? 4 : 1;
}

/** Offset of the first zero code unit of `unit` bytes in [start, limit). */
function findZero(bytes: Uint8Array, start: number, limit: number, unit: 1 | 2 | 4): number | undefined {
  for (let at = start; at + unit <= limit; at += unit) {
    if (bytes[at] === 0 && (unit === 1 || (bytes[at + 1] === 0 && (unit === 2 || (bytes[at + 2] === 0 && bytes[at + 3] === 0))))) return at;
  }
  return undefined;
}

/** Text of bytes in one of the encodings of CTF 2; wrong sequences become U+FFFD. */
export function decodeText(encoding: TextEncoding, bytes: Uint8Array): string {
  if (!encoding.startsWith("utf-32")) return new TextDecoder(encoding === "none" ? "utf-8" : encoding).decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, encoding === "utf-32le");
    text += code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  }
  return text;
}

const formats = new WeakMap<IntegerClass | VariableIntegerClass, IntegerFormat>();

/** What a visitor is told about an integer: made once per field class. */
export function formatOf(field: IntegerClass | VariableIntegerClass): IntegerFormat {
  let format = formats.get(field);
  if (format === undefined) {
    format = makeFormat(field);
    formats.set(field, format);
  }
  return format;
}

function makeFormat(field: IntegerClass | VariableIntegerClass): IntegerFormat {
  const { signed, base, show, mappings } = field;
  const cache = new Map<number, readonly string[]>();
  const find = (low: number, high: number): readonly string[] => {
    const value = toBigint(low, high, signed);
    if (show === "flags") return flagLabels(field, value);
    return mappings.filter((mapping) => inRanges(mapping.ranges, value)).map((mapping) => mapping.label);
  };
  return {
    signed,
    base,
    show,
    bits: field.type === "integer" ? field.bits : 64,
    labels(low, high) {
      if (mappings.length === 0) return [];
      const key = toNumber(low, high, signed);
      if (!Number.isSafeInteger(key)) return find(low, high);
      let labels = cache.get(key);
      if (labels === undefined) {
        labels = find(low, high);
        // Hostile or high-cardinality values must not grow the cache without end.
        if (cache.size < 4096) cache.set(key, labels);
      }
      return labels;
    },
  };
}

/** Flags of a bit map: a flag's ranges are bit positions. */
function flagLabels(field: IntegerClass | VariableIntegerClass, value: bigint): readonly string[] {
  const labels: string[] = [];
  for (const mapping of field.mappings) {
    const isSet = mapping.ranges.some((range) => {
      const width = range.high - range.low + 1n;
      return (BigInt.asUintN(64, value) >> range.low) & ((1n << (width > 64n ? 64n : width)) - 1n);
    });
    if (isSet) labels.push(mapping.label);
  }
  return labels;
}
