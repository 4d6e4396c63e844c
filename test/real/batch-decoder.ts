/**
 * Reads what babeltrace2 prints, and expands batches. Written from docs/events.md, and shares nothing with the product's reader but the table of records:
 * the two check each other.
 */
import { execFileSync } from "node:child_process";
import { records } from "../../src/environments/redis/events.ts";

/** One event as babeltrace2 prints it. */
export interface TextEvent {
  readonly name: string;
  readonly vtid: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly words: readonly number[];
}

/** One record of a batch, with its connection (or -1) and its time in ns of CLOCK_MONOTONIC. */
export interface TextRecord {
  readonly name: string;
  readonly thread: number;
  readonly connection: number;
  readonly time: number;
  readonly aux: number;
  readonly flags: number;
  readonly words: Readonly<Record<string, number>>;
}

export interface Batch {
  readonly thread: number;
  readonly baseNs: number;
  readonly endNs: number;
  readonly records: readonly TextRecord[];
}

/** All events of a trace; `warnings` is what babeltrace2 says of lost ones. */
export function readTrace(directory: string): { readonly events: readonly TextEvent[]; readonly warnings: string } {
  const text = execFileSync("sh", ["-c", 'exec babeltrace2 "$1" 2>&1', "sh", directory], { encoding: "utf8", maxBuffer: 1 << 30 });
  const events: TextEvent[] = [];
  const warnings: string[] = [];
  for (const line of text.split("\n")) {
    const match = /^\[[^\]]+\] \([^)]*\) \S+ redis:(\w+): \{ cpu_id = \d+ \}, \{ vtid = (\d+) \}, \{(.*)\}$/.exec(line);
    if (match === null) {
      if (line !== "") warnings.push(line);
      continue;
    }
    const [, name = "", vtid = "", payload = ""] = match;
    const fields = new Map(
      [...payload.matchAll(/(?<![[\w])(\w+) = ("(?:[^"\\]|\\.)*"|[-\w]+)/g)].map(([, key = "", value = ""]) => [
        key,
        value.replace(/^"|"$/g, ""),
      ]),
    );
    const words = [...payload.matchAll(/\[\d+\] = (\d+)/g)].map((word) => Number(word[1]));
    events.push({ name, vtid: Number(vtid), fields, words });
  }
  return { events, warnings: warnings.join("\n") };
}

const byKind = new Map(records.map((record) => [record.kind, record]));

/** Expands a `commands` or `steps` event. Throws when its words are not whole records. */
export function expand(event: TextEvent): Batch {
  const field = (name: string) => BigInt(event.fields.get(name) ?? "");
  const ticks = Number(field("end_ticks") - field("base_ticks"));
  const span = Number(field("end_ns") - field("base_ns"));
  const baseNs = Number(field("base_ns"));
  const thread = Number(field("thread"));
  if (Number(event.fields.get("_words_length")) !== event.words.length) throw new Error("words are missing");
  const decoded: TextRecord[] = [];
  let connection = -1;
  for (let at = 0; at < event.words.length; ) {
    const [head = 0, time = 0] = event.words.slice(at, at + 2);
    const record = byKind.get(head & 0xff);
    if (record === undefined) throw new Error(`word ${at}: no record of kind ${head & 0xff}`);
    const end = at + 2 + record.words.length;
    if (end > event.words.length) throw new Error(`word ${at}: ${record.name} is cut`);
    const words = Object.fromEntries(record.words.map((name, index) => [name, event.words[at + 2 + index] as number]));
    if (words["conn"] !== undefined) connection = words["conn"];
    decoded.push({
      name: record.name,
      thread,
      connection,
      time: baseNs + (ticks === 0 ? 0 : (time * span) / ticks),
      aux: head >>> 16,
      flags: (head >>> 8) & 0xff,
      words,
    });
    at = end;
  }
  return { thread, baseNs, endNs: Number(field("end_ns")), records: decoded };
}

/** Every batch of a trace, in the order of their events. */
export function batches(events: readonly TextEvent[]): readonly Batch[] {
  return events.filter(({ name }) => name === "commands" || name === "steps").map(expand);
}
