/** Experiments of hundreds of streams: few files are open at a time, events come in order, as sorting them all and as babeltrace2 say. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FilePool, openCtf } from "../../src/ctf/index.ts";
import { openExperimentSource } from "../../src/experiment/index.ts";
import { printTrace } from "./compare.ts";
import { makeRandom } from "./mutate.ts";

const traceCount = 40;
const streamsPerTrace = 20;
const packetsPerStream = 3;
const eventsPerPacket = 8;
const openFiles = 16;

const metadata = `/* CTF 1.8 */
typealias integer { size = 32; align = 8; } := u32;
typealias integer { size = 64; align = 8; } := u64;
typealias integer { size = 64; align = 8; map = clock.c.value; } := time;
trace { major = 1; minor = 8; byte_order = le; packet.header := struct { u32 magic; }; };
clock { name = c; freq = 1000000000; offset = 0; };
stream {
  packet.context := struct { time timestamp_begin; time timestamp_end; u64 content_size; u64 packet_size; u64 cpu_id; };
  event.header := struct { time timestamp; };
};
event { name = e; fields := struct { u32 v; }; };
`;

const headerBytes = 44;
const eventBytes = 12;

let folder: string;
/** Every event's time, in order. Times are different: events of one time have no order between traces. */
const times: number[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "storescope-many-"));
  const random = makeRandom(1);
  const streamCount = traceCount * streamsPerTrace;
  for (let trace = 0; trace < traceCount; trace++) {
    mkdirSync(join(folder, `trace-${trace}`));
    writeFileSync(join(folder, `trace-${trace}`, "metadata"), metadata);
    for (let stream = 0; stream < streamsPerTrace; stream++) {
      let time = 1000 * random(50) * streamCount + trace * streamsPerTrace + stream;
      const packets = Array.from({ length: packetsPerStream }, () => {
        const begin = time;
        const events = Array.from({ length: eventsPerPacket }, () => {
          time += streamCount * (1 + random(1000));
          times.push(time);
          return time;
        });
        return packet(begin, events, stream);
      });
      writeFileSync(join(folder, `trace-${trace}`, `stream-${stream}`), Buffer.concat(packets));
    }
  }
  times.sort((left, right) => left - right);
});
afterAll(() => rmSync(folder, { recursive: true }));

function packet(begin: number, events: readonly number[], cpu: number): Buffer {
  const bytes = Buffer.alloc(headerBytes + eventBytes * events.length);
  bytes.writeUInt32LE(0xc1fc1fc1, 0);
  for (const [i, value] of [begin, events.at(-1) ?? begin, 8 * bytes.length, 8 * bytes.length, cpu].entries())
    bytes.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  for (const [i, time] of events.entries()) {
    bytes.writeBigUInt64LE(BigInt(time), headerBytes + eventBytes * i);
    bytes.writeUInt32LE(time % 1000, headerBytes + eventBytes * i + 8);
  }
  return bytes;
}

const traceFolders = (): string[] => Array.from({ length: traceCount }, (_, trace) => join(folder, `trace-${trace}`));
const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("800 streams of 40 traces, with 16 files open at most: every event, in order", () => {
  const before = descriptors();
  const pool = new FilePool({ openFiles });
  const source = openExperimentSource(traceFolders().map((path) => openCtf(path, { pool })));
  expect(source.streams.length).toBe(traceCount * streamsPerTrace);
  const cursor = source.cursor();
  const values = source.eventClasses.map((eventClass) => cursor.field(eventClass, "v"));
  const found: number[] = [];
  let most = 0;
  while (cursor.next()) {
    const time = Number(source.origin) + cursor.time;
    expect(values[cursor.eventClass]?.number()).toBe(time % 1000);
    found.push(time);
    if (found.length % 100 === 0) most = Math.max(most, descriptors());
  }
  cursor.close();
  source.close();
  expect(found).toEqual(times);
  expect(most).toBeGreaterThan(before);
  expect(most).toBeLessThanOrEqual(before + openFiles + 1);
  expect(descriptors()).toBeLessThanOrEqual(before);
});

test("each trace prints what babeltrace2 prints", () => {
  for (const trace of traceFolders().slice(0, 3)) {
    const theirs = execFileSync("babeltrace2", [trace], { encoding: "latin1", maxBuffer: 1 << 26 });
    expect(printTrace(trace, "babeltrace").text).toBe(theirs);
  }
});
