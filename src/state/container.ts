/**
 * The container: one run of bytes that holds all blocks of a history, found again through a footer.
 *
 *     +------------+----------+----------+-- ... --+--------+------------+
 *     | header 16  | block    | block    |         | footer | trailer 40 |
 *     +------------+----------+----------+-- ... --+--------+------------+
 *
 *     header    ASCII "Storescope hist\n"
 *     block     bytes that only their owner understands; offset, length and checksum are kept by whoever refers to it
 *     footer    UTF-8 JSON: what the history holds and references to its sections
 *     trailer   0 u32 magic  4 u32 version  8 f64 footer offset  16 f64 file size  24 u32 footer bytes  28 u32 footer checksum
 *               32 u32 0  36 u32 checksum of bytes 0..35 of the trailer
 *
 * Invariant: every byte of the file is compared with a constant or covered by exactly one checksum. Numbers are little-endian; a machine of the other order
 * does not find the magic and rebuilds.
 */
import { BadInputError, StorescopeError } from "../base/index.ts";
import { checksum } from "./checksum.ts";
import type { ByteSink, ByteSource } from "./store.ts";

/** Raise with every change of any layout in this folder, and describe it in docs/formats.md. */
export const formatVersion = 5;

const headerBytes = 16;
const trailerBytes = 40;
const magic = 0x48435453;

/** Where a block stands and what its checksum is. */
export interface BlockRef {
  readonly offset: number;
  readonly bytes: number;
  readonly checksum: number;
}

function header(): Uint8Array {
  return new TextEncoder().encode("Storescope hist\n");
}

export class ContainerWriter {
  private readonly sink: ByteSink;

  constructor(sink: ByteSink) {
    this.sink = sink;
    sink.append(header());
  }

  append(bytes: Uint8Array): BlockRef {
    return { offset: this.sink.append(bytes), bytes: bytes.length, checksum: checksum(bytes) };
  }

  /** Writes footer and trailer and finishes the sink. */
  finish(footer: unknown): void {
    const ref = this.append(new TextEncoder().encode(JSON.stringify(footer)));
    const trailer = new DataView(new ArrayBuffer(trailerBytes));
    trailer.setUint32(0, magic, true);
    trailer.setUint32(4, formatVersion, true);
    trailer.setFloat64(8, ref.offset, true);
    trailer.setFloat64(16, this.sink.size + trailerBytes, true);
    trailer.setUint32(24, ref.bytes, true);
    trailer.setUint32(28, ref.checksum, true);
    trailer.setUint32(36, checksum(new Uint8Array(trailer.buffer, 0, 36)), true);
    this.sink.append(new Uint8Array(trailer.buffer));
    this.sink.finish();
  }

  abort(): void {
    this.sink.abort();
  }
}

export class ContainerReader {
  readonly source: ByteSource;
  /** Parsed JSON, not yet checked for its shape. */
  readonly footer: unknown;
  /** Where the footer and the trailer stand, as one block for verification. */
  readonly footerRef: BlockRef;

  /** Called when a block turns out damaged or unreadable, before that is thrown. */
  readonly onDamage: () => void;
  private isOpen = true;

  /** Throws BadInputError when header, trailer or footer are not whole and of this version. */
  constructor(source: ByteSource, onDamage: () => void = () => undefined) {
    this.source = source;
    this.onDamage = onDamage;
    const fail = (offset: number, what: string): never => {
      throw new BadInputError("HISTORY_INVALID", source.name, offset, what);
    };
    if (source.size < headerBytes + trailerBytes) fail(0, "too short for a history");
    if (!sameBytes(source.read(0, headerBytes), header())) fail(0, "not a history");
    const at = source.size - trailerBytes;
    const bytes = source.read(at, trailerBytes);
    const trailer = new DataView(bytes.buffer);
    if (trailer.getUint32(0, true) !== magic) fail(at, "the trailer is missing: cut short, or written on a machine of another byte order");
    if (trailer.getUint32(36, true) !== checksum(bytes.subarray(0, 36))) fail(at, "the trailer's checksum is wrong");
    if (trailer.getUint32(4, true) !== formatVersion)
      fail(at + 4, `format version ${trailer.getUint32(4, true)}, this program writes ${formatVersion}`);
    if (trailer.getFloat64(16, true) !== source.size) fail(at + 16, "the file is not as long as its trailer says");
    this.footerRef = { offset: trailer.getFloat64(8, true), bytes: trailer.getUint32(24, true), checksum: trailer.getUint32(28, true) };
    if (this.footerRef.offset + this.footerRef.bytes !== at) fail(at + 8, "the footer does not end where the trailer begins");
    const text = new TextDecoder().decode(this.read(this.footerRef));
    try {
      this.footer = JSON.parse(text);
    } catch (cause) {
      throw new BadInputError("HISTORY_INVALID", source.name, this.footerRef.offset, "the footer is not JSON", { cause });
    }
  }

  /**
   * The block's bytes, in a buffer of their own. Throws BadInputError when the checksum is wrong; CANCELLED once closed: a query that is still under way then
   * reads from a descriptor that may be another file's, which is no damage of this one.
   */
  read(ref: BlockRef): Uint8Array<ArrayBuffer> {
    if (!this.isOpen) throw new StorescopeError("CANCELLED", `${this.source.name} was closed while it was read`);
    try {
      const bytes = this.source.read(ref.offset, ref.bytes);
      if (checksum(bytes) === ref.checksum) return bytes;
    } catch (error) {
      this.onDamage();
      throw error;
    }
    this.onDamage();
    throw new BadInputError("HISTORY_INVALID", this.source.name, ref.offset, `the checksum of the ${ref.bytes} bytes here is wrong`);
  }

  close(): void {
    this.isOpen = false;
    this.source.close();
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
