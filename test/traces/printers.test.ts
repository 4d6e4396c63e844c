/** Generated printers against the interpreter's: every trace in own/ and in the larger collection, in every format. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventFormats, openCtf } from "../../src/ctf/index.ts";
import { BabeltraceFields } from "../../src/ctf/text/babeltrace.ts";
import { ByteWriter } from "../../src/ctf/text/byte-writer.ts";
import { firstDifference, printTrace } from "./compare.ts";

const own = join(import.meta.dirname, "own");
const collection = join(import.meta.dirname, "..", "..", "..", "shared", "ctf-traces");
const ours = readdirSync(own).filter((name) => !name.endsWith(".gz"));

function agree(path: string): void {
  for (const format of eventFormats) {
    const compiled = printTrace(path, format);
    const walked = printTrace(path, format, { interpreter: true });
    expect(firstDifference(compiled.text, walked.text), format).toBeUndefined();
    expect(compiled).toEqual(walked);
  }
}

test.each(ours)("%s: generated printers and interpreter agree", (name) => {
  agree(join(own, name));
});

test.each(["lttng-lost", "lttng-per-pid", "synth-scopes-be"])("%s: every class has a generated printer", (name) => {
  const source = openCtf(join(own, name));
  const cursor = source.cursor();
  const visitor = new BabeltraceFields(new ByteWriter());
  const without = source.eventClasses.filter((eventClass) => cursor.compileVisit?.(eventClass, visitor) === undefined);
  expect(without.map((eventClass) => eventClass.name)).toEqual([]);
  expect(source.eventClasses.length).toBeGreaterThan(0);
});

describe.skipIf(!existsSync(collection))("the larger collection", () => {
  const manifest = existsSync(collection)
    ? (JSON.parse(readFileSync(join(collection, "MANIFEST.json"), "utf8")) as { readonly path: string }[])
    : [];
  test.each(manifest.map(({ path }) => path))("%s: generated printers and interpreter agree", (path) => {
    agree(join(collection, path));
  });
});
