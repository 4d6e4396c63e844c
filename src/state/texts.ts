/**
 * The texts of a history: each is held once and has a dense id. The section on disk:
 *
 *     u32 count
 *     u32 length[count]     bytes of each text; bit 31: UTF-16 code units follow (for text with lone surrogates, which UTF-8 cannot hold)
 *     bytes                 the texts one after the other, UTF-8 unless marked
 */
import { assert, BadInputError } from "../base/index.ts";

const utf16 = 0x80000000;
const loneSurrogate = /\p{Surrogate}/u;

/** Interning side. */
export class TextWriter {
  private readonly ids = new Map<string, number>();
  private readonly texts: string[] = [];

  get count(): number {
    return this.texts.length;
  }

  intern(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.texts.length;
    this.ids.set(text, id);
    this.texts.push(text);
    return id;
  }

  /** Id of the text, undefined when it is not there. */
  find(text: string): number | undefined {
    return this.ids.get(text);
  }

  text(id: number): string {
    const text = this.texts[id];
    assert(text !== undefined, `no text ${id}`);
    return text;
  }

  encode(): Uint8Array {
    const encoder = new TextEncoder();
    const count = this.texts.length;
    const parts = this.texts.map((text) => (loneSurrogate.test(text) ? encodeUtf16(text) : encoder.encode(text)));
    let bytes = 4 + 4 * count;
    for (const part of parts) bytes += part.length;
    const out = new Uint8Array(bytes);
    const lengths = new Uint32Array(out.buffer, 4, count);
    new Uint32Array(out.buffer, 0, 1)[0] = count;
    let at = 4 + 4 * count;
    for (let i = 0; i < count; i++) {
      const part = parts[i] as Uint8Array;
      lengths[i] = loneSurrogate.test(this.texts[i] as string) ? (part.length | utf16) >>> 0 : part.length;
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function encodeUtf16(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    out[2 * i] = unit & 0xff;
    out[2 * i + 1] = unit >>> 8;
  }
  return out;
}

function decodeUtf16(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode((bytes[i] as number) | ((bytes[i + 1] as number) << 8));
  return text;
}

/** Reading side. Texts are decoded when first asked for. */
export class TextReader {
  readonly count: number;
  private readonly bytes: Uint8Array;
  private readonly offsets: Float64Array;
  private readonly lengths: Uint32Array;
  private readonly decoded: (string | undefined)[];
  private ids: Map<string, number> | undefined;
  // Keep a leading byte-order mark: it is part of the text. The option is standard but missing in the minimal types of pure code.
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true } as { fatal?: boolean });

  /** `file` and `offset` say where the section stands, for errors. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    const count = bytes.length >= 4 ? (new Uint32Array(bytes.buffer, 0, 1)[0] as number) : 0;
    if (bytes.length < 4 + 4 * count)
      throw new BadInputError("HISTORY_INVALID", file, offset, `the text section is too short for ${count} texts`);
    this.count = count;
    this.bytes = bytes;
    this.lengths = new Uint32Array(bytes.buffer, 4, count);
    this.offsets = new Float64Array(count + 1);
    let at = 4 + 4 * count;
    for (let i = 0; i < count; i++) {
      this.offsets[i] = at;
      at += (this.lengths[i] as number) & ~utf16;
    }
    this.offsets[count] = at;
    if (at !== bytes.length)
      throw new BadInputError("HISTORY_INVALID", file, offset, `the text section has ${bytes.length} bytes, its texts ${at}`);
    this.decoded = new Array<string | undefined>(count).fill(undefined);
  }

  text(id: number): string {
    const known = this.decoded[id];
    if (known !== undefined) return known;
    assert(id >= 0 && id < this.count, `no text ${id}`);
    const part = this.bytes.subarray(this.offsets[id], this.offsets[id + 1]);
    const text = ((this.lengths[id] as number) & utf16) !== 0 ? decodeUtf16(part) : this.decoder.decode(part);
    this.decoded[id] = text;
    return text;
  }

  find(text: string): number | undefined {
    if (this.ids === undefined) {
      this.ids = new Map();
      for (let id = 0; id < this.count; id++) this.ids.set(this.text(id), id);
    }
    return this.ids.get(text);
  }
}
