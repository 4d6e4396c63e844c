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
  /** Moves so that the next `next()` gives the first event at or after `time`. */
  seekTime(time: RelativeNs): void;
  /** Position such that `restore` makes `next()` give the event that `next()` would give now. */
  save(): CursorPosition;
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
  /** A fresh cursor before the first event. Several may be open at once. */
  cursor(): EventCursor;
  close(): void;
}
