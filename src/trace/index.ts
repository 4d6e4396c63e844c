/**
 * Vocabulary and seams between those who read traces (`ctf`) and those who use them (`experiment`, `environments`, `analyses`, `engine`).
 *
 *     TraceSource --open--> EventCursor --next()--> the cursor *is* the current event
 *
 * There is one mutable cursor and no object per event: `next()` moves the cursor on, and everything read through it is valid until the next call.
 * Fields are read through FieldReaders, resolved once per (event class, field) before the loop.
 */
import type { AbsoluteNs, RelativeNs } from "../base/index.ts";

/** The kinds of value a field can hold, as far as users of a trace care. */
export type FieldKind =
  | "unsigned"
  | "signed"
  | "float"
  | "boolean"
  | "enum"
  | "string"
  | "sequence"
  | "array"
  | "structure"
  | "variant"
  | "optional"
  | "blob";

/** One member of an event's payload or of a context, as the trace declares it. Names are hostile text: show them, never run them. */
export interface FieldInfo {
  readonly name: string;
  readonly kind: FieldKind;
}

/** One kind of event, as declared by the metadata of one trace. */
export interface EventClass {
  /** Dense index: unique in the source (in the experiment, once merged), stable while it is open. */
  readonly index: number;
  /** Full name, `provider:event` for LTTng-UST. */
  readonly name: string;
  /** LTTng log level number, where the trace has one. */
  readonly logLevel?: number | undefined;
  readonly payload: readonly FieldInfo[];
  readonly contexts: readonly FieldInfo[];
}

/**
 * Reads one field of the cursor's current event. Made once by `EventCursor.field`; calling it on an event of another class is a bug and reads rubbish.
 * Cost: a few machine instructions for a field at a constant offset, a skip over the variable-length fields before it otherwise.
 */
export interface FieldReader {
  readonly kind: FieldKind;
  /** Integer, float, boolean or enum value. Integers beyond 2^53 are rounded: use `bigint`. NaN for other kinds. */
  number(): number;
  /** Exact integer value. */
  bigint(): bigint;
  /** Text of a string (or of an enum's first label, or of a character array). */
  text(): string;
  /** Byte offset in `EventCursor.bytes` of the first byte of the content (string, sequence, array, blob). */
  offset(): number;
  /** Bytes of content from `offset()`; a string's terminating zero is not counted. */
  byteLength(): number;
}

/** Where a cursor stands. Opaque, structured-cloneable, valid for the same source only. */
export type CursorPosition = readonly number[];

/** How an integer wants to be shown. `low` and `high` are the halves of its 64-bit two's complement, as unsigned 32-bit numbers. */
export interface IntegerFormat {
  readonly signed: boolean;
  readonly bits: number;
  readonly base: 2 | 8 | 10 | 16;
  readonly show: "number" | "enum" | "boolean" | "bits" | "flags";
  /** Labels of an enumeration's value (several where ranges overlap), or of the flags that are set; empty for other integers. */
  labels(low: number, high: number): readonly string[];
}

/** Where an event's fields stand: its packet's context, the context all events of the stream have, its own context, its payload. */
export type EventScope = "packet-context" | "common-context" | "specific-context" | "payload";

/** Receives an event's whole content, in declared order, without an object per field. Every value inside a structure comes after its `member`. */
export interface EventVisitor {
  beginScope(scope: EventScope): void;
  endScope(): void;
  member(name: string): void;
  integer(format: IntegerFormat, low: number, high: number): void;
  /** Integers of more than 64 bits. */
  wideInteger(format: IntegerFormat, value: bigint): void;
  float(value: number, bits: number): void;
  /** UTF-8 text: bytes [start, end). */
  string(bytes: Uint8Array, start: number, end: number): void;
  blob(bytes: Uint8Array, start: number, end: number): void;
  beginArray(length: number): void;
  element(index: number): void;
  endArray(): void;
  beginStruct(): void;
  endStruct(): void;
  beginVariant(option: string): void;
  endVariant(): void;
  /** An optional field that is not there. */
  absent(): void;
}

/** Where text is built as bytes: [0, length) of `bytes`. `reserve` may replace `bytes` and `view`, which is over the same memory. */
export interface TextBuffer {
  bytes: Uint8Array;
  view: DataView;
  length: number;
  /** Makes room for `count` more bytes. */
  reserve(count: number): void;
}

/**
 * A visitor that writes text, and lets readers do ahead of time what is the same for all events of a class. What it writes around values (names, brackets,
 * commas) must follow from the order of calls alone: not from values, and not from which option a variant has.
 */
export interface TextVisitor extends EventVisitor {
  readonly out: TextBuffer;
  /** 1 for each byte that strings hold as it is, between quotation marks; never for 0. */
  readonly plain: Uint8Array;
  /** How integers of this format are written, where it is one of the usual ways (`hexadecimal`: 0x and upper-case digits, negative numbers not usual). */
  style(format: IntegerFormat): "decimal" | "hexadecimal" | undefined;
  /** Before each event. */
  reset(): void;
  /** Another one of the same notation, with a buffer of its own. */
  sibling(): TextVisitor;
}

/** Events in time order; ties by stream as babeltrace2 orders them. */
export interface EventCursor {
  /** Time of the current event: ns relative to the source's `origin`. */
  readonly time: RelativeNs;
  /** `EventClass.index` of the current event. */
  readonly eventClass: number;
  /** Index into `TraceSource.streams` of the current event's stream. */
  readonly stream: number;
  /** Buffer that holds the current event's bytes, and a view over it. Replaced and refilled by `next()`. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Moves to the next event. False at the end. Throws BadInputError on bytes that break the format; what came before stays valid. */
  next(): boolean;
  /** The reader of a payload field or, failing that, a context of this name; undefined when the class has none. */
  field(eventClass: EventClass, name: string): FieldReader | undefined;
  /** Tells `visitor` everything the current event holds: for printing and tables, not for hot loops. */
  visit(visitor: EventVisitor): void;
  /**
   * A function for events of one class that does what `visitor.reset()` and `visit(visitor)` do, but faster. It returns false, having written nothing, for
   * an event it cannot do. Undefined where there is none for the class. Costs up to a millisecond to make.
   */
  compileVisit?(eventClass: EventClass, visitor: TextVisitor): (() => boolean) | undefined;
  /** Moves so that the next `next()` gives the first event at or after `time`. */
  seekTime(time: RelativeNs): void;
  /** Position such that `restore` makes `next()` give the event that `next()` would give now. */
  save(): CursorPosition;
  /** Like `save`, but `next()` will give the current event again. Only after `next()` returned true. */
  saveCurrent(): CursorPosition;
  restore(position: CursorPosition): void;
  /** Bytes of trace passed so far, for progress. */
  readonly bytesRead: number;
  close(): void;
}

/** One stream of a trace (for LTTng: one CPU's ring of one channel). */
export interface StreamInfo {
  readonly index: number;
  readonly file: string;
  readonly bytes: number;
  readonly packets: number;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  /** Relative time at which this stream's clock reads 0: turns clock values carried inside events into times. Negative for a monotonic clock. */
  readonly clockZero: RelativeNs;
  /** ns of relative time per unit of this stream's clock; 1 where absent. Clocks that were synchronised have other rates. */
  readonly clockRate?: number;
  /** Names the clock where the trace does: streams with the same one need no synchronisation. */
  readonly clockUid?: string | undefined;
  /** Ids of the stream and of its class, as the trace gives them. */
  readonly streamId?: bigint;
  readonly streamClassId?: bigint;
  /** Uid of the trace the stream belongs to, where several are merged. */
  readonly traceUid?: string | undefined;
  /** Environment of that trace. */
  readonly traceEnvironment?: Readonly<Record<string, string | number | bigint>>;
  /** False where events carry no time. */
  readonly hasClock?: boolean;
  /** Events and packets the tracer dropped, as counted by its own packet headers. */
  readonly discardedEvents: number;
  readonly discardedPackets: number;
}

/** Something found wrong that did not stop the reading: a cut last packet, an index that lied. */
export interface TraceWarning {
  readonly file: string;
  readonly offset: number;
  readonly message: string;
}

/** Events or packets that the tracer says it dropped, at one place of one stream. Times are those of the packets around it; undefined without a clock. */
export interface TraceLoss {
  readonly stream: number;
  readonly kind: "events" | "packets";
  readonly start: AbsoluteNs | undefined;
  readonly end: AbsoluteNs | undefined;
  /** Undefined: some may have been dropped before the trace's first packet ended. */
  readonly count: number | undefined;
}

/** Where a packet begins, and its bytes. */
export interface PacketStart {
  readonly time: RelativeNs;
  readonly bytes: number;
}

/** An open trace. Opening reads metadata and packet headers only. */
export interface TraceSource {
  readonly path: string;
  /** `trace.env` (CTF 1.8) or environment (CTF 2): hostname, tracer_name, vpid, ... */
  readonly environment: Readonly<Record<string, string | number | bigint>>;
  /** Zero of all relative times of this source. */
  readonly origin: AbsoluteNs;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly totalBytes: number;
  readonly eventClasses: readonly EventClass[];
  readonly streams: readonly StreamInfo[];
  readonly warnings: readonly TraceWarning[];
  /** Text (usually a UUID) that identifies the trace, where it has one. */
  readonly uid?: string | undefined;
  /** Every loss, in the order of the streams; absent where the source does not know. */
  readonly losses?: readonly TraceLoss[];
  /** Every packet, stream by stream; undefined where a packet does not tell its time, so that `seekTime` has to read what comes before. */
  packetStarts?(): readonly PacketStart[] | undefined;
  /** A fresh cursor before the first event. Several may be open at once. */
  cursor(): EventCursor;
  close(): void;
}

export * from "./merge.ts";
