/** Packets that are held in part only: the same events, positions and errors as when they are held whole, which the interpreter does. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSyntheticTrace } from "../../bench/read/synthetic.ts";
import { BadInputError } from "../../src/base/index.ts";
import { FilePool, openCtf } from "../../src/ctf/index.ts";
import type { EventCursor, TraceSource } from "../../src/trace/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "storescope-large-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** 64 KiB of a packet at a time. */
const smallParts = (): FilePool => new FilePool({ bufferBytes: 1 << 16 });

/** Everything of the current event that a name leads to. */
function reader(source: TraceSource, cursor: EventCursor): () => string {
  const readers = source.eventClasses.map((each) => [...each.payload, ...each.contexts].map(({ name }) => cursor.field(each, name)));
  return () => {
    const parts: unknown[] = [cursor.time, cursor.eventClass, cursor.stream];
    for (const field of readers[cursor.eventClass] ?? []) {
      if (field === undefined) continue;
      if (field.kind === "string" || field.kind === "sequence" || field.kind === "array" || field.kind === "blob") {
        const start = field.offset();
        parts.push(Buffer.from(cursor.bytes.subarray(start, start + field.byteLength())).toString("base64"));
      } else parts.push(String(field.number()));
    }
    return JSON.stringify(parts);
  };
}

function readAll(
  trace: string,
  interpreter: boolean,
): { events: string[]; positions: (readonly number[])[]; error: BadInputError | undefined } {
  const source = openCtf(trace, { interpreter, pool: smallParts() });
  const cursor = source.cursor();
  const read = reader(source, cursor);
  const events: string[] = [];
  const positions: (readonly number[])[] = [];
  let error: BadInputError | undefined;
  try {
    while (cursor.next()) {
      events.push(read());
      positions.push([...cursor.saveCurrent()]);
    }
  } catch (thrown) {
    if (!(thrown instanceof BadInputError)) throw thrown;
    error = thrown;
  }
  source.close();
  return { events, positions, error };
}

test("packets of 1 MiB, two streams", () => {
  const trace = join(folder, "synthetic");
  writeSyntheticTrace(trace, 40_000);
  const parts = readAll(trace, false);
  expect(parts.events.length).toBe(40_000);
  expect(parts.events).toEqual(readAll(trace, true).events);
  // From any place to any other, over packets and parts of them.
  const source = openCtf(trace, { pool: smallParts() });
  const cursor = source.cursor();
  const read = reader(source, cursor);
  const times = parts.events.map((event) => (JSON.parse(event) as [number])[0]);
  fc.assert(
    fc.property(fc.nat(39_999), fc.integer({ min: 1, max: 8 }), fc.boolean(), (at, count, bySeeking) => {
      if (bySeeking) cursor.seekTime(times[at]!);
      else cursor.restore(parts.positions[at]!);
      const first = bySeeking ? times.indexOf(times[at]!) : at;
      for (let i = first; i < Math.min(first + count, 40_000); i++) {
        expect(cursor.next()).toBe(true);
        expect(read()).toBe(parts.events[i]);
      }
    }),
    { numRuns: 300 },
  );
  source.close();
}, 120_000);

const metadata = `/* CTF 1.8 */
typealias integer { size = 32; align = 64; signed = false; } := aligned32;
typealias integer { size = 64; align = 8; signed = false; } := u64;
typealias integer { size = 8; align = 8; signed = false; } := u8;
trace { major = 1; minor = 8; byte_order = le; };
stream { packet.context := struct { u8 first; u8 odd[12]; };
  event.header := struct { u8 id; }; };
event { name = "text"; id = 0; fields := struct { aligned32 a; string s; }; };
event { name = "bytes"; id = 1; fields := struct { aligned32 n; u8 b[n]; aligned32 z; }; };
`;

/** Events of these sizes in one packet that is the whole file. */
function writeEvents(name: string, sizes: readonly number[], tail: Buffer = Buffer.alloc(0)): string {
  const parts: Buffer[] = [Buffer.alloc(13, 7)];
  let at = 13;
  const add = (part: Buffer): void => {
    parts.push(part);
    at += part.length;
  };
  const aligned = (value: number): void => {
    add(Buffer.alloc((8 - (at % 8)) % 8));
    const number = Buffer.alloc(4);
    number.writeUInt32LE(value);
    add(number);
  };
  for (const [i, size] of sizes.entries()) {
    add(Buffer.from([i % 2]));
    // The payload's structure is aligned like its first member.
    aligned(i % 2 === 0 ? i : size);
    add(Buffer.alloc(size, 65 + (i % 26)));
    if (i % 2 === 0) add(Buffer.from([0]));
    else aligned(i);
  }
  add(tail);
  const trace = join(folder, name);
  mkdirSync(trace);
  writeFileSync(join(trace, "metadata"), metadata);
  writeFileSync(join(trace, "stream"), Buffer.concat(parts));
  return trace;
}

test("events larger than a part, and alignment, in a packet of several MB", () => {
  const sizes = [3, 5, 300_000, 17, 700_001, 1, 900_000, 2, ...Array.from({ length: 4000 }, (_, i) => (i * 37) % 900)];
  const trace = writeEvents("large-events", sizes);
  const parts = readAll(trace, false);
  expect(parts.events.map((event) => Buffer.from((JSON.parse(event) as string[])[4] ?? "", "base64").length)).toEqual(sizes);
  expect(parts.error).toBeUndefined();
  expect(parts.events).toEqual(readAll(trace, true).events);
});

test("an event that is broken far behind the first part: the same error at the same byte", () => {
  for (const [name, tail] of Object.entries({
    unknown: Buffer.from([9, 0, 0]),
    endless: Buffer.concat([Buffer.alloc(1), Buffer.alloc(400_000, 66)]),
    "longer than the packet": Buffer.concat([Buffer.from([1]), Buffer.alloc(40, 0xff)]),
  })) {
    const trace = writeEvents(name, Array(1000).fill(1000), tail);
    const parts = readAll(trace, false);
    const whole = readAll(trace, true);
    expect(parts.events).toEqual(whole.events);
    expect(parts.events.length).toBe(1000);
    expect(parts.error?.message).toBe(whole.error?.message);
    expect(parts.error?.offset).toBeGreaterThan(1_000_000);
    expect(parts.error?.offset).toBeLessThan(readFileSync(join(trace, "stream")).length);
  }
});
