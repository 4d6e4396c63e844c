/**
 * Small traces written as text: metadata, and the bytes of each stream file in hexadecimal. `events` is what they say, in babeltrace2's notation. For CTF 1.8
 * it is also compared with the babeltrace2 that is installed, unless that one cannot read the construct; for CTF 2 it was derived from the specification.
 *
 * They are seeds for the fuzzer too: each kind of field is here once.
 */
import type { CtfOptions } from "../../src/ctf/index.ts";
import { parseMetadata } from "../../src/ctf/metadata/index.ts";
import { makeTraceSource } from "../../src/ctf/trace.ts";
import type { TraceSource } from "../../src/trace/index.ts";
import { memoryFile } from "./compare.ts";

export interface Case {
  readonly name: string;
  readonly metadata: string | Uint8Array;
  /** Stream files by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** One line an event: `[seconds] class: { context }, { fields }`. */
  readonly events: readonly string[];
  /** Why babeltrace2 2.0.4 is not asked. */
  readonly notBabeltrace?: string;
}

/** The bytes of a case's metadata file. */
export function metadataBytes({ metadata }: Pick<Case, "metadata">): Uint8Array {
  return typeof metadata === "string" ? new TextEncoder().encode(metadata) : metadata;
}

/** Opens a case in memory. */
export function openCase(each: Pick<Case, "metadata" | "files">, options: CtfOptions = {}): TraceSource {
  const files = Object.entries(each.files).map(([name, bytes]) => memoryFile(name, bytes));
  return makeTraceSource("memory", parseMetadata(metadataBytes(each), "metadata"), files, [], options);
}

/** Bytes in hexadecimal; spaces and bars only part them, and whatever follows `#` on a line is a remark. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/#.*$/gm, "").replace(/[\s|]/g, "");
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`not bytes: ${text}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Metadata of CTF 1.8: common types, a trace block (`trace` is added to it), then `body`. */
export function tsdl(body: string, order = "le", trace = ""): string {
  return `/* CTF 1.8 */
typealias integer { size = 1; align = 1; } := u1;
typealias integer { size = 8; } := u8;
typealias integer { size = 16; } := u16;
typealias integer { size = 32; } := u32;
typealias integer { size = 64; } := u64;
typealias integer { size = 8; signed = true; } := s8;
trace { major = 1; minor = 8; byte_order = ${order}; ${trace} };
${body}`;
}

/** Metadata of CTF 2: one fragment after the other. JSON text is used as it stands, so that integers stay exact. */
export function ctf2(...fragments: readonly (object | string)[]): string {
  return [{ type: "preamble", version: 2 }, ...fragments]
    .map((fragment) => `\u001e${typeof fragment === "string" ? fragment : JSON.stringify(fragment)}\n`)
    .join("");
}

const u = (length: number, more: object = {}): object => ({
  type: "fixed-length-unsigned-integer",
  length,
  "byte-order": "little-endian",
  alignment: length % 8 === 0 ? 8 : 1,
  ...more,
});
const s = (length: number, more: object = {}): object => ({ ...u(length, more), type: "fixed-length-signed-integer" });
const varint = { type: "variable-length-unsigned-integer" };
const members = (fields: Readonly<Record<string, object>>): object => ({
  type: "structure",
  "member-classes": Object.entries(fields).map(([name, field]) => ({ name, "field-class": field })),
});
const here = (...path: (string | null)[]): object => ({ path });

/** A trace of CTF 2 with one event class and nothing around its payload: a stream file is one packet of events. */
export function payload(fields: Readonly<Record<string, object>>): string {
  return ctf2({ type: "data-stream-class" }, { type: "event-record-class", name: "e", "payload-field-class": members(fields) });
}

/** Packets of metadata (37-byte headers): `sizes` are the bytes of text in each packet but the last; each is padded by `padding` bytes. */
export function packetised(
  text: string,
  isBig: boolean,
  sizes: readonly number[],
  padding: number,
  version: readonly [number, number] = [1, 8],
): Uint8Array {
  const bytes = Buffer.from(text);
  const packets: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const part = bytes.subarray(at, at + (sizes[i] ?? bytes.length));
    at += part.length;
    const header = Buffer.alloc(37);
    const put = (value: number, offset: number): void =>
      void (isBig ? header.writeUInt32BE(value, offset) : header.writeUInt32LE(value, offset));
    put(0x75d11d57, 0);
    header.fill(0x2a, 4, 20);
    put((37 + part.length) * 8, 24);
    put((37 + part.length + padding) * 8, 28);
    header.set(version, 35);
    packets.push(header, part, Buffer.alloc(padding, 0xff));
  }
  return Buffer.concat(packets);
}

/** Packet context of the cases about packets: sizes in bits, times, counter and sequence number, a byte each but the sizes. */
export const packetContext = `packet.context := struct { u16 packet_size; u16 content_size; u32 timestamp_begin; u32 timestamp_end; u8 events_discarded; u8 packet_seq_num; };`;
export const idHeader = "packet.header := struct { u32 magic; u8 stream_id; u8 stream_instance_id; };";
export const oneClock = `clock { name = c; freq = 1000; };
typealias integer { size = 32; map = clock.c.value; } := t32;`;

const ctf1: readonly Case[] = [
  {
    name: "arrays of several dimensions, their lengths constant or fields",
    metadata: tsdl("event { name = e; fields := struct { u8 a[2][3]; u8 n; u8 s[n][2]; struct { u8 x; } p[n]; }; };"),
    files: { s: hex("01 02 03 | 04 05 06 | 02 | 07 08 | 09 0a | 0b | 0c") },
    events: [
      "e: { a = [ [0] = [ [0] = 1, [1] = 2, [2] = 3 ], [1] = [ [0] = 4, [1] = 5, [2] = 6 ] ], n = 2, s = [ [0] = [ [0] = 7, [1] = 8 ], [1] = [ [0] = 9, [1] = 10 ] ], p = [ [0] = { x = 11 }, [1] = { x = 12 } ] }",
    ],
  },
  {
    name: "arrays of arrays of no elements",
    metadata: tsdl("event { name = e; fields := struct { u8 a[2][0]; u8 n; u8 b[2][n]; u8 v; }; };"),
    files: { s: hex("00 07 | 01 08 09 0a") },
    events: [
      "e: { a = [ [0] = [ ], [1] = [ ] ], n = 0, b = [ [0] = [ ], [1] = [ ] ], v = 7 }",
      "e: { a = [ [0] = [ ], [1] = [ ] ], n = 1, b = [ [0] = [ [0] = 8 ], [1] = [ [0] = 9 ] ], v = 10 }",
    ],
  },
  {
    name: "enumerations: implicit values, ranges, overlaps, labels as strings, values without a label",
    metadata: tsdl(
      'event { name = e; fields := struct { enum : u8 { A, B, C = 5 ... 7, D, "x y" = 6, A = 40 } v; enum : s8 { N = -3 ... -2, O, P } w; }; };',
    ),
    files: { s: hex("00 fd | 01 fe | 05 ff | 06 00 | 08 01 | 28 fd") },
    events: [
      'e: { v = ( "A" : container = 0 ), w = ( "N" : container = -3 ) }',
      'e: { v = ( "B" : container = 1 ), w = ( "N" : container = -2 ) }',
      'e: { v = ( "C" : container = 5 ), w = ( "O" : container = -1 ) }',
      'e: { v = ( "C", "x y" : container = 6 ), w = ( "P" : container = 0 ) }',
      'e: { v = ( "D" : container = 8 ), w = ( <unknown> : container = 1 ) }',
      'e: { v = ( "A" : container = 40 ), w = ( "N" : container = -3 ) }',
    ],
  },
  {
    name: "the tag of a variant in every dynamic scope, named absolutely",
    metadata: tsdl(
      `typealias enum : u8 { A, B } := ab;
stream { packet.context := struct { ab pc; }; event.header := struct { ab eh; }; event.context := struct { ab cc; }; };
event { name = e; context := struct { ab sc; }; fields := struct { ab pl;
  variant <trace.packet.header.ph> { u8 A; u16 B; } a;
  variant <stream.packet.context.pc> { u8 A; u16 B; } b;
  variant <stream.event.header.eh> { u8 A; u16 B; } c;
  variant <stream.event.context.cc> { u8 A; u16 B; } d;
  variant <event.context.sc> { u8 A; u16 B; } e;
  variant <event.fields.pl> { u8 A; u16 B; } f; }; };`,
      "le",
      "packet.header := struct { enum : u8 { A, B } ph; };",
    ),
    files: { s: hex("01 | 00 | 01 | 00 | 01 | 00 | 01 01 | 02 | 03 03 | 04 | 05 05 | 06") },
    events: [
      'e: { pc = ( "A" : container = 0 ) }, { cc = ( "A" : container = 0 ) }, { sc = ( "B" : container = 1 ) }, { pl = ( "A" : container = 0 ), a = { 257 }, b = { 2 }, c = { 771 }, d = { 4 }, e = { 1285 }, f = { 6 } }',
    ],
    notBabeltrace: "it refuses absolute tags of outer scopes",
  },
  {
    name: "lengths and tags in outer scopes, found from the innermost outwards",
    metadata: tsdl(`stream { packet.context := struct { u8 n; u8 m; }; event.context := struct { u8 n; }; };
event { name = e; fields := struct { u8 a[n]; struct { u8 n; struct { u8 b[n]; u8 c[m]; } in; } out; }; };`),
    files: { s: hex("09 02 | 01 | 0a | 02 | 0b 0c | 0d 0e") },
    events: [
      "e: { n = 9, m = 2 }, { n = 1 }, { a = [ [0] = 10 ], out = { n = 2, in = { b = [ [0] = 11, [1] = 12 ], c = [ [0] = 13, [1] = 14 ] } } }",
    ],
    notBabeltrace: "it wants lengths in outer scopes named absolutely",
  },
  {
    name: "clocks of different frequency and offset, correlated by absolute",
    metadata: tsdl(
      `clock { name = a; freq = 1000; offset_s = 5; absolute = true; };
clock { name = b; freq = 1000000000; offset = 4000000000; absolute = true; };
stream { id = 0; event.header := struct { integer { size = 16; map = clock.a.value; } timestamp; }; };
stream { id = 1; event.header := struct { integer { size = 32; map = clock.b.value; } timestamp; }; };
event { name = x; stream_id = 0; fields := struct { u8 v; }; };
event { name = y; stream_id = 1; fields := struct { u8 v; }; };`,
      "le",
      "packet.header := struct { u8 stream_id; };",
    ),
    files: { a: hex("00 | 01 00 01 | e8 03 02"), b: hex("01 | 00 ca 9a 3b 03 | 80 01 c4 3b 04") },
    events: ["[5.000000000] y: { v = 3 }", "[5.001000000] x: { v = 1 }", "[5.002701184] y: { v = 4 }", "[6.000000000] x: { v = 2 }"],
  },
  {
    name: "a payload field of another clock than the stream's does not move the stream's clock",
    metadata: tsdl(`clock { name = a; freq = 1000; }; clock { name = b; freq = 1; };
stream { event.header := struct { integer { size = 8; map = clock.a.value; } timestamp; }; };
event { name = e; fields := struct { integer { size = 8; map = clock.b.value; } other; }; };`),
    files: { s: hex("05 ff | 06 01") },
    events: ["[0.005000000] e: { other = 255 }", "[0.006000000] e: { other = 1 }"],
    notBabeltrace: "it refuses two clocks in a stream",
  },
  {
    name: "a payload field of the stream's clock moves it",
    metadata: tsdl(`${oneClock} stream { event.header := struct { integer { size = 8; map = clock.c.value; } timestamp; }; };
event { name = e; fields := struct { t32 at; }; };`),
    files: { s: hex("05 | 00 02 00 00 || 06 | 07 02 00 00 || 03 | 00 00 00 00") },
    events: ["[0.512000000] e: { at = 512 }", "[0.519000000] e: { at = 519 }", "[4294967.296000000] e: { at = 0 }"],
    notBabeltrace: "it takes an event's time from its header only",
  },
  {
    name: "integers of more than 64 bits, of both byte orders",
    metadata: tsdl(
      "event { name = e; fields := struct { integer { size = 72; } a; integer { size = 128; byte_order = be; } b; integer { size = 65; align = 1; signed = true; } c; integer { size = 7; align = 1; } d; }; };",
    ),
    files: { s: hex("01 00 00 00 00 00 00 00 80 | 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 | fe ff ff ff ff ff ff ff 0b") },
    events: ["e: { a = 2361183241434822606849, b = 170141183460469231731687303715884105729, c = -2, d = 5 }"],
    notBabeltrace: "it refuses integers of more than 64 bits",
  },
  {
    name: "GNU/C bit-fields fill units of their type",
    metadata: tsdl(
      "typealias integer { size = 16; signed = true; } := short; event { name = e; fields := struct { u8 x; short a:12; short b:5; short c:11; u8 y; }; };",
    ),
    // a: low 12 bits of the unit at 2; b does not fit beside it and begins the unit at 4, which c fills.
    files: { s: hex("01 ff | fe 0f | 03 04 | 02") },
    events: ["e: { x = 1, a = -2, b = 3, c = 32, y = 2 }"],
    notBabeltrace: "it does not know bit-fields",
  },
  {
    name: "floating point numbers at any bit, of both byte orders",
    metadata: tsdl(
      "event { name = e; fields := struct { integer { size = 4; align = 1; } n; floating_point { exp_dig = 8; mant_dig = 24; align = 1; } f; integer { size = 4; align = 1; } m; floating_point { exp_dig = 11; mant_dig = 53; align = 8; byte_order = be; } d; }; };",
    ),
    files: { s: hex("03 00 00 fc 53 | c0 04 00 00 00 00 00 00") },
    events: ["e: { n = 3, f = 1.5, m = 5, d = -2.5 }"],
  },
  {
    name: "event ids and ranges of 64 bits",
    metadata: tsdl(`stream { event.header := struct { u64 id; }; };
event { name = big; id = 18446744073709551615; fields := struct { enum : u64 { top = 18446744073709551614 ... 18446744073709551615, rest = 0 ... 18446744073709551613 } v; }; };
event { name = small; id = 9007199254740993; fields := struct { enum : integer { size = 64; signed = true; } { low = -9223372036854775808, next = -9223372036854775807 } v; }; };`),
    files: {
      s: hex(
        "ff ff ff ff ff ff ff ff | fd ff ff ff ff ff ff ff || 01 00 00 00 00 00 20 00 | 01 00 00 00 00 00 00 80 || ff ff ff ff ff ff ff ff | fe ff ff ff ff ff ff ff",
      ),
    },
    events: [
      'big: { v = ( "rest" : container = 18446744073709551613 ) }',
      'small: { v = ( "next" : container = -9223372036854775807 ) }',
      'big: { v = ( "top" : container = 18446744073709551614 ) }',
    ],
    notBabeltrace: "it takes event ids for signed",
  },
  {
    name: "characters as text: arrays and sequences, cut at NUL; escapes of what does not print",
    metadata: tsdl(
      "typealias integer { size = 8; encoding = UTF8; } := char; event { name = e; fields := struct { char a[4]; u8 n; char b[n]; string c; char d; }; };",
    ),
    files: { s: hex("68 69 00 7a | 02 | 22 5c | c3 a9 0a 07 00 | 41") },
    events: ['e: { a = "hi", n = 2, b = "\\"\\\\", c = "\u00c3\u00a9\\n\\a", d = 65 }'],
  },
  {
    name: "names of types: several words, pointers, shadowing in an inner scope, forward use of named types",
    metadata: tsdl(`typealias integer { size = 16; } := unsigned long int;
typealias integer { size = 32; base = 16; } := void *;
typedef u8 byte_t, pair_t[2];
struct point { byte_t x; byte_t y; };
variant either { u8 A; u16 B; };
event { name = e; fields := struct { typealias integer { size = 8; base = 2; } := byte_t; unsigned long int a; byte_t b; struct point p; pair_t q; enum named : u8 { A = 1, B } t; variant either <t> v; }; };`),
    files: { s: hex("01 02 | 05 | 06 07 | 08 09 | 02 | 0a 0b") },
    events: ['e: { a = 513, b = 0b00000101, p = { x = 6, y = 7 }, q = [ [0] = 8, [1] = 9 ], t = ( "B" : container = 2 ), v = { 2826 } }'],
  },
  {
    name: "literals: hexadecimal, octal, binary-free suffixes, characters, escapes; env, callsite and unknown attributes",
    metadata: tsdl(`env { answer = 0x2a; mode = 0755; who = "a\\tb"; minus = -5; };
callsite { name = "x"; func = "f"; file = "f.c"; line = 5; };
event { name = "e\\x41\\102"; id = 0x0; loglevel = 3; strange.attribute = "yes"; fields := struct { u8 a[03]; u8 b[0x1u]; }; };`),
    files: { s: hex("01 02 03 04") },
    events: ["eAB: { a = [ [0] = 1, [1] = 2, [2] = 3 ], b = [ [0] = 4 ] }"],
  },
  {
    name: "a variant in the event header: the later id and timestamp count",
    metadata: tsdl(`clock { name = c; freq = 1000; };
typealias integer { size = 27; align = 1; map = clock.c.value; } := t27;
typealias integer { size = 64; map = clock.c.value; } := t64;
stream { event.header := struct { enum : integer { size = 5; align = 1; } { compact = 0 ... 30, extended = 31 } id;
  variant <id> { struct { t27 timestamp; } compact; struct { u32 id; t64 timestamp; } extended; } v; } align(8); };
event { name = e; id = 1; fields := struct { u8 v; }; };
event { name = far; id = 300; fields := struct { u8 v; }; };`),
    // ids in the low 5 bits; the second event's time of 27 bits is below the first's: one wrap of 2^27 ms
    files: { s: hex("41 01 00 00 01 | 21 00 00 00 02 | 1f 2c 01 00 00 00 00 00 00 01 00 00 00 03") },
    events: ["[0.010000000] e: { v = 1 }", "[134217.729000000] e: { v = 2 }", "[4294967.296000000] far: { v = 3 }"],
  },
  {
    name: "files of one stream, cut by rotation: ordered by time, their sequence begins above 0",
    metadata: tsdl(
      `${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; }; event { name = e; fields := struct { u8 v; }; };`,
      "le",
      idHeader,
    ),
    files: {
      a_1: hex("c1 1f fc c1 00 07 | c8 00 c8 00 | 10 00 00 00 | 1f 00 00 00 | 00 06 | 11 00 00 00 02"),
      a_2: hex("c1 1f fc c1 00 07 | c8 00 c8 00 | 00 00 00 00 | 0f 00 00 00 | 00 05 | 01 00 00 00 01"),
      b: hex("c1 1f fc c1 00 08 | c8 00 c8 00 | 00 00 00 00 | 1f 00 00 00 | 00 00 | 11 00 00 00 03"),
    },
    events: ["[0.001000000] e: { v = 1 }", "[0.017000000] e: { v = 2 }", "[0.017000000] e: { v = 3 }"],
  },
  {
    name: "packet times of 32 bits wrap: they go on from the packet before",
    metadata: tsdl(`${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; };
event { name = e; fields := struct { u8 v; }; };`),
    files: {
      s: hex(`98 00 98 00 | 00 00 00 ff | 00 00 00 00 | 00 00 | ff ff ff ff 01   # its end is past the wrap
              98 00 98 00 | 01 00 00 00 | 09 00 00 00 | 00 01 | 02 00 00 00 02`),
    },
    events: ["[4294967.295000000] e: { v = 1 }", "[4294967.298000000] e: { v = 2 }"],
    notBabeltrace: "it takes packets' times as they are written, and stops at the second",
  },
  {
    name: "padding behind the content, a packet without events, a file of no bytes",
    metadata: tsdl(`${oneClock} stream { ${packetContext} event.header := struct { t32 timestamp; }; };
event { name = e; fields := struct { u8 v; }; };`),
    files: {
      empty: hex(""),
      s: hex(`a8 00 98 00 | 01 00 00 00 | 02 00 00 00 | 00 00 | 01 00 00 00 01 | ff ff
              70 00 70 00 | 03 00 00 00 | 04 00 00 00 | 00 01
              98 00 98 00 | 05 00 00 00 | 06 00 00 00 | 00 02 | 05 00 00 00 02`),
    },
    events: ["[0.001000000] e: { v = 1 }", "[0.005000000] e: { v = 2 }"],
  },
  ...[false, true].map(
    (isBig): Case => ({
      name: `metadata in packets, ${isBig ? "big" : "little"} endian: tokens cut, padding, CRLF`,
      metadata: packetised(
        tsdl("event { name = e; fields := struct { u16 v; }; };", isBig ? "be" : "le").replaceAll("\n", "\r\n"),
        isBig,
        [20, 1, 33],
        3,
      ),
      files: { s: hex("01 02") },
      events: [`e: { v = ${isBig ? 258 : 513} }`],
    }),
  ),
];

const le = (length: number, type: string, more: object = {}): object => ({ type, length, "byte-order": "little-endian", ...more });
const be = (length: number, type: string, more: object = {}): object => ({ type, length, "byte-order": "big-endian", ...more });
const float = "fixed-length-floating-point-number";

const ctf2Cases: readonly Omit<Case, "notBabeltrace">[] = [
  {
    name: "bit arrays, bit maps, booleans",
    metadata: payload({
      bits: le(8, "fixed-length-bit-array"),
      map: le(8, "fixed-length-bit-map", { flags: { low: [[0, 1]], top: [[7, 7]], never: [[3, 3]] } }),
      yes: le(8, "fixed-length-boolean"),
      no: be(8, "fixed-length-boolean"),
    }),
    files: { s: hex("a5 82 02 00") },
    events: ["e: { bits = 0xA5, map = 0x82, yes = true, no = false }"],
  },
  {
    name: "integers: signs, bases, labels, exact ranges beyond 2^53",
    metadata: payload({
      a: s(16),
      b: u(8, { "preferred-display-base": 2 }),
      c: u(8, { "preferred-display-base": 8 }),
      d: u(16, { "preferred-display-base": 16 }),
    }).replace(
      "]}}\n",
      ',{"name":"v","field-class":{"type":"fixed-length-unsigned-integer","length":64,"byte-order":"big-endian","alignment":8,"mappings":{"odd":[[9007199254740993,9007199254740993]],"even":[[9007199254740992,9007199254740992]]}}}]}}\n',
    ),
    files: { s: hex("fe ff | 05 | 0f | cd ab | 00 20 00 00 00 00 00 01") },
    events: ['e: { a = -2, b = 0b00000101, c = 017, d = 0xABCD, v = ( "odd" : container = 9007199254740993 ) }'],
  },
  {
    name: "variable-length integers, up to 64 bits and beyond",
    metadata: payload({
      a: varint,
      b: { type: "variable-length-signed-integer", mappings: { minus: [[-2, -1]] } },
      c: varint,
      d: { type: "variable-length-signed-integer" },
      e: varint,
      f: { type: "variable-length-signed-integer" },
      n: varint,
      bytes: { type: "dynamic-length-blob", "length-field-location": here("n") },
    }),
    files: {
      s: hex(`e5 8e 26 | 7f | ff ff ff ff ff ff ff ff ff 01 | 80 80 80 80 80 80 80 80 80 7f
              80 80 80 80 80 80 80 80 80 80 01 | ff ff ff ff ff ff ff ff ff ff 7e | 82 00 | 01 02`),
    },
    events: [
      'e: { a = 624485, b = ( "minus" : container = -1 ), c = 18446744073709551615, d = -9223372036854775808, e = 1180591620717411303424, f = -1180591620717411303425, n = 2, bytes = [ [0] = 1, [1] = 2 ] }',
    ],
  },
  {
    name: "strings: null-terminated, static and dynamic, in every encoding",
    metadata: payload({
      a: { type: "null-terminated-string" },
      b: { type: "null-terminated-string", encoding: "utf-16le" },
      c: { type: "null-terminated-string", encoding: "utf-32be" },
      d: { type: "static-length-string", length: 6, encoding: "utf-16be" },
      n: u(8),
      e: { type: "dynamic-length-string", "length-field-location": here("n"), encoding: "utf-32le" },
      f: { type: "static-length-string", length: 4 },
    }),
    files: {
      s: hex(
        `c3 a9 00 | e9 00 3d d8 00 de 00 00 | 00 00 00 e9 00 00 00 00 | 00 41 00 00 00 42 | 08 | 41 00 00 00 42 00 00 00 | 61 62 63 64`,
      ),
    },
    events: [
      'e: { a = "\u00c3\u00a9", b = "\u00c3\u00a9\u00f0\u009f\u0098\u0080", c = "\u00c3\u00a9", d = "A", n = 8, e = "AB", f = "abcd" }',
    ],
  },
  {
    name: "blobs",
    metadata: payload({
      a: { type: "static-length-blob", length: 2, "media-type": "image/png" },
      n: u(8),
      b: { type: "dynamic-length-blob", "length-field-location": here("n") },
    }),
    files: { s: hex("de ad | 03 | 01 02 03") },
    events: ["e: { a = [ [0] = 222, [1] = 173 ], n = 3, b = [ [0] = 1, [1] = 2, [2] = 3 ] }"],
  },
  {
    name: "optional fields, selected by booleans and by integers",
    metadata: payload({
      has: le(8, "fixed-length-boolean"),
      a: { type: "optional", "selector-field-location": here("has"), "field-class": u(8) },
      n: s(8),
      b: {
        type: "optional",
        "selector-field-location": here("n"),
        "selector-field-ranges": [
          [-2, -1],
          [5, 5],
        ],
        "field-class": u(8),
      },
    }),
    files: { s: hex("01 07 fe 08 | 00 00 | 80 09 05 0a") },
    events: [
      "e: { has = true, a = 7, n = -2, b = 8 }",
      "e: { has = false, a = <none>, n = 0, b = <none> }",
      "e: { has = true, a = 9, n = 5, b = 10 }",
    ],
  },
  {
    name: "variants, selected by signed and by variable-length integers",
    metadata: payload({
      n: s(8),
      a: {
        type: "variant",
        "selector-field-location": here("n"),
        options: [
          { name: "minus", "selector-field-ranges": [[-128, -1]], "field-class": u(8) },
          { "selector-field-ranges": [[0, 127]], "field-class": u(16) },
        ],
      },
      m: varint,
      b: {
        type: "variant",
        "selector-field-location": { origin: "event-record-payload", path: ["m"] },
        options: [{ "selector-field-ranges": [[300, 300]], "field-class": { type: "null-terminated-string" } }],
      },
    }),
    files: { s: hex("ff 01 ac 02 78 00 | 01 02 03 ac 02 79 00") },
    events: ['e: { n = -1, a = { 1 }, m = 300, b = { "x" } }', 'e: { n = 1, a = { 770 }, m = 300, b = { "y" } }'],
  },
  {
    name: "minimum alignment of structures and arrays; relative locations through their parents",
    metadata: payload({
      x: u(8),
      p: {
        type: "structure",
        "minimum-alignment": 32,
        "member-classes": [
          { name: "a", "field-class": u(8) },
          {
            name: "b",
            "field-class": { type: "dynamic-length-array", "length-field-location": here(null, "x"), "element-field-class": u(8) },
          },
        ],
      },
      q: { type: "static-length-array", length: 2, "minimum-alignment": 64, "element-field-class": u(8) },
      r: {
        type: "static-length-array",
        length: 2,
        "element-field-class": { type: "structure", "minimum-alignment": 16, "member-classes": [{ name: "c", "field-class": u(8) }] },
      },
    }),
    files: { s: hex("02 ff ff ff | 01 02 03 ff | 04 05 | 06 ff 07") },
    events: ["e: { x = 2, p = { a = 1, b = [ [0] = 2, [1] = 3 ] }, q = [ [0] = 4, [1] = 5 ], r = [ [0] = { c = 6 }, [1] = { c = 7 } ] }"],
  },
  {
    name: "bit order against the byte order's own",
    metadata: payload({
      a: le(8, "fixed-length-unsigned-integer", { "bit-order": "last-to-first" }),
      b: be(8, "fixed-length-unsigned-integer", { "bit-order": "first-to-last" }),
      c: le(4, "fixed-length-signed-integer", { "bit-order": "last-to-first" }),
      d: le(4, "fixed-length-unsigned-integer", { "bit-order": "first-to-last" }),
      e: be(16, float, { "bit-order": "first-to-last", alignment: 8 }),
      f: le(72, "fixed-length-unsigned-integer", { "bit-order": "last-to-first" }),
      g: be(128, float, { "bit-order": "first-to-last" }),
    }),
    // 1.5 as a half is 3e00, as a quad 3fff8000...: the bits from last to first
    files: { s: hex("01 | 80 | 53 | 00 7c | 01 00 00 00 00 00 00 00 80 | 00 00 00 00 00 00 00 00 00 00 00 00 00 01 ff fc") },
    events: ["e: { a = 128, b = 1, c = -4, d = 5, e = 1.5, f = 2361183241434822606849, g = 1.5 }"],
  },
  {
    name: "floating point numbers of 16, 32, 64 and 128 bits",
    metadata: payload({ a: le(16, float), b: be(32, float), c: le(64, float), d: be(128, float), e: le(128, float), f: le(16, float) }),
    files: {
      s: hex(`00 3c | c0 20 00 00 | 00 00 00 00 00 00 e0 3f | 40 00 80 00 00 00 00 00 00 00 00 00 00 00 00 00
              00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 7f | 01 00`),
    },
    events: ["e: { a = 1, b = -2.5, c = 0.5, d = 3, e = inf, f = 5.96046e-08 }"],
  },
  {
    name: "a role twice: the last field decoded counts; discarded bits of an extended header",
    metadata: ctf2(
      { type: "clock-class", id: "c", frequency: 1000, "offset-from-origin": { seconds: 10, cycles: 500 } },
      {
        type: "data-stream-class",
        "default-clock-class-id": "c",
        "event-record-header-field-class": members({
          id: u(5, { roles: ["event-record-class-id"] }),
          v: {
            type: "variant",
            "selector-field-location": here("id"),
            options: [
              { "selector-field-ranges": [[0, 30]], "field-class": members({ t: u(27, { roles: ["default-clock-timestamp"] }) }) },
              {
                "selector-field-ranges": [[31, 31]],
                "field-class": members({
                  id: u(32, { roles: ["event-record-class-id"] }),
                  t: u(64, { roles: ["default-clock-timestamp"] }),
                }),
              },
            ],
          },
        }),
      },
      { type: "event-record-class", id: 1, name: "e", "payload-field-class": members({ v: u(8) }) },
      { type: "event-record-class", id: 300, name: "far", "payload-field-class": members({ v: u(8) }) },
    ),
    files: { s: hex("41 01 00 00 01 | 1f 2c 01 00 00 00 00 00 00 01 00 00 00 03") },
    events: ["[10.510000000] e: { v = 1 }", "[4294977.796000000] far: { v = 3 }"],
  },
  {
    name: "a clock told by variable-length integers: seven bits a byte",
    metadata: ctf2(
      { type: "clock-class", id: "c", frequency: 1000 },
      {
        type: "data-stream-class",
        "default-clock-class-id": "c",
        "event-record-header-field-class": members({ t: { ...varint, roles: ["default-clock-timestamp"] } }),
      },
      { type: "event-record-class", name: "e", "payload-field-class": members({ v: u(8) }) },
    ),
    // 128 in two bytes, then 5 in one: the low seven bits, from 128 on; then 4: one wrap of seven bits
    files: { s: hex("80 01 01 | 05 02 | 04 03") },
    events: ["[0.128000000] e: { v = 1 }", "[0.133000000] e: { v = 2 }", "[0.260000000] e: { v = 3 }"],
  },
  {
    name: "packets with every role, an alias, ids, uids; several streams",
    metadata: ctf2(
      { type: "field-class-alias", name: "byte", "field-class": u(8) },
      {
        type: "trace-class",
        namespace: "ns",
        name: "n",
        uid: "any text",
        environment: { host: "h", cpus: 2 },
        "packet-header-field-class": members({
          magic: u(32, { roles: ["packet-magic-number"] }),
          uuid: { type: "static-length-blob", length: 16, roles: ["metadata-stream-uuid"] },
          class: u(8, { roles: ["data-stream-class-id"] }),
          stream: u(8, { roles: ["data-stream-id"] }),
        }),
      },
      { type: "clock-class", id: "c", uid: "u", origin: "unix-epoch", frequency: 1000, precision: 1, accuracy: 2, description: "d" },
      ...[0, 1].map((id) => ({
        type: "data-stream-class",
        id,
        "default-clock-class-id": "c",
        "packet-context-field-class": members({
          total: u(16, { roles: ["packet-total-length"] }),
          content: u(16, { roles: ["packet-content-length"] }),
          begin: u(16, { roles: ["default-clock-timestamp"] }),
          end: u(16, { roles: ["packet-end-default-clock-timestamp"] }),
          lost: u(8, { roles: ["discarded-event-record-counter-snapshot"] }),
          sequence: u(8, { roles: ["packet-sequence-number"] }),
          cpu: u(8),
        }),
        "event-record-header-field-class": members({ t: u(16, { roles: ["default-clock-timestamp"] }) }),
      })),
      ...[0, 1].map(
        (id) =>
          `{"type":"event-record-class","data-stream-class-id":${id},"name":"e${id}","attributes":{"x":{"any":1}},"payload-field-class":{"type":"structure","member-classes":[{"name":"v","field-class":"byte"}]}}`,
      ),
    ).replace('"version":2', `"version":2,"uuid":[${"42,".repeat(15)}42]`),
    files: {
      a: hex(`c1 1f fc c1 | ${"2a".repeat(16)} | 00 | 05 || 28 01 20 01 | 01 00 | 09 00 | 00 | 00 | 03 || 02 00 07 || ff`),
      b: hex(`c1 1f fc c1 | ${"2a".repeat(16)} | 01 | 05 || 20 01 20 01 | 01 00 | 09 00 | 00 | 00 | 04 || 01 00 08`),
    },
    events: ["[0.001000000] e1: { cpu = 4 }, { v = 8 }", "[0.002000000] e0: { cpu = 3 }, { v = 7 }"],
  },
  {
    name: "metadata of CTF 2 in packets",
    metadata: packetised(payload({ v: u(16) }), true, [10, 50, 3], 5, [2, 0]),
    files: { s: hex("01 02") },
    events: ["e: { v = 513 }"],
  },
];

/** All of them. */
export const cases: readonly Case[] = [...ctf1, ...ctf2Cases.map((each) => ({ ...each, notBabeltrace: "2.0.4 does not read CTF 2" }))];
