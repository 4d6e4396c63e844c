/**
 * Finds the packets of a stream file by their headers (CTF 1.8.3 section 5):
 *
 *     file    | packet | packet | packet ...
 *     packet  | packet header | packet context | events ........ | padding |
 *             0                              first event       content    packet size (both sizes count from 0, in bits)
 *
 * LTTng's `index/` files say the same more briefly, but may be missing, old or wrong; one small read per packet always tells the truth, so they are not used.
 *
 * A file may end in the middle of a packet (a tracer was killed, or is still writing): whole packets count, the rest is a warning. A packet whose header
 * breaks the rules ends the file too, with an error that is thrown when reading arrives there.
 */
import { BadInputError } from "../../base/index.ts";
import type { TraceWarning } from "../../trace/index.ts";
import { toBigint } from "../decode/bits.ts";
import { DecodeError, Walker, type WalkerHooks } from "../decode/walker.ts";
import type { FieldRole, StreamSchema, TraceSchema } from "../schema.ts";
import type { ByteFile } from "./byte-file.ts";

/** One whole packet. Clock values are in cycles; undefined where the packet does not say. */
export interface Packet {
  readonly file: ByteFile;
  /** Bytes from the file's start. */
  readonly offset: number;
  /** Bytes, with padding. */
  readonly size: number;
  readonly contentBits: number;
  /** Where the first event begins. */
  readonly headerBits: number;
  readonly begin: bigint | undefined;
  readonly end: bigint | undefined;
  readonly discardedEvents: bigint | undefined;
  readonly sequence: bigint | undefined;
}

/** What one file holds. */
export interface ScannedFile {
  readonly file: ByteFile;
  readonly stream: StreamSchema;
  /** `stream_instance_id` (CTF 1.8), data stream id (CTF 2). */
  readonly streamId: bigint | undefined;
  readonly packets: readonly Packet[];
  readonly warnings: readonly TraceWarning[];
  /** Why the file cannot be read beyond its last packet here. */
  readonly failure: BadInputError | undefined;
  /** Width of the events_discarded counter, for its wrap. */
  readonly discardedBits: number;
}

const packetMagic = 0xc1fc1fc1n;
const firstReadBytes = 4096;
const largestHeaderBytes = 1 << 24;

/** Collects what a packet's header and context say. */
class PacketRoles implements WalkerHooks {
  values = new Map<FieldRole, bigint>();
  uuid: Uint8Array | undefined;
  /** The clock as updated by every mapped field so far. */
  clockValue: bigint | undefined;

  clock(bits: number, low: number, high: number): void {
    this.clockValue = updateClock(this.clockValue ?? 0n, bits, toBigint(low, high, false));
  }
  role(role: FieldRole, value: bigint): void {
    this.values.set(role, value);
  }
  bytesRole(role: FieldRole, bytes: Uint8Array): void {
    if (role === "trace-uuid") this.uuid = bytes;
  }
}

/**
 * A clock after a field of `bits` bits that is mapped to it was read (CTF 1.8.3 section 8): the field gives the low bits, and a value below the current one
 * means one wrap. More than one wrap between two fields cannot be seen.
 */
export function updateClock(current: bigint, bits: number, value: bigint): bigint {
  if (bits >= 64) return value;
  const span = 1n << BigInt(bits);
  const high = current - (current % span);
  return value < current % span ? high + span + value : high + value;
}

/** Scans one file. A file without one whole packet gives undefined, with a warning unless it is empty. Throws when its very first packet is no packet. */
export function scanFile(file: ByteFile, schema: TraceSchema, warnings: TraceWarning[]): ScannedFile | undefined {
  if (file.size === 0) return undefined;
  const walker = new Walker(schema.slotCount);
  const packets: Packet[] = [];
  const found: TraceWarning[] = [];
  let stream: StreamSchema | undefined;
  let streamId: bigint | undefined;
  let failure: BadInputError | undefined;
  let scratch = new Uint8Array(firstReadBytes);
  let offset = 0;
  while (offset < file.size) {
    try {
      const scan = scanPacket(file, offset, schema, walker, scratch);
      scratch = scan.scratch;
      if (scan.packet === undefined) {
        found.push({ file: file.path, offset, message: "the file ends in the middle of this packet; it is left out" });
        break;
      }
      if (stream !== undefined && (scan.stream !== stream || scan.streamId !== streamId)) {
        throw new BadInputError("PACKET_INVALID", file.path, offset, "this packet belongs to another stream than the ones before");
      }
      if (!scan.isOfTrace && packets.length === 0) {
        found.push({ file: file.path, offset, message: "the packet carries another uuid than the metadata" });
      }
      stream = scan.stream;
      streamId = scan.streamId;
      packets.push(scan.packet);
      offset += scan.packet.size;
    } catch (error) {
      if (!(error instanceof BadInputError) || packets.length === 0) throw error;
      failure = error;
      break;
    }
  }
  if (stream === undefined) {
    warnings.push(...found);
    return undefined;
  }
  return { file, stream, streamId, packets, warnings: found, failure, discardedBits: counterBits(stream) };
}

function counterBits(stream: StreamSchema): number {
  const member = stream.packetContext?.members.find(({ field }) => field.roles.includes("discarded-events"));
  return member?.field.type === "integer" ? member.field.bits : 64;
}

function scanPacket(
  file: ByteFile,
  offset: number,
  schema: TraceSchema,
  walker: Walker,
  given: Uint8Array<ArrayBuffer>,
): {
  packet: Packet | undefined;
  stream: StreamSchema;
  streamId: bigint | undefined;
  isOfTrace: boolean;
  scratch: Uint8Array<ArrayBuffer>;
} {
  let scratch = given;
  const fail = (what: string): never => {
    throw new BadInputError("PACKET_INVALID", file.path, offset, what);
  };
  for (;;) {
    const available = file.read(offset, scratch, Math.min(scratch.length, file.size - offset));
    const view = new DataView(scratch.buffer);
    const roles = new PacketRoles();
    walker.hooks = roles;
    walker.setPacket(scratch, view, available * 8);
    walker.position = 0;
    let stream: StreamSchema | undefined;
    try {
      if (schema.packetHeader !== undefined) walker.members(schema.packetHeader, undefined);
      checkMagic(roles, fail);
      const classId = roles.values.get("stream-class-id");
      stream = classId === undefined ? schema.streams[0] : schema.streams.find((candidate) => candidate.id === classId);
      if (classId === undefined && schema.streams.length > 1) fail("the packet does not say which of several streams it belongs to");
      if (stream === undefined) return fail(`the packet belongs to stream class ${classId}, which is not declared`);
      roles.clockValue = undefined;
      if (stream.packetContext !== undefined) walker.members(stream.packetContext, undefined);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const isAll = available >= file.size - offset;
      if (!isAll && scratch.length < largestHeaderBytes) {
        scratch = new Uint8Array(scratch.length * 4);
        continue;
      }
      // Nothing follows: the file was cut here, or its only packet is shorter than its own header.
      if (stream === undefined && offset === 0)
        throw new BadInputError("PACKET_INVALID", file.path, offset, error.message, { cause: error });
      const known = stream ?? schema.streams[0];
      if (known === undefined) return fail(error.message);
      return { packet: undefined, stream: known, streamId: undefined, isOfTrace: true, scratch };
    }
    const headerBits = walker.position;
    const streamId = roles.values.get("stream-id");
    const fileBits = BigInt(file.size - offset) * 8n;
    const packetBits = roles.values.get("packet-size") ?? roles.values.get("content-size") ?? fileBits;
    const contentBits = roles.values.get("content-size") ?? packetBits;
    if (packetBits <= 0n || packetBits % 8n !== 0n) fail(`the packet's size of ${packetBits} bits is not a positive number of bytes`);
    if (contentBits > packetBits) fail(`the packet's content (${contentBits} bits) is larger than the packet (${packetBits} bits)`);
    if (contentBits < BigInt(headerBits))
      fail(`the packet's content (${contentBits} bits) is smaller than its header (${headerBits} bits)`);
    if (packetBits > fileBits) return { packet: undefined, stream, streamId, isOfTrace: true, scratch };
    const begin = roles.values.get("packet-begin");
    const end = roles.values.get("packet-end");
    const packet: Packet = {
      file,
      offset,
      size: Number(packetBits / 8n),
      contentBits: Number(contentBits),
      headerBits,
      begin,
      // A tracer that crashed leaves 0 here.
      end: end === 0n && begin !== undefined && begin !== 0n ? undefined : end,
      discardedEvents: roles.values.get("discarded-events"),
      sequence: roles.values.get("packet-sequence"),
    };
    return { packet, stream, streamId, isOfTrace: isOfTrace(roles, schema), scratch };
  }
}

function checkMagic(roles: PacketRoles, fail: (what: string) => never): void {
  const magic = roles.values.get("magic");
  if (magic !== undefined && magic !== packetMagic)
    fail(`the packet does not begin with its magic number, but with 0x${magic.toString(16)}`);
}

/** False where the packet carries the uuid of another trace than the metadata. Traces that were edited by hand do; babeltrace2 reads them too. */
function isOfTrace(roles: PacketRoles, schema: TraceSchema): boolean {
  const { uuid } = roles;
  return uuid === undefined || schema.uuid === undefined || schema.uuid.every((byte, i) => byte === uuid[i]);
}
