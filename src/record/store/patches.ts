/**
 * Applies the semantic patches. `instrumentation/redis/patches/manifest.json` says which patch goes to which file of which version, and what each rule
 * inserts; a rule has matched when its insertion is found in the patched file exactly as often as the manifest says.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { compareText, StorescopeError, type TaskOptions } from "../../base/index.ts";
import { runTool } from "./tools.ts";

export type Flavor = "redis" | "valkey";

/** Versions from `from` on, before `before`. */
interface VersionRange {
  readonly from: string;
  readonly before: string;
}

interface PatchRule {
  readonly rules: readonly string[];
  readonly inserts: string;
  readonly times: number;
}

/** One patch of the manifest. */
export interface Patch {
  readonly patch: string;
  readonly files: readonly string[];
  readonly applies: Readonly<Record<string, VersionRange>> | undefined;
  readonly rules: readonly PatchRule[];
}

/** Whether one rule (or several that insert the same) matched in a tree. */
export interface RuleMatch {
  readonly rule: string;
  readonly patch: string;
  /** File it was meant for; the first of the manifest's when none exists. */
  readonly file: string;
  readonly matched: boolean;
  /** Functions or types of the store that the rules are about, as the patch names them. */
  readonly functions: readonly string[];
  /** Insertions found, and wanted. */
  readonly found: number;
  readonly wanted: number;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
const isStrings = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === "string");

function parseRule(value: unknown): PatchRule {
  if (isObject(value)) {
    const { rules, inserts, times } = value;
    if (isStrings(rules) && typeof inserts === "string" && typeof times === "number") return { rules, inserts, times };
  }
  throw new Error(`bug: manifest.json: not a rule: ${JSON.stringify(value)}`);
}

function parseRange(value: unknown): VersionRange {
  if (isObject(value)) {
    const { from, before } = value;
    if (typeof from === "string" && typeof before === "string") return { from, before };
  }
  throw new Error(`bug: manifest.json: not a range of versions: ${JSON.stringify(value)}`);
}

/** Reads the manifest. It is ours, so a mistake in it is a bug. */
export function parseManifest(text: string): readonly Patch[] {
  const content: unknown = JSON.parse(text);
  if (!isObject(content) || !Array.isArray(content["patches"])) throw new Error("bug: manifest.json has no patches");
  return content["patches"].map((item: unknown) => {
    if (isObject(item)) {
      const { patch, files, applies, rules } = item;
      if (typeof patch === "string" && isStrings(files) && Array.isArray(rules)) {
        const ranges = isObject(applies)
          ? Object.fromEntries(Object.entries(applies).map(([flavor, range]) => [flavor, parseRange(range)]))
          : undefined;
        return { patch, files, applies: ranges, rules: rules.map(parseRule) };
      }
    }
    throw new Error(`bug: manifest.json: not a patch: ${JSON.stringify(item)}`);
  });
}

/** Numbers of a version, compared one by one: 7.0.15 comes before 7.2. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The patches that are meant for a version. */
export function patchesFor(patches: readonly Patch[], flavor: Flavor, version: string): readonly Patch[] {
  return patches.filter(({ applies }) => {
    if (applies === undefined) return true;
    const range = applies[flavor];
    return range !== undefined && compareVersions(version, range.from) >= 0 && compareVersions(version, range.before) < 0;
  });
}

const plain = (text: string) => text.replace(/\s+/g, " ");
const count = (text: string, part: string) => plain(text).split(plain(part)).length - 1;

/** What the named rules of a semantic patch are about: the first name before a parenthesis or brace in each rule's body. */
export function functionsOf(patch: string, rules: readonly string[]): readonly string[] {
  const found = rules.flatMap((rule) => {
    const body = patch.split(/^(?=@ \w+ @$)/m).find((part) => part.startsWith(`@ ${rule} @`));
    const [, , code = ""] = body?.split(/^@@$|^@ \w+ @$/m) ?? [];
    return /(\w+)\s*[({]/.exec(code)?.[1] ?? [];
  });
  return [...new Set(found)];
}

/** Runs all patches of one file at once: Coccinelle parses it only once. Returns the patched text, which equals the old one when nothing matched. */
async function patchFile(
  tree: string,
  file: string,
  patches: readonly Patch[],
  patchDirectory: string,
  scratch: string,
  log: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const texts = await Promise.all(patches.map(({ patch }) => readFile(join(patchDirectory, patch), "utf8")));
  const semanticPatch = join(scratch, `${basename(file)}.cocci`);
  const output = join(scratch, basename(file));
  await writeFile(semanticPatch, texts.join("\n"));
  const args = [
    "--very-quiet",
    "--no-show-diff",
    "--no-includes",
    "--macro-file",
    join(patchDirectory, "macros.h"),
    "--sp-file",
    semanticPatch,
    file,
    "-o",
    output,
  ];
  const { code, stderr } = await runTool({ program: "spatch", args, directory: tree, log, signal });
  // Coccinelle takes it for an error that there is nothing to write.
  const isUntouched = stderr.includes("no modified files");
  if (code !== 0 && !isUntouched)
    throw new StorescopeError("BUILD_FAILED", `Coccinelle could not patch ${file}: ${stderr.trim().split("\n").at(-1)}; whole log: ${log}`);
  return readFile(!isUntouched && existsSync(output) ? output : join(tree, file), "utf8");
}

/**
 * Patches a source tree in place, or only looks what would match (`isDryRun`). Two files at a time. `scratch` is a folder for Coccinelle's own files.
 * Does not judge: the caller decides what a rule without a match means.
 */
export async function applyPatches(
  tree: string,
  patches: readonly Patch[],
  patchDirectory: string,
  scratch: string,
  log: string,
  isDryRun: boolean,
  task: TaskOptions,
): Promise<readonly RuleMatch[]> {
  const byFile = new Map<string, Patch[]>();
  for (const patch of patches) {
    const file = patch.files.find((candidate) => existsSync(join(tree, candidate))) ?? patch.files[0] ?? "";
    byFile.set(file, [...(byFile.get(file) ?? []), patch]);
  }
  const matches: RuleMatch[] = [];
  const queue = [...byFile];
  let done = 0;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [file, itsPatches] = next;
      const isThere = existsSync(join(tree, file));
      const before = isThere ? await readFile(join(tree, file), "utf8") : "";
      const after = isThere ? await patchFile(tree, file, itsPatches, patchDirectory, scratch, log, task.signal) : "";
      if (isThere && !isDryRun && after !== before) await writeFile(join(tree, file), after);
      for (const { patch, rules } of itsPatches) {
        const text = await readFile(join(patchDirectory, patch), "utf8");
        for (const { rules: names, inserts, times } of rules) {
          const found = count(after, inserts) - count(before, inserts);
          const functions = functionsOf(text, names);
          matches.push({ rule: names.join(", "), patch, file, functions, matched: found === times, found, wanted: times });
        }
      }
      done++;
      task.onProgress?.({ label: "placing probes", done, total: byFile.size });
    }
  };
  await Promise.all([worker(), worker()]);
  return matches.sort((a, b) => compareText(a.patch, b.patch));
}
