/** What metadata is refused, with the byte of the file; and what is kept of it. Constructs that are read are in test/traces/cases.ts. */
import { describe, expect, test } from "vitest";
import { ctf2, packetised, payload, tsdl } from "../../../test/traces/cases.ts";
import type { TraceSchema } from "../schema.ts";
import { parseMetadata } from "./index.ts";

const parse = (text: string | Uint8Array): TraceSchema =>
  parseMetadata(typeof text === "string" ? new TextEncoder().encode(text) : text, "metadata");

/** The place of `mark` in the metadata's bytes. */
const placeOf = (bytes: string | Uint8Array, mark: string): number => Buffer.from(bytes as string).indexOf(mark);

describe("CTF 2 refuses", () => {
  const stream = { type: "data-stream-class" };
  const field = { type: "fixed-length-unsigned-integer", length: 8, "byte-order": "little-endian", alignment: 8 };
  test.each<[string, string, RegExp]>([
    ["an unknown property of a fragment", ctf2({ ...stream, colour: "red" }), /unknown property "colour"/],
    ["an unknown property of a field class", payload({ a: { ...field, size: 8 } }), /unknown property "size"/],
    [
      "an unknown property of a location",
      payload({ a: { type: "optional", "field-class": field, "selector-field-location": { path: ["x"], up: 1 } } }),
      /unknown property "up"/,
    ],
    ["an unknown fragment", ctf2({ type: "comment" }), /there is no fragment type "comment"/],
    ["an unknown field class", payload({ a: { type: "matrix" } }), /there is no field class type "matrix"/],
    ["an extension of the trace", ctf2({ ...stream, extensions: { x: { y: 1 } } }), /extension of CTF 2/],
    ["an extension of a field class", payload({ a: { ...field, extensions: { x: { y: 1 } } } }), /extension of CTF 2/],
    ["another version", ctf2(stream).replace('"version":2', '"version":3'), /not of CTF version 2/],
    ["a second preamble", ctf2({ type: "preamble", version: 2 }), /second preamble/],
    ["an unknown role", payload({ a: { ...field, roles: ["king"] } }), /there is no role "king"/],
    ["a role that is no text", payload({ a: { ...field, roles: [5] } }), /there is no role 5/],
    ["a timestamp without a clock", payload({ a: { ...field, roles: ["default-clock-timestamp"] } }), /has no default clock/],
    ["an unknown clock", ctf2({ ...stream, "default-clock-class-id": "c" }), /there is no clock class "c"/],
    [
      "an alias that is not there",
      payload({}).replace('"member-classes":[]', '"member-classes":[{"name":"a","field-class":"no"}]'),
      /there is no field class alias "no"/,
    ],
    ["a member twice", payload({ a: field }).replace('"length":8', '"length":8,"length":9'), /two members "length"/],
    ["an integer that is none", payload({ a: field }).replace('"length":8', '"length":8.5'), /"length" is not an integer/],
    [
      "a length of another kind",
      payload({
        a: { ...field, type: "fixed-length-signed-integer" },
        b: { type: "dynamic-length-blob", "length-field-location": { path: ["a"] } },
      }),
      /is not an unsigned integer/,
    ],
    [
      "a field that comes later",
      payload({ b: { type: "dynamic-length-blob", "length-field-location": { path: ["a"] } }, a: field }),
      /there is no earlier field "a"/,
    ],
    [
      "an optional field's selector without ranges",
      payload({ a: field, b: { type: "optional", "field-class": field, "selector-field-location": { path: ["a"] } } }),
      /selector is of the wrong kind/,
    ],
    ["a flag of a negative bit", payload({ a: { ...field, type: "fixed-length-bit-map", flags: { x: [[-1, 0]] } } }), /negative bit/],
    ["an alignment that is no power of two", payload({ a: { ...field, alignment: 12 } }), /alignment 12 is not a power of two/],
    [
      "a number of 24 bits with a point",
      payload({ a: { ...field, type: "fixed-length-floating-point-number", length: 24 } }),
      /no floating point number of 24 bits/,
    ],
    [
      "an event class of no stream class",
      ctf2(stream, { type: "event-record-class", "data-stream-class-id": 7 }),
      /belongs to no data stream class/,
    ],
    ["an id twice", ctf2(stream, stream), /the data stream class id 0 is used twice/],
  ])("%s", (_, metadata, message) => {
    expect(() => parse(metadata)).toThrow(message);
    expect(() => parse(metadata)).toThrow(/^metadata: byte \d+: /);
  });

  test("integers stay exact: clock offsets and ranges beyond 2^53", () => {
    const metadata = ctf2(
      `{"type":"clock-class","id":"c","frequency":1000000000,"offset-from-origin":{"seconds":-9007199254740993,"cycles":999999999}}`,
      { ...stream, "default-clock-class-id": "c" },
    );
    expect(parse(metadata).streams[0]?.clock).toMatchObject({ offsetSeconds: -9007199254740993n, offsetCycles: 999999999n });
  });
});

describe("TSDL refuses", () => {
  const fields = (text: string): string => tsdl(`event { name = e; fields := struct { ${text} }; };`);
  test.each<[string, string, RegExp]>([
    ["a bit-field wider than its type", fields("u8 a:9;"), /a bit-field of 9 bits does not fit its type of 8/],
    ["a bit-field of no bits", fields("u8 a:0;"), /a bit-field of 0 bits/],
    ["a bit-field of a string", fields("string a:3;"), /a bit-field's type is not an integer/],
    [
      "timestamps of two clocks",
      tsdl(
        "clock { name = a; }; clock { name = b; }; stream { packet.context := struct { integer { size = 8; map = clock.a.value; } timestamp_begin; }; event.header := struct { integer { size = 8; map = clock.b.value; } timestamp; }; };",
      ),
      /mapped to several clocks/,
    ],
    ["a clock that is not declared", fields("integer { size = 8; map = clock.x.value; } a;"), /there is no clock "x"/],
    ["a length that comes later", fields("u8 b[a]; u8 a;"), /there is no earlier field "a"/],
    ["a length that is a string", fields("string a; u8 b[a];"), /is not an unsigned integer/],
  ])("%s", (_, metadata, message) => {
    expect(() => parse(metadata)).toThrow(message);
  });

  test("unknown attributes are told", () => {
    const metadata = tsdl(
      "stream { id = 0; colour = red; }; event { name = e; fields := struct { integer { size = 8; shade = 3; } a; }; };",
    );
    expect(parse(metadata).warnings.map(({ offset, message }) => [offset, message])).toEqual([
      [placeOf(metadata, "shade"), 'unknown attribute "shade" of an integer'],
      [placeOf(metadata, "red"), 'unknown attribute "colour" of a stream'],
    ]);
  });
});

describe("the place of an error is a byte of the file", () => {
  const broken = tsdl("event { name = \u00e9; };");
  const text = tsdl('env { name = "\u00e9\u00e9\u00e9"; }; event { name = e; fields := struct { nothing a; }; };');

  test("behind characters of several bytes", () => {
    expect(() => parse(text)).toThrow(`metadata: byte ${placeOf(text, "nothing")}: unknown type nothing`);
    expect(() => parse(broken)).toThrow(`metadata: byte ${placeOf(broken, "\u00e9")}: unexpected`);
  });

  test.each([false, true])("in packets (big endian: %s)", (isBig) => {
    const bytes = packetised(text.replace("byte_order = le", `byte_order = ${isBig ? "be" : "le"}`), isBig, [100, 50, 50], 7);
    expect(() => parse(bytes)).toThrow(`metadata: byte ${placeOf(bytes, "nothing")}: unknown type nothing`);
  });

  test("NUL, and what is not UTF-8", () => {
    for (const [wrong, message] of [
      [0x00, "metadata text contains a NUL character"],
      [0xff, "metadata text is not UTF-8"],
    ] as const) {
      const bytes = packetised(tsdl('env { name = "?"; };'), false, [60], 5);
      const at = bytes.indexOf(0x3f);
      bytes[at] = wrong;
      expect(() => parse(bytes)).toThrow(`metadata: byte ${at}: ${message}`);
    }
  });

  test("metadata packets: schemes, versions, sizes", () => {
    const change = (at: number, value: number): Uint8Array => {
      const bytes = packetised(tsdl(""), false, [40], 0);
      bytes[at] = value;
      return bytes;
    };
    expect(() => parse(change(32, 1))).toThrow("metadata: byte 32: metadata packet uses a compression scheme");
    expect(() => parse(change(34, 9))).toThrow("metadata: byte 34: metadata packet uses a checksum scheme");
    expect(() => parse(change(36, 9))).toThrow("metadata: byte 35: metadata packet is of version 1.9, not of 1.8 or 2.0");
    expect(() => parse(change(27, 0xf8))).toThrow("metadata: byte 24: metadata packet's content does not fit the packet");
    expect(() => parse(change(77 + 5, 0))).toThrow(`metadata: byte ${77 + 4}: metadata packets carry different uuids`);
  });
});
