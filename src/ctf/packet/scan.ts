/**
 * Finds the packets of a stream file by their headers (CTF 1.8.3 section 5, CTF2-SPEC-2.0 section 7.2):
 *
 *     file    | packet | packet | packet ...
 *     packet  | packet header | packet context | events ........ | padding |
 *             0                              first event       content    packet size (both sizes count from 0, in bits)
 *
 * The first packet's header is walked field by field. Those after it mostly repeat it, and where the fields of a stream's packet context have fixed places
 * (`FixedContext`) they are read from there.
 *
 * LTTng's `index/` files say the same of all packets at once, but may be missing, old or wrong. So an index is believed where it says the same as the headers of
 * the first packet, the last, and some between them; the other packets' headers are compared when the packet is read (`Packet.check`).
 *
 * A file may end in the middle of a packet (a tracer was killed, or is still writing): whole packets count, the rest is a warning. A packet whose header
 * breaks the rules ends the file too, with an error that is thrown when reading arrives there.
 */
import { BadInputError } from "../../base/index.ts";
import type { TraceWarning } from "../../trace/index.ts";
import { toBigint } from "../decode/bits.ts";
import { DecodeError, Walker, type WalkerHooks } from "../decode/walker.ts";
import type { FieldClass, FieldRole, StreamSchema, StructClass, TraceSchema } from "../schema.ts";
import type { ByteFile } from "./byte-file.ts";
import { indexField, LttngIndex } from "./lttng-index.ts";

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
  /** The stream's clock before the first event, where the packet says it. */
  readonly clock: bigint | undefined;
  readonly discardedEvents: bigint | undefined;
  readonly sequence: bigint | undefined;
  /** Of a packet that is known from an index alone: compares it with the header in `bytes`, which begin where the packet does. Throws BadInputError. */
  readonly check: ((told: Packet, bytes: Uint8Array, view: DataView) => void) | undefined;
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
/** Packets of a file are listed in memory, some 200 bytes each. */
const mostPackets = 1 << 22;
/** Headers that are compared with an index before it is believed, and how many packets make that worth while. */
const indexSamples = 8;
const leastIndexed = 32;

/** Collects what a packet's header and context say. */
class PacketRoles implements WalkerHooks {
  magic: bigint | undefined;
  uuid: Uint8Array | undefined;
  streamClassId: bigint | undefined;
  streamId: bigint | undefined;
  packetBits: bigint | undefined;
  contentBits: bigint | undefined;
  begin: bigint | undefined;
  /** As written: of the field's width only. */
  end: bigint | undefined;
  discardedEvents: bigint | undefined;
  sequence: bigint | undefined;
  /** The clock as updated by every mapped field so far; until there is one, what the packet before left. */
  clockValue: bigint;
  hasClock = false;

  constructor(clockValue: bigint) {
    this.clockValue = clockValue;
  }

  clock(bits: number, low: number, high: number): void {
    this.clockValue = updateClock(this.clockValue, bits, toBigint(low, high, false));
    this.hasClock = true;
  }

  role(role: FieldRole, value: bigint): void {
    switch (role) {
      case "magic":
        this.magic = value;
        break;
      case "stream-class-id":
        this.streamClassId = value;
        break;
      case "stream-id":
        this.streamId = value;
        break;
      case "packet-size":
        this.packetBits = value;
        break;
      case "content-size":
        this.contentBits = value;
        break;
      case "packet-begin":
        this.begin = this.hasClock ? this.clockValue : value;
        break;
      case "packet-end":
        this.end = value;
        break;
      case "discarded-events":
        this.discardedEvents = value;
        break;
      case "packet-sequence":
        this.sequence = value;
        break;
    }
  }

  bytesRole(role: FieldRole, bytes: Uint8Array): void {
    if (role === "trace-uuid") this.uuid = bytes.slice();
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

/** An unsigned integer of whole bytes at a fixed place. */
interface FixedField {
  readonly at: number;
  readonly bits: 8 | 16 | 32 | 64;
  readonly littleEndian: boolean;
  readonly isClock: boolean;
  readonly roles: readonly FieldRole[];
}

/** A stream's packet context whose fields have fixed places behind a given packet header. */
interface FixedContext {
  readonly fields: readonly FixedField[];
  readonly bytes: number;
}

/** `undefined` where a field's place or size varies, or it is none of whole bytes. `start`: where the header ends, in bytes. */
function fixedContext(context: StructClass, start: number): FixedContext | undefined {
  const fields: FixedField[] = [];
  let bits = start * 8;
  const isFixed = (field: FieldClass): boolean => {
    bits = Math.ceil(bits / field.align) * field.align;
    switch (field.type) {
      case "integer": {
        const at = bits / 8;
        const { bits: width } = field;
        bits += width;
        if (at % 1 !== 0 || width % 8 !== 0) return false;
        if (field.roles.length === 0 && field.clock === undefined) return true;
        if (field.signed || field.reversed || (width !== 8 && width !== 16 && width !== 32 && width !== 64)) return false;
        fields.push({ at, bits: width, littleEndian: !field.bigEndian, isClock: field.clock !== undefined, roles: field.roles });
        return true;
      }
      case "float":
        bits += field.bits;
        return true;
      case "struct":
        return field.members.every((member) => isFixed(member.field));
      default:
        return false;
    }
  };
  return isFixed(context) && bits % 8 === 0 ? { fields, bytes: bits / 8 } : undefined;
}

function readFixed({ at, bits, littleEndian, isClock, roles }: FixedField, view: DataView, into: PacketRoles): void {
  const isWide = bits === 64;
  const high = isWide ? view.getUint32(littleEndian ? at + 4 : at, littleEndian) : 0;
  const low = isWide
    ? view.getUint32(littleEndian ? at : at + 4, littleEndian)
    : bits === 32
      ? view.getUint32(at, littleEndian)
      : bits === 16
        ? view.getUint16(at, littleEndian)
        : view.getUint8(at);
  if (isClock) into.clock(bits, low, high);
  for (const role of roles) into.role(role, toBigint(low, high, false));
}

/** A packet's header that the next packets of the file most likely repeat. */
interface KnownHeader {
  readonly bytes: Uint8Array;
  readonly stream: StreamSchema;
  readonly streamId: bigint | undefined;
  readonly isOfTrace: boolean;
  readonly context: FixedContext;
}

/** What a packet's header and context said. */
interface ReadHeader {
  readonly stream: StreamSchema;
  readonly streamId: bigint | undefined;
  readonly isOfTrace: boolean;
  readonly headerBits: number;
  readonly roles: PacketRoles;
}

/** Scans one file. A file without one whole packet gives undefined, with a warning unless it is empty. Throws when its very first packet is no packet. */
export function scanFile(file: ByteFile, schema: TraceSchema, warnings: TraceWarning[]): ScannedFile | undefined {
  if (file.size === 0) return undefined;
  const scanner = new Scanner(file, schema);
  const packets: Packet[] = [];
  const found: TraceWarning[] = [];
  let first: ReadHeader | undefined;
  let failure: BadInputError | undefined;
  let offset = 0;
  let clockValue = 0n;
  while (offset < file.size) {
    try {
      const header = scanner.readHeader(offset, clockValue);
      const packet = header && scanner.makePacket(offset, header);
      if (packet === undefined || header === undefined) {
        found.push({ file: file.path, offset, message: "the file ends in the middle of this packet; it is left out" });
        break;
      }
      if (first !== undefined && (header.stream !== first.stream || header.streamId !== first.streamId)) {
        throw new BadInputError("PACKET_INVALID", file.path, offset, "this packet belongs to another stream than the ones before");
      }
      if (packets.length === mostPackets)
        throw new BadInputError("PACKET_INVALID", file.path, offset, `more than ${mostPackets} packets in a file`);
      if (!header.isOfTrace && first === undefined) {
        found.push({ file: file.path, offset, message: "the packet carries another uuid than the metadata" });
      }
      first ??= header;
      packets.push(packet);
      offset += packet.size;
      clockValue = packet.end ?? header.roles.clockValue;
      if (packets.length > 1) continue;
      // What was appended to the file after its index was written is read from the headers.
      for (const indexed of scanner.indexed(packet, header)) {
        packets.push(indexed);
        offset += indexed.size;
        clockValue = indexed.end ?? indexed.clock ?? clockValue;
      }
    } catch (error) {
      if (!(error instanceof BadInputError) || packets.length === 0) throw error;
      failure = error;
      break;
    }
  }
  if (first === undefined) {
    warnings.push(...found);
    return undefined;
  }
  const { stream, streamId } = first;
  return { file, stream, streamId, packets, warnings: found, failure, discardedBits: roleBits(stream, "discarded-events") };
}

/** Width of the packet context's field with this role. */
function roleBits(stream: StreamSchema, role: FieldRole): number {
  const member = stream.packetContext?.members.find(({ field }) => field.roles.includes(role));
  return member?.field.type === "integer" ? member.field.bits : 64;
}

/** A header that begins as the known one does; undefined where it does not. */
function knownHeader(known: KnownHeader, content: Uint8Array, view: DataView, clockValue: bigint): ReadHeader | undefined {
  const { bytes, stream, streamId, isOfTrace, context } = known;
  for (let i = 0; i < bytes.length; i++) if (content[i] !== bytes[i]) return undefined;
  const roles = new PacketRoles(clockValue);
  for (const field of context.fields) readFixed(field, view, roles);
  return { stream, streamId, isOfTrace, headerBits: context.bytes * 8, roles };
}

/** LTTng's crash extraction leaves an end of 0. */
function isCrashed(begin: bigint | undefined, end: bigint): boolean {
  return end === 0n && begin !== undefined && begin !== 0n;
}

function isSamePacket(a: Packet, b: Packet | undefined): boolean {
  return (
    b !== undefined &&
    a.size === b.size &&
    a.contentBits === b.contentBits &&
    a.headerBits === b.headerBits &&
    a.begin === b.begin &&
    a.end === b.end &&
    a.clock === b.clock &&
    a.discardedEvents === b.discardedEvents &&
    a.sequence === b.sequence
  );
}

/** Reads the headers of one file's packets. */
class Scanner {
  readonly #file: ByteFile;
  readonly #schema: TraceSchema;
  readonly #walker: Walker;
  #scratch = new Uint8Array(firstReadBytes);
  #view = new DataView(this.#scratch.buffer);
  #known: KnownHeader | undefined;
  #endBits = 64;

  constructor(file: ByteFile, schema: TraceSchema) {
    this.#file = file;
    this.#schema = schema;
    this.#walker = new Walker(schema.slotCount);
  }

  #fail(offset: number, what: string, cause?: Error): never {
    throw new BadInputError("PACKET_INVALID", this.#file.path, offset, what, { cause });
  }

  /** Header and context of the packet at `offset`; undefined where the file ends within them. `clockValue` is the stream's clock so far. */
  readHeader(offset: number, clockValue: bigint): ReadHeader | undefined {
    const rest = this.#file.size - offset;
    if (this.#known !== undefined && this.#known.context.bytes <= rest) {
      const header = this.#readKnown(this.#known, offset, clockValue);
      if (header !== undefined) return header;
    }
    for (let length = firstReadBytes; ; length *= 4) {
      if (this.#scratch.length < length) {
        this.#scratch = new Uint8Array(length);
        this.#view = new DataView(this.#scratch.buffer);
      }
      const available = this.#file.read(offset, this.#scratch, Math.min(length, rest));
      const header = this.#walkHeader(offset, available, available < rest && length < largestHeaderBytes, clockValue);
      if (header !== "longer") return header;
    }
  }

  /**
   * The packets behind the first, which is given with its header, by the file's index: as far as its entries follow each other without a gap and lie within the file.
   * None where there is no index, or one that is not believed.
   */
  indexed(first: Packet, { roles, headerBits }: ReadHeader): readonly Packet[] {
    const known = this.#known;
    const bytes = known && this.#file.index?.();
    if (known === undefined || bytes === undefined) return [];
    const index = new LttngIndex(bytes);
    const check = (told: Packet, content: Uint8Array, view: DataView): void => this.#check(known, told, content, view);
    const [classId, streamId] = [Number(roles.streamClassId), Number(roles.streamId)];
    const packets: Packet[] = [];
    let offset = 0;
    let begin = 0n;
    for (let entry = 0; entry < index.count; entry++) {
      const size = index.number(entry, indexField.packetBits) / 8;
      if (index.number(entry, indexField.offset) !== offset || size === 0 || size % 1 !== 0 || offset + size > this.#file.size) break;
      const contentBits = index.number(entry, indexField.contentBits);
      const previous = begin;
      begin = index.bigint(entry, indexField.begin);
      const end = index.bigint(entry, indexField.end);
      if (
        packets.length === mostPackets ||
        contentBits > size * 8 ||
        contentBits < headerBits ||
        // Times that fall are those of a narrower clock, which has wrapped: the headers tell.
        begin < previous ||
        index.number(entry, indexField.streamClassId) !== classId ||
        index.number(entry, indexField.streamId) !== streamId
      )
        return [];
      packets.push({
        file: this.#file,
        offset,
        size,
        contentBits,
        headerBits,
        begin,
        end: isCrashed(begin, end) ? undefined : end,
        clock: begin,
        discardedEvents: index.bigint(entry, indexField.discardedEvents),
        sequence: index.bigint(entry, indexField.sequence),
        check,
      });
      offset += size;
    }
    if (packets.length < leastIndexed) return [];
    const step = (packets.length - 1) / (indexSamples - 1);
    for (let i = 0; i < indexSamples; i++) {
      const told = packets[Math.round(i * step)];
      if (told === undefined || !isSamePacket(told, i === 0 ? first : this.#packetAt(known, told.offset))) return [];
    }
    return packets.slice(1);
  }

  #packetAt(known: KnownHeader, offset: number): Packet | undefined {
    try {
      const header = this.#readKnown(known, offset, 0n);
      return header && this.makePacket(offset, header);
    } catch (error) {
      if (error instanceof BadInputError) return undefined;
      throw error;
    }
  }

  /** Compares the header of a packet whose content was loaded with what the index said of it. */
  #check(known: KnownHeader, told: Packet, content: Uint8Array, view: DataView): void {
    const header = told.contentBits < told.headerBits ? undefined : knownHeader(known, content, view, 0n);
    if (header === undefined || !isSamePacket(told, this.makePacket(told.offset, header)))
      this.#fail(told.offset, "the packet's header is not what LTTng's index says of it");
  }

  /** Where the packet begins as the one before did. */
  #readKnown(known: KnownHeader, offset: number, clockValue: bigint): ReadHeader | undefined {
    const { bytes } = known.context;
    return this.#file.read(offset, this.#scratch, bytes) < bytes ? undefined : knownHeader(known, this.#scratch, this.#view, clockValue);
  }

  #walkHeader(offset: number, available: number, isCut: boolean, clockValue: bigint): ReadHeader | undefined | "longer" {
    const { packetHeader, streams } = this.#schema;
    const walker = this.#walker;
    const roles = new PacketRoles(clockValue);
    walker.hooks = roles;
    walker.setPacket(this.#scratch, this.#view, available * 8);
    walker.position = 0;
    let stream: StreamSchema | undefined;
    let contextBits = 0;
    let isRepeated = false;
    try {
      if (packetHeader !== undefined) walker.members(packetHeader, undefined);
      if (roles.magic !== undefined && roles.magic !== packetMagic)
        this.#fail(offset, `the packet does not begin with its magic number, but with 0x${roles.magic.toString(16)}`);
      const classId = roles.streamClassId;
      if (classId === undefined && streams.length > 1) this.#fail(offset, "the packet does not say which of several streams it belongs to");
      stream = classId === undefined ? streams[0] : streams.find((candidate) => candidate.id === classId);
      if (stream === undefined) return this.#fail(offset, `the packet belongs to stream class ${classId}, which is not declared`);
      contextBits = walker.position;
      isRepeated =
        !roles.hasClock &&
        [roles.packetBits, roles.contentBits, roles.discardedEvents, roles.sequence].every((value) => value === undefined);
      if (stream.packetContext !== undefined) walker.members(stream.packetContext, undefined);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (isCut) return "longer";
      // Nothing follows: the file was cut here, or its only packet is shorter than its own header.
      if (stream === undefined && offset === 0) this.#fail(offset, error.message, error);
      return undefined;
    }
    const { streamId } = roles;
    const isOfTrace = isUuid(this.#schema, roles.uuid);
    const headerBits = walker.position;
    // Nothing but ids: the same for all packets of a file.
    const context =
      stream.packetContext && contextBits % 8 === 0 && isRepeated ? fixedContext(stream.packetContext, contextBits / 8) : undefined;
    this.#endBits = roleBits(stream, "packet-end");
    this.#known = context && { bytes: this.#scratch.slice(0, contextBits / 8), stream, streamId, isOfTrace, context };
    return { stream, streamId, isOfTrace, headerBits, roles };
  }

  /** The packet, if the file holds all of it. */
  makePacket(offset: number, { headerBits, roles }: ReadHeader): Packet | undefined {
    const fileBits = BigInt(this.#file.size - offset) * 8n;
    const packetBits = roles.packetBits ?? roles.contentBits ?? fileBits;
    const contentBits = roles.contentBits ?? packetBits;
    if (packetBits <= 0n || packetBits % 8n !== 0n) {
      this.#fail(offset, `the packet's size of ${packetBits} bits is not a positive number of bytes`);
    }
    if (contentBits > packetBits) {
      this.#fail(offset, `the packet's content (${contentBits} bits) is larger than the packet (${packetBits} bits)`);
    }
    if (contentBits < BigInt(headerBits)) {
      this.#fail(offset, `the packet's content (${contentBits} bits) is smaller than its header (${headerBits} bits)`);
    }
    if (packetBits > fileBits) return undefined;
    const { begin, clockValue } = roles;
    return {
      file: this.#file,
      offset,
      size: Number(packetBits / 8n),
      contentBits: Number(contentBits),
      headerBits,
      begin,
      end: roles.end === undefined || isCrashed(begin, roles.end) ? undefined : updateClock(clockValue, this.#endBits, roles.end),
      clock: roles.hasClock ? clockValue : begin,
      discardedEvents: roles.discardedEvents,
      sequence: roles.sequence,
      check: undefined,
    };
  }
}

/** False where the packet carries the uuid of another trace than the metadata. Traces that were edited by hand do; babeltrace2 reads them too. */
function isUuid({ uuid }: TraceSchema, given: Uint8Array | undefined): boolean {
  return given === undefined || uuid === undefined || uuid.every((byte, i) => byte === given[i]);
}
