/**
 * The measured process: reads a trace, consumes every field of every event, prints `{ events, checksum }`. Arguments: trace, `interpreter` or nothing.
 *
 * An analysis has a function per event class that names the fields it reads. Here these functions are generated, so that any trace can be measured: their
 * text has indices of readers only.
 */
import { openCtf } from "../../src/ctf/index.ts";
import type { EventClass, EventCursor, FieldReader } from "../../src/trace/index.ts";

/** Adds an event's fields to a checksum (the one of checksum.ts) and gives the new one. */
type Consumer = (checksum: number) => number;

function makeConsumer(cursor: EventCursor, eventClass: EventClass): Consumer {
  const readers: FieldReader[] = [];
  const lines: string[] = [];
  for (const { name, kind } of [...eventClass.payload, ...eventClass.contexts]) {
    const reader = cursor.field(eventClass, name);
    if (reader === undefined || kind === "structure" || kind === "variant" || kind === "optional") continue;
    const r = `r${readers.length}`;
    readers.push(reader);
    if (kind === "sequence") {
      lines.push(`{ const start = ${r}.offset(), end = start + ${r}.byteLength(), view = cursor.view;
        for (let at = start; at + 4 <= end; at += 4) h = (Math.imul(h, 31) + (view.getUint32(at, true) | 0)) | 0; }`);
    } else if (kind === "string" || kind === "blob" || kind === "array") {
      lines.push(`{ const start = ${r}.offset(), end = start + ${r}.byteLength(), u8 = cursor.bytes;
        h = (Math.imul(h, 31) + (end - start)) | 0;
        h = (Math.imul(h, 31) + (end > start ? u8[start] * 256 + u8[end - 1] : 0)) | 0; }`);
    } else lines.push(`h = (Math.imul(h, 31) + (${r}.number() | 0)) | 0;`);
  }
  const names = readers.map((_, i) => `r${i}`);
  const make = new Function("cursor", ...names, `"use strict"; return function (h) { ${lines.join("\n")} return h; };`);
  return make(cursor, ...readers) as Consumer;
}

const [path = "", mode] = process.argv.slice(2);
const source = openCtf(path, { interpreter: mode === "interpreter" });
const cursor = source.cursor();
const consumers = source.eventClasses.map((eventClass) => makeConsumer(cursor, eventClass));
let events = 0;
let checksum = 17;
while (cursor.next()) {
  events++;
  checksum = (Math.imul(checksum, 31) + cursor.eventClass) | 0;
  checksum = consumers[cursor.eventClass]?.(checksum) ?? checksum;
}
process.stdout.write(`${JSON.stringify({ events, checksum })}\n`);
source.close();
