/** Decodes any stream class by walking its field classes; positions are bits. The oracle for the compiled decoders, and what runs where they do not apply. */
import type { EventScope, EventVisitor } from "../../trace/index.ts";
import { updateClock } from "../packet/scan.ts";
import type { EventSchema, FieldRole, StreamSchema, StructClass, TraceSchema } from "../schema.ts";
import { toBigint } from "./bits.ts";
import type { EventDecoder, StreamCursor } from "./stream-cursor.ts";
import { DecodeError, Walker, type WalkerHooks } from "./walker.ts";

/** Whether every event of the stream begins on a byte, wherever the one before ended. */
export function beginsOnByte(stream: StreamSchema): boolean {
  if (stream.eventHeader !== undefined) return stream.eventHeader.align >= 8;
  return stream.events.every((event) => ((stream.commonContext ?? event.specificContext ?? event.payload)?.align ?? 8) >= 8);
}

/** The scopes that stand in an event behind its header, in order. */
export function eventScopes(stream: StreamSchema, event: EventSchema): { readonly scope: EventScope; readonly struct: StructClass }[] {
  const scopes: readonly (readonly [EventScope, StructClass | undefined])[] = [
    ["common-context", stream.commonContext],
    ["specific-context", event.specificContext],
    ["payload", event.payload],
  ];
  return scopes.flatMap(([scope, struct]) => (struct === undefined ? [] : [{ scope, struct }]));
}

/** Whether visitors are told a packet context: one that holds more than what serves the reader. */
export function hasPacketScope(stream: StreamSchema): boolean {
  return stream.packetContext?.members.some(({ field }) => field.roles.length === 0) === true;
}

export class Interpreter implements EventDecoder, WalkerHooks {
  readonly unit = 8;
  /** Events may begin within a byte, and refer to how the one before ended. */
  readonly granule = 0;
  readonly walker: Walker;
  readonly #schema: TraceSchema;
  readonly #stream: StreamSchema;
  readonly #events = new Map<bigint, EventSchema>();
  readonly #byIndex = new Map<number, EventSchema>();
  readonly #beginsOnByte: boolean;
  #eventId: bigint | undefined;
  #cursor: StreamCursor | undefined;

  constructor(schema: TraceSchema, stream: StreamSchema) {
    this.walker = new Walker(schema.slotCount);
    this.#schema = schema;
    this.#stream = stream;
    this.#beginsOnByte = beginsOnByte(stream);
    for (const event of stream.events) {
      this.#events.set(event.id, event);
      this.#byIndex.set(event.index, event);
    }
  }

  begin(cursor: StreamCursor): void {
    if (this.#beginsOnByte) cursor.position = Math.ceil(cursor.position / 8) * 8;
    this.prepare(cursor, cursor.end);
  }

  /** `begin` for a cursor whose positions are not bits. */
  prepare(cursor: StreamCursor, endBit: number): void {
    this.walker.setPacket(cursor.bytes, cursor.view, endBit);
    this.#walkPacketContext(undefined);
  }

  step(cursor: StreamCursor): void {
    const { walker } = this;
    const start = cursor.position;
    cursor.start = start;
    cursor.startLow = cursor.clockLow;
    cursor.startHigh = cursor.clockHigh;
    this.#cursor = cursor;
    this.#eventId = undefined;
    walker.hooks = this;
    walker.position = start;
    const header = this.#stream.eventHeader;
    if (header !== undefined) walker.align(header.align);
    const first = walker.position;
    if (header !== undefined) walker.members(header, undefined);
    cursor.context = walker.position;
    const event =
      this.#eventId === undefined && this.#stream.events.length === 1 ? this.#stream.events[0] : this.#events.get(this.#eventId ?? 0n);
    if (event === undefined)
      throw new DecodeError(first, `there is no event with id ${this.#eventId ?? 0n} in stream class ${this.#stream.id}`);
    for (const struct of [this.#stream.commonContext, event.specificContext, event.payload]) {
      if (struct !== undefined) walker.members(struct, undefined);
    }
    walker.hooks = undefined;
    if (walker.position === start) throw new DecodeError(start, "an event takes no space: there would be no end of them");
    // Where the next event begins on a byte anyway, bits before it belong to none: compiled decoders count in bytes.
    cursor.position = this.#beginsOnByte ? Math.ceil(walker.position / 8) * 8 : walker.position;
    cursor.eventClass = event.index;
    cursor.time = cursor.timeOf(cursor.clockLow, cursor.clockHigh);
  }

  visit(cursor: StreamCursor, visitor: EventVisitor): void {
    this.visitAt(cursor, cursor.context, visitor);
  }

  /** `visit` for a cursor whose positions are not bits. */
  visitAt(cursor: StreamCursor, contextBit: number, visitor: EventVisitor): void {
    const event = this.#byIndex.get(cursor.eventClass);
    const { walker } = this;
    if (event === undefined) return;
    this.visitPacket(visitor);
    walker.position = contextBit;
    for (const { scope, struct } of eventScopes(this.#stream, event)) {
      visitor.beginScope(scope);
      walker.members(struct, visitor);
      visitor.endScope();
    }
  }

  visitPacket(visitor: EventVisitor): void {
    if (!hasPacketScope(this.#stream)) return;
    visitor.beginScope("packet-context");
    this.#walkPacketContext(visitor);
    visitor.endScope();
  }

  /** Members that only serve the reader (sizes, times, counters) are not shown. */
  #walkPacketContext(visitor: EventVisitor | undefined): void {
    const { walker } = this;
    const { packetContext } = this.#stream;
    walker.hooks = undefined;
    walker.position = 0;
    if (this.#schema.packetHeader !== undefined) walker.members(this.#schema.packetHeader, undefined);
    if (packetContext === undefined) return;
    walker.align(packetContext.align);
    for (const { name, field } of packetContext.members) {
      const shown = field.roles.length === 0 ? visitor : undefined;
      shown?.member(name);
      walker.walk(field, shown);
    }
  }

  clock(bits: number, low: number, high: number): void {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    const base = BigInt(cursor.clock.baseHigh);
    const current = ((BigInt(cursor.clockHigh) + base) << 32n) | BigInt(cursor.clockLow);
    const updated = updateClock(current, bits, toBigint(low, high, false));
    cursor.clockLow = Number(updated & 0xffff_ffffn);
    cursor.clockHigh = Number((updated >> 32n) - base);
  }

  role(role: FieldRole, value: bigint): void {
    if (role === "event-id") this.#eventId = value;
  }

  bytesRole(): void {
    // Only packets carry bytes that mean something to the reader, and they have been checked.
  }
}
