/**
 * LTTng's index of a stream file, `index/<name>.idx` (lttng-tools, ctf-index.h; version 1.1, all numbers big-endian):
 *
 *      0  u32  magic 0xc1f1dcc1
 *      4  u32  major 1, u32 minor 1, u32 bytes of an entry (72)
 *     16  entries: u64 each: offset (bytes), packet size, content size (bits), begin, end, events discarded, stream class id, stream instance, sequence number
 *
 * It says of all packets what their headers say, in one read. But it may be of another moment than the stream file, or of another file: see `scan.ts` for what is
 * made sure.
 */
const magic = 0xc1f1dcc1;
const headerBytes = 16;
const entryBytes = 72;

/** Which u64 of an entry is what. */
export const indexField = {
  offset: 0,
  packetBits: 1,
  contentBits: 2,
  begin: 3,
  end: 4,
  discardedEvents: 5,
  streamClassId: 6,
  streamId: 7,
  sequence: 8,
} as const;

/** The entries of an index, by number. */
export class LttngIndex {
  /** Entries, cut ones not counted; 0 where the bytes are no index of this version. */
  readonly count: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isIndex = bytes.length >= headerBytes && [magic, 1, 1, entryBytes].every((word, i) => this.view.getUint32(4 * i) === word);
    this.count = isIndex ? Math.floor((bytes.length - headerBytes) / entryBytes) : 0;
  }

  /** A field of an entry, exact below 2^53. */
  number(entry: number, field: number): number {
    const at = headerBytes + entryBytes * entry + 8 * field;
    return this.view.getUint32(at) * 4294967296 + this.view.getUint32(at + 4);
  }

  bigint(entry: number, field: number): bigint {
    return this.view.getBigUint64(headerBytes + entryBytes * entry + 8 * field);
  }
}
