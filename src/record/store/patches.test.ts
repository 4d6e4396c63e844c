import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { thisPackage } from "../package/index.ts";
import { compareVersions, functionsOf, parseManifest, patchesFor } from "./patches.ts";

const folder = join(thisPackage().root, "instrumentation/redis/patches");
const patches = parseManifest(readFileSync(join(folder, "manifest.json"), "utf8"));

describe("the manifest of semantic patches", () => {
  it("names every patch file, and exactly the rules in it", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".cocci"));
    expect([...new Set(patches.map(({ patch }) => patch))].sort()).toEqual(files.sort());
    for (const file of files) {
      const declared = [...readFileSync(join(folder, file), "utf8").matchAll(/^@ (\w+) @$/gm)].map((match) => match[1]);
      const listed = patches.filter(({ patch }) => patch === file).flatMap(({ rules }) => rules.flatMap((rule) => rule.rules));
      expect(listed.sort(), file).toEqual(declared.sort());
    }
  });

  it.each([
    ["redis", "7.0.15"],
    ["redis", "8.0.6"],
    ["valkey", "9.1.2"],
  ] as const)("gives no two rules of %s %s the same name", (flavor, version) => {
    const names = patchesFor(patches, flavor, version).flatMap(({ rules }) => rules.flatMap((rule) => rule.rules));
    expect(new Set(names).size).toBe(names.length);
  });

  it("knows for every rule which function or type of the store it is about", () => {
    for (const { patch, rules } of patches) {
      const text = readFileSync(join(folder, patch), "utf8");
      for (const rule of rules) {
        if (!rule.inserts.startsWith("#include")) expect(functionsOf(text, rule.rules), `${patch}: ${rule.rules}`).not.toEqual([]);
      }
    }
    expect(functionsOf(readFileSync(join(folder, "cluster.cocci"), "utf8"), ["link_init", "link_close"])).toEqual([
      "createClusterLink",
      "freeClusterLink",
    ]);
  });

  it("keeps the io threads' patch of Redis 7 from versions that have other io threads", () => {
    const has = (flavor: "redis" | "valkey", version: string) =>
      patchesFor(patches, flavor, version).some(({ patch }) => patch === "io-threads.cocci");
    expect([has("redis", "7.0.15"), has("redis", "7.4.1"), has("redis", "8.0.6"), has("valkey", "9.1.2")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("compares versions number by number", () => {
    expect(["7.2", "7.0.15", "7.0.9", "8.0"].sort(compareVersions)).toEqual(["7.0.9", "7.0.15", "7.2", "8.0"]);
  });
});
