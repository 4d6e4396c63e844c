/** Writes LTTng's index files, version 1.1, independently of the reader: for its tests, and for traces that benchmarks make. */

/** Offset (bytes), packet size and content size (bits), begin, end, events discarded, stream class id, stream instance, sequence number. */
export type IndexEntry = readonly (number | bigint)[];

const headerBytes = 16;
const entryBytes = 72;

export function encodeIndex(entries: readonly IndexEntry[]): Uint8Array {
  const bytes = Buffer.alloc(headerBytes + entryBytes * entries.length);
  for (const [i, word] of [0xc1f1dcc1, 1, 1, entryBytes].entries()) bytes.writeUInt32BE(word, 4 * i);
  for (const [i, entry] of entries.entries())
    for (const [k, value] of entry.entries()) bytes.writeBigUInt64BE(BigInt(value), headerBytes + entryBytes * i + 8 * k);
  return bytes;
}
