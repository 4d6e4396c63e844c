/**
 * Traces for tests, written as text: one event a line, `time name key=value ...`. Values are integers, or text in double quotes.
 * A batch of redis records is written inside braces: `words={read_start@100 conn=7; read_done@180 nread=42}`; `@` is ticks after the batch's base.
 *
 *     100 redis:steps vpid=1 vtid=1 thread=0 base_ticks=0 base_ns=0 end_ticks=1000 end_ns=1000 words={call_start@10 aux=3 flags=4}
 *
 * A line that does not begin with a time goes on with the one before. Every event must have the same fields as the first of its name. Relative times are the times written; the clock reads 0 at 0.
 */
import { records } from "../environments/redis/index.ts";
import type { CursorPosition, EventClass, EventCursor, FieldReader, TraceSource } from "../trace/index.ts";

type Value = bigint | string | Uint8Array;
interface TextEvent {
  readonly time: number;
  readonly eventClass: EventClass;
  readonly fields: ReadonlyMap<string, Value>;
}

/** The 32-bit words of a batch, little endian. Record arguments are named as in events.ts; `aux` and `flags` by those names. */
export function recordWords(text: string): Uint8Array {
  const words: number[] = [];
  for (const part of text.split(";").map((each) => each.trim())) {
    if (part === "") continue;
    const [head = "", ...pairs] = part.split(/\s+/);
    const [name, ticks = "0"] = head.split("@");
    const definition = records.find((record) => record.name === name);
    if (definition === undefined) throw new Error(`no record is called ${name}`);
    const args = new Map(pairs.map((pair) => pair.split("=") as [string, string]));
    const take = (key: string): number => Number(args.get(key) ?? 0);
    words.push(definition.kind | (take("flags") << 8) | (take("aux") << 16), Number(ticks));
    for (const word of definition.words) words.push(take(word));
  }
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function parseFields(text: string): Map<string, Value> {
  const fields = new Map<string, Value>();
  for (const match of text.matchAll(/([\w.]+)=(?:"([^"]*)"|\{([^}]*)\}|(-?\d+))/g)) {
    const [, name, quoted, words, number] = match;
    fields.set(name as string, quoted ?? (words === undefined ? BigInt(number as string) : recordWords(words)));
  }
  return fields;
}

/** A trace source over the text. */
export function traceFromText(text: string): TraceSource {
  const classes = new Map<string, EventClass>();
  const events: TextEvent[] = [];
  for (const line of text
    .replace(/\n\s*(?![\d\s])/g, " ")
    .split("\n")
    .map((each) => each.trim())) {
    if (line === "") continue;
    const [, time, name, rest = ""] = /^(-?\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (time === undefined || name === undefined) throw new Error(`not an event: ${line}`);
    const fields = parseFields(rest);
    let eventClass = classes.get(name);
    if (eventClass === undefined) {
      const payload = [...fields].map(([field, value]) => ({
        name: field,
        kind: typeof value === "string" ? ("string" as const) : typeof value === "bigint" ? ("signed" as const) : ("sequence" as const),
      }));
      eventClass = { index: classes.size, name, payload, contexts: [] };
      classes.set(name, eventClass);
    }
    events.push({ time: Number(time), eventClass, fields });
  }
  events.sort((left, right) => left.time - right.time);
  const end = BigInt(events.at(-1)?.time ?? 0);
  return {
    path: "text",
    environment: { hostname: "test" },
    origin: 0n,
    start: 0n,
    end,
    totalBytes: events.length,
    eventClasses: [...classes.values()],
    streams: [
      { index: 0, file: "text/stream", bytes: 0, packets: 1, start: 0n, end, clockZero: 0, discardedEvents: 0, discardedPackets: 0 },
    ],
    warnings: [],
    cursor: () => new TextCursor(events),
    close: () => undefined,
  };
}

class TextCursor implements EventCursor {
  time = 0;
  eventClass = 0;
  readonly stream = 0;
  bytes = new Uint8Array(0);
  view = new DataView(new ArrayBuffer(0));
  private position = 0;
  private event: TextEvent | undefined;
  private readonly events: readonly TextEvent[];

  constructor(events: readonly TextEvent[]) {
    this.events = events;
  }

  get bytesRead(): number {
    return this.position;
  }

  next(): boolean {
    const event = this.events[this.position];
    if (event === undefined) return false;
    this.position++;
    this.event = event;
    this.time = event.time;
    this.eventClass = event.eventClass.index;
    const words = [...event.fields.values()].find((value) => value instanceof Uint8Array);
    this.bytes = words instanceof Uint8Array ? new Uint8Array(words) : new Uint8Array(0);
    this.view = new DataView(this.bytes.buffer);
    return true;
  }

  field(eventClass: EventClass, name: string): FieldReader | undefined {
    const info = eventClass.payload.find((field) => field.name === name);
    if (info === undefined) return undefined;
    const value = (): Value => this.event?.fields.get(name) ?? 0n;
    return {
      kind: info.kind,
      number: () => Number(value()),
      bigint: () => BigInt(value() as bigint),
      text: () => String(value()),
      offset: () => 0,
      byteLength: () => this.bytes.byteLength,
    };
  }

  visit(): never {
    throw new Error("text traces are not printed");
  }

  seekTime(time: number): void {
    const index = this.events.findIndex((event) => event.time >= time);
    this.position = index < 0 ? this.events.length : index;
  }

  save(): CursorPosition {
    return [this.position];
  }

  saveCurrent(): CursorPosition {
    return [this.position - 1];
  }

  restore(position: CursorPosition): void {
    this.position = position[0] ?? 0;
  }

  close(): void {
    this.event = undefined;
  }
}
