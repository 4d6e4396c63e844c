/** The traces of `cases.ts`: what they say, by both decoders, and what the installed babeltrace2 says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CtfOptions } from "../../src/ctf/index.ts";
import { parseMetadata } from "../../src/ctf/metadata/index.ts";
import { makeTraceSource } from "../../src/ctf/trace.ts";
import type { TraceSource, TraceWarning } from "../../src/trace/index.ts";
import { type Case, cases } from "./cases.ts";
import { firstDifference, memoryFile, print, readFields } from "./compare.ts";

const hasBabeltrace = spawnSync("babeltrace2", ["--version"]).status === 0;
const bytesOf = (metadata: string | Uint8Array): Uint8Array =>
  typeof metadata === "string" ? new TextEncoder().encode(metadata) : metadata;

export function open({ metadata, files }: Pick<Case, "metadata" | "files">, options: CtfOptions = {}): TraceSource {
  const warnings: TraceWarning[] = [];
  const streams = Object.entries(files).map(([name, bytes]) => memoryFile(name, bytes));
  return makeTraceSource("memory", parseMetadata(bytesOf(metadata), "metadata"), streams, warnings, options);
}

function babeltrace({ metadata, files }: Case): { stdout: string; stderr: string } {
  const directory = mkdtempSync(join(tmpdir(), "storescope-case-"));
  try {
    writeFileSync(join(directory, "metadata"), bytesOf(metadata));
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
    const { stdout, stderr } = spawnSync("babeltrace2", ["--clock-seconds", "--no-delta", directory], { encoding: "latin1" });
    return { stdout, stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  test("is read as the specification says, by both decoders", () => {
    for (const interpreter of [false, true]) {
      const printed = print(open(each, { interpreter }), "babeltrace", { clockSeconds: true, noDelta: true });
      expect(printed.error).toBeUndefined();
      expect(printed.text.split("\n").slice(0, -1)).toEqual(each.events);
    }
    expect(readFields(open(each))).toEqual(readFields(open(each, { interpreter: true })));
  });

  test.skipIf(!hasBabeltrace || each.notBabeltrace !== undefined)("is what babeltrace2 prints", () => {
    const { stdout, stderr } = babeltrace(each);
    expect(firstDifference(`${each.events.join("\n")}\n`, stdout), stderr).toBeUndefined();
  });
});
