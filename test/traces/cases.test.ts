/** The traces of `cases.ts`: what they say, by both decoders, and what the installed babeltrace2 says. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Case, cases, metadataBytes, openCase } from "./cases.ts";
import { firstDifference, print, readFields } from "./compare.ts";

const hasBabeltrace = spawnSync("babeltrace2", ["--version"]).status === 0;
function babeltrace(each: Case): { stdout: string; stderr: string } {
  const directory = mkdtempSync(join(tmpdir(), "storescope-case-"));
  try {
    writeFileSync(join(directory, "metadata"), metadataBytes(each));
    for (const [name, bytes] of Object.entries(each.files)) writeFileSync(join(directory, name), bytes);
    const { stdout, stderr } = spawnSync("babeltrace2", ["--clock-seconds", "--no-delta", directory], { encoding: "latin1" });
    return { stdout, stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  test("is read as the specification says, by both decoders", () => {
    for (const interpreter of [false, true]) {
      const printed = print(openCase(each, { interpreter }), "babeltrace", { clockSeconds: true, noDelta: true });
      expect(printed.error).toBeUndefined();
      expect(printed.text.split("\n").slice(0, -1)).toEqual(each.events);
    }
    expect(readFields(openCase(each))).toEqual(readFields(openCase(each, { interpreter: true })));
  });

  test.skipIf(!hasBabeltrace || each.notBabeltrace !== undefined)("is what babeltrace2 prints", () => {
    const { stdout, stderr } = babeltrace(each);
    expect(firstDifference(`${each.events.join("\n")}\n`, stdout), stderr).toBeUndefined();
  });
});
