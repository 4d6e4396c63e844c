/**
 * A history's bytes in a directory: the only file of this folder that touches node:fs.
 *
 *     <directory>/history                          finished: whole, durable, its footer checked by container.ts
 *     <directory>/history.<pid>.<random>.partial   being written by process <pid>, or a part of what it is writing
 *
 * `finish` syncs the partial file, renames it and syncs the directory, so that a crash at any moment leaves either no `history` or a whole one. Starting to
 * write removes the finished history (it is about to be replaced) and the partial files of processes that are gone.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { assert, BadInputError, StorescopeError } from "../base/index.ts";
import { type ByteSink, type ByteSource, checkRange } from "./store.ts";

const finishedName = "history";
const partialPattern = /^history\.(\d+)\.[0-9a-f]+\.partial$/;
/** Appended bytes are gathered to at least this much per write call. */
const writeBytes = 1 << 18;

/** The calls that fail when a disk does; a test injects its own. */
export interface FileCalls {
  read(fd: number, bytes: Uint8Array, from: number, length: number, position: number): number;
  write(fd: number, bytes: Uint8Array, from: number, length: number, position: number): number;
  sync(fd: number): void;
}

/** Looked up with every call, so that whoever counts or replaces the system's calls sees these too. */
export const realCalls: FileCalls = {
  read: (...parameters) => readSync(...parameters),
  write: (...parameters) => writeSync(...parameters),
  sync: (fd) => fsyncSync(fd),
};

function errorCode(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function writeError(path: string, offset: number, cause: unknown): StorescopeError {
  const at = `${path}: byte ${offset}: the history cannot be written`;
  // EFBIG: the file size limit of the process or the file system.
  if (["ENOSPC", "EDQUOT", "EFBIG"].includes(errorCode(cause)))
    return new StorescopeError("DISK_FULL", `${at}: no space left on the disk: free some, or choose another cache directory`, { cause });
  return new StorescopeError("HISTORY_INVALID", `${at}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

/** A new name for a file that this process writes in the directory. */
export function partPath(directory: string): string {
  return join(directory, `history.${process.pid}.${randomBytes(6).toString("hex")}.partial`);
}

/** Writes the history of one directory, or a part of it: that keeps its name, since it is no history and need not survive a crash. */
export class FileSink implements ByteSink {
  size = 0;
  readonly path: string;
  private readonly directory: string;
  private readonly isPart: boolean;
  private readonly calls: FileCalls;
  private readonly pending = new Uint8Array(writeBytes);
  private pendingBytes = 0;
  private fd: number;

  /** With `part`, which `partPath` made, writes a part to that file. */
  constructor(directory: string, calls: FileCalls = realCalls, part?: string) {
    this.directory = directory;
    this.isPart = part !== undefined;
    this.calls = calls;
    this.path = part ?? partPath(directory);
    try {
      mkdirSync(directory, { recursive: true });
      removeFiles(directory, (pid) => !isRunning(pid));
      this.fd = openSync(this.path, "wx");
    } catch (cause) {
      throw writeError(this.path, 0, cause);
    }
  }

  append(bytes: Uint8Array): number {
    assert(this.fd >= 0, "append to a closed history file");
    const offset = this.size;
    if (this.pendingBytes + bytes.length > writeBytes) this.flush();
    if (bytes.length >= writeBytes) this.write(bytes, bytes.length, offset);
    else {
      this.pending.set(bytes, this.pendingBytes);
      this.pendingBytes += bytes.length;
    }
    this.size += bytes.length;
    return offset;
  }

  finish(): void {
    assert(this.fd >= 0, "finish of a closed history file");
    this.flush();
    try {
      if (!this.isPart) this.calls.sync(this.fd);
      closeSync(this.fd);
      this.fd = -1;
      if (this.isPart) return;
      renameSync(this.path, join(this.directory, finishedName));
      syncDirectory(this.directory);
    } catch (cause) {
      throw this.failed(this.size, cause);
    }
  }

  abort(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
    rmSync(this.path, { force: true });
  }

  /** What is half written frees its space at once. */
  private failed(offset: number, cause: unknown): StorescopeError {
    this.abort();
    return writeError(this.path, offset, cause);
  }

  private flush(): void {
    if (this.pendingBytes > 0) this.write(this.pending, this.pendingBytes, this.size - this.pendingBytes);
    this.pendingBytes = 0;
  }

  private write(bytes: Uint8Array, length: number, offset: number): void {
    let done = 0;
    while (done < length) {
      let written: number;
      try {
        written = this.calls.write(this.fd, bytes, done, length - done, offset + done);
      } catch (cause) {
        throw this.failed(offset + done, cause);
      }
      if (written <= 0) throw this.failed(offset + done, new Error("the write call wrote nothing"));
      done += written;
    }
  }
}

/** Reads the finished history of one directory. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly calls: FileCalls;
  private fd: number;

  constructor(path: string, fd: number, calls: FileCalls = realCalls) {
    this.name = path;
    this.fd = fd;
    this.calls = calls;
    this.size = fstatSync(fd).size;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    assert(this.fd >= 0, "read of a closed history");
    checkRange(this, offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      let got: number;
      try {
        got = this.calls.read(this.fd, bytes, done, length - done, offset + done);
      } catch (cause) {
        throw new BadInputError("HISTORY_INVALID", this.name, offset + done, "the file cannot be read", { cause });
      }
      if (got === 0)
        throw new BadInputError("HISTORY_INVALID", this.name, offset + done, "the file has become shorter since it was opened");
      done += got;
    }
    return bytes;
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/** Writes a part to this file, which `partPath` named. */
export function partSink(path: string): FileSink {
  return new FileSink(dirname(path), realCalls, path);
}

/** The finished history of the directory; undefined when there is none. */
export function openFinished(directory: string, calls: FileCalls = realCalls): FileSource | undefined {
  return openFile(join(directory, finishedName), calls);
}

/** The file; undefined when there is none. Other failures (rights, not a file) throw BadInputError. */
export function openFile(path: string, calls: FileCalls = realCalls): FileSource | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(cause))) return undefined;
    throw new BadInputError("HISTORY_INVALID", path, 0, "the file cannot be opened", { cause });
  }
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw new BadInputError("HISTORY_INVALID", path, 0, "not a regular file");
  }
  return new FileSource(path, fd, calls);
}

/** Removes the finished history of the directory, if there is one. */
export function removeFinished(directory: string): void {
  rmSync(join(directory, finishedName), { force: true });
}

/** Removes the file of a part. */
export function removePart(path: string): void {
  // What is no directory holds no part; `force` minds that.
  if (existsSync(path)) rmSync(path, { force: true });
}

/** Removes finished and partial histories, and the directory when nothing else is in it. */
export function removeDirectory(directory: string): void {
  removeFiles(directory, () => true);
  try {
    rmdirSync(directory);
  } catch (cause) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errorCode(cause))) throw cause;
  }
}

/** Removes the finished history and those partial ones whose process `isStale`. */
function removeFiles(directory: string, isStale: (pid: number) => boolean): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return;
    throw cause;
  }
  for (const name of names) {
    const partial = partialPattern.exec(name);
    if (name === finishedName || (partial !== null && isStale(Number(partial[1])))) rmSync(join(directory, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errorCode(cause) === "EPERM";
  }
}

/** Makes the rename durable. Some file systems cannot sync a directory; there the rename is as durable as they make it. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, "r");
  try {
    fsyncSync(fd);
  } catch (cause) {
    if (!["EINVAL", "EISDIR", "EPERM", "ENOTSUP"].includes(errorCode(cause))) throw cause;
  } finally {
    closeSync(fd);
  }
}
