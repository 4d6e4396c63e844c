/**
 * Goes through the events of one stream, packet by packet. One buffer per cursor holds the current packet's content from byte 0 on, with zeroed padding
 * behind, so that alignment is alignment in the buffer and decoders may read a header's bytes before they check its end.
 *
 *     bytes:  | packet header, context | event | event | ... | content end | padding
 *             0                          start   position
 *                                         context (behind the event's header)
 *
 * A packet larger than the stream's window is held in part, so that memory does not grow with the size of packets times the number of streams: its header stays,
 * and behind it a part of the events that moves on by a multiple of the largest alignment, which alignment in the buffer does not see.
 *
 *     packet: | header, context | event | event | event | event | event | event | ...
 *     bytes:  | header, context |                   | ent | event | event | ev | padding       #shift: how far the part has moved
 *
 * Where an event turns out to end behind the part, the part moves there and the event is decoded again; where it is larger than the part, the part grows.
 *
 * Positions count in the decoder's unit: bits for the interpreter, bytes for compiled decoders. In the buffer, that is; what `save` gives counts in the packet.
 *
 * `start`, `startLow` and `startHigh` are such that decoding from there gives the current event again.
 */
import { BadInputError } from "../../base/index.ts";
import type { EventVisitor, Mergeable } from "../../trace/index.ts";
import type { Packet } from "../packet/scan.ts";
import type { StreamClock } from "./clock.ts";
import { maximumMarks } from "./codegen.ts";
import { DecodeError, PastEndError } from "./walker.ts";

/** Decodes the events of one stream class. Belongs to one cursor. */
export interface EventDecoder {
  /** Position units per byte. */
  readonly unit: 1 | 8;
  /** Bytes; the packet's content may be moved by a multiple of it. 0: it may not be moved. */
  readonly granule: number;
  /** A packet, or another part of it, has been loaded into the cursor. */
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
  /** How much of a packet a new cursor holds. */
  readonly windowBytes: () => number;
}

/** Padding behind the content: more than any header or scalar that is read before its bounds are checked. */
export const paddingBytes = 64;

/** No event is larger. */
const largestWindowBytes = 1 << 28;
/** Nor is a packet that has to be held as a whole. */
const largestWholeBytes = 2 ** 30;

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
  readonly #windowBytes: number;
  /** Index of the loaded packet; -1 before the first. */
  #packet = -1;
  #bytesBefore = 0;
  /** Bytes that lie in front of the part behind the header: position in the packet = position in the buffer + this. */
  #shift = 0;
  /** Bytes of the packet's content up to the end of what is held. */
  #held = 0;
  /** Bytes of the packet's content, and of its header rounded up to the granule. */
  #content = 0;
  #header = 0;
  #window = 0;

  constructor(source: StreamPackets, decoder: EventDecoder) {
    this.stream = source.index;
    this.clock = source.clock;
    this.multiplier = source.clock.multiplier;
    this.timeOffset = source.clock.offset;
    this.baseHigh = source.clock.baseHigh;
    this.#packets = source.packets;
    this.#failure = source.failure;
    this.#decoder = decoder;
    this.#windowBytes = source.windowBytes();
  }

  /** Moves to the next event. After a BadInputError the stream is at its end. */
  next(): boolean {
    for (;;) {
      while (this.position >= this.end) {
        if (this.#held < this.#content) this.#hold(this.position);
        else if (!this.#load(this.#packet + 1)) return false;
      }
      const start = this.position;
      try {
        this.#decoder.step(this);
        return true;
      } catch (error) {
        if (!(error instanceof PastEndError) || !this.#holdMore(start)) throw this.#broken(error);
      }
    }
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
    return this.#bytesBefore + (this.#packet < 0 ? 0 : this.#shift + Math.floor(this.position / this.#decoder.unit));
  }

  /** Four numbers to give to `restore`: before the current event, or behind it. */
  save(beforeCurrent: boolean): number[] {
    if (this.#packet >= this.#packets.length) return [this.#packets.length, 0, 0, 0];
    const shift = this.#shift * this.#decoder.unit;
    if (beforeCurrent) return [this.#packet, this.start + shift, this.startLow, this.startHigh];
    return [this.#packet, this.position + shift, this.clockLow, this.clockHigh];
  }

  restore(packet: number, position: number, low: number, high: number): void {
    if (packet < 0) this.#rewind();
    else if (packet >= this.#packets.length) this.#finish();
    else {
      if (packet !== this.#packet) {
        this.#rewind();
        this.#load(packet);
      }
      this.#moveTo(position);
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
    this.#forget();
    this.clockLow = 0;
    this.clockHigh = -this.clock.baseHigh;
  }

  /** Behind everything: `next()` gives nothing more. */
  #finish(): void {
    this.#packet = this.#packets.length;
    this.#forget();
  }

  #forget(): void {
    this.position = 0;
    this.end = 0;
    this.#shift = 0;
    this.#held = 0;
    this.#content = 0;
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
    const { granule, unit } = this.#decoder;
    this.#packet = index;
    this.#content = Math.ceil(packet.contentBits / 8);
    if (granule === 0 && this.#content > largestWholeBytes) {
      const what = `the packet's content (${this.#content} bytes) is larger than can be held (${largestWholeBytes} bytes), and its events cannot be read in parts`;
      this.#finish();
      throw new BadInputError("PACKET_INVALID", packet.file.path, packet.offset, what);
    }
    this.#header = granule === 0 ? 0 : Math.ceil(packet.headerBits / 8 / granule) * granule;
    this.#window = granule === 0 ? this.#content : Math.max(this.#windowBytes, 2 * (this.#header + granule));
    this.#read(packet, 0, 0);
    try {
      packet.check?.(packet, this.bytes, this.view);
    } catch (error) {
      this.#finish();
      throw error;
    }
    this.position = (packet.headerBits * unit) / 8;
    if (packet.clock !== undefined) {
      const halves = this.#halves(packet.clock);
      this.clockLow = halves.low;
      this.clockHigh = halves.high;
    }
    this.#decoder.begin(this);
    return true;
  }

  /** Fills the buffer from byte `from` on, for a part that has moved by `shift`. */
  #read(packet: Packet, shift: number, from: number): void {
    const length = Math.min(this.#window, this.#content - shift);
    if (this.bytes.length < length + paddingBytes) {
      // A little more than asked, so that slowly growing packets do not cost an allocation each.
      const buffer = new Uint8Array(Math.ceil((length + paddingBytes) * 1.25));
      buffer.set(this.bytes.subarray(0, from));
      this.bytes = buffer;
      this.view = new DataView(buffer.buffer);
    }
    const target = from === 0 ? this.bytes : this.bytes.subarray(from);
    const got = from + packet.file.read(packet.offset + shift + from, target, length - from);
    this.bytes.fill(0, length, length + paddingBytes);
    if (got < length) {
      this.#finish();
      throw new BadInputError("PACKET_INVALID", packet.file.path, packet.offset + shift + got, "the file became shorter while it was read");
    }
    this.#shift = shift;
    this.#held = shift + length;
    const { unit } = this.#decoder;
    this.end = this.#held < this.#content ? length * unit : (packet.contentBits / 8 - shift) * unit;
  }

  /** Moves the part so that it begins at `position` (in the buffer), which then is the cursor's. */
  #hold(position: number): void {
    const packet = this.#packets[this.#packet];
    if (packet === undefined) return;
    const { granule, unit } = this.#decoder;
    const inPacket = position + this.#shift * unit;
    const shift = Math.max(0, Math.floor((inPacket / unit - this.#header) / granule) * granule);
    this.#read(packet, shift, this.#header);
    this.position = inPacket - shift * unit;
    this.#decoder.begin(this);
  }

  /** After the event at `start` (the decoder may have left anything in the cursor) did not fit: makes it fit. False when there is nothing more to be held. */
  #holdMore(start: number): boolean {
    if (this.#held >= this.#content) return false;
    const { granule, unit } = this.#decoder;
    if (start / unit < this.#header + granule) {
      if (this.#window >= largestWindowBytes) return false;
      this.#window *= 2;
    }
    this.clockLow = this.startLow;
    this.clockHigh = this.startHigh;
    this.#hold(start);
    return true;
  }

  /** Goes to a position in the loaded packet. */
  #moveTo(inPacket: number): void {
    const { unit } = this.#decoder;
    const position = inPacket - this.#shift * unit;
    const isHeld = position <= this.end && (this.#shift === 0 || position >= this.#header * unit);
    if (isHeld) this.position = position;
    else this.#hold(position);
  }

  #broken(error: unknown): unknown {
    const packet = this.#packets[this.#packet];
    if (!(error instanceof DecodeError) || packet === undefined) return error;
    const shift = this.#shift;
    this.#finish();
    return new BadInputError("EVENT_INVALID", packet.file.path, packet.offset + shift + Math.floor(error.bit / 8), error.message, {
      cause: error,
    });
  }
}
