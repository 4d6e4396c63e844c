/** Traces that lie: every byte of metadata and streams may be anything. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFile, print } from "../../test/traces/compare.ts";
import { StorescopeError } from "../base/index.ts";
import { parseMetadata } from "./metadata/index.ts";
import { makeTraceSource } from "./trace.ts";

const own = join(import.meta.dirname, "..", "..", "test", "traces", "own");

/** Reads a trace in memory by both decoders; gives what was printed, or the refusal. Anything but a StorescopeError is a bug. */
function readBoth(metadata: Uint8Array, streams: readonly Uint8Array[]): string[] {
  return [false, true].map((interpreter) => {
    try {
      const files = streams.map((bytes, i) => memoryFile(`stream${i}`, bytes));
      const printed = print(makeTraceSource("memory", parseMetadata(metadata, "metadata"), files, [], { interpreter }), "json");
      if (printed.error !== undefined) expect(printed.error).toMatch(/^BadInputError: .*: byte \d+: /);
      return JSON.stringify(printed);
    } catch (error) {
      if (!(error instanceof StorescopeError)) throw error;
      return error.message;
    }
  });
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const payload = (fields: string): string =>
  `/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; }; typealias integer { size = 8; } := u8;
   typealias integer { size = 32; align = 8; } := u32; event { name = "e"; fields := struct { ${fields} }; };`;

describe("hostile traces", () => {
  const names = readdirSync(own).filter((name) => !name.endsWith(".gz"));
  test.each(names)("%s with changed or missing bytes: both decoders say the same, and nothing but a StorescopeError is thrown", (name) => {
    const directory = join(own, name);
    const metadata = readFileSync(join(directory, "metadata"));
    const streams = readdirSync(directory)
      .filter((file) => file !== "metadata")
      .map((file) => readFileSync(join(directory, file)).subarray(0, 20_000));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(streams.length), fc.nat(8000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(20_000)),
        (changes, cut) => {
          const copies = [metadata, ...streams].map((bytes) => Uint8Array.from(bytes));
          for (const [which, at, value] of changes) {
            const target = copies[which]!;
            target[at % target.length] = value;
          }
          const [text, ...files] = copies;
          const [compiled, interpreted] = readBoth(
            text!,
            files.map((bytes) => bytes.subarray(0, cut ?? bytes.length)),
          );
          expect(compiled).toBe(interpreted);
        },
      ),
      { numRuns: name.startsWith("lttng") ? 15 : 60 },
    );
  });

  test("a file that is no stream is left out with a warning; alone, it is refused", () => {
    const metadata = parseMetadata(
      utf8(payload("u8 a;").replace("};", "packet.header := struct { integer { size = 32; } magic; }; };")),
      "metadata",
    );
    const good = memoryFile("good", Uint8Array.of(0xc1, 0x1f, 0xfc, 0xc1, 7, 8));
    const bad = memoryFile("bad", utf8("notes about the recording"));
    const source = makeTraceSource("memory", metadata, [bad, good], [], {});
    expect(print(source, "json")).toMatchObject({ events: 2, error: undefined });
    expect(source.warnings).toEqual([
      { file: "bad", offset: 0, message: expect.stringMatching(/^the packet does not begin .*; the file is left out$/) },
    ]);
    expect(() => makeTraceSource("memory", metadata, [bad], [], {})).toThrow(/^bad: byte 0: the packet does not begin/);
  });

  test("names never become code", () => {
    const name = '"]; globalThis.hacked = true; process.exit(3); //';
    const metadata = payload("u8 a;").replace('"e"', JSON.stringify(name));
    const [compiled, interpreted] = readBoth(utf8(metadata), [Uint8Array.of(7, 8)]);
    expect(compiled).toBe(interpreted);
    expect(JSON.parse(compiled!)).toMatchObject({ events: 2 });
    expect("hacked" in globalThis).toBe(false);
  });

  test("absurd lengths and alignments are refused before any loop", () => {
    const huge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3);
    for (const fields of [
      "u32 n; u8 s[n];",
      "u32 n; struct { u8 a; string b; } s[n];",
      "u32 n; struct { } s[n];",
      "struct { } s[1000000][1000000];",
      "struct { u8 a; } align(1073741824) x;",
    ]) {
      const started = performance.now();
      const [compiled, interpreted] = readBoth(utf8(payload(fields)), [huge]);
      expect(compiled).toBe(interpreted);
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });

  test("deeply nested metadata is refused, not a stack overflow", () => {
    expect(readBoth(utf8(payload(`${"struct { ".repeat(5000)}u8 a; ${"} x; ".repeat(5000)}`)), [])[0]).toMatch(/nested too deeply/);
    expect(readBoth(utf8(`\u001e${"[".repeat(100_000)}`), [])[0]).toMatch(/nested too deeply/);
  });
});
