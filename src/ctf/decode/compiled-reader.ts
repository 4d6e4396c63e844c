/**
 * FieldReaders of compiled decoders, for the fields analyses read: whole-byte integers and floats, text, blobs, and arrays of whole bytes.
 *
 * One class for all of them, with a switch on a small number: every call site sees one shape, which the optimising compiler likes better than many short
 * methods.
 */
import type { FieldKind, FieldReader } from "../../trace/index.ts";
import type { FieldClass, IntegerClass } from "../schema.ts";
import { toBigint } from "./bits.ts";
import type { CompiledPlace } from "./compile.ts";
import { type EventPlace, type FieldPlace, kindOf } from "./readers.ts";
import { formatOf } from "./walker.ts";

/** What to do at the field's byte. Integers: log2 of bytes, + 4 signed, + 8 big endian. */
type Code = number;
const float32 = 16;
const float64 = 18;
const bigEndianFloat = 1;
const terminatedText = 32;
const boundedText = 33;
const elements = 34;

const decoder = new TextDecoder();

/** A reader of the field at `place`; undefined where the field is none of the kinds above. */
export function makeCompiledReader(place: FieldPlace, compiled: CompiledPlace, event: EventPlace): FieldReader | undefined {
  const { field } = place;
  const code = codeOf(field);
  return code === undefined ? undefined : new CompiledReader(place, compiled, event, code);
}

function codeOf(field: FieldClass): Code | undefined {
  switch (field.type) {
    case "integer":
      return integerCode(field);
    case "float":
      if (field.reversed || (field.bits !== 32 && field.bits !== 64) || field.align % 8 !== 0) return undefined;
      return (field.bits === 32 ? float32 : float64) + (field.bigEndian ? bigEndianFloat : 0);
    case "string":
      return field.encoding === "utf-8" ? terminatedText : undefined;
    case "bytes":
      return field.encoding === undefined ? elements : field.encoding === "utf-8" ? boundedText : undefined;
    case "array":
      return elementBytes(field) === undefined ? undefined : elements;
    default:
      return undefined;
  }
}

function integerCode(field: IntegerClass): Code | undefined {
  const size = [8, 16, 32, 64].indexOf(field.bits);
  if (size < 0 || field.reversed || field.align % 8 !== 0) return undefined;
  return size + (field.signed ? 4 : 0) + (field.bigEndian ? 8 : 0);
}

/** Bytes per element where elements follow each other without gaps. */
function elementBytes(field: FieldClass): number | undefined {
  if (field.type === "bytes") return 1;
  if (field.type !== "array") return undefined;
  const { element } = field;
  const isPlain = element.type === "integer" || element.type === "float";
  return isPlain && element.bits % 8 === 0 && element.bits % element.align === 0 && field.align % 8 === 0 ? element.bits / 8 : undefined;
}

class CompiledReader implements FieldReader {
  readonly kind: FieldKind;
  readonly #event: EventPlace;
  readonly #isPacket: boolean;
  readonly #field: FieldClass;
  readonly #code: Code;
  readonly #offset: number;
  readonly #locate: CompiledPlace["locate"];
  readonly #length = new Float64Array(1);
  readonly #unit: number;

  constructor(place: FieldPlace, compiled: CompiledPlace, event: EventPlace, code: Code) {
    const { field } = place;
    this.kind = kindOf(field);
    this.#event = event;
    this.#isPacket = place.isPacket;
    this.#field = field;
    this.#code = code;
    this.#offset = compiled.offset;
    this.#locate = compiled.locate;
    this.#unit = elementBytes(field) ?? 1;
    if ((field.type === "bytes" || field.type === "array") && field.length.kind === "constant") this.#length[0] = field.length.count;
  }

  offset(): number {
    const event = this.#event;
    const base = this.#isPacket ? 0 : event.context;
    if (this.#offset >= 0) return base + this.#offset;
    const isConstant = (this.#field.type === "bytes" || this.#field.type === "array") && this.#field.length.kind === "constant";
    const count = this.#length[0] ?? 0;
    const at = this.#locate(event.bytes, event.view, base, event.bytes.length, this.#length);
    if (isConstant) this.#length[0] = count;
    return at;
  }

  number(): number {
    const at = this.offset();
    const { view } = this.#event;
    switch (this.#code) {
      case 0:
      case 8:
        return view.getUint8(at);
      case 1:
        return view.getUint16(at, true);
      case 2:
        return view.getUint32(at, true);
      case 3:
        return view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
      case 4:
      case 12:
        return view.getInt8(at);
      case 5:
        return view.getInt16(at, true);
      case 6:
        return view.getInt32(at, true);
      case 7:
        return view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true);
      case 9:
        return view.getUint16(at, false);
      case 10:
        return view.getUint32(at, false);
      case 11:
        return view.getUint32(at, false) * 4294967296 + view.getUint32(at + 4, false);
      case 13:
        return view.getInt16(at, false);
      case 14:
        return view.getInt32(at, false);
      case 15:
        return view.getInt32(at, false) * 4294967296 + view.getUint32(at + 4, false);
      case float32:
        return view.getFloat32(at, true);
      case float32 + bigEndianFloat:
        return view.getFloat32(at, false);
      case float64:
        return view.getFloat64(at, true);
      case float64 + bigEndianFloat:
        return view.getFloat64(at, false);
      default:
        return Number.NaN;
    }
  }

  bigint(): bigint {
    const code = this.#code;
    if (code >= float32) return 0n;
    if ((code & 3) !== 3) return BigInt(this.number());
    const at = this.offset();
    const { view } = this.#event;
    const isBig = (code & 8) !== 0;
    const low = view.getUint32(isBig ? at + 4 : at, !isBig);
    const high = view.getUint32(isBig ? at : at + 4, !isBig);
    return toBigint(low, high, (code & 4) !== 0);
  }

  text(): string {
    const code = this.#code;
    if (code === terminatedText || code === boundedText) {
      const at = this.offset();
      return decoder.decode(this.#event.bytes.subarray(at, at + this.#textLength(at)));
    }
    const field = this.#field;
    if (field.type !== "integer" || field.mappings.length === 0) return "";
    const value = BigInt.asUintN(64, this.bigint());
    return formatOf(field).labels(Number(value & 0xffff_ffffn), Number(value >> 32n))[0] ?? "";
  }

  byteLength(): number {
    const code = this.#code;
    if (code < float32) return 1 << (code & 3);
    if (code < terminatedText) return code < float64 ? 4 : 8;
    const at = this.offset();
    return code === elements ? (this.#length[0] ?? 0) * this.#unit : this.#textLength(at);
  }

  /** Bytes of text at `at`, up to its zero or its length. The event has been checked: a terminated text has its zero. */
  #textLength(at: number): number {
    const { bytes } = this.#event;
    const stop = this.#code === boundedText ? at + (this.#length[0] ?? 0) : bytes.length;
    let end = at;
    while (end < stop && bytes[end] !== 0) end++;
    return end - at;
  }
}
