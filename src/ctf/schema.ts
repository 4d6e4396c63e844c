/**
 * The reader's own model of a trace's layout: what both metadata languages (TSDL of CTF 1.8, JSON of CTF 2) are translated into, and the only thing the
 * decoders know.
 *
 *     metadata text --metadata/tsdl.ts or metadata/ctf2.ts--> TraceSchema --decode/--> events
 *
 * Field classes form trees. Every node belongs to exactly one place of one tree (`instantiate` copies shared definitions), so a node can carry what is
 * particular to its place: the role it plays, and the slot that keeps its value for a later length or selector.
 *
 * Invariants: all sizes and alignments are in bits; alignments are powers of two; `slot` is -1 unless another field refers to this one; a reference always
 * points at a slot that is decoded earlier in the same event (or in its packet's header and context).
 */

/** What a field means to the reader itself (CTF 1.8 by name, CTF 2 by role; spec 1.8 sections 5 and 6.1, spec 2 "roles"). */
export type FieldRole =
  | "magic"
  | "trace-uuid"
  | "stream-class-id"
  | "stream-id"
  | "packet-size"
  | "content-size"
  | "packet-begin"
  | "packet-end"
  | "discarded-events"
  | "packet-sequence"
  | "event-id";

/** Inclusive. */
export interface IntegerRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** A label of an enumeration (or a flag of a bit map) and the values it stands for. */
export interface EnumMapping {
  readonly label: string;
  readonly ranges: readonly IntegerRange[];
}

interface FieldBase {
  /** Alignment in bits, relative to the packet's start. */
  align: number;
  slot: number;
  roles: readonly FieldRole[];
}

export type TextEncoding = "none" | "utf-8" | "utf-16be" | "utf-16le" | "utf-32be" | "utf-32le";

/** Fixed-length integer, also enumeration, boolean, bit array and bit map: they differ in how their bits are shown only. */
export interface IntegerClass extends FieldBase {
  readonly type: "integer";
  readonly bits: number;
  readonly signed: boolean;
  readonly bigEndian: boolean;
  /** CTF 2: the field's bits are in the order opposite to what its byte order implies. */
  readonly reversed: boolean;
  readonly base: 2 | 8 | 10 | 16;
  /** `none`, or how an array of these spells text. */
  readonly encoding: TextEncoding;
  readonly show: "number" | "enum" | "boolean" | "bits" | "flags";
  readonly mappings: readonly EnumMapping[];
  /** Updates the stream's clock when decoded. */
  readonly clock: string | undefined;
}

/** LEB128 integer of CTF 2. Byte-aligned. */
export interface VariableIntegerClass extends FieldBase {
  readonly type: "varint";
  readonly signed: boolean;
  readonly base: 2 | 8 | 10 | 16;
  readonly show: "number" | "enum";
  readonly mappings: readonly EnumMapping[];
  readonly clock: string | undefined;
}

export interface FloatClass extends FieldBase {
  readonly type: "float";
  readonly bits: 16 | 32 | 64 | 128;
  readonly bigEndian: boolean;
  readonly reversed: boolean;
}

/** Ends at a zero code unit. */
export interface StringClass extends FieldBase {
  readonly type: "string";
  readonly encoding: TextEncoding;
}

/** Where a length comes from: a constant, or a field decoded earlier. */
export type Length = { readonly kind: "constant"; readonly count: number } | { readonly kind: "field"; readonly slot: number };

/** Bytes with a length: text (cut at the first zero code unit) or raw. */
export interface BytesClass extends FieldBase {
  readonly type: "bytes";
  readonly length: Length;
  /** `undefined` for a blob. */
  readonly encoding: TextEncoding | undefined;
}

export interface ArrayClass extends FieldBase {
  readonly type: "array";
  readonly length: Length;
  readonly element: FieldClass;
}

export interface StructMember {
  readonly name: string;
  readonly field: FieldClass;
}

export interface StructClass extends FieldBase {
  readonly type: "struct";
  readonly members: readonly StructMember[];
}

export interface VariantOption {
  readonly name: string;
  readonly ranges: readonly IntegerRange[];
  readonly field: FieldClass;
}

export interface VariantClass extends FieldBase {
  readonly type: "variant";
  readonly selector: number;
  readonly options: readonly VariantOption[];
}

export interface OptionalClass extends FieldBase {
  readonly type: "optional";
  readonly selector: number;
  /** Selector values that mean "present"; a boolean selector is 1..max. */
  readonly ranges: readonly IntegerRange[];
  readonly field: FieldClass;
}

export type FieldClass =
  | IntegerClass
  | VariableIntegerClass
  | FloatClass
  | StringClass
  | BytesClass
  | ArrayClass
  | StructClass
  | VariantClass
  | OptionalClass;

export interface ClockSchema {
  /** Name (CTF 1.8) or id (CTF 2). */
  readonly id: string;
  readonly uid: string | undefined;
  readonly frequency: bigint;
  readonly offsetSeconds: bigint;
  readonly offsetCycles: bigint;
  readonly isUnixEpoch: boolean;
}

export interface EventSchema {
  /** Dense index over the whole trace. */
  readonly index: number;
  readonly id: bigint;
  readonly name: string;
  readonly logLevel: number | undefined;
  readonly specificContext: StructClass | undefined;
  readonly payload: StructClass | undefined;
}

export interface StreamSchema {
  readonly id: bigint;
  readonly packetContext: StructClass | undefined;
  readonly eventHeader: StructClass | undefined;
  readonly commonContext: StructClass | undefined;
  readonly clock: ClockSchema | undefined;
  readonly events: readonly EventSchema[];
}

export interface TraceSchema {
  readonly version: 1 | 2;
  /** Lower-case hex with dashes (CTF 1.8) or any text (CTF 2). */
  readonly uid: string | undefined;
  /** The 16 bytes that packets repeat, where the metadata has them. */
  readonly uuid: readonly number[] | undefined;
  readonly environment: Readonly<Record<string, string | number | bigint>>;
  readonly packetHeader: StructClass | undefined;
  readonly streams: readonly StreamSchema[];
  /** How many slots the references of this trace need. */
  readonly slotCount: number;
  readonly warnings: readonly { readonly offset: number; readonly message: string }[];
}

/** True when `value` lies in one of `ranges`. Exact for numbers and bigints alike. */
export function inRanges(ranges: readonly IntegerRange[], value: number | bigint): boolean {
  for (const range of ranges) if (value >= range.low && value <= range.high) return true;
  return false;
}

/** The largest alignment of anything in a stream's events, in bits: a power of two. */
export function largestAlignment(stream: StreamSchema): number {
  const of = (field: FieldClass): number => {
    switch (field.type) {
      case "struct":
        return Math.max(field.align, ...field.members.map((member) => of(member.field)));
      case "array":
        return Math.max(field.align, of(field.element));
      case "variant":
        return Math.max(field.align, ...field.options.map((option) => of(option.field)));
      case "optional":
        return Math.max(field.align, of(field.field));
      default:
        return field.align;
    }
  };
  const scopes = [stream.eventHeader, stream.commonContext, ...stream.events.flatMap((event) => [event.specificContext, event.payload])];
  return scopes.reduce((largest, scope) => (scope === undefined ? largest : Math.max(largest, of(scope))), 1);
}
