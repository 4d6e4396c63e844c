/** LTTng's index files: with one, packets and events are what they are without; whatever it says. */
import { describe, expect, test } from "vitest";
import { hex, idHeader, oneClock, packetContext, tsdl } from "../../../test/traces/cases.ts";
import { print } from "../../../test/traces/compare.ts";
import { encodeIndex } from "../../../test/traces/lttng-index.ts";
import { makeRandom } from "../../../test/traces/mutate.ts";
import type { TraceSource } from "../../trace/index.ts";
import { parseMetadata } from "../metadata/index.ts";
import { makeTraceSource } from "../trace.ts";
import type { ByteFile } from "./byte-file.ts";

const metadata = tsdl(
  `${oneClock} stream { id = 7; ${packetContext} event.header := struct { t32 timestamp; }; }; event { name = e; stream_id = 7; fields := struct { u8 v; }; };`,
  "le",
  idHeader,
);
const count = 60;
const headerBytes = 20;

const le = (value: number, bytes: number): string => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer.toString("hex");
};

/** Packet i begins at 10 i and has i % 3 events, the first of them at its begin. */
const events = (i: number): number => i % 3;
const bytesOf = (i: number): number => headerBytes + 5 * events(i);
const packet = (i: number): string =>
  `c11ffcc10702${le(bytesOf(i) * 8, 2)}${le(bytesOf(i) * 8, 2)}${le(10 * i, 4)}${le(10 * i + 5, 4)}${le(i, 1)}${le(i, 1)}${Array.from({ length: events(i) }, (_, k) => le(10 * i + k, 4) + le(k, 1)).join("")}`;
const offsets = Array.from({ length: count + 1 }, (_, i) =>
  Array.from({ length: i }, (_unused, k) => bytesOf(k)).reduce((a, b) => a + b, 0),
);
const stream = hex(Array.from({ length: count }, (_, i) => packet(i)).join(""));

const entries = (): number[][] =>
  Array.from({ length: count }, (_, i) => [offsets[i]!, bytesOf(i) * 8, bytesOf(i) * 8, 10 * i, 10 * i + 5, i, 7, 2, i]);

/** Opens the stream with this index; `reads` counts the file's reads. */
function open(of: Uint8Array | undefined, bytes = stream): { source: TraceSource; reads: () => number } {
  let reads = 0;
  const file: ByteFile = {
    path: "s",
    size: bytes.length,
    read(offset, into, length) {
      reads++;
      const part = bytes.subarray(offset, offset + length);
      into.set(part);
      return part.length;
    },
    index: () => of,
    close: () => undefined,
  };
  return { source: makeTraceSource("memory", parseMetadata(Buffer.from(metadata), "metadata"), [file], [], {}), reads: () => reads };
}

/** Everything that one can know of it. */
function whole({ source }: { source: TraceSource }): unknown {
  const { streams, warnings, losses, start, end } = source;
  return { streams, warnings, losses, start, end, starts: source.packetStarts?.(), printed: print(source, "json") };
}

const without = open(undefined);
const expected = whole(without);
/** Entry 5 is not among those that are compared when the trace is opened. */
const unseen = 5;

function changed(at: number, field: number, value: number): Uint8Array {
  const list = entries();
  list[at]![field] = value;
  return encodeIndex(list);
}

describe("an index", () => {
  test("gives what the headers give, and is read instead of them", () => {
    const opened = open(encodeIndex(entries()));
    expect(opened.reads()).toBeLessThan(10);
    expect(without.reads()).toBeGreaterThan(count);
    expect(whole(opened)).toEqual(expected);
    expect(expected).toMatchObject({
      streams: [{ packets: count, discardedEvents: count - 1 }],
      printed: { events: count, error: undefined },
    });
  });

  test("may be shorter than the file, which was written to since", () => {
    expect(whole(open(encodeIndex(entries().slice(0, 40))))).toEqual(expected);
  });

  test("may be longer than the file, which was cut", () => {
    const cut = stream.subarray(0, offsets[50]! + 3);
    expect(whole(open(encodeIndex(entries()), cut))).toEqual(whole(open(undefined, cut)));
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["noise", hex("c1f1dcc1 00000001 00000001 00000048 ff ff ff")],
    ["another version", Uint8Array.from(encodeIndex(entries()), (byte, i) => (i === 11 ? 0 : byte))],
    ["another stream's", encodeIndex(entries().map((entry) => entry.with(7, 3)))],
    ["another class'", encodeIndex(entries().map((entry) => entry.with(6, 1)))],
    ["other times", encodeIndex(entries().map((entry) => entry.with(3, entry[3]! + 1)))],
    ["times that fall", changed(unseen, 3, 3)],
    ["a gap", changed(unseen, 0, 1)],
    ["a content larger than its packet", changed(unseen, 2, 1 << 20)],
    ["a content without a header", changed(unseen, 2, 8)],
    ["a size of nothing", changed(unseen, 1, 0)],
    ["a size of bits", changed(unseen, 1, 161)],
    ["one end that is wrong, of the last", changed(count - 1, 4, 1)],
  ])("that holds %s is not believed", (_, bytes) => {
    expect(whole(open(bytes))).toEqual(expected);
  });

  test.each([
    ["begin", 3, 10 * unseen + 1],
    ["end", 4, 10 * unseen + 6],
    ["content", 2, (bytesOf(unseen) - 5) * 8],
    ["count of lost events", 5, unseen + 1],
    ["sequence number", 8, unseen + 1],
  ])("whose %s of a packet is wrong, unseen at first, ends the stream there with an error that says so", (_, field, value) => {
    const { events: read, error } = print(open(changed(unseen, field, value)).source, "json");
    expect(error).toBe(`BadInputError: s: byte ${offsets[unseen]}: the packet's header is not what LTTng's index says of it`);
    expect(read).toBe(Array.from({ length: unseen }, (_unused, i) => events(i)).reduce((a, b) => a + b, 0));
  });

  test("of a file whose header was damaged since ends the stream there", () => {
    const damaged = stream.slice();
    damaged[offsets[unseen]!] = 0;
    expect(print(open(encodeIndex(entries()), damaged).source, "json").error).toMatch(
      /byte 120: the packet's header is not what LTTng's index says/,
    );
  });

  test("whose bytes are changed anyhow gives all events as they are, or those before a packet that it is wrong about", () => {
    const { text } = print(without.source, "json");
    let refused = 0;
    for (let seed = 1; seed <= 2000; seed++) {
      const random = makeRandom(seed);
      const bytes = encodeIndex(entries());
      for (let n = random(3); n >= 0; n--) bytes[16 + random(bytes.length - 16)] = random(256);
      const printed = print(open(bytes).source, "json");
      if (printed.error === undefined) {
        expect(printed.text, `seed ${seed}`).toBe(text);
        continue;
      }
      refused++;
      expect(printed.error, `seed ${seed}`).toMatch(/byte \d+: the packet's header is not what LTTng's index says of it$/);
      expect(text.startsWith(printed.text), `seed ${seed}`).toBe(true);
    }
    expect(refused).toBeGreaterThan(100);
  });
});
