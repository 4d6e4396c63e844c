/** The measured process: reads a trace, consumes every field of every event, prints `{ events, checksum }`. Arguments: trace, `interpreter` or nothing. */
import { openCtf } from "../../src/ctf/index.ts";
import type { EventClass, EventCursor, FieldReader } from "../../src/trace/index.ts";
import { Checksum } from "./checksum.ts";

const sum = new Checksum();

/** What to do with one field; `width`: bytes per element of a sequence or array. */
interface Consumed {
  readonly reader: FieldReader;
  readonly isBytes: boolean;
  readonly isSequence: boolean;
}

function fieldsOf(cursor: EventCursor, eventClass: EventClass): Consumed[] {
  const consumed: Consumed[] = [];
  for (const { name, kind } of [...eventClass.payload, ...eventClass.contexts]) {
    const reader = cursor.field(eventClass, name);
    if (reader === undefined || kind === "structure" || kind === "variant" || kind === "optional") continue;
    consumed.push({ reader, isBytes: kind === "string" || kind === "blob" || kind === "array", isSequence: kind === "sequence" });
  }
  return consumed;
}

function consume(cursor: EventCursor, fields: readonly Consumed[]): void {
  for (const { reader, isBytes, isSequence } of fields) {
    if (!isBytes && !isSequence) sum.number(reader.number());
    else {
      const start = reader.offset();
      const end = start + reader.byteLength();
      if (isBytes) sum.bytes(cursor.bytes, start, end);
      else for (let at = start; at + 4 <= end; at += 4) sum.number(cursor.view.getUint32(at, true));
    }
  }
}

const [path = "", mode] = process.argv.slice(2);
const source = openCtf(path, { interpreter: mode === "interpreter" });
const cursor = source.cursor();
const fields = source.eventClasses.map((eventClass) => fieldsOf(cursor, eventClass));
let events = 0;
while (cursor.next()) {
  events++;
  sum.number(cursor.eventClass);
  consume(cursor, fields[cursor.eventClass] ?? []);
}
process.stdout.write(`${JSON.stringify({ events, checksum: sum.value })}\n`);
source.close();
