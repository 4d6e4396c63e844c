/**
 * A large trace from a small one: the trace that ships (real Redis nodes, recorded by LTTng-UST), over and over, each time a little later.
 *
 *     packet: magic uuid stream_id instance | begin end content size seq discarded cpu | events ... | padding
 *             0     4    20        24       32    40  48      56   64  72        80
 *     event:  u16 id, u32 time | contexts, payload          or, where id is 65535:   u16 id, u32 id, u64 time | contexts, payload
 *
 * A copy is later by a multiple of 2^32 ns, so the 32-bit times in events stay right, and what has to be changed is little: the packets' begin, end and
 * sequence number, the 64-bit times of extended events, and the times that batches carry in their payload. Where these lie is asked from the reader once.
 * LTTng's index of each stream is written anew.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { openCtf } from "../../src/ctf/index.ts";
import type { FieldReader } from "../../src/trace/index.ts";
import { encodeIndex, type IndexEntry } from "../../test/traces/lttng-index.ts";

const timeFields = ["base_ns", "end_ns"];
const extendedId = 65_535;
const extendedHeaderBytes = 14;
const copiesPerWrite = 16;

export interface Repeated {
  readonly copies: number;
  readonly bytes: number;
  /** Events of the whole trace. */
  readonly events: number;
}

/** Where the 64-bit times of one file lie. */
interface Places {
  readonly file: string;
  readonly bytes: Buffer;
  readonly packets: readonly number[];
  readonly times: readonly number[];
}

/** Writes copies of `trace` (a directory with metadata, as LTTng-UST writes it) into `directory` until they have `size` bytes or more. */
export function repeatTrace(trace: string, directory: string, size: number): Repeated {
  const { places, events, spanNs } = findPlaces(trace);
  const once = places.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const copies = Math.ceil(size / once);
  const shift = (spanNs / (1n << 32n) + 1n) << 32n;
  const building = `${directory}.tmp`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(join(building, "index"), { recursive: true });
  writeFileSync(join(building, "metadata"), readFileSync(join(trace, "metadata")));
  for (const place of places) {
    writeCopies(place, join(building, basename(place.file)), copies, shift);
    writeFileSync(join(building, "index", `${basename(place.file)}.idx`), encodeIndex(entriesOf(place, copies, shift)));
  }
  rmSync(directory, { recursive: true, force: true });
  renameSync(building, directory);
  return { copies, bytes: copies * once, events: copies * events };
}

function findPlaces(trace: string): { places: readonly Places[]; events: number; spanNs: bigint } {
  const files = readdirSync(trace).filter((name) => name !== "metadata" && statSync(join(trace, name)).isFile());
  const packetAt = new Map<string, { times: number[]; offset: number }>();
  const key = (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, 72).toString("hex", 24, 32) +
    String(Buffer.from(bytes.buffer, bytes.byteOffset, 72).readBigUInt64LE(64));
  const places = files.map((file): Places => {
    const bytes = readFileSync(join(trace, file));
    const packets: number[] = [];
    const times: number[] = [];
    for (let at = 0; at < bytes.length; at += Number(bytes.readBigUInt64LE(at + 56) / 8n)) {
      packets.push(at);
      times.push(at + 32, at + 40);
      packetAt.set(key(bytes.subarray(at)), { times, offset: at });
    }
    return { file, bytes, packets, times };
  });
  const source = openCtf(trace);
  const cursor = source.cursor();
  const readers = source.eventClasses.map((eventClass) =>
    timeFields.map((name) => cursor.field(eventClass, name)).filter((reader): reader is FieldReader => reader !== undefined),
  );
  let events = 0;
  while (cursor.next()) {
    events++;
    const packet = packetAt.get(key(cursor.bytes));
    if (packet === undefined) throw new Error("an event lies in no packet");
    for (const reader of readers[cursor.eventClass] ?? []) packet.times.push(packet.offset + reader.offset());
    const context = (cursor as unknown as { readonly context: number }).context;
    const header = context - extendedHeaderBytes;
    if (cursor.view.getUint16(header, true) === extendedId) packet.times.push(packet.offset + header + 6);
  }
  source.close();
  return { places, events, spanNs: source.end - source.start };
}

function writeCopies({ bytes, packets, times }: Places, path: string, copies: number, shift: bigint): void {
  const file = openSync(path, "w");
  const block = Buffer.alloc(bytes.length * copiesPerWrite);
  const base = new DataView(bytes.buffer, bytes.byteOffset);
  const firstSequence = packets.map((at) => base.getBigUint64(at + 64, true));
  for (let i = 0; i < copiesPerWrite; i++) bytes.copy(block, i * bytes.length);
  for (let copy = 0; copy < copies; copy += copiesPerWrite) {
    const count = Math.min(copiesPerWrite, copies - copy);
    for (let i = 0; i < count; i++) {
      const start = i * bytes.length;
      const late = BigInt(copy + i) * shift;
      for (const at of times) block.writeBigUInt64LE(base.getBigUint64(at, true) + late, start + at);
      packets.forEach((at, p) => {
        block.writeBigUInt64LE((firstSequence[p] ?? 0n) + BigInt((copy + i) * packets.length), start + at + 64);
      });
    }
    writeSync(file, block, 0, count * bytes.length);
  }
  closeSync(file);
}

/** Entries of LTTng's index of the copies. */
function entriesOf({ bytes, packets }: Places, copies: number, shift: bigint): IndexEntry[] {
  return Array.from({ length: copies }, (_, copy) =>
    packets.map((at): IndexEntry => {
      const late = BigInt(copy) * shift;
      const u64 = (offset: number): bigint => bytes.readBigUInt64LE(at + offset);
      return [
        copy * bytes.length + at,
        u64(56),
        u64(48),
        u64(32) + late,
        u64(40) + late,
        u64(72),
        bytes.readUInt32LE(at + 20),
        u64(24),
        u64(64) + BigInt(copy * packets.length),
      ];
    }),
  ).flat();
}
