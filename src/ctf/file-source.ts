/**
 * The reader's only contact with the file system: everything else in `ctf` takes bytes. Paths come from the user's command line and from directory
 * listings, never from the content of a trace.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { StorescopeError } from "../base/index.ts";
import type { ByteFile } from "./packet/byte-file.ts";

/** Opens lazily: a trace may have more stream files than a process may have open when it only lists them. */
export function openByteFile(path: string): ByteFile {
  const { size } = statSync(path);
  let descriptor: number | undefined;
  return {
    path,
    size,
    read(offset, into, length) {
      descriptor ??= openSync(path, "r");
      let done = 0;
      while (done < length) {
        const got = readSync(descriptor, into, done, length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Whole metadata file of the trace in `directory`. Throws TRACE_NOT_FOUND. */
export function readMetadataFile(directory: string): { path: string; bytes: Uint8Array } {
  const path = join(directory, "metadata");
  try {
    return { path, bytes: readFileSync(path) };
  } catch (cause) {
    throw new StorescopeError("TRACE_NOT_FOUND", `${directory}: there is no CTF trace here (no readable file "metadata")`, { cause });
  }
}

/** Paths of the stream files of the trace in `directory`, sorted: everything but the metadata, hidden files and directories. */
export function listStreamFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.name !== "metadata" && !entry.name.startsWith(".") && !entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** Directories at or below `path` that hold a file `metadata`, sorted. Throws TRACE_NOT_FOUND where there is nothing to list. */
export function findTraceDirectories(path: string): string[] {
  const found: string[] = [];
  const visit = (directory: string, depth: number): void => {
    const entries = readdirSync(directory, { withFileTypes: true });
    if (entries.some((entry) => entry.name === "metadata" && !entry.isDirectory())) found.push(directory);
    // Deep enough for every layout of LTTng; a limit, because directories may be linked in circles.
    if (depth >= 16) return;
    for (const entry of entries) if (entry.isDirectory() && !entry.name.startsWith(".")) visit(join(directory, entry.name), depth + 1);
  };
  try {
    visit(path, 0);
  } catch (cause) {
    throw new StorescopeError("TRACE_NOT_FOUND", `${path}: this directory cannot be read`, { cause });
  }
  return found.sort();
}
