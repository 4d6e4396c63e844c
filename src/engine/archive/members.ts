/**
 * What an archive holds, member by member, in the order of the archive. Field and block formats are the libraries' (`tar`: headers and pax records, `yauzl`:
 * zip); they are loaded only when an archive is opened.
 *
 *     tar   | header 512 | content, padded to 512 | header 512 | content ... | 512 zeros | 512 zeros |
 *     gzip  the same, compressed as a whole
 *     zip   | local header, content | ... | central directory: one entry per member | its end |
 *
 * Nothing here trusts the archive: sizes are what a member says it will have, and its content never gives more.
 */
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { StorescopeError, type TaskOptions } from "../../base/index.ts";

export type ArchiveKind = "tar" | "gzip" | "zip";

export interface Member {
  /** As the archive has it: not to be used as a path before it has been looked at. */
  readonly path: string;
  readonly type: "file" | "directory" | "other";
  /** What an `other` is. */
  readonly what: string;
  /** Bytes that the archive announces. */
  readonly size: number;
  /** Where its header lies; in a compressed tar, counted in the tar. */
  readonly offset: number;
  /** To be read before the next member, at most once. Never gives more than `size`; throws `CutShort` where it would give less. */
  content(): AsyncIterable<Uint8Array>;
}

/** The archive ends where it should not. */
export class CutShort extends Error {}

const blockBytes = 512;
/** Headers that describe others (long names) are small. */
const largestMetaBytes = 1 << 20;
/** Zeros behind a tar's end: a block of the tapes it is named after, at most. */
const paddingLimit = 1 << 20;

/** Looks at the content, not at the name. Undefined where it is no archive; throws what the file system throws. */
export function archiveKind(path: string): ArchiveKind | undefined {
  const head = Buffer.alloc(blockBytes);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, head, 0, blockBytes, 0);
  } finally {
    closeSync(descriptor);
  }
  if (head.readUInt16BE(0) === 0x1f8b) return "gzip";
  // "PK", then the first local header, or the end of an archive without members.
  if (head.readUInt32BE(0) === 0x504b0304 || head.readUInt32BE(0) === 0x504b0506) return "zip";
  return head.toString("latin1", 257, 262) === "ustar" ? "tar" : undefined;
}

export function archiveMembers(path: string, kind: ArchiveKind, options: TaskOptions): AsyncGenerator<Member> {
  return kind === "zip" ? zipMembers(path, options) : tarMembers(path, kind, options);
}

function checkCancelled(options: TaskOptions): void {
  if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "unpacking was cancelled");
}

/** A stream of bytes, taken in the pieces one wants. */
class Input {
  offset = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At most `most` bytes, at least one; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    this.offset += part.length;
    return part;
  }

  /** Exactly `length` bytes, in pieces. */
  async *take(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      const part = await this.some(left);
      if (part === undefined) throw new CutShort();
      left -= part.length;
      yield part;
    }
  }

  async whole(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.take(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.take(length));
  }
}

/** The file's bytes, unpacked where it is compressed; reports how much of the file has been read. */
async function* readTar(path: string, kind: "tar" | "gzip", options: TaskOptions): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const total = statSync(path).size;
  const gunzip = kind === "gzip" ? createGunzip({ chunkSize: 1 << 18 }) : undefined;
  if (gunzip !== undefined) {
    file.on("error", (error) => gunzip.destroy(error));
    file.pipe(gunzip);
  }
  try {
    for await (const chunk of gunzip ?? file) {
      checkCancelled(options);
      options.onProgress?.({ label: "Unpacking", done: file.bytesRead, total });
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR") throw new CutShort();
    throw error;
  } finally {
    file.destroy();
    gunzip?.destroy();
  }
}

async function* tarMembers(path: string, kind: "tar" | "gzip", options: TaskOptions): AsyncGenerator<Member> {
  const { Header, Pax } = await import("tar");
  const bytes = readTar(path, kind, options);
  try {
    const input = new Input(bytes);
    let own: InstanceType<typeof Pax> | { path?: string } | undefined;
    let common: InstanceType<typeof Pax> | undefined;
    for (let zeroBlocks = 0; zeroBlocks < 2; ) {
      const offset = input.offset;
      // Some writers leave out the zeros at the end.
      const first = await input.some(blockBytes);
      if (first === undefined) return;
      const block = Buffer.concat([first, await input.whole(blockBytes - first.length)]);
      const header = new Header(block, 0, own, common);
      if (header.nullBlock) {
        zeroBlocks++;
        continue;
      }
      zeroBlocks = 0;
      const size = header.size ?? 0;
      if (!header.cksumValid || !Number.isSafeInteger(size)) throw new Error(`there is no valid tar header at byte ${offset}`);
      const padding = (blockBytes - (size % blockBytes)) % blockBytes;
      const meta = async (): Promise<string> => {
        if (size > largestMetaBytes) throw new Error(`the header at byte ${offset} is followed by ${size} bytes of description`);
        const text = (await input.whole(size)).toString("utf8");
        await input.skip(padding);
        return text;
      };
      switch (header.type) {
        case "ExtendedHeader":
        case "OldExtendedHeader":
          own = Pax.parse(await meta(), own, false);
          continue;
        case "GlobalExtendedHeader":
          common = Pax.parse(await meta(), common, true);
          continue;
        case "NextFileHasLongPath":
        case "OldGnuLongPath":
          own = { ...own, path: (await meta()).replace(/\0.*$/s, "") };
          continue;
        case "NextFileHasLongLinkpath":
          await meta();
          continue;
      }
      own = undefined;
      let isRead = false;
      const content = (): AsyncIterable<Uint8Array> => {
        isRead = true;
        return input.take(size);
      };
      yield { path: header.path ?? "", ...typeOfTar(header.type, header.path ?? ""), size, offset, content };
      if (!isRead) await input.skip(size);
      await input.skip(padding);
    }
    // The checksum of a gzip file is behind what pads the archive: read on, but not without an end.
    for (let left = paddingLimit; left > 0; ) {
      const part = await input.some(left);
      if (part === undefined) break;
      left -= part.length;
    }
  } finally {
    await bytes.return(undefined);
  }
}

function typeOfTar(type: string, path: string): Pick<Member, "type" | "what"> {
  // GNU tar's sparse files in pax form are a map and pieces under this name.
  if (type === "SparseFile" || /(^|\/)GNUSparseFile\.\d+\//.test(path)) return { type: "other", what: "a sparse file" };
  if (type === "File" || type === "OldFile" || type === "ContiguousFile") return { type: "file", what: "" };
  if (type === "Directory" || type === "GNUDumpDir") return { type: "directory", what: "" };
  return {
    type: "other",
    what: type === "Link" ? "a hard link" : type === "SymbolicLink" ? "a symbolic link" : "no file (a device or the like)",
  };
}

async function* zipMembers(path: string, options: TaskOptions): AsyncGenerator<Member> {
  const { openPromise } = await import("yauzl");
  const archive = await openPromise(path, { autoClose: false });
  try {
    let done = 0;
    for await (const entry of archive.eachEntry()) {
      checkCancelled(options);
      options.onProgress?.({ label: "Unpacking", done, total: archive.fileSize });
      done += entry.compressedSize;
      // Unix mode, where the archive was made on such a machine (APPNOTE.TXT section 4.4.15).
      const format = entry.versionMadeBy >> 8 === 3 ? (entry.externalFileAttributes >>> 16) & 0o170000 : 0;
      const isFile = format === 0 || format === 0o100000;
      const isDirectory = entry.fileName.endsWith("/");
      const what = entry.isEncrypted() ? "encrypted" : format === 0o120000 ? "a symbolic link" : "no file (a device or the like)";
      yield {
        path: entry.fileName,
        type: isDirectory ? "directory" : isFile && !entry.isEncrypted() ? "file" : "other",
        what,
        size: entry.uncompressedSize,
        offset: entry.relativeOffsetOfLocalHeader,
        async *content() {
          const stream = await archive.openReadStreamPromise(entry);
          for await (const chunk of stream) {
            checkCancelled(options);
            yield chunk as Buffer;
          }
        },
      };
    }
  } finally {
    archive.close();
  }
}
