/**
 * Spools: rows of numbers that wait for the join of an analysis (analyses/contract.ts). The last rows stay in memory, the others go to a file that has no name
 * any more when it is first written, so that nothing of it stays behind, whatever happens.
 *
 *     file   f64[width] per row, in the order they were appended
 *     tail   the rows after those in the file
 *
 * Threads of one process share file numbers: a spool may be written by one and read by another, which then closes it.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Spool, SpoolEnd, SpoolRows } from "../analyses/contract.ts";
import { StorescopeError } from "../base/index.ts";

/** Rows kept in memory on either side. */
const bufferRows = 4096;

export class FileSpool implements Spool {
  private readonly directory: string;
  private readonly width: number;
  private readonly buffer: Float64Array;
  private used = 0;
  private file: number | undefined;
  private fileBytes = 0;

  /** The directory must exist when the first rows go to the file. */
  constructor(directory: string, width: number) {
    this.directory = directory;
    this.width = width;
    this.buffer = new Float64Array(bufferRows * width);
  }

  append(values: Float64Array): void {
    if (this.used === this.buffer.length) this.flush();
    const { buffer, width, used } = this;
    for (let i = 0; i < width; i++) buffer[used + i] = values[i] as number;
    this.used = used + width;
  }

  end(): SpoolEnd {
    return { width: this.width, file: this.file, fileBytes: this.fileBytes, tail: this.buffer.slice(0, this.used) };
  }

  private flush(): void {
    const { buffer } = this.buffer;
    try {
      this.file ??= openNameless(this.directory);
      for (let done = 0; done < buffer.byteLength; )
        done += writeSync(this.file, new Uint8Array(buffer, done), 0, buffer.byteLength - done, this.fileBytes + done);
    } catch (cause) {
      const isFull = cause instanceof Error && "code" in cause && ["ENOSPC", "EDQUOT", "EFBIG"].includes(String(cause.code));
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `${this.directory}: intermediate data of the analysis cannot be written: ${why}`;
      throw new StorescopeError(isFull ? "DISK_FULL" : "HISTORY_INVALID", message, { cause });
    }
    this.fileBytes += buffer.byteLength;
    this.used = 0;
  }
}

function openNameless(directory: string): number {
  const path = join(directory, `spool.${process.pid}.${randomBytes(6).toString("hex")}`);
  const file = openSync(path, "wx+");
  unlinkSync(path);
  return file;
}

/** Closes a spool's file. Its rows are gone then. */
export function closeSpool({ file }: SpoolEnd): void {
  if (file !== undefined) closeSync(file);
}

export class FileSpoolRows implements SpoolRows {
  readonly row: Float64Array;
  private readonly spool: SpoolEnd;
  private block = new Float64Array(0);
  private at = 0;
  private fileAt = 0;
  private isTail = false;

  constructor(spool: SpoolEnd) {
    this.spool = spool;
    this.row = new Float64Array(spool.width);
  }

  next(): boolean {
    if (this.at === this.block.length && !this.fill()) return false;
    const { row, block } = this;
    for (let i = 0; i < row.length; i++) row[i] = block[this.at + i] as number;
    this.at += row.length;
    return true;
  }

  private fill(): boolean {
    const { file, fileBytes, width, tail } = this.spool;
    this.at = 0;
    if (file !== undefined && this.fileAt < fileBytes) {
      const block = new Float64Array(Math.min(bufferRows * width, (fileBytes - this.fileAt) / 8));
      for (let done = 0; done < block.byteLength; ) {
        const got = readSync(file, new Uint8Array(block.buffer, done), 0, block.byteLength - done, this.fileAt + done);
        if (got === 0) throw new StorescopeError("HISTORY_INVALID", "intermediate data has become shorter while it was used");
        done += got;
      }
      this.fileAt += block.byteLength;
      this.block = block;
      return true;
    }
    if (this.isTail) return false;
    this.isTail = true;
    this.block = tail as Float64Array<ArrayBuffer>;
    return tail.length > 0;
  }
}
