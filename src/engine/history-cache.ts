/** Where histories and unpacked archives are kept, and which trace and analyses a history belongs to. */
import { createHash } from "node:crypto";
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Analysis } from "../analyses/contract.ts";

/** Name of the folder beside a trace that holds its histories, and what archives are unpacked to. */
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

/** Directory of the history of an experiment. */
export function historyDirectory(paths: readonly string[], cacheDirectory: string | undefined): string {
  return join(cacheFolder(paths, cacheDirectory), cacheName(paths));
}

/** Directory for what an archive is unpacked to. */
export function archiveFolder(path: string, cacheDirectory: string | undefined): string {
  return join(cacheFolder([path], cacheDirectory), `${cacheName([path])}.unpacked`);
}

/** Storescope's folder in the user's cache (XDG base directory specification). */
export function userCacheDirectory(): string {
  const cache = process.env["XDG_CACHE_HOME"];
  return join(cache !== undefined && cache !== "" ? cache : join(homedir(), ".cache"), "storescope");
}

function cacheName(paths: readonly string[]): string {
  return `${basename(resolve(paths[0] ?? "."))}-${experimentId(paths).slice(0, 8)}`;
}

/** `cacheDirectory`, or a folder beside the first trace, or one in the user's cache where that is read-only. */
function cacheFolder(paths: readonly string[], cacheDirectory: string | undefined): string {
  if (cacheDirectory !== undefined) return resolve(cacheDirectory);
  const beside = dirname(resolve(paths[0] ?? "."));
  try {
    accessSync(beside, constants.W_OK);
    return join(beside, cacheFolderName);
  } catch {
    // Read-only: the user's cache is the documented second place.
    return join(userCacheDirectory(), "histories");
  }
}

/** A UUID made from the experiment's paths: the same for the same paths. */
export function experimentId(paths: readonly string[]): string {
  const hex = createHash("sha256")
    .update(paths.map((path) => resolve(path)).join("\n"))
    .digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
