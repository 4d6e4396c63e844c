/** Reading traces for tests, and comparing our output with babeltrace2's. */
import { createEventPrinter, type EventFormat, type EventPrinterOptions, openCtf } from "../../src/ctf/index.ts";
import type { ByteFile } from "../../src/ctf/packet/byte-file.ts";
import type { TraceSource } from "../../src/trace/index.ts";

/** A file that is only in memory. */
export function memoryFile(path: string, bytes: Uint8Array): ByteFile {
  return {
    path,
    size: bytes.length,
    read(offset, into, length) {
      const part = bytes.subarray(offset, offset + length);
      into.set(part);
      return part.length;
    },
    close: () => undefined,
  };
}

export interface Printed {
  readonly text: string;
  readonly events: number;
  /** Message of the error that ended the reading. */
  readonly error: string | undefined;
}

/** Prints a whole source. What was printed before an error is kept. */
export function print(source: TraceSource, format: EventFormat, options: EventPrinterOptions = {}): Printed {
  const parts: Uint8Array[] = [];
  const cursor = source.cursor();
  const printer = createEventPrinter(source, cursor, format, (bytes) => parts.push(bytes.slice()), options);
  printer.header();
  let events = 0;
  let error: string | undefined;
  try {
    while (cursor.next()) {
      printer.event();
      events++;
    }
  } catch (caught) {
    error = String(caught);
  }
  printer.end();
  return { text: Buffer.concat(parts).toString("latin1"), events, error };
}

/** `print` of a trace on disk; an error while opening is an error of the whole. */
export function printTrace(path: string, format: EventFormat, options: EventPrinterOptions & { interpreter?: boolean } = {}): Printed {
  try {
    const source = openCtf(path, { interpreter: options.interpreter ?? false });
    const printed = print(source, format, options);
    source.close();
    return printed;
  } catch (caught) {
    return { text: "", events: 0, error: String(caught) };
  }
}

/**
 * The first line where `ours` is not what babeltrace2 printed; undefined when all agree.
 * babeltrace2 2.0.4 does not clear a text field that is empty: it prints what an earlier event left there. So where we print `""`, it may print any text.
 */
export function firstDifference(ours: string, theirs: string): { ours: string | undefined; theirs: string | undefined } | undefined {
  if (ours === theirs) return undefined;
  const ourLines = ours.split("\n");
  const theirLines = theirs.split("\n");
  for (let i = 0; i < Math.max(ourLines.length, theirLines.length); i++) {
    const our = ourLines[i];
    const their = theirLines[i];
    if (our === their) continue;
    if (our === undefined || their === undefined || !isAllowed(our, their)) return { ours: our, theirs: their };
  }
  return undefined;
}

function isAllowed(ours: string, theirs: string): boolean {
  if (!ours.includes('""')) return false;
  const pattern = ours.split('""').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join('"(?:[^"\\\\]|\\\\.)*"')}$`).test(theirs);
}

/**
 * What field readers say of every event, as one line per event; text and numbers, and bytes where content has a place. Ends as the reading ends: with an
 * error's text, if there is one. Compiled and walking readers must say the same.
 */
export function readFields(source: TraceSource): string[] {
  const cursor = source.cursor();
  const plain = new Set(["unsigned", "signed", "float", "boolean", "enum"]);
  const placed = new Set(["string", "blob", "array", "sequence"]);
  const readers = source.eventClasses.map((eventClass) =>
    [...eventClass.payload, ...eventClass.contexts].flatMap(({ name }) => {
      const reader = cursor.field(eventClass, name);
      return reader === undefined ? [] : [{ name, reader }];
    }),
  );
  const lines: string[] = [];
  try {
    while (cursor.next()) {
      const values = (readers[cursor.eventClass] ?? []).map(({ name, reader }) => {
        if (plain.has(reader.kind)) return `${name}=${reader.number()},${reader.bigint()},${reader.text()}`;
        if (!placed.has(reader.kind)) return `${name}:${reader.kind}`;
        const at = reader.offset();
        return `${name}=${reader.text()}@${at}+${reader.byteLength()}`;
      });
      lines.push(`${cursor.time} ${cursor.stream} ${cursor.eventClass} ${values.join(" ")}`);
    }
  } catch (error) {
    lines.push(String(error));
  }
  return lines;
}
