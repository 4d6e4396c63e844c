/** Packets: what they lose, how their files are put together, what is refused, and that one may read at any place what one reads from the start. */
import { describe, expect, test } from "vitest";
import { ctf2, hex, idHeader, oneClock, openCase, packetContext, tsdl } from "../../../test/traces/cases.ts";
import { print } from "../../../test/traces/compare.ts";
import type { TraceSource } from "../../trace/index.ts";
import { parseMetadata } from "../metadata/index.ts";
import { makeTraceSource } from "../trace.ts";
import type { ByteFile } from "./byte-file.ts";

const framed = tsdl(
  `${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; }; event { name = e; fields := struct { u8 v; }; };`,
);
const withIds = tsdl(
  `${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; }; event { name = e; fields := struct { u8 v; }; };`,
  "le",
  idHeader,
);

const le = (value: number, bytes: number): string => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer.toString("hex");
};

interface PacketText {
  readonly begin: number;
  readonly end: number;
  readonly lost?: number;
  readonly sequence?: number;
  /** Times of its events; the value is the time, too. */
  readonly events?: readonly number[];
}

/** A packet of `framed`. */
function packet({ begin, end, lost = 0, sequence = 0, events = [] }: PacketText): string {
  const bits = (14 + 5 * events.length) * 8;
  return `${le(bits, 2)}${le(bits, 2)}${le(begin, 4)}${le(end, 4)}${le(lost, 1)}${le(sequence, 1)}${events.map((time) => le(time, 4) + le(time % 256, 1)).join("")}`;
}

function open(packets: readonly PacketText[], metadata = framed): TraceSource {
  return openCase({ metadata, files: { s: hex(packets.map(packet).join("")) } });
}

function times(source: TraceSource): number[] {
  const cursor = source.cursor();
  const seen: number[] = [];
  while (cursor.next()) seen.push(Number(source.origin) / 1e6 + cursor.time / 1e6);
  return seen;
}

/** Times that follow a search for `milliseconds`. */
function timesFrom(source: TraceSource, milliseconds: number): number[] {
  const cursor = source.cursor();
  cursor.seekTime(milliseconds * 1e6 - Number(source.origin));
  const seen: number[] = [];
  while (cursor.next()) seen.push(Number(source.origin) / 1e6 + cursor.time / 1e6);
  return seen;
}

describe("losses", () => {
  test("the counter of discarded events wraps at its width", () => {
    const source = open([
      { begin: 1, end: 2, lost: 0xfe },
      { begin: 3, end: 4, lost: 0xff, sequence: 1 },
      { begin: 5, end: 6, lost: 2, sequence: 2 },
    ]);
    expect(
      source.losses?.filter(({ count }) => count !== undefined).map(({ kind, start, end, count }) => [kind, start, end, count]),
    ).toEqual([
      ["events", 2_000_000n, 4_000_000n, 1],
      ["events", 4_000_000n, 6_000_000n, 3],
    ]);
    expect(source.streams[0]?.discardedEvents).toBe(0xfe + 4);
  });

  test("gaps in the sequence of packets are lost packets; the number before the first is not known", () => {
    const source = open([
      { begin: 1, end: 2, sequence: 5 },
      { begin: 3, end: 4, sequence: 6 },
      { begin: 7, end: 8, sequence: 9 },
    ]);
    expect(source.losses).toEqual([{ stream: 0, kind: "packets", start: 4_000_000n, end: 7_000_000n, count: 2 }]);
    expect(source.streams[0]?.discardedPackets).toBe(2);
  });

  test("gaps are also seen between the files of a stream", () => {
    const files = [packet({ begin: 1, end: 2, sequence: 5 }), packet({ begin: 5, end: 6, sequence: 8, lost: 3 })].map((text) =>
      hex(`c11ffcc10007 ${le(((20 * 8) << 16) | (20 * 8), 4)} ${text.slice(8)}`),
    );
    const source = openCase({ metadata: withIds, files: { b: files[1]!, a: files[0]! } });
    expect(source.streams.map(({ packets, discardedPackets, discardedEvents }) => [packets, discardedPackets, discardedEvents])).toEqual([
      [2, 2, 3],
    ]);
  });
});

describe("searching by time gives what reading from the start gives", () => {
  const packets: readonly PacketText[] = [
    { begin: 1, end: 5, events: [1, 4, 7] },
    { begin: 8, end: 10, events: [8, 9, 12] },
    { begin: 12, end: 20, events: [12, 20] },
  ];
  const env = (name: string, minor: number): string =>
    framed.replace(
      "clock {",
      `env { tracer_name = "${name}"; tracer_major = 2; tracer_minor = ${minor}; tracer_patchlevel = 0; }; clock {`,
    );
  test.each([
    ["lttng-ust", 10],
    ["lttng-modules", 8],
  ])("%s 2.%i writes events behind the end of their packet", (name, minor) => {
    const source = open(packets, env(name, minor));
    const all = times(source);
    expect(all).toEqual([1, 4, 7, 8, 9, 12, 12, 20]);
    for (let time = 0; time < 22; time++) expect(timesFrom(source, time)).toEqual(all.filter((each) => each >= time));
    expect(source.end).toBe(20_000_000n);
  });

  test("a packet whose end is 0 was left by a crash: its events tell", () => {
    const source = open([
      { begin: 1, end: 5, events: [1, 5] },
      { begin: 6, end: 0, events: [6, 9] },
    ]);
    expect(source.end).toBe(9_000_000n);
    expect(timesFrom(source, 7)).toEqual([9]);
    expect(timesFrom(source, 3)).toEqual([5, 6, 9]);
  });

  test("events before the begin of their packet, as barectf wrote them", () => {
    const metadata = framed.replace("size = 32; map", "size = 64; map");
    const bits = le((14 + 2 * 9) * 8, 2);
    const one = (begin: number, sequence: number, events: readonly number[]): string =>
      `${bits}${bits}${le(begin, 4)}${le(begin + 5, 4)}00${le(sequence, 1)}${events.map((time) => `${le(time, 4)}0000000000`).join("")}`;
    const source = openCase({ metadata, files: { s: hex(one(1, 0, [1, 3]) + one(10, 1, [8, 12])) } });
    expect(times(source)).toEqual([1, 3, 8, 12]);
    expect(timesFrom(source, 7)).toEqual([8, 12]);
  });
});

describe("what is left out is said", () => {
  const good = packet({ begin: 1, end: 2, events: [1] });
  test("a packet that the file cuts", () => {
    const source = openCase({ metadata: framed, files: { s: hex(good + good.slice(0, 30)) } });
    expect(times(source)).toEqual([1]);
    expect(source.warnings).toEqual([{ file: "s", offset: 19, message: "the file ends in the middle of this packet; it is left out" }]);
  });

  test("files that follow a broken one of their stream", () => {
    const head = (text: string): string => `c11ffcc10007 ${le(((25 * 8) << 16) | (25 * 8), 4)} ${text.slice(8)}`;
    const first = head(packet({ begin: 1, end: 2, events: [1] }));
    const second = head(packet({ begin: 3, end: 4, events: [3] }));
    const source = openCase({ metadata: withIds, files: { a: hex(`${first} 00`.repeat(1) + "11".repeat(40)), b: hex(second) } });
    expect(source.warnings).toEqual([
      { file: "b", offset: 0, message: "the file before it of the same stream is broken; this one is left out" },
    ]);
    expect(print(source, "json")).toMatchObject({
      events: 1,
      error: expect.stringMatching(/a: byte 25: the packet does not begin with its magic/),
    });
  });

  test("an event of an unknown class", () => {
    const metadata = tsdl("stream { event.header := struct { u8 id; }; }; event { name = e; id = 3; fields := struct { u8 v; }; };");
    const source = openCase({ metadata, files: { s: hex("03 01 | 04 02") } });
    expect(print(source, "json")).toMatchObject({
      events: 1,
      error: expect.stringMatching(/s: byte 2: there is no event with id 4 in stream class 0/),
    });
  });

  test("a packet of another trace", () => {
    const uuid = "packet.header := struct { u8 uuid[16]; };";
    const metadata = tsdl(
      "event { name = e; fields := struct { u8 v; }; };",
      "le",
      `uuid = "2a2a2a2a-2a2a-2a2a-2a2a-2a2a2a2a2a2a"; ${uuid}`,
    );
    expect(openCase({ metadata, files: { s: hex(`${"2b".repeat(16)} 01`) } }).warnings.map(({ message }) => message)).toEqual([
      "the packet carries another uuid than the metadata",
    ]);
    expect(openCase({ metadata, files: { s: hex(`${"2a".repeat(16)} 01`) } }).warnings).toEqual([]);
  });
});

describe("sizes that lie", () => {
  /** A file of any size that holds `start` and then zeros: nothing of it is in memory. */
  const sparse = (start: Uint8Array, size: number): ByteFile & { longest: number } => ({
    path: "huge",
    size,
    longest: 0,
    read(offset, into, length) {
      this.longest = Math.max(this.longest, length);
      into.fill(0, 0, length);
      into.set(start.subarray(Math.min(offset, start.length), Math.min(offset + length, start.length)));
      return Math.max(0, Math.min(length, size - offset));
    },
    close: () => undefined,
  });
  const wide = tsdl(
    "stream { packet.context := struct { u64 packet_size; u64 content_size; }; }; event { name = e; fields := struct { u8 v; }; };",
  );
  const sizes = (packetBytes: number, contentBytes: number): string => {
    const buffer = Buffer.alloc(16);
    buffer.writeBigUInt64LE(BigInt(packetBytes) * 8n, 0);
    buffer.writeBigUInt64LE(BigInt(contentBytes) * 8n, 8);
    return buffer.toString("hex");
  };

  test("petabytes in a small file are a packet cut short", () => {
    const source = openCase({ metadata: wide, files: { s: hex(`${sizes(17, 17)} 01 ${sizes(2 ** 50, 2 ** 50)} 02`) } });
    expect(print(source, "json")).toMatchObject({ events: 1, error: undefined });
    expect(source.warnings.map(({ offset }) => offset)).toEqual([17]);
  });

  const huge = (): ByteFile & { longest: number } => sparse(hex(`${sizes(17, 17)} 01 ${sizes(3 * 2 ** 30, 3 * 2 ** 30)}`), 4 * 2 ** 30);
  test("content of gigabytes is read in parts", () => {
    const file = huge();
    const source = makeTraceSource("memory", parseMetadata(Buffer.from(wide), "metadata"), [file], [], {});
    const cursor = source.cursor();
    for (let i = 0; i < 10_000; i++) expect(cursor.next()).toBe(true);
    expect(file.longest).toBeLessThan(1 << 23);
  });

  test("where it cannot be, more than 1 GiB is refused, naming file and place; what is before it is read", () => {
    const file = huge();
    const source = makeTraceSource("memory", parseMetadata(Buffer.from(wide), "metadata"), [file], [], { interpreter: true });
    expect(print(source, "json")).toMatchObject({
      events: 1,
      error: expect.stringMatching(/^BadInputError: huge: byte 17: the packet's content \(3221225472 bytes\) is larger than can be held/),
    });
    expect(file.longest).toBeLessThan(10_000);
  });

  test("padding of gigabytes is passed over", () => {
    const file = sparse(hex(`${sizes(3 * 2 ** 30, 18)} 01 02`), 3 * 2 ** 30);
    const source = makeTraceSource("memory", parseMetadata(Buffer.from(wide), "metadata"), [file], [], {});
    expect(print(source, "json")).toMatchObject({ events: 2, error: undefined });
  });

  test.each([
    ["a size of 0", sizes(0, 0), /s: byte 17: the packet's size of 0 bits is not a positive number of bytes/],
    ["more content than packet", sizes(20, 21), /s: byte 17: the packet's content \(168 bits\) is larger than the packet \(160 bits\)/],
    [
      "less content than its own header",
      sizes(20, 15),
      /s: byte 17: the packet's content \(120 bits\) is smaller than its header \(128 bits\)/,
    ],
  ])("%s", (_, second, message) => {
    const source = openCase({ metadata: wide, files: { s: hex(`${sizes(17, 17)} 01 ${second} 00 00 00 00`) } });
    expect(print(source, "json")).toMatchObject({ events: 1, error: expect.stringMatching(message) });
  });
});

test("a header that repeats is read as one that is walked", () => {
  // The same context, once with places that are fixed and once behind a field of variable length.
  const integer = (role: string): object => ({
    type: "fixed-length-unsigned-integer",
    length: 16,
    "byte-order": "big-endian",
    alignment: 8,
    roles: [role],
  });
  const roles = [
    "packet-total-length",
    "packet-content-length",
    "default-clock-timestamp",
    "packet-end-default-clock-timestamp",
    "packet-sequence-number",
  ];
  const metadata = (type: object): string =>
    ctf2(
      { type: "clock-class", id: "c", frequency: 1000 },
      {
        type: "data-stream-class",
        "default-clock-class-id": "c",
        "packet-context-field-class": {
          type: "structure",
          "member-classes": [{ name: "x", "field-class": type }, ...roles.map((role) => ({ name: role, "field-class": integer(role) }))],
        },
      },
      {
        type: "event-record-class",
        name: "e",
        "payload-field-class": {
          type: "structure",
          "member-classes": [
            { name: "v", "field-class": { type: "fixed-length-unsigned-integer", length: 8, "byte-order": "big-endian", alignment: 8 } },
          ],
        },
      },
    );
  const bytes = hex("07 0060 0060 0001 0003 0000 01 | 07 0068 0060 ffff 0001 0001 02 00 | 07 0060 0060 0004 0005 0003 03");
  const said = [
    { type: "fixed-length-signed-integer", length: 8, "byte-order": "little-endian", alignment: 8 },
    { type: "variable-length-signed-integer" },
  ].map((type) => {
    const source = openCase({ metadata: metadata(type), files: { s: bytes } });
    return {
      text: print(source, "babeltrace", { clockSeconds: true }).text,
      losses: source.losses,
      end: source.end,
      packets: source.streams[0]?.packets,
    };
  });
  expect(said[0]).toEqual(said[1]);
  expect(said[0]).toMatchObject({ packets: 3, end: 65_541_000_000n });
});
