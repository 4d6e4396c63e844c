/** Whole traces against babeltrace2's text: files in own/, the installed babeltrace2, and a larger collection where there is one. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openCtf } from "../../src/ctf/index.ts";
import { firstDifference, printTrace, readFields } from "./compare.ts";

const own = join(import.meta.dirname, "own");
const collection = join(import.meta.dirname, "..", "..", "..", "shared", "ctf-traces");
const hasBabeltrace = spawnSync("babeltrace2", ["--version"]).status === 0;
const seconds = { clockSeconds: true, noDelta: true };

interface Listed {
  readonly path: string;
  readonly ctf: number;
  readonly events: number | null;
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

describe.skipIf(!existsSync(collection))("the larger collection", () => {
  const manifest = existsSync(collection) ? (JSON.parse(readFileSync(join(collection, "MANIFEST.json"), "utf8")) as Listed[]) : [];
  const readable = manifest.filter((trace) => trace.testsuite_verdict !== "fail" && trace.events !== null);

  test.each(readable.map((trace) => [trace.path, trace] as const))("%s: events as expected, interpreter agrees", (path, trace) => {
    const at = join(collection, path);
    const printed = printTrace(at, "json");
    expect(printed).toEqual(printTrace(at, "json", { interpreter: true }));
    // What babeltrace2 reads of a broken trace depends on its batches of messages.
    if (printed.error === undefined && trace.expected !== null) expect(printed.events).toBe(trace.events);
    if (trace.expected !== null && !/own\/synth\/frame-|fail\/|-corrupted$/.test(path)) expect(printed.error).toBeUndefined();
    if (trace.expected === "text") {
      // These old traces have equal times in streams without an id, and events behind their packet's end: babeltrace2 orders them as it finds them.
      const lines = (text: string): string[] => text.split("\n").sort();
      const expected = gunzipSync(readFileSync(`${at}.expected.gz`)).toString("latin1");
      expect(lines(printTrace(at, "babeltrace", seconds).text)).toEqual(lines(expected));
    }
  });

  const refused = manifest.filter((trace) => trace.path.startsWith("ctf-testsuite/") && trace.testsuite_verdict === "fail");
  test.each(refused.map((trace) => trace.path))("%s is refused", (path) => {
    expect(printTrace(join(collection, path), "json").error).toMatch(/: byte \d+: /);
  });

  const compared = readable.filter((trace) => hasBabeltrace && trace.ctf === 1 && trace.path.startsWith("own/lttng"));
  test.each(compared.map((trace) => trace.path))("%s prints as the installed babeltrace2 prints it", (path) => {
    const at = join(collection, path);
    const theirs = execFileSync("babeltrace2", [at], { encoding: "latin1", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
    expect(firstDifference(printTrace(at, "babeltrace").text, theirs)).toBeUndefined();
  });
});

test.skipIf(existsSync(collection))("the larger collection of traces is not beside this checkout: only test/traces/own was read", () => {
  expect(existsSync(own)).toBe(true);
});
