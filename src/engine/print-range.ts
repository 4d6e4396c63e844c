/** Printing by one thread: raw events as text, from any time to any time, filtered. */
import { type AbsoluteNs, type RelativeNs, StorescopeError, type TaskOptions, toRelative } from "../base/index.ts";
import { createEventPrinter } from "../ctf/index.ts";
import type { CursorPosition, EventCursor, FieldReader, TraceSource } from "../trace/index.ts";
import type { EventFormat } from "./contract.ts";
import { compileFilter, type FilterValue } from "./filter.ts";

export interface PrintOptions extends TaskOptions {
  readonly format: EventFormat;
  readonly from?: AbsoluteNs | undefined;
  readonly to?: AbsoluteNs | undefined;
  /** At most this many events. */
  readonly limit?: number | undefined;
  /** Filter expression over `name` and the trace's field names. */
  readonly filter?: string | undefined;
  /** Count matching events instead of printing them. */
  readonly countOnly?: boolean | undefined;
  /** Times as seconds since the epoch, and no difference to the event before: babeltrace2's --clock-seconds and --no-delta. */
  readonly clockSeconds?: boolean | undefined;
  readonly noDelta?: boolean | undefined;
  /** Takes the text, whose bytes are valid during the call, or until the promise is kept that it returns; printing waits for that. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Takes what babeltrace2 says on standard error: lost events and packets. */
  notice?(text: string): void;
}

/** Events between looks at the signal, and sixteen times as many between turns of others: a broken pipe, for one, is told then. */
const eventsPerTurn = 4096;

/** Where to begin and what came before: after what other threads have printed. */
export interface Continued {
  readonly position: CursorPosition;
  readonly last: RelativeNs | undefined;
}

/** Prints (or counts) events in time order, from `options.from` or from where others have stopped; returns how many matched `matches`, of the same cursor. */
export async function printRange(
  source: TraceSource,
  cursor: EventCursor,
  matches: (() => boolean) | undefined,
  options: PrintOptions,
  continued?: Continued,
): Promise<number> {
  let blocked: Promise<void> | undefined;
  const write = (bytes: Uint8Array): void => {
    blocked = options.write(bytes) ?? undefined;
  };
  const printer =
    options.countOnly === true
      ? undefined
      : createEventPrinter(source, cursor, options.format, write, {
          clockSeconds: options.clockSeconds === true,
          noDelta: options.noDelta === true,
          last: continued?.last,
        });
  if (continued !== undefined) cursor.restore(continued.position);
  else if (options.from !== undefined) cursor.seekTime(toRelative(options.from, source.origin));
  const to = options.to === undefined ? Number.POSITIVE_INFINITY : toRelative(options.to, source.origin);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  let seen = 0;
  try {
    while (count < limit && cursor.next() && cursor.time <= to) {
      if (matches === undefined || matches()) {
        count++;
        printer?.event();
        if (blocked !== undefined) {
          await blocked;
          blocked = undefined;
        }
      }
      if (++seen % eventsPerTurn !== 0) continue;
      if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "printing was cancelled");
      options.onProgress?.({ label: "Reading", done: cursor.bytesRead, total: source.totalBytes });
      if (seen % (eventsPerTurn * 16) === 0) await new Promise((resume) => setImmediate(resume));
    }
  } finally {
    // Also where reading ends with an error: what came before it has been printed.
    printer?.end();
    await blocked;
  }
  return count;
}

/** A test of the cursor's current event; undefined when there is no expression. */
export function eventFilter(source: TraceSource, cursor: EventCursor, expression: string | undefined): (() => boolean) | undefined {
  if (expression === undefined || expression.trim() === "") return undefined;
  const names = new Set(["name"]);
  for (const eventClass of source.eventClasses) for (const field of [...eventClass.payload, ...eventClass.contexts]) names.add(field.name);
  const filter = compileFilter(expression, [...names]);
  const readers = source.eventClasses.map(() => new Map<string, FieldReader | undefined>());
  const lookup = (name: string): FilterValue => {
    const eventClass = source.eventClasses[cursor.eventClass];
    if (eventClass === undefined) return undefined;
    if (name === "name") return eventClass.name;
    const known = readers[eventClass.index];
    if (known === undefined) return undefined;
    if (!known.has(name)) known.set(name, cursor.field(eventClass, name));
    const reader = known.get(name);
    if (reader === undefined) return undefined;
    return reader.kind === "string" || reader.kind === "enum" ? reader.text() : reader.number();
  };
  return () => filter(lookup);
}
