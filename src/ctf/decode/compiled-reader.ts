/**
 * FieldReaders of compiled decoders, for the fields analyses read: whole-byte integers and floats, text, blobs, and arrays of whole bytes.
 *
 * `number` and `offset` are generated per field, with the field's offset and type in their text (integers and this file's words only, see codegen.ts), so
 * that a call becomes a load and nothing is decided at run time. The rest is shared code over them.
 */
import type { FieldKind, FieldReader } from "../../trace/index.ts";
import type { FieldClass, FloatClass, IntegerClass } from "../schema.ts";
import { toBigint } from "./bits.ts";
import { literal } from "./codegen.ts";
import type { CompiledPlace } from "./compile.ts";
import { type EventPlace, type FieldPlace, kindOf } from "./readers.ts";
import { formatOf } from "./walker.ts";

const decoder = new TextDecoder();

/** A reader of the field at `place`; undefined where the field is none of the kinds above. */
export function makeCompiledReader(place: FieldPlace, compiled: CompiledPlace, event: EventPlace): FieldReader | undefined {
  const { field } = place;
  // locate() puts the value of the field's length here.
  const length = new Float64Array(1);
  const offset = generate(`return ${addressOf(place, compiled)};`, event, compiled.locate, length);
  const kind = kindOf(field);
  switch (field.type) {
    case "integer":
    case "float": {
      const load = loadOf(field);
      if (load === undefined) return undefined;
      const number = generate(
        `const at = ${addressOf(place, compiled)}; const view = event.view; return ${load};`,
        event,
        compiled.locate,
        length,
      );
      return field.type === "float" ? floatReader(kind, field, number, offset) : integerReader(kind, field, number, offset, event);
    }
    case "string":
      return field.encoding === "utf-8" ? textReader(kind, offset, event, () => event.bytes.length) : undefined;
    case "bytes": {
      if (field.encoding !== undefined && field.encoding !== "utf-8") return undefined;
      const count = countOf(field, length);
      return field.encoding === undefined ? runReader(kind, offset, count) : textReader(kind, offset, event, (at) => at + count());
    }
    case "array": {
      const width = elementBytes(field);
      if (width === undefined) return undefined;
      const count = countOf(field, length);
      return runReader(kind, offset, () => count() * width);
    }
    default:
      return undefined;
  }
}

/** A function of no arguments over the current event. `body` is made of this file's words and `literal`s. */
function generate(body: string, event: EventPlace, locate: CompiledPlace["locate"], length: Float64Array): () => number {
  return new Function("event", "locate", "length", `"use strict"; return function () { ${body} };`)(event, locate, length) as () => number;
}

/** Expression for the field's first byte. */
function addressOf(place: FieldPlace, compiled: CompiledPlace): string {
  const base = place.isPacket ? "0" : "event.context";
  return compiled.offset >= 0
    ? `${base} + ${literal(compiled.offset)}`
    : `locate(event.bytes, event.view, ${base}, event.bytes.length, length)`;
}

/** Expression for the value at byte `at` of `view`. */
function loadOf(field: IntegerClass | FloatClass): string | undefined {
  if (field.reversed || field.align % 8 !== 0) return undefined;
  const little = field.bigEndian ? "false" : "true";
  if (field.type === "float")
    return field.bits === 32 || field.bits === 64 ? `view.getFloat${literal(field.bits)}(at, ${little})` : undefined;
  const kind = field.signed ? "Int" : "Uint";
  switch (field.bits) {
    case 8:
      return `view.get${kind}8(at)`;
    case 16:
    case 32:
      return `view.get${kind}${literal(field.bits)}(at, ${little})`;
    case 64: {
      const [low, high] = field.bigEndian ? [4, 0] : [0, 4];
      return `view.get${kind}32(at + ${literal(high)}, ${little}) * 4294967296 + view.getUint32(at + ${literal(low)}, ${little})`;
    }
    default:
      return undefined;
  }
}

/** Bytes per element where elements follow each other without gaps. */
function elementBytes(field: Extract<FieldClass, { type: "array" }>): number | undefined {
  const { element } = field;
  const isPlain = element.type === "integer" || element.type === "float";
  return isPlain && element.bits % 8 === 0 && element.bits % element.align === 0 && field.align % 8 === 0 ? element.bits / 8 : undefined;
}

/** Elements of the field whose `offset` was asked last. */
function countOf(field: Extract<FieldClass, { type: "array" | "bytes" }>, length: Float64Array): () => number {
  const constant = field.length.kind === "constant" ? field.length.count : -1;
  return constant >= 0 ? () => constant : () => length[0] ?? 0;
}

function noBigint(): bigint {
  return 0n;
}

function notANumber(): number {
  return Number.NaN;
}

function noText(): string {
  return "";
}

function floatReader(kind: FieldKind, field: FloatClass, number: () => number, offset: () => number): FieldReader {
  const size = field.bits / 8;
  return { kind, number, bigint: noBigint, text: noText, offset, byteLength: () => size };
}

function integerReader(kind: FieldKind, field: IntegerClass, number: () => number, offset: () => number, event: EventPlace): FieldReader {
  const size = field.bits / 8;
  const bigint = (): bigint => {
    if (field.bits < 64) return BigInt(number());
    const at = offset();
    const high = event.view.getUint32(field.bigEndian ? at : at + 4, !field.bigEndian);
    const low = event.view.getUint32(field.bigEndian ? at + 4 : at, !field.bigEndian);
    return toBigint(low, high, field.signed);
  };
  const text = (): string => {
    if (field.mappings.length === 0) return "";
    const value = BigInt.asUintN(64, bigint());
    return formatOf(field).labels(Number(value & 0xffff_ffffn), Number(value >> 32n))[0] ?? "";
  };
  return { kind, number, bigint, text, offset, byteLength: () => size };
}

/** Text up to a zero byte, at most to `limit(start)`. The event has been checked: text that must end with a zero does. */
function textReader(kind: FieldKind, offset: () => number, event: EventPlace, limit: (start: number) => number): FieldReader {
  const endOf = (at: number): number => {
    const { bytes } = event;
    const stop = limit(at);
    let end = at;
    while (end < stop && bytes[end] !== 0) end++;
    return end;
  };
  const text = (): string => {
    const at = offset();
    return decoder.decode(event.bytes.subarray(at, endOf(at)));
  };
  const byteLength = (): number => {
    const at = offset();
    return endOf(at) - at;
  };
  return { kind, number: notANumber, bigint: noBigint, text, offset, byteLength };
}

/** Bytes with a length. */
function runReader(kind: FieldKind, offset: () => number, bytes: () => number): FieldReader {
  const byteLength = (): number => {
    offset();
    return bytes();
  };
  return { kind, number: notANumber, bigint: noBigint, text: noText, offset, byteLength };
}
