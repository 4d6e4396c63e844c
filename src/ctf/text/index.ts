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
import type { EventCursor, TraceSource } from "../../trace/index.ts";
import { BabeltraceFields, lossMessage, tracePrefix } from "./babeltrace.ts";
import { ByteWriter } from "./byte-writer.ts";
import { JsonFields, ShortFields, writeJsonText } from "./own.ts";

export const eventFormats = ["babeltrace", "text", "json", "csv"] as const;
export type EventFormat = (typeof eventFormats)[number];

export interface EventPrinterOptions {
  /** Times as seconds since the epoch (babeltrace2's `--clock-seconds`). */
  readonly clockSeconds?: boolean | undefined;
  /** Without the time since the previous event (babeltrace2's `--no-delta`). */
  readonly noDelta?: boolean | undefined;
}

export interface EventPrinter {
  header(): void;
  /** Prints the cursor's current event. */
  event(): void;
  /** Hands out what is left. */
  end(): void;
  /** Format `babeltrace`: the lines babeltrace2 prints on its error output about losses. Empty for the others. */
  lossMessages(): string;
}

const flushBytes = 1 << 16;
const second = 1e9;

/** `write` gets bytes that are valid during the call only. */
export function createEventPrinter(
  source: TraceSource,
  cursor: EventCursor,
  format: EventFormat,
  write: (bytes: Uint8Array) => void,
  options: EventPrinterOptions = {},
): EventPrinter {
  const out = new ByteWriter();
  const printEvent = makeEventWriter(source, cursor, format, out, options);
  const flush = (): void => {
    if (out.length > 0) write(out.bytes.subarray(0, out.length));
    out.length = 0;
  };
  return {
    header() {
      if (format === "csv") out.text("time,event,stream,fields\r\n");
    },
    event() {
      printEvent();
      if (out.length >= flushBytes) flush();
    },
    end: flush,
    lossMessages() {
      if (format !== "babeltrace") return "";
      const time = new TimeWriter(0n, options.clockSeconds === true);
      const text = (absolute: bigint): string => {
        const line = new ByteWriter();
        time.write(line, absolute / 1_000_000_000n, Number(absolute % 1_000_000_000n));
        return new TextDecoder().decode(line.bytes.subarray(0, line.length));
      };
      const losses = [...(source.losses ?? [])].sort((a, b) => Number((a.start ?? 0n) - (b.start ?? 0n)));
      return losses.map((loss) => lossMessage(source, loss, text)).join("");
    },
  };
}

function makeEventWriter(
  source: TraceSource,
  cursor: EventCursor,
  format: EventFormat,
  out: ByteWriter,
  options: EventPrinterOptions,
): () => void {
  const hasClock = source.streams.map((stream) => stream.hasClock !== false);
  const name = (): string => source.eventClasses[cursor.eventClass]?.name ?? "";
  switch (format) {
    case "babeltrace":
      return makeBabeltraceWriter(source, cursor, out, options, name, hasClock);
    case "text": {
      const time = new TimeWriter(source.origin, options.clockSeconds === true);
      const fields = new ShortFields(out);
      return () => {
        if (hasClock[cursor.stream] === true) {
          time.relative(out, cursor.time);
          out.byte(0x20);
        }
        out.text(name());
        fields.reset();
        cursor.visit(fields);
        out.byte(0x0a);
      };
    }
    case "json": {
      const time = new AbsoluteWriter(source.origin);
      const fields = new JsonFields(out);
      return () => {
        out.text('{"time":');
        if (hasClock[cursor.stream] === true) time.write(out, cursor.time);
        else out.text("null");
        out.text(',"event":');
        writeJsonText(out, name());
        out.text(',"stream":');
        out.whole(cursor.stream);
        fields.reset(true);
        cursor.visit(fields);
        out.text("}\n");
      };
    }
    case "csv": {
      const time = new AbsoluteWriter(source.origin);
      const cell = new ByteWriter();
      const fields = new JsonFields(cell);
      return () => {
        if (hasClock[cursor.stream] === true) time.write(out, cursor.time);
        out.byte(0x2c);
        writeCell(out, new TextEncoder().encode(name()));
        out.byte(0x2c);
        out.whole(cursor.stream);
        out.byte(0x2c);
        cell.length = 0;
        cell.byte(0x7b);
        fields.reset(false);
        cursor.visit(fields);
        cell.byte(0x7d);
        writeCell(out, cell.bytes.subarray(0, cell.length));
        out.text("\r\n");
      };
    }
  }
}

/** A cell in quotes where it must be (RFC 4180 section 2). */
function writeCell(out: ByteWriter, bytes: Uint8Array): void {
  const mustQuote = bytes.some((byte) => byte === 0x22 || byte === 0x2c || byte === 0x0a || byte === 0x0d);
  if (!mustQuote) {
    out.copy(bytes, 0, undefined);
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
  name: () => string,
  hasClock: readonly boolean[],
): () => void {
  const time = new TimeWriter(source.origin, options.clockSeconds === true);
  const fields = new BabeltraceFields(out);
  const prefixes = source.streams.map(tracePrefix);
  let last: number | undefined;
  return () => {
    if (hasClock[cursor.stream] === true) {
      const now = cursor.time;
      out.byte(0x5b);
      time.relative(out, now);
      out.text("] ");
      if (options.noDelta !== true) {
        if (last === undefined) out.text("(+?.?????????) ");
        else {
          const delta = Math.max(0, now - last);
          out.text("(+");
          const seconds = Math.floor(delta / second);
          out.whole(seconds);
          out.byte(0x2e);
          out.whole(delta - seconds * second, 9);
          out.text(") ");
        }
        last = now;
      }
    }
    out.text(prefixes[cursor.stream] ?? "");
    out.text(name());
    out.text(": ");
    fields.reset();
    cursor.visit(fields);
    out.byte(0x0a);
  };
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
      out.whole(total - carry * second, 9);
    }
  }
}

/** Times of day (local) or seconds since the epoch, both with nanoseconds. The text of a second is kept: events come in order. */
class TimeWriter {
  readonly #seconds: number;
  readonly #rest: number;
  readonly #clockSeconds: boolean;
  #cached = Number.NaN;
  #text = "";

  constructor(origin: bigint, clockSeconds: boolean) {
    this.#seconds = Number(origin / 1_000_000_000n);
    this.#rest = Number(origin % 1_000_000_000n);
    this.#clockSeconds = clockSeconds;
  }

  relative(out: ByteWriter, time: number): void {
    const total = this.#rest + time;
    const carry = Math.floor(total / second);
    this.#write(out, this.#seconds + carry, total - carry * second);
  }

  /** Time of `seconds` and `ns`, which may both be negative. */
  write(out: ByteWriter, seconds: bigint, ns: number): void {
    if (ns < 0) this.#write(out, Number(seconds) - 1, ns + second);
    else this.#write(out, Number(seconds), ns);
  }

  #write(out: ByteWriter, seconds: number, ns: number): void {
    if (seconds < 0) {
      // Before the epoch there is no time of day: seconds, as babeltrace2 falls back to.
      const isWhole = ns === 0;
      out.byte(0x2d);
      out.whole(isWhole ? -seconds : -seconds - 1);
      out.byte(0x2e);
      out.whole(isWhole ? 0 : second - ns, 9);
      return;
    }
    if (seconds !== this.#cached) {
      this.#cached = seconds;
      this.#text = `${this.#clockSeconds ? seconds : timeOfDay(seconds)}.`;
    }
    out.text(this.#text);
    out.whole(ns, 9);
  }
}

function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
