/**
 * The reader's only contact with the file system: everything else in `ctf` takes bytes. Paths come from the user's command line and from directory
 * listings, never from the content of a trace.
 *
 * A trace may still be being written. A file has the size that it had when the trace was opened; what is appended later is not seen. A file that is replaced,
 * removed or shortened while it is read (a session that rotates, a cleaned-up snapshot) is an error of that file.
 */
import { closeSync, type Dirent, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BadInputError, compareText, StorescopeError } from "../base/index.ts";
import type { ByteFile } from "./packet/byte-file.ts";

/** Files open at the same time, of all traces that share a pool: well below the lowest usual limit of a process, 256. */
const defaultOpenFiles = 64;
/** Memory for the content of packets, of all streams that are read together. */
const defaultBufferBytes = 1 << 27;
const leastWindowBytes = 1 << 16;
/** As large as tracers make packets: these are read at once. */
const mostWindowBytes = 1 << 22;

/** Some four million packets. */
const largestIndexBytes = 1 << 28;

/** Something whose descriptor can be closed, and is opened again when it is next read. */
interface Closable {
  closeDescriptor(): void;
}

/** What the files of an experiment share: few descriptors (the one that was not read for longest is closed), and the memory for their packets. */
export class FilePool {
  readonly #openFiles: number;
  readonly #bufferBytes: number;
  /** Least recently used first. */
  readonly #open = new Set<Closable>();
  #files = 0;

  constructor(options: { readonly openFiles?: number; readonly bufferBytes?: number } = {}) {
    this.#openFiles = options.openFiles ?? defaultOpenFiles;
    this.#bufferBytes = options.bufferBytes ?? defaultBufferBytes;
  }

  add(): void {
    this.#files++;
  }

  /** How much of a packet a stream holds in memory. */
  get windowBytes(): number {
    return Math.min(mostWindowBytes, Math.max(leastWindowBytes, Math.floor(this.#bufferBytes / Math.max(1, this.#files))));
  }

  /** `file` is about to open its descriptor, or is read again. */
  touch(file: Closable): void {
    this.#open.delete(file);
    for (const oldest of this.#open) {
      if (this.#open.size < this.#openFiles) break;
      oldest.closeDescriptor();
      this.#open.delete(oldest);
    }
    this.#open.add(file);
  }

  forget(file: Closable): void {
    this.#open.delete(file);
  }
}

/** A file that is open only while the pool lets it. Throws what the file system throws when there is no such file. */
class PooledFile implements ByteFile, Closable {
  readonly path: string;
  readonly size: number;
  readonly #pool: FilePool;
  readonly #inode: number;
  readonly #device: number;
  #descriptor = -1;

  constructor(path: string, pool: FilePool) {
    const { size, ino, dev } = statSync(path);
    this.path = path;
    this.size = size;
    this.#inode = ino;
    this.#device = dev;
    this.#pool = pool;
    pool.add();
  }

  read(offset: number, into: Uint8Array, length: number): number {
    try {
      this.#pool.touch(this);
      if (this.#descriptor < 0) this.#open(offset);
      let done = 0;
      while (done < length) {
        const got = readSync(this.#descriptor, into, done, length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    } catch (cause) {
      if (cause instanceof BadInputError) throw cause;
      const what = cause instanceof Error ? cause.message : String(cause);
      throw new BadInputError("PACKET_INVALID", this.path, offset, `the file cannot be read any more: ${what}`, { cause });
    }
  }

  index(): Uint8Array | undefined {
    const path = join(dirname(this.path), "index", `${basename(this.path)}.idx`);
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true && stat.size <= largestIndexBytes ? readFileSync(path) : undefined;
    } catch {
      // It only saves time: headers say the same.
      return undefined;
    }
  }

  #open(offset: number): void {
    const descriptor = openSync(this.path, "r");
    const { ino, dev } = fstatSync(descriptor);
    if (ino !== this.#inode || dev !== this.#device) {
      closeSync(descriptor);
      throw new BadInputError("PACKET_INVALID", this.path, offset, "the file was replaced by another one while it was read");
    }
    this.#descriptor = descriptor;
  }

  closeDescriptor(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  close(): void {
    this.#pool.forget(this);
    this.closeDescriptor();
  }
}

/** Bytes of a file; undefined where it is gone. */
export function sizeNow(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
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

/**
 * The stream files of the trace in `directory`, sorted by path: everything but the metadata, hidden files and directories. Their sizes are those of now.
 * Files that disappear meanwhile (a session rotates) are not among them. Throws TRACE_NOT_FOUND where the directory cannot be listed.
 */
export function openStreamFiles(directory: string, pool: FilePool): ByteFile[] {
  const files: ByteFile[] = [];
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.name === "metadata" || entry.name.startsWith(".") || entry.isDirectory()) continue;
      const path = join(directory, entry.name);
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) files.push(new PooledFile(path, pool));
    }
  } catch (cause) {
    throw new StorescopeError("TRACE_NOT_FOUND", `${directory}: the trace's files cannot be listed`, { cause });
  }
  return files.sort((a, b) => compareText(a.path, b.path));
}

/**
 * Directories at or below `path` that hold a file `metadata`, sorted. Those that disappear meanwhile (a session rotates) are left out. Throws TRACE_NOT_FOUND
 * where `path` cannot be listed.
 */
export function findTraceDirectories(path: string): string[] {
  const found: string[] = [];
  const visit = (directory: string, depth: number): void => {
    const entries = list(directory, depth > 0);
    if (entries.some((entry) => entry.name === "metadata" && !entry.isDirectory())) found.push(directory);
    // Deep enough for every layout of LTTng; a limit, because directories may be linked in circles.
    if (depth >= 16) return;
    for (const entry of entries) if (entry.isDirectory() && !entry.name.startsWith(".")) visit(join(directory, entry.name), depth + 1);
  };
  visit(path, 0);
  return found.sort();
}

function list(directory: string, mayBeGone: boolean): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (cause) {
    if (mayBeGone && cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw new StorescopeError("TRACE_NOT_FOUND", `${directory}: this directory cannot be read`, { cause });
  }
}
