/**
 * Compiled decoders: per data stream class one `step` function, generated from its field classes (codegen.ts says what may be in its text).
 *
 *     step:  header (specialised) -> id -> event number e -> context position
 *            few event classes:   switch (e) with every class' moves inline
 *            many:                SIZE[e] bytes, or SKIP[e](...) where the length varies
 *            -> one bounds check -> time
 *
 * Anything that goes wrong (an unknown id, a length out of bounds) and every event class that could not be compiled is handed to the interpreter from the
 * event's start, which then decodes it or says precisely what is broken. So the two can only differ in speed; tests compare them.
 */
import type { EventVisitor } from "../../trace/index.ts";
import { type EventSchema, type FieldClass, largestAlignment, type StreamSchema } from "../schema.ts";
import { CodeWriter, literal, type MarkedPlace, NotCompilable, silentHooks } from "./codegen.ts";
import { beginsOnByte, eventScopes, type Interpreter } from "./interpreter.ts";
import type { FieldPlace } from "./readers.ts";
import { type EventDecoder, paddingBytes, type StreamCursor } from "./stream-cursor.ts";
import type { Walker } from "./walker.ts";

/** Decodes one event at `cursor.position`; false when the interpreter has to. */
type Step = (cursor: StreamCursor) => boolean;
type Skip = (u8: Uint8Array, dv: DataView, p: number, end: number, marks: Int32Array) => number;

/** The compiled decoder of a data stream class. */
export interface CompiledStream {
  readonly step: Step;
  /** The largest alignment of anything in an event, in bytes. */
  readonly granule: number;
  /** Bytes that an event's context is known to begin at a multiple of. */
  readonly align: number;
  /** Classes (by `EventSchema`) whose events leave marks; all others are the interpreter's. */
  readonly compiled: ReadonlySet<EventSchema>;
  /** Leaves the marks of an event of this class (`EventClass.index`) that the interpreter had to decode: `p` is where its context begins. */
  remark(eventClass: number, u8: Uint8Array, dv: DataView, p: number, end: number, marks: Int32Array): void;
}

/** More classes than this make one function too large for the optimising compiler. */
const inlineLimit = 40;
/** Ids up to here are looked up in an array. */
const tableLimit = 1 << 20;

/** `undefined` where the stream class is the interpreter's altogether, or code may not be generated here. */
export function compileStream(stream: StreamSchema): CompiledStream | undefined {
  try {
    return generateStream(stream);
  } catch (error) {
    // EvalError: a content security policy forbids generated code.
    if (error instanceof NotCompilable || error instanceof EvalError) return undefined;
    throw error;
  }
}

function generateStream(stream: StreamSchema): CompiledStream {
  const { events } = stream;
  const [first] = events;
  if (first === undefined) throw new NotCompilable("no event classes");
  const header = generateHeader(stream);
  const bodies = events.map((event) => tryBody(stream, event, header.align));
  const ids = events.map((event) => event.id);
  if (ids.some((id) => id >= BigInt(tableLimit))) throw new NotCompilable("event ids beyond a table");
  const table = new Int32Array(Number(ids.reduce((most, id) => (id > most ? id : most), 0n)) + 1).fill(-1);
  for (const [number, id] of ids.entries()) table[Number(id)] = number;

  const isInline = events.length <= inlineLimit;
  const sizes = Int32Array.from(bodies, (body) => body?.size ?? -1);
  const skips: Skip[] = isInline
    ? []
    : bodies.map((body) => (body === undefined || body.size !== undefined ? reject : generateSkip(body.code)));
  const moves = isInline
    ? `switch (e) { ${bodies.map((body, e) => `case ${literal(e)}: { ${body === undefined ? "p = -1;" : body.code} break; }`).join("\n")} }`
    : "const size = SIZE[e]; p = size >= 0 ? p + size : SKIP[e](u8, dv, p, end, marks);";
  const only = header.hasId || events.length > 1 ? "" : "e = 0;";
  const text = `"use strict"; return function step(c) {
    const u8 = c.bytes, dv = c.view, end = c.end, marks = c.marks, start = c.position;
    let p = start, id = 0, e = -1, context = 0;
    let low = c.clockLow, high = c.clockHigh;
    c.startLow = low; c.startHigh = high; c.start = start;
    body: {
      ${header.code}
      if (!(id >= 0 && id < ${literal(table.length)})) return false;
      e = INDEX[id];
      ${only}
      if (e < 0) return false;
      context = p;
      ${moves}
    }
    if (p < 0 || p > end || p === start) return false;
    c.context = context; c.position = p; c.clockLow = low; c.clockHigh = high;
    c.eventClass = ${literal(first.index)} + e;
    c.time = c.multiplier > 0 ? (high * 4294967296 + low) * c.multiplier + c.timeOffset : c.clock.exact(low, high);
    return true;
  }`;
  const step = new Function("INDEX", "SIZE", "SKIP", text)(table, sizes, skips) as Step;
  // Made when first needed: events that begin within a byte, for one, are the interpreter's though their class is compiled.
  const remarks = new Map<number, Skip | undefined>();
  const remark: CompiledStream["remark"] = (eventClass, ...place) => {
    const number = eventClass - first.index;
    if (!remarks.has(number)) {
      const body = bodies[number];
      remarks.set(number, body === undefined ? undefined : generateSkip(body.code));
    }
    remarks.get(number)?.(...place);
  };
  return {
    step,
    granule: Math.max(1, largestAlignment(stream) / 8),
    remark,
    align: header.align,
    compiled: new Set(events.filter((_, number) => bodies[number] !== undefined)),
  };
}

function reject(): number {
  return -1;
}

function generateSkip(code: string): Skip {
  return new Function("u8", "dv", "p", "end", "marks", `"use strict"; body: { ${code} } return p;`) as Skip;
}

interface Header {
  readonly code: string;
  /** Bytes that `p` is known to be a multiple of behind it. */
  readonly align: number;
  readonly hasId: boolean;
}

function generateHeader(stream: StreamSchema): Header {
  const struct = stream.eventHeader;
  if (!beginsOnByte(stream)) throw new NotCompilable("events that begin within a byte");
  if (struct === undefined) return { code: "", align: 1, hasId: false };
  let hasId = false;
  const hooks = {
    eventId(value: string) {
      hasId = true;
      return `id = ${value};`;
    },
    clock: clockCode,
  };
  const writer = new CodeWriter(1, { hooks, isGuarded: !(maximumBits(struct) / 8 <= paddingBytes / 2) });
  writer.members(struct);
  if (writer.offset % 8 !== 0) throw new NotCompilable("a header that ends within a byte");
  writer.flush();
  return { code: `${writer.declarations} ${writer.lines.join("\n")}`, align: writer.known, hasId };
}

/** An upper bound of the bits a field takes with its alignment; infinite where its length varies. */
function maximumBits(field: FieldClass): number {
  switch (field.type) {
    case "integer":
    case "float":
      return field.bits + field.align;
    case "struct":
      return field.members.reduce((sum, member) => sum + maximumBits(member.field), field.align);
    case "variant":
      return Math.max(...field.options.map((option) => maximumBits(option.field)));
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** CTF 1.8.3 section 8, on (high, low): see `updateClock`. */
function clockCode(bits: number, low: string, high: string): string {
  if (bits === 64) return `low = ${low}; high = ${high} - c.baseHigh;`;
  if (bits === 32) return `{ const v = ${low}; if (v < low) high += 1; low = v; }`;
  if (bits > 32) throw new NotCompilable("a clock field of odd width");
  const span = 2 ** bits;
  return `{ const v = ${low}, old = low % ${literal(span)}; low += v - old + (v < old ? ${literal(span)} : 0); if (low >= 4294967296) { low -= 4294967296; high += 1; } }`;
}

interface Body {
  readonly code: string;
  /** Bytes from the context position on, where that is constant. */
  readonly size: number | undefined;
}

function tryBody(stream: StreamSchema, event: EventSchema, align: number): Body | undefined {
  try {
    const writer = new CodeWriter(align, { isMarking: true });
    for (const { struct } of eventScopes(stream, event)) writer.members(struct);
    // The next event begins on a byte.
    writer.offset = Math.ceil(writer.offset / 8) * 8;
    const size = writer.isMoved || writer.lines.length > 0 ? undefined : writer.offset / 8;
    writer.flush();
    return { code: `${writer.declarations} ${writer.lines.join("\n")}`, size };
  } catch (error) {
    if (error instanceof NotCompilable) return undefined;
    throw error;
  }
}

/** The compiled decoder of one cursor: positions are bytes. */
export class CompiledDecoder implements EventDecoder {
  readonly unit = 1;
  readonly granule: number;
  readonly #step: Step;
  readonly #remark: CompiledStream["remark"];
  readonly #interpreter: Interpreter;

  constructor({ step, granule, remark }: CompiledStream, interpreter: Interpreter) {
    this.#step = step;
    this.granule = granule;
    this.#remark = remark;
    this.#interpreter = interpreter;
  }

  get walker(): Walker {
    return this.#interpreter.walker;
  }

  begin(cursor: StreamCursor): void {
    // The packet's header may end within a byte; events begin on one.
    cursor.position = Math.ceil(cursor.position);
    this.#interpreter.prepare(cursor, cursor.end * 8);
  }

  step(cursor: StreamCursor): void {
    if (!this.#step(cursor)) this.#interpret(cursor);
  }

  /** The event at `start` by the interpreter, in its unit and back. */
  #interpret(cursor: StreamCursor): void {
    const { start, startLow, startHigh } = cursor;
    cursor.position = start * 8;
    cursor.clockLow = startLow;
    cursor.clockHigh = startHigh;
    this.#interpreter.step(cursor);
    cursor.start = start;
    // The header ends on a byte, or the stream class would be the interpreter's.
    cursor.context /= 8;
    cursor.position = Math.ceil(cursor.position / 8);
    this.#remark(cursor.eventClass, cursor.bytes, cursor.view, cursor.context, cursor.end, cursor.marks);
  }

  visit(cursor: StreamCursor, visitor: EventVisitor): void {
    this.#interpreter.visitAt(cursor, cursor.context * 8, visitor);
  }

  visitPacket(visitor: EventVisitor): void {
    this.#interpreter.visitPacket(visitor);
  }
}

/** Where a field is, for compiled readers. */
export interface CompiledPlace {
  /** Where the field begins, counted from the context position (or the packet's start); undefined: ask `locate`. */
  readonly start: MarkedPlace | undefined;
  /** The mark that stands at the field's end, where there is one. */
  readonly endMark: number | undefined;
  /** Gives the byte, given the context position, and puts the value of the field's length into `length[0]`. */
  readonly locate: (u8: Uint8Array, dv: DataView, p: number, end: number, length: Float64Array) => number;
}

/**
 * Generates the way to the field at `place`; undefined where the interpreter has to walk. `marked`: the compiled stream whose marks may be used, if the
 * event's class leaves any.
 */
export function compilePlace(place: FieldPlace, marked: CompiledStream | undefined): CompiledPlace | undefined {
  const { field } = place;
  const lengthSlot = (field.type === "bytes" || field.type === "array") && field.length.kind === "field" ? field.length.slot : -1;
  try {
    // A packet begins at byte 0, which is a multiple of everything.
    const writer = new CodeWriter(place.isPacket ? 2 ** 28 : (marked?.align ?? 1), { hooks: silentHooks });
    for (const scope of place.scopes) writer.members(scope);
    writer.align(place.align);
    for (const member of place.members) writer.field(member);
    writer.align(field.align);
    const length = lengthSlot < 0 ? "0" : writer.slot(lengthSlot);
    if (!writer.isMoved && writer.offset % 8 !== 0) return undefined;
    const isReached = !writer.isMoved || (marked !== undefined && !place.isPacket);
    const start = isReached ? writer.place : undefined;
    writer.flush();
    const code = `"use strict"; ${writer.declarations} body: { ${writer.lines.join("\n")} } length[0] = ${length}; return p;`;
    const locate = new Function("u8", "dv", "p", "end", "length", code) as CompiledPlace["locate"];
    return { start, endMark: marked === undefined || place.isPacket ? undefined : endMarkOf(field, writer), locate };
  } catch (error) {
    if (error instanceof NotCompilable || error instanceof EvalError) return undefined;
    throw error;
  }
}

/** The mark that the step leaves behind `field`, which begins at `writer`'s position. */
function endMarkOf(field: FieldClass, writer: CodeWriter): number | undefined {
  if (field.type !== "string" && field.type !== "array" && field.type !== "bytes") return undefined;
  const { marks } = writer;
  writer.field(field);
  return writer.marks === marks + 1 && writer.place?.bytes === 0 ? marks : undefined;
}
