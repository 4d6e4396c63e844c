/**
 * Generated printers: per event class one function that goes over an event's bytes and writes its text into the output's bytes. What it writes is what a
 * TextVisitor writes; the notation is defined there alone.
 *
 *     at generation   a sibling of the visitor is led through the class: what it writes between values becomes literals
 *     when run        literal, value, literal, value, ...        integers and plain text at once, everything else by the visitor itself
 *
 *     { vpid = 4242, vtid = 4243 }, { fd = 9 }          "{ vpid = " 4242 ", vtid = " 4243 " }, { fd = " 9 " }"
 *
 * SECURITY: as in codegen.ts, the text of functions holds integers and this file's words only. Literals hold names from the trace: they are data, in tables.
 *
 * In generated code: `u8`, `dv`, `p`, `end` as CodeWriter has them; `b` and `bv` the output's bytes, `o` the place in them. Before every piece of variable
 * length and behind it there is room for all of constant length that the function writes (`need` bytes), so that nothing else has to look.
 */
import type { EventScope, TextBuffer, TextVisitor } from "../../trace/index.ts";
import { CodeWriter, literal, NotCompilable, silentHooks, type ValueHooks, zeroScan } from "../decode/codegen.ts";
import { eventScopes, hasPacketScope } from "../decode/interpreter.ts";
import type { EventPlace } from "../decode/readers.ts";
import type { StreamCursor } from "../decode/stream-cursor.ts";
import { formatOf } from "../decode/walker.ts";
import type { BytesClass, EventSchema, FloatClass, IntegerClass, StreamSchema } from "../schema.ts";
import { putHexadecimal, putSigned, putUnsigned, putWide, widestNumber } from "./digits.ts";

/** Writes fields of the event whose contexts begin at `p`, which a decoder has found whole. False: it could not; what it wrote is to be dropped. */
type PrintFields = (out: TextBuffer, u8: Uint8Array, dv: DataView, p: number, end: number) => boolean;

/** A generated printer, and the bytes it goes over where they are always as many. */
interface CompiledFields {
  readonly print: PrintFields;
  readonly size: number | undefined;
}

/** The current event, as the merged cursor has it. */
type PrintedPlace = EventPlace & { readonly stream: number };

/** What one stream's last printed event began with. */
class Beginning {
  packet = -1;
  /** Bytes of its common context. */
  readonly #raw: Uint8Array;
  readonly #rawView: DataView;
  #words = new Int32Array(64);
  #length = 0;

  constructor(size: number) {
    this.#raw = new Uint8Array(size);
    this.#rawView = new DataView(this.#raw.buffer);
  }

  isOf(packet: number, u8: Uint8Array, dv: DataView, p: number): boolean {
    if (packet !== this.packet) return false;
    const raw = this.#raw;
    const view = this.#rawView;
    let i = 0;
    for (; i + 4 <= raw.length; i += 4) if (dv.getInt32(p + i) !== view.getInt32(i)) return false;
    for (; i < raw.length; i++) if (u8[p + i] !== raw[i]) return false;
    return true;
  }

  /** Keeps what has been written to `out` since `from`. */
  keep(out: TextBuffer, from: number, packet: number, u8: Uint8Array, p: number): void {
    this.packet = packet;
    this.#raw.set(u8.subarray(p, p + this.#raw.length));
    this.#length = out.length - from;
    const count = Math.ceil(this.#length / 4);
    if (count > this.#words.length) this.#words = new Int32Array(count);
    out.reserve(4);
    for (let i = 0; i < count; i++) this.#words[i] = out.view.getInt32(from + i * 4, true);
  }

  write(out: TextBuffer): void {
    const length = this.#length;
    const words = this.#words;
    out.reserve(length + 4);
    const { view, length: at } = out;
    for (let i = 0; i * 4 < length; i++) view.setInt32(at + i * 4, words[i] as number, true);
    out.length = at + length;
  }
}

/**
 * Writes what events begin with: the packet's context, and the common context (if `common` is given, which goes over it). They seldom change from one event
 * of a stream to the next: their text is copied for as long as the packet and the context's bytes are the same.
 */
class Beginnings {
  readonly #streams: readonly StreamCursor[];
  readonly #visitor: TextVisitor;
  readonly #common: CompiledFields | undefined;
  readonly #known: (Beginning | undefined)[] = [];

  constructor(streams: readonly StreamCursor[], visitor: TextVisitor, common: CompiledFields | undefined) {
    this.#streams = streams;
    this.#visitor = visitor;
    this.#common = common;
  }

  write({ stream, bytes, view, context }: PrintedPlace): boolean {
    const cursor = this.#streams[stream] as StreamCursor;
    let known = this.#known[stream];
    if (known === undefined) {
      known = new Beginning(this.#common?.size ?? 0);
      this.#known[stream] = known;
    }
    const { out } = this.#visitor;
    if (known.isOf(cursor.packet, bytes, view, context)) {
      known.write(out);
      return true;
    }
    const from = out.length;
    this.#visitor.reset();
    cursor.visitPacket(this.#visitor);
    if (this.#common?.print(out, bytes, view, context, bytes.length) === false) return false;
    known.keep(out, from, cursor.packet, bytes, context);
    return true;
  }
}

/** The printers of one visitor for the events of a merged cursor, whose current event is `place`. */
export class EventPrinters {
  readonly #streams: readonly StreamCursor[];
  readonly #visitor: TextVisitor;
  readonly #place: PrintedPlace;
  /** By stream class: beginnings with the common context, where its layout is constant, and without. */
  readonly #beginnings = new Map<StreamSchema, { readonly common: CompiledFields | undefined; with: Beginnings; without: Beginnings }>();

  constructor(streams: readonly StreamCursor[], visitor: TextVisitor, place: PrintedPlace) {
    this.#streams = streams;
    this.#visitor = visitor;
    this.#place = place;
  }

  /** As `EventCursor.compileVisit`. Contexts begin at multiples of `align` bytes. */
  compile(stream: StreamSchema, event: EventSchema, align: number): (() => boolean) | undefined {
    const before: readonly EventScope[] = hasPacketScope(stream) ? ["packet-context"] : [];
    const scopes = eventScopes(stream, event);
    const beginnings = this.#beginningsOf(stream, before, align);
    if (beginnings.common?.size !== undefined) {
      const rest = compileFields([...before, "common-context"], scopes.slice(1), beginnings.common.size, align, this.#visitor);
      if (rest !== undefined) return this.#printer(beginnings.with, rest.print);
    }
    // There is no common context of constant layout, or something in the event refers to it.
    const whole = compileFields(before, scopes, 0, align, this.#visitor);
    return whole && this.#printer(beginnings.without, whole.print);
  }

  #beginningsOf(stream: StreamSchema, before: readonly EventScope[], align: number) {
    let known = this.#beginnings.get(stream);
    if (known === undefined) {
      const struct = stream.commonContext;
      const compiled = struct && compileFields(before, [{ scope: "common-context", struct }], 0, align, this.#visitor);
      const common = compiled?.size === undefined ? undefined : compiled;
      known = {
        common,
        with: new Beginnings(this.#streams, this.#visitor, common),
        without: new Beginnings(this.#streams, this.#visitor, undefined),
      };
      this.#beginnings.set(stream, known);
    }
    return known;
  }

  #printer(beginnings: Beginnings, print: PrintFields): () => boolean {
    const place = this.#place;
    const { out } = this.#visitor;
    return () => {
      const before = out.length;
      if (beginnings.write(place) && print(out, place.bytes, place.view, place.context, place.bytes.length)) return true;
      out.length = before;
      return false;
    };
  }
}

/**
 * Generates the function for `scopes`, which begin `skipped` bytes behind the event's context position; the scopes `before` have been written already.
 * Undefined for shapes that are the interpreter's, or where code may not be generated.
 */
function compileFields(
  before: readonly EventScope[],
  scopes: ReturnType<typeof eventScopes>,
  skipped: number,
  align: number,
  visitor: TextVisitor,
): CompiledFields | undefined {
  try {
    const code = new TextCode(visitor, before);
    const writer = new CodeWriter(align, { hooks: silentHooks, values: code, isGuarded: false });
    writer.offset = skipped * 8;
    for (const { scope, struct } of scopes) {
      code.template.beginScope(scope);
      writer.members(struct);
      code.template.endScope();
    }
    writer.lines.push(code.settle());
    const text = `"use strict"; const { words, longs, formats, visitor, plain, putUnsigned, putSigned, putWide, putHexadecimal, copyPlain } = T;
    return function print(out, u8, dv, p, end) {
      const need = ${literal(code.need)};
      out.reserve(need);
      let b = out.bytes, bv = out.view, o = out.length;
      ${writer.declarations}
      body: {
        ${writer.lines.join("\n")}
      }
      out.length = o;
      return p >= 0;
    };`;
    const size = writer.isMoved || writer.offset % 8 !== 0 ? undefined : writer.offset / 8;
    return { print: new Function("T", text)(code.tables()) as PrintFields, size };
  } catch (error) {
    if (error instanceof NotCompilable || error instanceof EvalError) return undefined;
    throw error;
  }
}

/** Literals up to this size are written word by word. */
const wordsLimit = 96;

/** Copies bytes [from, stop) of `u8` to `to` as long as they are plain; gives how many. */
function copyPlain(bytes: Uint8Array, to: number, u8: Uint8Array, from: number, stop: number, plain: Uint8Array): number {
  let at = from;
  const shift = to - from;
  for (; at < stop; at++) {
    const code = u8[at] as number;
    if (plain[code] === 0) break;
    bytes[at + shift] = code;
  }
  return at - from;
}

const ensure = "if (o + need > b.length) { out.length = o; out.reserve(need); b = out.bytes; bv = out.view; }";

/** What a visitor's call is wrapped in: it writes to `out`. */
function byVisitor(call: string): string {
  return `out.length = o; visitor.${call}; out.reserve(need); b = out.bytes; bv = out.view; o = out.length;`;
}

/** Turns values into code that writes them, with a sibling of the visitor as template for what stands between them. */
class TextCode implements ValueHooks {
  readonly template: TextVisitor;
  /** Bytes that all pieces of constant length take together, and what a store of four bytes writes beyond its literal. */
  need = 4;
  readonly #visitor: TextVisitor;
  readonly #words: number[] = [];
  readonly #longs: Uint8Array[] = [];
  readonly #formats: ReturnType<typeof formatOf>[] = [];

  /** `before`: scopes that have been written already. */
  constructor(visitor: TextVisitor, before: readonly EventScope[]) {
    this.#visitor = visitor;
    this.template = visitor.sibling();
    this.template.reset();
    for (const scope of before) {
      this.template.beginScope(scope);
      this.template.endScope();
    }
    this.template.out.length = 0;
  }

  /** What the generated text names. */
  tables(): object {
    return {
      words: Int32Array.from(this.#words),
      longs: this.#longs,
      formats: this.#formats,
      visitor: this.#visitor,
      plain: this.#visitor.plain,
      putUnsigned,
      putSigned,
      putWide,
      putHexadecimal,
      copyPlain,
    };
  }

  settle(): string {
    const { out } = this.template;
    const { length } = out;
    if (length === 0) return "";
    out.length = 0;
    this.need += length;
    if (length > wordsLimit) {
      this.#longs.push(out.bytes.slice(0, length));
      return `b.set(longs[${literal(this.#longs.length - 1)}], o); o += ${literal(length)};`;
    }
    const stores: string[] = [];
    out.length = length;
    out.reserve(4);
    out.length = 0;
    for (let at = 0; at < length; at += 4) {
      stores.push(`bv.setInt32(o + ${literal(at)}, words[${literal(this.#words.length)}], true);`);
      this.#words.push(out.view.getInt32(at, true));
    }
    return `${stores.join(" ")} o += ${literal(length)};`;
  }

  member(name: string): void {
    this.template.member(name);
  }
  beginStruct(): void {
    this.template.beginStruct();
  }
  endStruct(): void {
    this.template.endStruct();
  }
  beginVariant(option: string): void {
    this.template.beginVariant(option);
  }
  endVariant(): void {
    this.template.endVariant();
  }
  absent(): void {
    this.template.absent();
  }

  integer(field: IntegerClass, low: string, high: string | undefined): string {
    const format = formatOf(field);
    const before = this.settle();
    const style = this.#visitor.style(format);
    if (style === undefined) {
      this.#formats.push(format);
      const known = `formats[${literal(this.#formats.length - 1)}]`;
      if (high !== undefined) return `${before} ${byVisitor(`integer(${known}, ${low}, ${high})`)}`;
      return `${before} { const v = ${low}; ${byVisitor(`integer(${known}, v >>> 0, v < 0 ? 4294967295 : 0)`)} }`;
    }
    this.need += widestNumber;
    if (style === "hexadecimal") {
      this.need += 2;
      const prefix = "b[o++] = 48; b[o++] = 120;";
      if (high !== undefined) return `${before} ${prefix} o = putHexadecimal(b, o, ${low}, ${high});`;
      return `${before} ${prefix} { const v = ${low}; o = putHexadecimal(b, o, v >>> 0, v < 0 ? 4294967295 : 0); }`;
    }
    if (high !== undefined) return `${before} o = putWide(b, bv, o, ${low}, ${high}, ${field.signed ? "true" : "false"});`;
    return `${before} o = ${field.signed ? "putSigned" : "putUnsigned"}(b, bv, o, ${low});`;
  }

  float(field: FloatClass, value: string): string {
    return `${this.settle()} ${byVisitor(`float(${value}, ${literal(field.bits)})`)}`;
  }

  string(): string {
    const before = this.settle();
    this.need += 2;
    return `${before} b[o++] = 34;
      { const start = p, n = copyPlain(b, o, u8, p, Math.min(end, p + b.length - o - need), plain);
        p += n;
        if (u8[p] === 0) { o += n; b[o++] = 34; ${ensure} }
        else { ${zeroScan("p", "end", "u8", "dv")} o--; ${byVisitor("string(u8, start, p)")} } }`;
  }

  bytes(field: BytesClass, start: string, count: string): string {
    const before = this.settle();
    const bounds = `const start = ${start}, stop = start + ${count};`;
    if (field.encoding === undefined) return `${before} { ${bounds} ${byVisitor("blob(u8, start, stop)")} }`;
    if (field.encoding !== "utf-8" && field.encoding !== "none") throw new NotCompilable("a rare text encoding");
    this.need += 2;
    return `${before} b[o++] = 34;
      { ${bounds} const n = copyPlain(b, o, u8, start, Math.min(stop, start + b.length - o - need), plain);
        if (start + n === stop || u8[start + n] === 0) { o += n; b[o++] = 34; ${ensure} }
        else { let zero = start + n; ${zeroScan("zero", "stop", "u8", "dv")} o--; ${byVisitor("string(u8, start, zero)")} } }`;
  }

  // What stands between elements depends on their number: the visitor writes it when the code runs, and the template goes along without being heard.
  beginArray(count: string): string {
    const before = this.settle();
    this.template.beginArray(0);
    this.template.out.length = 0;
    return `${before} ${byVisitor(`beginArray(${count})`)}`;
  }
  element(index: string): string {
    this.template.element(0);
    this.template.out.length = 0;
    return byVisitor(`element(${index})`);
  }
  endArray(): string {
    this.template.endArray();
    this.template.out.length = 0;
    return byVisitor("endArray()");
  }
}
