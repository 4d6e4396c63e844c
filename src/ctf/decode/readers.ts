/** FieldReaders that work for every field, by walking to it: what the interpreter gives out, and what compiled decoders give for rare shapes. */
import type { EventVisitor, FieldKind, FieldReader, IntegerFormat } from "../../trace/index.ts";
import type { EventSchema, FieldClass, StreamSchema, StructClass, TraceSchema } from "../schema.ts";
import { toBigint, toNumber } from "./bits.ts";
import type { Walker } from "./walker.ts";

/** Where a reader finds the current event: the merged cursor, as kept up to date by it. */
export interface EventPlace {
  bytes: Uint8Array;
  view: DataView;
  /** Position behind the current event's header, in the decoder's unit. */
  context: number;
  /** Of the current event's stream; see `StreamCursor.marks`. */
  marks: Int32Array;
}

/** How users see a field class. */
export function kindOf(field: FieldClass): FieldKind {
  switch (field.type) {
    case "integer":
    case "varint":
      if (field.show === "enum" || field.show === "boolean") return field.show === "enum" ? "enum" : "boolean";
      return field.signed ? "signed" : "unsigned";
    case "float":
    case "string":
    case "variant":
    case "optional":
      return field.type;
    case "bytes":
      return field.encoding === undefined ? "blob" : "string";
    case "array":
      return field.length.kind === "constant" ? "array" : "sequence";
    case "struct":
      return "structure";
  }
}

/** The member's place among the scopes that are decoded from `context` on (or from the packet's start). */
export interface FieldPlace {
  readonly field: FieldClass;
  readonly isPacket: boolean;
  /** What is decoded before it, in order: whole scopes, then, from an alignment on, the members of its own scope. */
  readonly scopes: readonly StructClass[];
  readonly align: number;
  readonly members: readonly FieldClass[];
}

/** Looks a name up in payload, contexts of the event, and packet context, in this order. */
export function findField(schema: TraceSchema, stream: StreamSchema, event: EventSchema, name: string): FieldPlace | undefined {
  const own = [stream.commonContext, event.specificContext, event.payload];
  for (const [index, isPacket] of [
    [2, false],
    [1, false],
    [0, false],
    [1, true],
  ] as const) {
    const scopes = isPacket ? [schema.packetHeader, stream.packetContext] : own;
    const scope = scopes[index];
    const at = scope?.members.findIndex((member) => member.name === name) ?? -1;
    const member = scope?.members[at];
    if (scope === undefined || member === undefined) continue;
    return {
      field: member.field,
      isPacket,
      scopes: scopes.slice(0, index).filter((struct) => struct !== undefined),
      align: scope.align,
      members: scope.members.slice(0, at).map((other) => other.field),
    };
  }
  return undefined;
}

/** Keeps the first value it is told. */
class Capture implements EventVisitor {
  format: IntegerFormat | undefined;
  low = 0;
  high = 0;
  wide: bigint | undefined;
  real: number | undefined;
  bytes: Uint8Array | undefined;
  start = 0;
  end = 0;
  #depth = 0;

  clear(): void {
    this.format = undefined;
    this.wide = undefined;
    this.real = undefined;
    this.bytes = undefined;
    this.#depth = 0;
  }
  integer(format: IntegerFormat, low: number, high: number): void {
    if (this.#depth > 0) return;
    this.format = format;
    this.low = low;
    this.high = high;
  }
  wideInteger(format: IntegerFormat, value: bigint): void {
    if (this.#depth > 0) return;
    this.format = format;
    this.wide = value;
  }
  float(value: number): void {
    if (this.#depth === 0) this.real = value;
  }
  string(bytes: Uint8Array, start: number, end: number): void {
    if (this.#depth > 0) return;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
  blob(bytes: Uint8Array, start: number, end: number): void {
    this.string(bytes, start, end);
  }
  beginArray(): void {
    this.#depth++;
  }
  endArray(): void {
    this.#depth--;
  }
  beginStruct(): void {
    this.#depth++;
  }
  endStruct(): void {
    this.#depth--;
  }
  // A variant is transparent: its value is its option's.
  beginVariant(): void {
    this.clear();
  }
  endVariant(): void {
    this.#depth = 0;
  }
  member(): void {
    this.#depth = Math.max(this.#depth, 0);
  }
  element(): void {
    this.#depth = Math.max(this.#depth, 1);
  }
  beginScope(): void {
    this.clear();
  }
  endScope(): void {
    this.#depth = 0;
  }
  absent(): void {
    this.clear();
  }
}

/** A reader that walks. `walker` gives the walker of the current event's stream, set to its packet; `unit` is that of `place.context`. */
export function makeWalkingReader(at: FieldPlace, place: EventPlace, walker: () => Walker, unit: 1 | 8): FieldReader {
  const capture = new Capture();
  const { field } = at;
  const kind = kindOf(field);
  const span = { start: 0, end: 0 };
  const locate = (isValueWanted: boolean): void => {
    const walking = walker();
    walking.hooks = undefined;
    walking.position = at.isPacket ? 0 : (place.context * 8) / unit;
    for (const scope of at.scopes) walking.members(scope, undefined);
    walking.align(at.align);
    for (const member of at.members) walking.walk(member, undefined);
    walking.align(field.align);
    span.start = walking.position / 8;
    capture.clear();
    walking.walk(field, isValueWanted ? capture : undefined);
    span.end = walking.position / 8;
    if (capture.bytes === place.bytes) {
      span.start = capture.start;
      span.end = capture.end;
    }
  };
  return {
    kind,
    number() {
      locate(true);
      if (capture.real !== undefined) return capture.real;
      if (capture.format === undefined) return Number.NaN;
      return capture.wide === undefined ? toNumber(capture.low, capture.high, capture.format.signed) : Number(capture.wide);
    },
    bigint() {
      locate(true);
      if (capture.format === undefined) return 0n;
      return capture.wide ?? toBigint(capture.low, capture.high, capture.format.signed);
    },
    text() {
      if (kind === "blob") return "";
      locate(true);
      if (capture.bytes !== undefined) return new TextDecoder().decode(capture.bytes.subarray(capture.start, capture.end));
      return capture.format?.labels(capture.low, capture.high)[0] ?? "";
    },
    offset() {
      locate(true);
      return span.start;
    },
    byteLength() {
      locate(true);
      return span.end - span.start;
    },
  };
}
