/** The cache of what was built: one folder per thing, named by a hash of all that went into it. */
import type { Hash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The cache's folder: as asked for, or `$XDG_CACHE_HOME/storescope`, or `~/.cache/storescope`. */
export function cacheRoot(options: { readonly cacheDirectory?: string | undefined }): string {
  const base = process.env["XDG_CACHE_HOME"];
  return resolve(options.cacheDirectory ?? join(base !== undefined && base !== "" ? base : join(homedir(), ".cache"), "storescope"));
}

/** Adds a file's contents, or names and contents of all that is in a folder, to the hash. What Python leaves behind beside its files does not count. */
export async function hashPath(hash: Hash, path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) {
    hash.update(await readFile(path));
    return;
  }
  for (const name of (await readdir(path)).sort()) {
    if (name === "__pycache__") continue;
    hash.update(`${name}\0`);
    await hashPath(hash, join(path, name));
  }
}
