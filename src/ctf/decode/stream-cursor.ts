/**
 * Goes through the events of one stream, packet by packet. One buffer per cursor holds the current packet's content from byte 0 on, with zeroed padding
 * behind, so that alignment is alignment in the buffer and decoders may read a header's bytes before they check its end.
 *
 *     bytes:  | packet header, context | event | event | ... | content end | padding
 *             0                          start   position
 *                                         context (behind the event's header)
 *
 * Positions count in the decoder's unit: bits for the interpreter, bytes for compiled decoders.
 *
 * `start`, `startLow` and `startHigh` are such that decoding from there gives the current event again.
 */
import { BadInputError } from "../../base/index.ts";
import type { EventVisitor, Mergeable } from "../../trace/index.ts";
import type { Packet } from "../packet/scan.ts";
import type { StreamClock } from "./clock.ts";
import { maximumMarks } from "./codegen.ts";
import { DecodeError } from "./walker.ts";

/** Decodes the events of one stream class. Belongs to one cursor. */
export interface EventDecoder {
  /** Position units per byte. */
  readonly unit: 1 | 8;
  /** A packet has been loaded into the cursor. */
  begin(cursor: StreamCursor): void;
  /** Decodes the event at `cursor.position` and moves there past it; sets everything about the current event. Throws DecodeError. */
  step(cursor: StreamCursor): void;
  visit(cursor: StreamCursor, visitor: EventVisitor): void;
  /** The part of `visit` that is the same for all events of the loaded packet. */
  visitPacket(visitor: EventVisitor): void;
}

/** What a cursor reads: one stream's packets, in time order. */
export interface StreamPackets {
  readonly index: number;
  readonly packets: readonly Packet[];
  readonly clock: StreamClock;
  /** Thrown when reading arrives behind the last packet. */
  readonly failure: BadInputError | undefined;
}

/** Padding behind the content: more than any header or scalar that is read before its bounds are checked. */
export const paddingBytes = 64;

export class StreamCursor implements Mergeable {
  time = 0;
  eventClass = -1;
  readonly stream: number;
  bytes: Uint8Array = new Uint8Array(paddingBytes);
  view: DataView = new DataView(this.bytes.buffer);
  start = 0;
  startLow = 0;
  startHigh = 0;
  context = 0;
  position = 0;
  end = 0;
  clockLow = 0;
  clockHigh = 0;
  /** Ends of the current event's fields of variable length, as compiled decoders leave them (codegen.ts). */
  readonly marks = new Int32Array(maximumMarks);
  readonly clock: StreamClock;
  /** Copies of `clock`, for decoders. */
  readonly multiplier: number;
  readonly timeOffset: number;
  readonly baseHigh: number;
  readonly #packets: readonly Packet[];
  readonly #failure: BadInputError | undefined;
  readonly #decoder: EventDecoder;
  /** Index of the loaded packet; -1 before the first. */
  #packet = -1;
  #bytesBefore = 0;

  constructor(source: StreamPackets, decoder: EventDecoder) {
    this.stream = source.index;
    this.clock = source.clock;
    this.multiplier = source.clock.multiplier;
    this.timeOffset = source.clock.offset;
    this.baseHigh = source.clock.baseHigh;
    this.#packets = source.packets;
    this.#failure = source.failure;
    this.#decoder = decoder;
  }

  /** Moves to the next event. After a BadInputError the stream is at its end. */
  next(): boolean {
    while (this.position >= this.end) if (!this.#load(this.#packet + 1)) return false;
    try {
      this.#decoder.step(this);
    } catch (error) {
      throw this.#broken(error);
    }
    return true;
  }

  /** Relative ns of a clock value: what compiled decoders also compute. */
  timeOf(low: number, high: number): number {
    return this.multiplier > 0 ? (high * 4294967296 + low) * this.multiplier + this.timeOffset : this.clock.exact(low, high);
  }

  visit(visitor: EventVisitor): void {
    this.#decoder.visit(this, visitor);
  }

  visitPacket(visitor: EventVisitor): void {
    this.#decoder.visitPacket(visitor);
  }

  /** Which of the stream's packets is loaded. */
  get packet(): number {
    return this.#packet;
  }

  get bytesRead(): number {
    return this.#bytesBefore + (this.#packet < 0 ? 0 : Math.floor(this.position / this.#decoder.unit));
  }

  /** Four numbers to give to `restore`: before the current event, or behind it. */
  save(beforeCurrent: boolean): number[] {
    if (beforeCurrent) return [this.#packet, this.start, this.startLow, this.startHigh];
    return [this.#packet, this.position, this.clockLow, this.clockHigh];
  }

  restore(packet: number, position: number, low: number, high: number): void {
    if (packet < 0) this.#rewind();
    else if (packet >= this.#packets.length) this.#finish();
    else {
      if (packet !== this.#packet) {
        this.#rewind();
        this.#load(packet);
      }
      this.position = position;
    }
    this.clockLow = low;
    this.clockHigh = high;
  }

  /** Moves so that `next()` gives the first event at or after `time`. */
  seekTime(time: number): void {
    this.#rewind();
    const at = this.#packetAt(time);
    if (at > 0) this.#load(at);
    for (;;) {
      const position = this.save(false);
      if (!this.next()) return;
      if (this.time >= time) {
        const [packet = 0, start = 0, low = 0, high = 0] = position;
        // Where the event opened a new packet, "behind the previous event" is in the old one: go there, the way forward is the same.
        this.restore(packet, start, low, high);
        return;
      }
    }
  }

  /** First packet that can hold an event at or after `time`; 0 where packets do not tell their times, as their clock then depends on all before. */
  #packetAt(time: number): number {
    if (this.#packets.some((packet) => packet.begin === undefined)) return 0;
    let low = 0;
    let high = this.#packets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const end = this.#packets[middle]?.end ?? this.#packets[middle + 1]?.begin;
      const halves = end === undefined ? undefined : this.#halves(end);
      if (halves !== undefined && this.timeOf(halves.low, halves.high) < time) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, this.#packets.length - 1);
  }

  #halves(cycles: bigint): { low: number; high: number } {
    const value = BigInt.asUintN(64, cycles);
    return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n) - this.clock.baseHigh };
  }

  #rewind(): void {
    this.#packet = -1;
    this.#bytesBefore = 0;
    this.position = 0;
    this.end = 0;
    this.clockLow = 0;
    this.clockHigh = -this.clock.baseHigh;
  }

  /** Behind everything: `next()` gives nothing more. */
  #finish(): void {
    this.#packet = this.#packets.length;
    this.position = 0;
    this.end = 0;
  }

  #load(index: number): boolean {
    const packet = this.#packets[index];
    if (packet === undefined) {
      const first = this.#packet < this.#packets.length;
      this.#finish();
      if (first && this.#failure !== undefined) throw this.#failure;
      return false;
    }
    if (index === this.#packet + 1) this.#bytesBefore += this.#packets[this.#packet]?.size ?? 0;
    else this.#bytesBefore = this.#packets.slice(0, index).reduce((sum, { size }) => sum + size, 0);
    const length = Math.ceil(packet.contentBits / 8);
    if (this.bytes.length < length + paddingBytes) {
      // A little more than asked, so that slowly growing packets do not cost an allocation each.
      const buffer = new Uint8Array(Math.ceil((length + paddingBytes) * 1.25));
      this.bytes = buffer;
      this.view = new DataView(buffer.buffer);
    }
    const got = packet.file.read(packet.offset, this.bytes, length);
    this.bytes.fill(0, length, length + paddingBytes);
    this.#packet = index;
    if (got < length) {
      this.#finish();
      throw new BadInputError("PACKET_INVALID", packet.file.path, packet.offset + got, "the file became shorter while it was read");
    }
    this.position = (packet.headerBits * this.#decoder.unit) / 8;
    this.end = (packet.contentBits * this.#decoder.unit) / 8;
    if (packet.clock !== undefined) {
      const halves = this.#halves(packet.clock);
      this.clockLow = halves.low;
      this.clockHigh = halves.high;
    }
    this.#decoder.begin(this);
    return true;
  }

  #broken(error: unknown): unknown {
    const packet = this.#packets[this.#packet];
    if (!(error instanceof DecodeError) || packet === undefined) return error;
    this.#finish();
    return new BadInputError("EVENT_INVALID", packet.file.path, packet.offset + Math.floor(error.bit / 8), error.message, { cause: error });
  }
}
