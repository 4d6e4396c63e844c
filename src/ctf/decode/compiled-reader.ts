/**
 * FieldReaders of compiled decoders, for the fields analyses read: whole-byte integers and floats, text, blobs, and arrays of whole bytes.
 *
 * `number`, `offset` and `byteLength` are generated per field, with the field's place and type in their text (integers and this file's words only, see
 * codegen.ts), so that a call becomes a load and nothing is decided at run time. The rest is shared code over them.
 */
import type { FieldKind, FieldReader } from "../../trace/index.ts";
import type { BytesClass, FieldClass, FloatClass, IntegerClass, Length, StringClass } from "../schema.ts";
import { toBigint } from "./bits.ts";
import { literal, zeroScan } from "./codegen.ts";
import type { CompiledPlace } from "./compile.ts";
import { type EventPlace, type FieldPlace, kindOf } from "./readers.ts";
import { formatOf } from "./walker.ts";

const decoder = new TextDecoder();

/** A reader of the field at `place`; undefined where the field is none of the kinds above. */
export function makeCompiledReader(place: FieldPlace, compiled: CompiledPlace, event: EventPlace): FieldReader | undefined {
  const { field } = place;
  const generate = generator(place, compiled, event);
  const offset = generate("return at;");
  const kind = kindOf(field);
  switch (field.type) {
    case "integer":
    case "float": {
      const load = loadOf(field);
      if (load === undefined) return undefined;
      const number = generate(`const view = event.view; return ${load};`);
      return field.type === "float" ? floatReader(kind, field, number, offset) : integerReader(kind, field, number, offset, event);
    }
    case "string":
      if (field.encoding !== "utf-8") return undefined;
      return textReader(kind, offset, textLength(place, field, compiled, generate), event);
    case "bytes":
      if (field.encoding === undefined) return runReader(kind, offset, runLength(place, field.length, 1, compiled, generate));
      return field.encoding === "utf-8" ? textReader(kind, offset, textLength(place, field, compiled, generate), event) : undefined;
    case "array": {
      const width = elementBytes(field);
      return width === undefined ? undefined : runReader(kind, offset, runLength(place, field.length, width, compiled, generate));
    }
    default:
      return undefined;
  }
}

/** Makes functions of no arguments over the current event. `body` is made of this file's words and `literal`s; `at` is the field's first byte. */
type Generate = (body: string) => () => number;

function generator(place: FieldPlace, { start, locate }: CompiledPlace, event: EventPlace): Generate {
  const length = new Float64Array(1);
  const at = start === undefined ? walkTo(place) : `${start.mark < 0 ? baseOf(place) : markAt(start.mark)} + ${literal(start.bytes)}`;
  return (body) =>
    new Function("event", "locate", "length", `"use strict"; return function () { const at = ${at}; ${body} };`)(
      event,
      locate,
      length,
    ) as () => number;
}

function baseOf(place: FieldPlace): string {
  return place.isPacket ? "0" : "event.context";
}

/** Expression for the field's first byte that goes there; puts the value of the field's length into `length[0]`. */
function walkTo(place: FieldPlace): string {
  return `locate(event.bytes, event.view, ${baseOf(place)}, event.bytes.length, length)`;
}

function markAt(mark: number): string {
  return `event.marks[${literal(mark)}]`;
}

/** Text up to its first zero byte; the event has been checked, so there is one, or the bytes of the field end. */
function textLength(place: FieldPlace, field: StringClass | BytesClass, { endMark }: CompiledPlace, generate: Generate): () => number {
  if (field.type === "string") {
    if (endMark !== undefined) return generate(`return ${markAt(endMark)} - 1 - at;`);
    return generate(
      `const bytes = event.bytes, view = event.view, stop = bytes.length; let end = at; ${zeroScan("end", "stop", "bytes", "view")} return end - at;`,
    );
  }
  const { length } = field;
  const walked = `${walkTo(place)} + length[0]`;
  const stop = length.kind === "constant" ? `at + ${literal(length.count)}` : endMark === undefined ? walked : markAt(endMark);
  return generate(
    `const bytes = event.bytes, view = event.view, stop = ${stop}; let end = at; ${zeroScan("end", "stop", "bytes", "view")} return end - at;`,
  );
}

/** Bytes of elements of `width` bytes. */
function runLength(place: FieldPlace, length: Length, width: number, { endMark }: CompiledPlace, generate: Generate): () => number {
  if (length.kind === "constant") {
    const size = length.count * width;
    return () => size;
  }
  if (endMark !== undefined) return generate(`return ${markAt(endMark)} - at;`);
  return generate(`${walkTo(place)}; return length[0] * ${literal(width)};`);
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

/** Text of UTF-8 bytes. */
function textReader(kind: FieldKind, offset: () => number, byteLength: () => number, event: EventPlace): FieldReader {
  const text = (): string => {
    const at = offset();
    return decoder.decode(event.bytes.subarray(at, at + byteLength()));
  };
  return { kind, number: notANumber, bigint: noBigint, text, offset, byteLength };
}

/** Bytes with a length. */
function runReader(kind: FieldKind, offset: () => number, byteLength: () => number): FieldReader {
  return { kind, number: notANumber, bigint: noBigint, text: noText, offset, byteLength };
}
