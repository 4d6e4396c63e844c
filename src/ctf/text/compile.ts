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
import type { TextBuffer, TextVisitor } from "../../trace/index.ts";
import { CodeWriter, literal, NotCompilable, silentHooks, type ValueHooks, zeroScan } from "../decode/codegen.ts";
import { eventScopes, hasPacketScope } from "../decode/interpreter.ts";
import type { EventPlace } from "../decode/readers.ts";
import type { StreamCursor } from "../decode/stream-cursor.ts";
import { formatOf } from "../decode/walker.ts";
import type { BytesClass, EventSchema, FloatClass, IntegerClass, StreamSchema } from "../schema.ts";
import { putHexadecimal, putSigned, putUnsigned, putWide, widestNumber } from "./digits.ts";

/** The text of packet contexts, written once per packet. */
export class PacketTexts {
  readonly #streams: readonly StreamCursor[];
  readonly #visitor: TextVisitor;
  readonly #known: { packet: number; text: Uint8Array }[];

  constructor(streams: readonly StreamCursor[], visitor: TextVisitor) {
    this.#streams = streams;
    this.#visitor = visitor.sibling();
    this.#known = streams.map(() => ({ packet: -1, text: new Uint8Array(0) }));
  }

  /** Writes that of the packet the stream is in. */
  write(out: TextBuffer, stream: number): void {
    const cursor = this.#streams[stream];
    const known = this.#known[stream];
    if (cursor === undefined || known === undefined) return;
    if (known.packet !== cursor.packet) {
      this.#visitor.reset();
      this.#visitor.out.length = 0;
      cursor.visitPacket(this.#visitor);
      known.text = this.#visitor.out.bytes.slice(0, this.#visitor.out.length);
      known.packet = cursor.packet;
    }
    const { text } = known;
    out.reserve(text.length);
    const { bytes } = out;
    let to = out.length;
    for (let at = 0; at < text.length; at++) bytes[to++] = text[at] as number;
    out.length = to;
  }
}

/**
 * A function that writes the current event of `place`, which has to be of this class; as `EventCursor.compileVisit` says. Contexts begin at multiples of
 * `align` bytes.
 */
export function compileEventPrinter(
  stream: StreamSchema,
  event: EventSchema,
  align: number,
  visitor: TextVisitor,
  packets: PacketTexts,
  place: EventPlace & { readonly stream: number },
): (() => boolean) | undefined {
  const print = compileFields(stream, event, align, visitor);
  if (print === undefined) return undefined;
  const { out } = visitor;
  const isInPacket = hasPacketScope(stream);
  return () => {
    const before = out.length;
    if (isInPacket) packets.write(out, place.stream);
    const { bytes } = place;
    if (print(out, bytes, place.view, place.context, bytes.length)) return true;
    out.length = before;
    return false;
  };
}

/** Writes the fields of the event whose contexts begin at `p`, which a decoder has found whole. False: it could not; what it wrote is to be dropped. */
type PrintFields = (out: TextBuffer, u8: Uint8Array, dv: DataView, p: number, end: number) => boolean;

/** Literals up to this size are written word by word. */
const wordsLimit = 96;

/**
 * The function for events of this class whose contexts begin at a multiple of `align` bytes. It leaves out the packet's scope, which the caller puts before.
 * Undefined for shapes that are the interpreter's, or where code may not be generated.
 */
function compileFields(stream: StreamSchema, event: EventSchema, align: number, visitor: TextVisitor): PrintFields | undefined {
  try {
    const code = new TextCode(visitor, hasPacketScope(stream));
    const writer = new CodeWriter(align, { hooks: silentHooks, values: code, isGuarded: false });
    for (const { scope, struct } of eventScopes(stream, event)) {
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
    return new Function("T", text)(code.tables()) as PrintFields;
  } catch (error) {
    if (error instanceof NotCompilable || error instanceof EvalError) return undefined;
    throw error;
  }
}

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

  constructor(visitor: TextVisitor, isBehindPacket: boolean) {
    this.#visitor = visitor;
    this.template = visitor.sibling();
    this.template.reset();
    if (!isBehindPacket) return;
    this.template.beginScope("packet-context");
    this.template.endScope();
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
