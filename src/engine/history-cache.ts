/** Where histories are kept, and which trace and analyses a history belongs to. */
import { createHash } from "node:crypto";
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Analysis } from "../analyses/contract.ts";

/** Name of the folder beside a trace that holds its histories. */
export const cacheFolderName = ".storescope";

/** Identity of what a history is built from: every file of the traces with its size and time of change, and the analyses with their versions. */
export function historyIdentity(traces: readonly string[], analyses: readonly Analysis[]): string {
  const hash = createHash("sha256");
  for (const trace of traces) {
    hash.update(`${resolve(trace)}\n`);
    for (const file of filesOf(trace)) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  for (const { id, version } of analyses) hash.update(`${id} ${version}\n`);
  return hash.digest("hex");
}

function filesOf(directory: string): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) found.push(...filesOf(path));
    else if (entry.isFile()) found.push(path);
  }
  return found.sort();
}

/** Directory of the history of an experiment: under `cacheDirectory`, or beside the first trace, or in the user's cache where that is read-only. */
export function historyDirectory(paths: readonly string[], cacheDirectory: string | undefined): string {
  const first = resolve(paths[0] ?? ".");
  const name = `${basename(first)}-${experimentId(paths).slice(0, 8)}`;
  if (cacheDirectory !== undefined) return join(resolve(cacheDirectory), name);
  const beside = dirname(first);
  try {
    accessSync(beside, constants.W_OK);
    return join(beside, cacheFolderName, name);
  } catch {
    // Read-only: the user's cache is the documented second place.
    return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "storescope", "histories", name);
  }
}

/** A UUID made from the experiment's paths: the same for the same paths. */
export function experimentId(paths: readonly string[]): string {
  const hex = createHash("sha256")
    .update(paths.map((path) => resolve(path)).join("\n"))
    .digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
