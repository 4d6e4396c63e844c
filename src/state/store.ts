/**
 * Where a history's bytes live: an append-only sink while it is written, random reads once it is finished. Two kinds, one contract: memory (here) and a
 * file (file-pages.ts). Everything else in this folder works on these two interfaces and is pure.
 */
import { assert, BadInputError } from "../base/index.ts";

/** Takes the bytes of a history being written. */
export interface ByteSink {
  /** Bytes appended so far. */
  readonly size: number;
  /** Appends all bytes (the caller may reuse them) and returns the offset they stand at. Throws, with nothing to be believed after it, when it cannot. */
  append(bytes: Uint8Array): number;
  /** Makes what was appended durable, then visible as finished: in this order, so that a crash leaves either no finished history or a whole one. */
  finish(): void;
  /** Throws away what was appended. Does nothing after `finish`. */
  abort(): void;
}

/** Gives the bytes of a finished history. */
export interface ByteSource {
  /** For error messages. */
  readonly name: string;
  readonly size: number;
  /** Bytes [offset, offset + length) in a buffer of their own, aligned for any typed array. Throws BadInputError when the source is shorter. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** Both sides in memory. Readable once finished. */
export class MemoryStore implements ByteSink, ByteSource {
  readonly name: string;
  size = 0;
  private bytes = new Uint8Array(1 << 16);
  private state: "writing" | "finished" | "aborted" = "writing";

  constructor(name: string) {
    this.name = name;
  }

  append(bytes: Uint8Array): number {
    assert(this.state === "writing", "append to a closed memory store");
    const offset = this.size;
    const needed = offset + bytes.length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, offset));
      this.bytes = grown;
    }
    this.bytes.set(bytes, offset);
    this.size = needed;
    return offset;
  }

  finish(): void {
    assert(this.state === "writing", "finish of a closed memory store");
    this.state = "finished";
  }

  abort(): void {
    if (this.state !== "writing") return;
    this.state = "aborted";
    this.bytes = new Uint8Array(0);
    this.size = 0;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    assert(this.state === "finished", "read of an unfinished memory store");
    checkRange(this, offset, length);
    return this.bytes.slice(offset, offset + length);
  }

  close(): void {
    // Memory goes with the last reference.
  }
}

/** A run of a source's bytes as a source of its own. Closing it does nothing: the source belongs to its owner. */
export function sliceOf(source: ByteSource, offset: number, size: number): ByteSource {
  checkRange(source, offset, size);
  const slice = {
    name: `${source.name} (part at byte ${offset})`,
    size,
    read: (at: number, length: number): Uint8Array<ArrayBuffer> => {
      checkRange(slice, at, length);
      return source.read(offset + at, length);
    },
    close: () => undefined,
  };
  return slice;
}

/** Throws BadInputError unless [offset, offset + length) lies in the source. */
export function checkRange(source: { readonly name: string; readonly size: number }, offset: number, length: number): void {
  if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= source.size)) {
    throw new BadInputError(
      "HISTORY_INVALID",
      source.name,
      Math.min(Math.max(0, offset) || 0, source.size),
      `${length} bytes expected here, the file has ${source.size}`,
    );
  }
}
