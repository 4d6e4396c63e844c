/**
 * Printers of events, for `storescope events`. They write bytes into one buffer and hand it out whenever it is full: no string per event.
 *
 * | format     | what                                                                                          |
 * |------------|-----------------------------------------------------------------------------------------------|
 * | babeltrace | what babeltrace2's default text sink prints to a pipe, byte for byte                          |
 * | text       | one short line: local time, event, `name=value` pairs                                         |
 * | json       | one JSON document per line; 64-bit integers with all digits; `time` in ns since the epoch     |
 * | csv        | RFC 4180: time (ns since the epoch), event, stream, fields (as in json)                       |
 */
import type { RelativeNs } from "../../base/index.ts";
import type { EventCursor, TextVisitor, TraceSource } from "../../trace/index.ts";
import { BabeltraceFields, lossMessage, tracePrefix } from "./babeltrace.ts";
import { ByteWriter, Literal } from "./byte-writer.ts";
import { putNine, putWhole } from "./digits.ts";
import { JsonFields, ShortFields } from "./own.ts";

const encoder = new TextEncoder();

export const eventFormats = ["babeltrace", "text", "json", "csv"] as const;
export type EventFormat = (typeof eventFormats)[number];

export interface EventPrinterOptions {
  /** Times as seconds since the epoch (babeltrace2's `--clock-seconds`). */
  readonly clockSeconds?: boolean | undefined;
  /** Without the time since the previous event (babeltrace2's `--no-delta`). */
  readonly noDelta?: boolean | undefined;
  /** Time of the event printed before the first. */
  readonly last?: RelativeNs | undefined;
  /** The event before the first, and before the first after a `restart`, is not known: told is where in the next piece handed out `deltaText` belongs. */
  readonly onGap?: ((offset: number) => void) | undefined;
}

export interface EventPrinter {
  /** What stands before the first event; empty for most formats. */
  header(): Uint8Array;
  /** Prints the cursor's current event. */
  event(): void;
  /** Hands out what is left. */
  end(): void;
  /** Forgets the last event: the cursor has been moved. */
  restart(): void;
  /** Format `babeltrace`: the lines babeltrace2 prints on its error output about losses. Empty for the others. */
  lossMessages(): string;
}

/** Handed out at once: large enough that a write costs little, small enough for a processor's own cache. */
const flushBytes = 1 << 17;
const second = 1e9;

/** `write` gets bytes that are valid during the call only. */
export function createEventPrinter(
  source: TraceSource,
  cursor: EventCursor,
  format: EventFormat,
  write: (bytes: Uint8Array) => void,
  options: EventPrinterOptions = {},
): EventPrinter {
  // The last event goes beyond the limit: usually less than that far.
  const out = new ByteWriter(flushBytes + (flushBytes >> 3));
  const before: Before = { last: options.last };
  const printEvent = makeEventWriter(source, cursor, format, out, options, before);
  const flush = (): void => {
    if (out.length > 0) write(out.written);
    out.length = 0;
  };
  return {
    header: () => encoder.encode(format === "csv" ? "time,event,stream,fields\r\n" : ""),
    event() {
      printEvent();
      if (out.length >= flushBytes) flush();
    },
    end: flush,
    restart() {
      before.last = undefined;
    },
    lossMessages() {
      if (format !== "babeltrace") return "";
      const time = new TimeWriter(0n, options.clockSeconds === true);
      const text = (absolute: bigint): string => {
        const line = new ByteWriter();
        time.absolute(line, absolute);
        return new TextDecoder().decode(line.written);
      };
      const losses = [...(source.losses ?? [])].sort((a, b) => Number((a.start ?? 0n) - (b.start ?? 0n)));
      return losses.map((loss) => lossMessage(source, loss, text)).join("");
    },
  };
}

/** Time of the event printed last. */
interface Before {
  last: RelativeNs | undefined;
}

function makeEventWriter(
  source: TraceSource,
  cursor: EventCursor,
  format: EventFormat,
  out: ByteWriter,
  options: EventPrinterOptions,
  before: Before,
): () => void {
  const hasClock = source.streams.map((stream) => stream.hasClock !== false);
  const fieldsIn = (visitor: TextVisitor): (() => void) => makeFieldsWriter(source, cursor, visitor);
  switch (format) {
    case "babeltrace":
      return makeBabeltraceWriter(source, cursor, out, options, before, hasClock, fieldsIn(new BabeltraceFields(out)));
    case "text": {
      const time = new TimeWriter(source.origin, options.clockSeconds === true);
      const names = source.eventClasses.map(({ name }) => encoder.encode(name));
      const writeFields = fieldsIn(new ShortFields(out));
      return () => {
        if (hasClock[cursor.stream] === true) {
          time.relative(out, cursor.time);
          out.byte(0x20);
        }
        out.all(names[cursor.eventClass]);
        writeFields();
        out.byte(0x0a);
      };
    }
    case "json": {
      const time = new AbsoluteWriter(source.origin);
      const names = source.eventClasses.map(({ name }) => encoder.encode(`,"event":${JSON.stringify(name)},"stream":`));
      const writeFields = fieldsIn(new JsonFields(out, true));
      return () => {
        out.text('{"time":');
        if (hasClock[cursor.stream] === true) time.write(out, cursor.time);
        else out.text("null");
        out.all(names[cursor.eventClass]);
        out.whole(cursor.stream);
        writeFields();
        out.text("}\n");
      };
    }
    case "csv": {
      const time = new AbsoluteWriter(source.origin);
      const names = source.eventClasses.map(({ name }) => encoder.encode(name));
      const cell = new ByteWriter();
      const writeFields = fieldsIn(new JsonFields(cell, false));
      return () => {
        if (hasClock[cursor.stream] === true) time.write(out, cursor.time);
        out.byte(0x2c);
        const name = names[cursor.eventClass];
        if (name !== undefined) writeCell(out, name);
        out.byte(0x2c);
        out.whole(cursor.stream);
        out.byte(0x2c);
        cell.length = 0;
        cell.byte(0x7b);
        writeFields();
        cell.byte(0x7d);
        writeCell(out, cell.written);
        out.text("\r\n");
      };
    }
  }
}

/**
 * Writes the current event's fields. A class gets its printer with its first event: to generate one costs less than to wait, as the interpreter is slow
 * while it is new (docs/perf). Events it cannot do, and classes without one, are the interpreter's.
 */
function makeFieldsWriter(source: TraceSource, cursor: EventCursor, visitor: TextVisitor): () => void {
  const printers: ((() => boolean) | undefined)[] = source.eventClasses.map(() => undefined);
  const printerOf = (index: number): (() => boolean) => {
    const eventClass = source.eventClasses[index];
    const printer = (eventClass && cursor.compileVisit?.(eventClass, visitor)) ?? (() => false);
    printers[index] = printer;
    return printer;
  };
  return () => {
    const printer = printers[cursor.eventClass] ?? printerOf(cursor.eventClass);
    if (printer()) return;
    visitor.reset();
    cursor.visit(visitor);
  };
}

/** A cell in quotes where it must be (RFC 4180 section 2). */
function writeCell(out: ByteWriter, bytes: Uint8Array): void {
  const mustQuote = bytes.some((byte) => byte === 0x22 || byte === 0x2c || byte === 0x0a || byte === 0x0d);
  if (!mustQuote) {
    out.all(bytes);
    return;
  }
  out.byte(0x22);
  for (const byte of bytes) {
    if (byte === 0x22) out.byte(0x22);
    out.byte(byte);
  }
  out.byte(0x22);
}

function makeBabeltraceWriter(
  source: TraceSource,
  cursor: EventCursor,
  out: ByteWriter,
  options: EventPrinterOptions,
  before: Before,
  hasClock: readonly boolean[],
  writeFields: () => void,
): () => void {
  const time = new TimeWriter(source.origin, options.clockSeconds === true);
  const prefixes = source.streams.map(tracePrefix);
  /** By stream and event class: what stands between the times and the fields. */
  const names = source.streams.map((): Literal[] => []);
  const nameOf = (stream: number, eventClass: number): Literal => {
    const name = new Literal(encoder.encode(`${prefixes[stream] ?? ""}${source.eventClasses[eventClass]?.name ?? ""}: `));
    const known = names[stream];
    if (known !== undefined) known[eventClass] = name;
    return name;
  };
  const afterTime = new Literal(encoder.encode(options.noDelta === true ? "] " : "] (+"));
  const noDelta = new Literal(encoder.encode("?.?????????) "));
  const afterDelta = new Literal(encoder.encode(") "));
  return () => {
    const { stream, eventClass } = cursor;
    const name = names[stream]?.[eventClass] ?? nameOf(stream, eventClass);
    if (hasClock[stream] === true) {
      const now = cursor.time;
      out.byte(0x5b);
      time.relative(out, now);
      out.reserve(128);
      const { bytes, view } = out;
      let at = afterTime.put(view, out.length);
      if (options.noDelta !== true) {
        const { last } = before;
        if (last !== undefined) at = afterDelta.put(view, putDelta(bytes, view, at, now - last));
        else if (options.onGap !== undefined) options.onGap(at);
        else at = noDelta.put(view, at);
        before.last = now;
      }
      out.length = at;
    }
    out.literal(name);
    writeFields();
    out.byte(0x0a);
  };
}

/** Seconds and nanoseconds; negative ones are 0. Returns the place behind. */
function putDelta(bytes: Uint8Array, view: DataView, at: number, difference: number): number {
  const delta = Math.max(0, difference);
  const seconds = delta < second ? 0 : Math.floor(delta / second);
  const point = putWhole(bytes, view, at, seconds);
  bytes[point] = 0x2e;
  return putNine(bytes, view, point + 1, delta - seconds * second);
}

/** What belongs into the gap that `onGap` told of. */
export function deltaText(now: RelativeNs, last: RelativeNs | undefined): Uint8Array {
  if (last === undefined) return encoder.encode("?.?????????) ");
  const bytes = new Uint8Array(64);
  const length = putDelta(bytes, new DataView(bytes.buffer), 0, now - last);
  return Uint8Array.of(...bytes.subarray(0, length), 0x29, 0x20);
}

/** Absolute ns in decimal, from a relative time. */
class AbsoluteWriter {
  readonly #seconds: bigint;
  readonly #rest: number;

  constructor(origin: bigint) {
    this.#seconds = origin / 1_000_000_000n;
    this.#rest = Number(origin % 1_000_000_000n);
  }

  write(out: ByteWriter, relative: number): void {
    const total = this.#rest + relative;
    const carry = Math.floor(total / second);
    const seconds = Number(this.#seconds) + carry;
    if (seconds < 0) out.text(String(BigInt(seconds) * 1_000_000_000n + BigInt(total - carry * second)));
    else if (seconds === 0) out.whole(total - carry * second);
    else {
      out.whole(seconds);
      out.nine(total - carry * second);
    }
  }
}

/** Times of day (local) or seconds since the epoch, both with nanoseconds. The text of a second is kept: events come in order. */
class TimeWriter {
  readonly #seconds: number;
  readonly #rest: number;
  readonly #clockSeconds: boolean;
  /** Relative time at which the second begins whose text is kept, with its point. */
  #begin = Number.NaN;
  #text = new Literal(new Uint8Array(0));

  constructor(origin: bigint, clockSeconds: boolean) {
    this.#seconds = Number(origin / 1_000_000_000n);
    this.#rest = Number(origin % 1_000_000_000n);
    this.#clockSeconds = clockSeconds;
  }

  relative(out: ByteWriter, time: number): void {
    const ns = time - this.#begin;
    if (ns >= 0 && ns < second) {
      out.reserve(64);
      const at = this.#text.put(out.view, out.length);
      out.length = putNine(out.bytes, out.view, at, ns);
      return;
    }
    const total = this.#rest + time;
    const carry = Math.floor(total / second);
    this.#write(out, this.#seconds + carry, total - carry * second);
    if (this.#seconds + carry >= 0) this.#begin = carry * second - this.#rest;
  }

  absolute(out: ByteWriter, time: bigint): void {
    const ns = Number(time % 1_000_000_000n);
    const seconds = Number(time / 1_000_000_000n);
    if (ns < 0) this.#write(out, seconds - 1, ns + second);
    else this.#write(out, seconds, ns);
  }

  #write(out: ByteWriter, seconds: number, ns: number): void {
    if (seconds < 0) {
      // Before the epoch there is no time of day: seconds, as babeltrace2 falls back to.
      const isWhole = ns === 0;
      out.byte(0x2d);
      out.whole(isWhole ? -seconds : -seconds - 1);
      out.byte(0x2e);
      out.nine(isWhole ? 0 : second - ns);
      return;
    }
    this.#text = new Literal(encoder.encode(`${this.#clockSeconds ? seconds : timeOfDay(seconds)}.`));
    out.literal(this.#text);
    out.nine(ns);
  }
}

function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
