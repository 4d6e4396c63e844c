/**
 * Traces in one file (.tar, .tar.gz, .zip): unpacked once into the cache, and opened as a directory from then on.
 *
 *     <cache>/<name>-<id>.unpacked/<identity>/files/...      the archive's files, each under its own path
 *     <cache>/<name>-<id>.unpacked/<identity>/left-out.json  what is not there, and why
 *     <cache>/<name>-<id>.unpacked/<pid>.<random>.partial/   what process <pid> is unpacking
 *
 * A partial folder is synced and renamed when it is whole, so what lies under an identity (the archive's size and time of change) can be believed. Folders of
 * other identities, and partial ones whose process is gone, are removed by the next unpacking.
 *
 * Hostile archives: a member's path is taken apart and put together again below `files`, and refused when it leads elsewhere; links and devices are never
 * made; a member that the disk has no room for is refused before its first byte.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statfsSync, statSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BadInputError, StorescopeError, type TaskOptions } from "../../base/index.ts";
import type { TraceWarning } from "../../trace/index.ts";
import { type ArchiveKind, archiveKind, archiveMembers, CutShort, type Member } from "./members.ts";

/** What an unpacking leaves free on the disk, in bytes. */
const keptFreeBytes = 256 * 1024 * 1024;
/** A trace has a file per stream: more members than this are no trace, but use up the file system. */
const memberLimit = 200_000;
const partialPattern = /^(\d+)\.[0-9a-f]+\.partial$/;

export interface Unpacked {
  readonly directory: string;
  /** Members that could not be unpacked. */
  readonly warnings: readonly TraceWarning[];
}

export interface UnpackOptions extends TaskOptions {
  /** Bytes free on the disk of this folder. */
  readonly freeBytes?: ((folder: string) => number) | undefined;
}

/**
 * The archive's content as a directory below `folder`, unpacked now where it is not there yet. Throws TRACE_NOT_FOUND where the file is no archive,
 * ARCHIVE_INVALID where it cannot be unpacked, CANCELLED; nothing is left behind then.
 */
export async function unpackArchive(path: string, folder: string, options: UnpackOptions = {}): Promise<Unpacked> {
  const stat = statSync(path);
  const target = join(folder, identityOf(stat));
  const leftOutFile = join(target, "left-out.json");
  if (!existsSync(leftOutFile)) {
    const kind = archiveKind(path);
    if (kind === undefined)
      throw new StorescopeError("TRACE_NOT_FOUND", `${path}: this file is no archive (.tar, .tar.gz, .zip), and a trace is a folder`);
    await unpackInto(path, kind, folder, target, options);
  }
  return { directory: join(target, "files"), warnings: JSON.parse(readFileSync(leftOutFile, "utf8")) as readonly TraceWarning[] };
}

function identityOf({ size, mtimeMs, ino }: Stats): string {
  return createHash("sha256").update(`${size} ${mtimeMs} ${ino}`).digest("hex").slice(0, 16);
}

async function unpackInto(path: string, kind: ArchiveKind, folder: string, target: string, options: UnpackOptions): Promise<void> {
  removeStale(folder);
  const partial = join(folder, `${process.pid}.${randomBytes(6).toString("hex")}.partial`);
  try {
    mkdirSync(join(partial, "files"), { recursive: true });
    const leftOut = await writeMembers(path, kind, join(partial, "files"), options);
    await writeFile(join(partial, "left-out.json"), JSON.stringify(leftOut), { flush: true });
    try {
      renameSync(partial, target);
    } catch (error) {
      // Another process was faster with the same archive.
      if (!existsSync(target)) throw error;
    }
    for (const name of readdirSync(folder)) {
      if (!partialPattern.test(name) && join(folder, name) !== target) rmSync(join(folder, name), { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof StorescopeError) throw error;
    throw new StorescopeError("ARCHIVE_INVALID", `${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Writes the archive's files below `files`; gives what is not there. */
async function writeMembers(path: string, kind: ArchiveKind, files: string, options: UnpackOptions): Promise<readonly TraceWarning[]> {
  const freeBytes = options.freeBytes ?? freeOnDisk;
  const leftOut: TraceWarning[] = [];
  let written = 0;
  let count = 0;
  let last: Member | undefined;
  try {
    for await (const member of archiveMembers(path, kind, options)) {
      last = member;
      const fail = (what: string): never => {
        throw new BadInputError("ARCHIVE_INVALID", path, member.offset, `member ${JSON.stringify(member.path)}: ${what}`);
      };
      if (++count > memberLimit) fail(`there are more than ${memberLimit} members`);
      const parts = memberPath(member.path) ?? fail("its path leads out of the archive");
      if (member.type === "other") {
        leftOut.push({
          file: path,
          offset: member.offset,
          message: `member ${JSON.stringify(member.path)} is left out: it is ${member.what}`,
        });
        continue;
      }
      if (member.type === "directory" || parts.length === 0) continue;
      const free = freeBytes(files) - keptFreeBytes;
      if (member.size > free)
        fail(
          `it has ${member.size} bytes, but only ${Math.max(0, free)} can be used on the disk of ${files}; --cache names another folder`,
        );
      const to = join(files, ...parts);
      try {
        await writeMember(member, to);
      } catch (error) {
        if (error instanceof CutShort || error instanceof StorescopeError) throw error;
        fail(error instanceof Error ? error.message : String(error));
      }
      written++;
    }
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
    const offset = last?.offset ?? 0;
    if (written === 0)
      throw new BadInputError("ARCHIVE_INVALID", path, offset, "the archive ends before its first file does: was it copied whole?");
    const name = JSON.stringify(last?.path ?? "");
    leftOut.push({ file: path, offset, message: `the archive ends early, in or behind member ${name}: what is whole is used` });
  }
  return leftOut;
}

async function writeMember(member: Member, to: string): Promise<void> {
  mkdirSync(dirname(to), { recursive: true });
  const file = await open(to, "w");
  let isWhole = false;
  try {
    for await (const chunk of member.content()) await file.writeFile(chunk);
    await file.sync();
    isWhole = true;
  } finally {
    await file.close();
    if (!isWhole) rmSync(to, { force: true });
  }
}

/** The parts of a member's path; undefined where it does not stay below the folder it is unpacked to. */
function memberPath(path: string): readonly string[] | undefined {
  if (/^[/\\]|^[A-Za-z]:|\0/.test(path)) return undefined;
  const parts = path.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? undefined : parts;
}

function freeOnDisk(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Removes what processes that are gone left half done. */
function removeStale(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const partial = partialPattern.exec(name);
    if (partial !== null && !isRunning(Number(partial[1]))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
