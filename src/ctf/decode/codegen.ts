/**
 * Writes JavaScript that moves over field classes: the source text of the compiled decoders.
 *
 * SECURITY: the text holds only this file's own words and integers that pass `literal` (range-checked safe integers). Names, labels, strings and anything
 * else from a trace never enter it; event classes are known by their number.
 *
 * The position in generated code is a byte variable `p` plus a constant number of bits that is only added when something makes it necessary:
 *
 *     u32 a; u8 b; string s; u16 c;        a, b: offset += 40 bits     s: p += 5, scan, p++     c: offset += 16 bits
 *
 * Behind everything of variable length the step leaves a mark, so that whatever follows is found again at a constant distance, without the way there:
 *
 *     u32 a; string s; u16 c; u32 d; u8 x[d]; u8 y        context            marks[0]            marks[1]
 *                                                         | a | s ... 0      | c | d | x ...     | y |
 *
 * What has no constant bit phase, or is rare, throws `NotCompilable`: the event class is then left to the interpreter.
 */
import { assert } from "../../base/index.ts";
import type {
  ArrayClass,
  BytesClass,
  FieldClass,
  FloatClass,
  IntegerClass,
  Length,
  StringClass,
  StructClass,
  VariantOption,
} from "../schema.ts";
import { minimumBits } from "./walker.ts";

/** This shape is the interpreter's. */
export class NotCompilable extends Error {}

/** An integer in source text. */
export function literal(value: number): string {
  assert(Number.isSafeInteger(value), "only safe integers enter generated code");
  return value < 0 ? `(${value})` : String(value);
}

/**
 * Statements that move `at` to the first zero byte before `stop`, or to `stop`: four bytes at a time while none of them is zero, by the borrow that runs into
 * a byte's highest bit when 1 is taken from 0. The arguments are names.
 */
export function zeroScan(at: string, stop: string, u8: string, dv: string): string {
  return `for (let w = 0; ${at} + 4 <= ${stop}; ${at} += 4) { w = ${dv}.getInt32(${at}, true); if ((w - 0x01010101 & ~w & 0x80808080) !== 0) break; }
    while (${at} < ${stop} && ${u8}[${at}] !== 0) ${at}++;`;
}

function bigLiteral(value: bigint): string {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new NotCompilable("a selector range beyond 2^53");
  return literal(number);
}

/** What a role or a clock in the generated code's scope does with a value. */
export interface CodeHooks {
  /** Source text for a read integer with a role; `value` is an expression. */
  eventId(value: string): string;
  /** Source text that updates the clock by a field of `bits` bits: `low` and `high` are expressions. */
  clock(bits: number, low: string, high: string): string;
}

/** For code that only passes clock and id by: they have been taken already. */
export const silentHooks: CodeHooks = { eventId: () => "", clock: () => "" };

/**
 * Generates what happens to values on the way, in declared order (EventVisitor's, at the time of generation): code that visits. Methods give source text,
 * where their work is not done at once; `p` and the expressions they are given are valid there.
 */
export interface ValueHooks {
  member(name: string): void;
  beginStruct(): void;
  endStruct(): void;
  beginVariant(option: string): void;
  endVariant(): void;
  absent(): void;
  /** `low` is the value itself where the field has at most 32 bits; otherwise both are unsigned halves. */
  integer(field: IntegerClass, low: string, high: string | undefined): string;
  float(field: FloatClass, value: string): string;
  /** The text begins at `p`; the code moves `p` to its zero byte. */
  string(field: StringClass): string;
  bytes(field: BytesClass, start: string, count: string): string;
  beginArray(count: string): string;
  element(index: string): string;
  endArray(): string;
  /** Before and behind code that runs not at all or several times: what was done at the time of generation has to take effect here. */
  settle(): string;
}

/** Marks kept per event; fields behind the last one are found by going there. */
export const maximumMarks = 32;

/** A place known without going there: bytes behind mark `mark`, or behind where the code began (-1). */
export interface MarkedPlace {
  readonly mark: number;
  readonly bytes: number;
}

/**
 * Generates code for one function. In it: `u8`, `dv`, `p` (bytes), `end` (bytes), locals `s<slot>`, label `body` to break out of with `p = -1`; with
 * `isMarking` also `marks`, where it leaves its marks.
 */
export class CodeWriter {
  readonly lines: string[] = [];
  /** Constant bits not added to `p` yet. */
  offset = 0;
  /** `p` is a multiple of this many bytes. */
  known: number;
  /** Whether `p` has been changed since the start. */
  isMoved = false;
  readonly #slots = new Set<number>();
  readonly #hooks: CodeHooks | undefined;
  readonly #values: ValueHooks | undefined;
  readonly #isGuarded: boolean;
  readonly #isMarking: boolean;
  /** Marks left so far. */
  marks = 0;
  /** Last mark (-1: the start), and the bytes of `p` behind it; undefined where marks do not reach. */
  #place: MarkedPlace | undefined = { mark: -1, bytes: 0 };
  /** Choices around the current field: marks stand behind whole choices only, so that they always are as many. */
  #depth = 0;
  #loops = 0;
  #partialOrder: boolean | undefined;

  /** `isGuarded` false: whatever is read lies within the padding behind the content, and the caller checks `p` afterwards. */
  constructor(
    known: number,
    {
      hooks,
      values,
      isGuarded = true,
      isMarking = false,
    }: { hooks?: CodeHooks; values?: ValueHooks; isGuarded?: boolean; isMarking?: boolean } = {},
  ) {
    this.known = known;
    this.#hooks = hooks;
    this.#values = values;
    this.#isGuarded = isGuarded;
    this.#isMarking = isMarking;
  }

  /** The current position, as far as marks tell it. */
  get place(): MarkedPlace | undefined {
    if (this.#place === undefined || this.offset % 8 !== 0) return undefined;
    return { mark: this.#place.mark, bytes: this.#place.bytes + this.offset / 8 };
  }

  /** Leaves a mark at `p`, which has just moved by what is not constant. */
  #mark(): void {
    if (this.#depth > 0) return;
    if (this.#place === undefined || this.marks === maximumMarks) {
      this.#place = undefined;
      return;
    }
    if (this.#isMarking) this.lines.push(`marks[${literal(this.marks)}] = p;`);
    this.#place = { mark: this.marks++, bytes: 0 };
  }

  /** Declares the locals of all slots seen. Goes before `lines`. */
  get declarations(): string {
    return Array.from(this.#slots, (slot) => `let s${literal(slot)} = 0;`).join(" ");
  }

  slot(slot: number): string {
    if (!this.#slots.has(slot)) throw new NotCompilable("a reference out of the event");
    return `s${literal(slot)}`;
  }

  /** Adds the constant part to `p`. */
  flush(): void {
    if (this.offset % 8 !== 0) throw new NotCompilable("a position within a byte");
    if (this.offset > 0) this.move(literal(this.offset / 8), this.offset / 8);
    this.offset = 0;
  }

  move(expression: string, by: number | undefined): void {
    this.lines.push(`p += ${expression};`);
    this.isMoved = true;
    if (by === undefined) this.#mark();
    else if (this.#place !== undefined) this.#place = { mark: this.#place.mark, bytes: this.#place.bytes + by };
    while (this.known > 1 && (by === undefined || by % this.known !== 0)) this.known /= 2;
  }

  align(bits: number): void {
    if (bits <= 8) {
      this.offset = roundUp(this.offset, bits);
      return;
    }
    const bytes = bits / 8;
    this.offset = roundUp(this.offset, 8);
    if (this.known % bytes === 0) {
      this.offset = roundUp(this.offset, bits);
      return;
    }
    if (bytes > 2 ** 20) throw new NotCompilable("a huge alignment");
    this.flush();
    this.lines.push(`p = (p + ${literal(bytes - 1)}) & ${literal(-bytes)};`);
    this.isMoved = true;
    this.#mark();
    this.known = bytes;
  }

  members(struct: StructClass): void {
    this.align(struct.align);
    for (const { name, field } of struct.members) this.member(name, field);
  }

  member(name: string, field: FieldClass): void {
    this.#values?.member(name);
    this.field(field);
  }

  field(field: FieldClass): void {
    switch (field.type) {
      case "integer":
        this.#integer(field);
        return;
      case "float":
        this.align(field.align);
        if (this.#values !== undefined) this.lines.push(this.#values.float(field, floatExpression(field, this.offset)));
        this.offset += field.bits;
        return;
      case "string":
        if (field.encoding !== "utf-8") throw new NotCompilable("a rare text encoding");
        this.align(8);
        this.flush();
        this.lines.push(this.#values === undefined ? zeroScan("p", "end", "u8", "dv") : this.#values.string(field));
        this.move("1", undefined);
        return;
      case "bytes":
        this.align(8);
        this.#bytes(field);
        return;
      case "array":
        this.#array(field);
        return;
      case "struct":
        this.#values?.beginStruct();
        this.members(field);
        this.#values?.endStruct();
        return;
      case "variant":
        this.#choice(this.slot(field.selector), field.options, false);
        return;
      case "optional":
        this.#choice(this.slot(field.selector), [{ name: undefined, ranges: field.ranges, field: field.field }], true);
        return;
      case "varint":
        throw new NotCompilable("a variable-length integer");
    }
  }

  #integer(field: IntegerClass): void {
    this.align(field.align);
    const at = this.offset;
    this.offset += field.bits;
    if (at % 8 !== 0 && this.#partialOrder !== field.bigEndian) throw new NotCompilable("the byte order changes within a byte");
    this.#partialOrder = field.bigEndian;
    const isId = field.roles.includes("event-id");
    if (field.slot < 0 && !isId && field.clock === undefined && this.#values === undefined) return;
    if (field.clock !== undefined && this.#hooks === undefined) throw new NotCompilable("a clock outside of the event header");
    if (this.#isGuarded) this.lines.push(`if (p + ${literal(Math.ceil(this.offset / 8))} > end) { p = -1; break body; }`);
    if (field.slot >= 0) {
      this.#slots.add(field.slot);
      this.lines.push(`s${literal(field.slot)} = ${readExpression(field, at)};`);
    }
    if (isId && this.#hooks !== undefined) this.lines.push(this.#hooks.eventId(readExpression(field, at)));
    if (field.clock !== undefined && this.#hooks !== undefined) {
      const [low, high] = field.bits <= 32 ? [readExpression({ ...field, signed: false }, at), "0"] : readHalves(field, at);
      this.lines.push(this.#hooks.clock(field.bits, low, high));
    }
    if (this.#values === undefined) return;
    if (field.bits > 32) this.lines.push(this.#values.integer(field, ...readHalves(field, at)));
    else this.lines.push(this.#values.integer(field, field.slot >= 0 ? this.slot(field.slot) : readExpression(field, at), undefined));
  }

  #bytes(field: BytesClass): void {
    if (this.#values !== undefined) {
      const { length } = field;
      if (length.kind === "field") this.flush();
      if (this.offset % 8 !== 0) throw new NotCompilable("a position within a byte");
      const count = length.kind === "constant" ? literal(length.count) : this.slot(length.slot);
      if (length.kind === "field") this.lines.push(`if (${count} > end - p) { p = -1; break body; }`);
      this.lines.push(this.#values.bytes(field, `p + ${literal(this.offset / 8)}`, count));
    }
    this.#run(field.length, 8);
  }

  /** `length` elements of `bits` bits each, at an alignment that holds already. */
  #run(length: Length, bits: number): void {
    if (length.kind === "constant") {
      this.offset += length.count * bits;
      if (!Number.isSafeInteger(this.offset) || this.offset > 2 ** 33) throw new NotCompilable("a huge array");
      return;
    }
    if (bits % 8 !== 0) throw new NotCompilable("an array of bits with a length");
    const count = this.slot(length.slot);
    this.flush();
    const bytes = bits / 8;
    if (bytes === 0) return;
    this.lines.push(`if (${count} * ${literal(bytes)} > end - p) { p = -1; break body; }`);
    this.move(`${count} * ${literal(bytes)}`, undefined);
  }

  #array({ length, element, align }: ArrayClass): void {
    this.align(align);
    const values = this.#values;
    const isPlain = (element.type === "integer" && element.slot < 0 && element.clock === undefined) || element.type === "float";
    if (values === undefined && isPlain && element.bits % element.align === 0 && element.align === align) {
      this.#run(length, element.bits);
      return;
    }
    // The loop below ends where nothing moves, and whoever looks for a field behind it would not get there.
    if (minimumBits(element) === 0) throw new NotCompilable("elements that may have no size");
    const count = length.kind === "constant" ? literal(length.count) : this.slot(length.slot);
    this.flush();
    const counter = `i${literal(this.#loops++)}`;
    // A loop may give up on what the interpreter then reads, and the interpreter leaves no marks.
    this.#place = undefined;
    // Nothing is known about where an element begins but that it is a byte.
    this.known = 1;
    if (values !== undefined) this.lines.push(values.settle(), values.beginArray(count));
    // Every element moves by at least one byte, or the loop ends: no length can make it long.
    this.lines.push(`for (let ${counter} = 0; ${counter} < ${count}; ${counter}++) {`, `const from${counter} = p;`);
    if (values !== undefined) this.lines.push(values.element(counter));
    this.field(element);
    this.flush();
    if (values !== undefined) this.lines.push(values.settle());
    this.lines.push(`if (p > end || p === from${counter}) { p = -1; break body; }`, "}");
    if (values !== undefined) this.lines.push(values.endArray());
    this.known = 1;
    this.isMoved = true;
  }

  /** Options have names in variants only. */
  #choice(
    selector: string,
    options: readonly (Omit<VariantOption, "name"> & { readonly name: string | undefined })[],
    mayBeAbsent: boolean,
  ): void {
    const values = this.#values;
    this.flush();
    if (values !== undefined) this.lines.push(values.settle());
    this.#depth++;
    const { known } = this;
    for (const [i, option] of options.entries()) {
      const test = option.ranges
        .map(({ low, high }) => `(${selector} >= ${bigLiteral(low)} && ${selector} <= ${bigLiteral(high)})`)
        .join(" || ");
      this.lines.push(`${i > 0 ? "} else " : ""}if (${test === "" ? "false" : test}) {`);
      this.known = known;
      if (option.name !== undefined) values?.beginVariant(option.name);
      this.field(option.field);
      if (option.name !== undefined) values?.endVariant();
      this.flush();
      if (values !== undefined) this.lines.push(values.settle());
    }
    this.lines.push("} else {");
    if (mayBeAbsent) values?.absent();
    else this.lines.push("p = -1; break body;");
    if (values !== undefined) this.lines.push(values.settle());
    this.lines.push("}");
    this.#depth--;
    this.isMoved = true;
    this.#mark();
    this.known = 1;
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Expression for the integer at constant bit `at` behind `p`. At most 64 bits; above 53 bits it is rounded (a length that long is out of bounds anyway). */
function readExpression(field: IntegerClass, at: number): string {
  const { bits, signed, bigEndian } = field;
  if (field.reversed || bits > 64) throw new NotCompilable("a rare integer");
  if (bits > 32) {
    const [low, high] = readHalves(field, at);
    return `(${high}${signed ? " | 0" : ""}) * 4294967296 + ${low}`;
  }
  const first = Math.floor(at / 8);
  const inByte = at % 8;
  const address = `p + ${literal(first)}`;
  const little = bigEndian ? "false" : "true";
  const kind = signed ? "Int" : "Uint";
  if (inByte === 0 && bits === 8) return signed ? `dv.getInt8(${address})` : `u8[${address}]`;
  if (inByte === 0 && (bits === 16 || bits === 32)) return `dv.get${kind}${literal(bits)}(${address}, ${little})`;
  const span = Math.ceil((inByte + bits) / 8);
  if (span > 4) throw new NotCompilable("a bit field over five bytes");
  const width = span === 3 ? 4 : span;
  const loaded = width === 1 ? `u8[${address}]` : `dv.getUint${literal(width * 8)}(${address}, ${little})`;
  const shift = bigEndian ? width * 8 - inByte - bits : inByte;
  const value = bits === 32 ? `(${loaded} >>> 0)` : `((${loaded} >>> ${literal(shift)}) & ${literal(2 ** bits - 1)})`;
  return signed && bits < 32 ? `(${value} << ${literal(32 - bits)} >> ${literal(32 - bits)})` : `(${value} >>> 0)`;
}

/** Expression for the float at constant bit `at` behind `p`: whole bytes only. */
function floatExpression(field: FloatClass, at: number): string {
  if ((field.bits !== 32 && field.bits !== 64) || at % 8 !== 0 || field.reversed) throw new NotCompilable("a rare float");
  return `dv.getFloat${literal(field.bits)}(p + ${literal(at / 8)}, ${field.bigEndian ? "false" : "true"})`;
}

/** Expressions for the halves of an unsigned 33..64-bit integer: whole bytes only. */
function readHalves(field: IntegerClass, at: number): [low: string, high: string] {
  if (field.bits !== 64 || at % 8 !== 0 || field.reversed) throw new NotCompilable("a rare wide integer");
  const first = at / 8;
  const little = field.bigEndian ? "false" : "true";
  const lowAt = field.bigEndian ? first + 4 : first;
  const highAt = field.bigEndian ? first : first + 4;
  return [`dv.getUint32(p + ${literal(lowAt)}, ${little})`, `dv.getUint32(p + ${literal(highAt)}, ${little})`];
}
