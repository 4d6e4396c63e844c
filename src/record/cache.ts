/** The cache of what was built: one folder per thing, named by a hash of all that went into it. */
import type { Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The cache's folder: as asked for, or `$XDG_CACHE_HOME/storescope`, or `~/.cache/storescope`. */
export function cacheRoot(options: { readonly cacheDirectory?: string | undefined }): string {
  const base = process.env["XDG_CACHE_HOME"];
  return resolve(options.cacheDirectory ?? join(base !== undefined && base !== "" ? base : join(homedir(), ".cache"), "storescope"));
}

/** Adds the names and contents of a folder's files to the hash. */
export async function hashFolder(hash: Hash, folder: string): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    hash.update(`${name}\0`);
    hash.update(await readFile(join(folder, name)));
  }
}
