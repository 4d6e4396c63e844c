/** Whole traces against babeltrace2's text: files in own/, the installed babeltrace2, and a larger collection where there is one. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openCtf } from "../../src/ctf/index.ts";
import { firstDifference, printTrace, readFields } from "./compare.ts";
import { expectedEvents, shownEvents } from "./details.ts";

const own = join(import.meta.dirname, "own");
const collection = join(import.meta.dirname, "..", "..", "..", "shared", "ctf-traces");
const hasBabeltrace = spawnSync("babeltrace2", ["--version"]).status === 0;
const seconds = { clockSeconds: true, noDelta: true };

interface Listed {
  readonly path: string;
  readonly ctf: number;
  readonly expected: string | null;
  readonly testsuite_verdict?: string;
}

describe("traces of ours", () => {
  const traces = readdirSync(own).filter((name) => !name.endsWith(".gz"));
  test.each(traces.filter((name) => existsSync(join(own, `${name}.babeltrace.gz`))))("%s prints as babeltrace2 prints it", (name) => {
    const expected = gunzipSync(readFileSync(join(own, `${name}.babeltrace.gz`))).toString("latin1");
    const printed = printTrace(join(own, name), "babeltrace", seconds);
    expect(printed.error).toBeUndefined();
    expect(firstDifference(printed.text, expected)).toBeUndefined();
    expect(printed.events).toBeGreaterThan(0);
  });

  test.each(traces)("%s: compiled decoder and interpreter agree", (name) => {
    const path = join(own, name);
    expect(printTrace(path, "json")).toEqual(printTrace(path, "json", { interpreter: true }));
    expect(readFields(openCtf(path))).toEqual(readFields(openCtf(path, { interpreter: true })));
  });

  test.each(traces.filter(() => hasBabeltrace))("%s: also as the installed babeltrace2 prints it by default", (name) => {
    const path = join(own, name);
    const { stdout, status } = spawnSync("babeltrace2", [path], { encoding: "latin1", maxBuffer: 1 << 28 });
    const printed = printTrace(path, "babeltrace");
    if (status === 0) expect(firstDifference(printed.text, stdout)).toBeUndefined();
    else if (!name.includes("truncated")) expect(printed.error).toMatch(/: byte \d+: /);
  });

  test("what is before a broken packet is read, and the error says where it is", () => {
    const printed = printTrace(join(own, "synth-frame-bad-magic-second-be"), "json");
    expect(printed.events).toBe(1);
    expect(printed.error).toMatch(/s: byte 22: the packet does not begin with its magic number/);
  });

  test("a packet that the file cuts short is left out with a warning", async () => {
    const { openCtf } = await import("../../src/ctf/index.ts");
    const source = openCtf(join(own, "synth-frame-truncated-mid-event-le"));
    expect(source.warnings.map(({ offset, message }) => [offset, message])).toEqual([
      [22, "the file ends in the middle of this packet; it is left out"],
    ]);
    expect(printTrace(source.path, "json").events).toBe(1);
  });

  test("discarded events are told as babeltrace2 tells them", async () => {
    if (!hasBabeltrace) return;
    const { createEventPrinter, openCtf } = await import("../../src/ctf/index.ts");
    const path = join(own, "lttng-lost");
    const source = openCtf(path);
    const printer = createEventPrinter(source, source.cursor(), "babeltrace", () => undefined);
    const { stderr } = spawnSync("babeltrace2", [path], { encoding: "utf8", maxBuffer: 1 << 28 });
    expect(printer.lossMessages()).toBe(stderr.replace(/^(?!WARNING: Tracer).*\n/gm, ""));
    expect(source.losses?.length).toBe(12);
  });
});

/**
 * Traces of the collection that babeltrace2 refuses or crashes on, or reads where we refuse: what we do, and why.
 * An error or a warning that must be given, or the number of events of a trace that is right.
 */
const deviations: Readonly<Record<string, RegExp | number>> = {
  // Valid by the suite's own verdict.
  "ctf-testsuite/metadata/pass/clock-negative-offset": 0,
  "ctf-testsuite/metadata/pass/sequence-typedef-length": 0,
  "ctf-testsuite/metadata/pass/name-escaping-clashes": 0,
  "ctf-testsuite/stream/pass/integer-large-size": 1,
  "ctf-testsuite/stream/pass/variant-missing-enum-mappings": 1,
  // Valid by the specification.
  "own/synth/clock-no-packet-timestamps": 8,
  "own/synth/outer-scopes-absolute-tags": 6,
  // A packet must begin with its magic number: babeltrace2 2.1.1 reads on without.
  "own/synth/frame-bad-magic-second": /s: byte 22: the packet does not begin with its magic number, but with 0x0/,
  // babeltrace2 takes a content size of 0 for the packet's size, and fails behind its first event.
  "own/synth/frame-content-size-zero": /s: byte 0: the packet's content \(0 bits\) is smaller than its header \(160 bits\)/,
  // Broken ones of which it shows nothing.
  "own/synth/frame-content-gt-packet": /s: byte 0: the packet's content \(1000 bits\) is larger than the packet \(168 bits\)/,
  "own/synth/frame-packet-size-zero": /s: byte 0: the packet's size of 0 bits is not a positive number of bytes/,
  "own/synth/metadata-packets-uuid-mismatch": /metadata: byte \d+: metadata packets carry different uuids/,
  // A cut file: babeltrace2 refuses all of it, we read the whole packets and warn.
  "own/synth/frame-truncated-in-header": /s: byte 22: the file ends in the middle of this packet; it is left out/,
  "own/synth/frame-truncated-in-padding": /s: byte 22: the file ends in the middle of this packet; it is left out/,
  "own/synth/frame-truncated-mid-event": /s: byte 22: the file ends in the middle of this packet; it is left out/,
};

/** The first event that differs, for messages that can be read. */
function firstOther(
  ours: readonly string[],
  theirs: readonly string[],
): { ours: string | undefined; theirs: string | undefined } | undefined {
  const at = Array.from({ length: Math.max(ours.length, theirs.length) }).findIndex((_, i) => ours[i] !== theirs[i]);
  return at < 0 ? undefined : { ours: ours[at], theirs: theirs[at] };
}

/** Everything a trace is said to have wrong: warnings, and the error that ends it. */
function complaints(path: string): { events: number; text: string } {
  const printed = printTrace(path, "json");
  const warnings: string[] = [];
  try {
    const source = openCtf(path);
    warnings.push(...source.warnings.map(({ file, offset, message }) => `${file}: byte ${offset}: ${message}`));
    source.close();
  } catch {
    // The same error is in `printed`.
  }
  return { events: printed.events, text: [...warnings, printed.error ?? ""].join("\n") };
}

describe.skipIf(!existsSync(collection))("the larger collection", () => {
  const manifest = existsSync(collection) ? (JSON.parse(readFileSync(join(collection, "MANIFEST.json"), "utf8")) as Listed[]) : [];
  const expected = (path: string): string => gunzipSync(readFileSync(`${join(collection, path)}.expected.gz`)).toString("latin1");
  const deviating = manifest.filter(({ path }) => deviations[path.replace(/-[bl]e$/, "")] !== undefined);
  const invalid = manifest.filter((trace) => trace.testsuite_verdict === "fail");
  const rest = manifest.filter((trace) => !deviating.includes(trace) && !invalid.includes(trace));
  const detailed = rest.filter((trace) => trace.expected === "details");
  const textual = rest.filter((trace) => trace.expected === "text");

  test("every trace is in exactly one of the tests below", () => {
    expect(deviating.length + invalid.length + detailed.length + textual.length).toBe(manifest.length);
    expect(new Set([...deviating, ...invalid, ...detailed, ...textual]).size).toBe(manifest.length);
  });

  test.each(detailed.map(({ path }) => path))("%s: every event as babeltrace2 details it", (path) => {
    const source = openCtf(join(collection, path));
    expect(firstOther(shownEvents(source), expectedEvents(expected(path)))).toBeUndefined();
    source.close();
  });

  test.each(textual.map(({ path }) => path))("%s: every line as babeltrace2 prints it", (path) => {
    // These old traces have equal times in streams without an id, and events behind their packet's end: babeltrace2 orders them as it finds them.
    const lines = (text: string): string[] => text.split("\n").sort();
    expect(firstOther(lines(printTrace(join(collection, path), "babeltrace", seconds).text), lines(expected(path)))).toBeUndefined();
  });

  test.each(invalid.map(({ path }) => path))("%s: refused with file and place; what is before it is read", (path) => {
    const at = join(collection, path);
    expect(complaints(at).text).toMatch(/: byte \d+: ./);
    if (!existsSync(`${at}.expected.gz`) || path.startsWith("ctf-testsuite/metadata/")) return;
    expect(firstOther(shownEvents(openCtf(at)), expectedEvents(expected(path)))).toBeUndefined();
  });

  test.each(deviating.map(({ path }) => path))("%s: not as babeltrace2 has it", (path) => {
    const want = deviations[path.replace(/-[bl]e$/, "")]!;
    const { events, text } = complaints(join(collection, path));
    if (typeof want === "number") expect({ events, text }).toEqual({ events: want, text: expect.not.stringMatching(/Error/) });
    else expect(text).toMatch(want);
    if (path.includes("truncated") || path.includes("bad-magic")) expect(events).toBe(1);
  });

  test.each(manifest.map(({ path }) => path))("%s: both decoders say the same", (path) => {
    const at = join(collection, path);
    const [compiled, interpreted] = [false, true].map((interpreter) => printTrace(at, "json", { interpreter }));
    expect(firstDifference(compiled?.text ?? "", interpreted?.text ?? "")).toBeUndefined();
    expect(compiled?.error).toBe(interpreted?.error);
  });

  const compared = rest.filter((trace) => hasBabeltrace && trace.ctf === 1 && trace.path.startsWith("own/lttng"));
  test.each(compared.map((trace) => trace.path))("%s prints as the installed babeltrace2 prints it", (path) => {
    const at = join(collection, path);
    const theirs = execFileSync("babeltrace2", [at], { encoding: "latin1", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
    expect(firstDifference(printTrace(at, "babeltrace").text, theirs)).toBeUndefined();
  });
});

test.skipIf(existsSync(collection))("the larger collection of traces is not beside this checkout: only test/traces/own was read", () => {
  expect(existsSync(own)).toBe(true);
});
