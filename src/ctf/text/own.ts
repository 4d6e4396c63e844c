/** Our own notations of an event's fields: JSON (also inside CSV), and a short readable line. */
import type { EventScope, IntegerFormat, TextVisitor } from "../../trace/index.ts";
import { ByteWriter } from "./byte-writer.ts";

const quote = 0x22;
const shortEscapes = new Map<number, string>([
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [quote, '\\"'],
  [0x5c, "\\\\"],
]);

/** What a string of ASCII holds as it is. */
const plain = Uint8Array.from({ length: 256 }, (_, code) => (code >= 0x20 && code < 0x80 && !shortEscapes.has(code) ? 1 : 0));

const scopeKeys: Readonly<Record<EventScope, string>> = {
  "packet-context": "packet",
  "common-context": "context",
  "specific-context": "specificContext",
  payload: "fields",
};

/** A JSON string with the text of UTF-8 bytes; wrong sequences become U+FFFD, as JSON is UTF-8. */
export function writeJsonBytes(out: ByteWriter, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    if ((bytes[at] ?? 0) > 0x7f) {
      writeJsonText(out, new TextDecoder().decode(bytes.subarray(start, end)));
      return;
    }
  }
  out.byte(quote);
  let from = start;
  for (let at = start; at < end; at++) {
    const code = bytes[at] ?? 0;
    if (plain[code] === 1) continue;
    out.copy(bytes, from, at);
    from = at + 1;
    out.text(shortEscapes.get(code) ?? `\\u${code.toString(16).padStart(4, "0")}`);
  }
  out.copy(bytes, from, end);
  out.byte(quote);
}

function writeJsonText(out: ByteWriter, text: string): void {
  out.text(JSON.stringify(text));
}

/** Members of a JSON object, one per scope: `"context":{...},"fields":{...}`. Integers are written with all their digits. */
export class JsonFields implements TextVisitor {
  readonly out: ByteWriter;
  readonly plain = plain;
  readonly #isMember: boolean;
  #isNext = false;

  /** `isMember`: something of the same object is written before each event. */
  constructor(out: ByteWriter, isMember: boolean) {
    this.out = out;
    this.#isMember = isMember;
  }

  sibling(): JsonFields {
    return new JsonFields(new ByteWriter(), this.#isMember);
  }
  style({ show }: IntegerFormat): "decimal" | undefined {
    return show === "number" || show === "bits" ? "decimal" : undefined;
  }
  reset(): void {
    this.#isNext = this.#isMember;
  }
  #key(name: string): void {
    if (this.#isNext) this.out.byte(0x2c);
    this.#isNext = true;
    writeJsonText(this.out, name);
    this.out.byte(0x3a);
  }
  beginScope(scope: EventScope): void {
    this.#key(scopeKeys[scope]);
    this.beginStruct();
  }
  endScope(): void {
    this.endStruct();
  }
  member(name: string): void {
    this.#key(name);
  }
  integer(format: IntegerFormat, low: number, high: number): void {
    const out = this.out;
    if (format.show === "boolean") {
      out.text(low === 0 && high === 0 ? "false" : "true");
      return;
    }
    if (format.show !== "enum" && format.show !== "flags") {
      out.decimal(low, high, format.signed);
      return;
    }
    out.text('{"value":');
    out.decimal(low, high, format.signed);
    out.text(',"labels":');
    out.text(JSON.stringify(format.labels(low, high)));
    out.byte(0x7d);
  }
  wideInteger(_format: IntegerFormat, value: bigint): void {
    this.out.text(String(value));
  }
  float(value: number): void {
    // JSON has no infinities.
    this.out.text(Number.isFinite(value) ? (Object.is(value, -0) ? "-0" : String(value)) : `"${value}"`);
  }
  string(bytes: Uint8Array, start: number, end: number): void {
    writeJsonBytes(this.out, bytes, start, end);
  }
  blob(bytes: Uint8Array, start: number, end: number): void {
    this.out.text(`[${bytes.subarray(start, end).join(",")}]`);
  }
  beginArray(): void {
    this.out.byte(0x5b);
    this.#isNext = false;
  }
  element(index: number): void {
    if (index > 0) this.out.byte(0x2c);
  }
  endArray(): void {
    this.out.byte(0x5d);
    this.#isNext = true;
  }
  beginStruct(): void {
    this.out.byte(0x7b);
    this.#isNext = false;
  }
  endStruct(): void {
    this.out.byte(0x7d);
    this.#isNext = true;
  }
  beginVariant(): void {
    // A variant is its option's value.
  }
  endVariant(): void {
    this.#isNext = true;
  }
  absent(): void {
    this.out.text("null");
  }
}

/** `name=value` pairs, separated by spaces; structures as `{a=1 b=2}`, arrays as `[1 2]`, enumerations as their label. */
export class ShortFields implements TextVisitor {
  readonly out: ByteWriter;
  readonly plain = plain;
  #isNext = false;

  constructor(out: ByteWriter) {
    this.out = out;
  }

  sibling(): ShortFields {
    return new ShortFields(new ByteWriter());
  }
  style({ show, base }: IntegerFormat): "decimal" | undefined {
    return (show === "number" || show === "bits") && base !== 16 ? "decimal" : undefined;
  }

  reset(): void {
    this.#isNext = true;
  }
  beginScope(): void {
    // Scopes follow each other without a mark.
  }
  endScope(): void {
    this.#isNext = true;
  }
  #space(): void {
    if (this.#isNext) this.out.byte(0x20);
    this.#isNext = true;
  }
  member(name: string): void {
    this.#space();
    this.out.text(name);
    this.out.byte(0x3d);
  }
  integer(format: IntegerFormat, low: number, high: number): void {
    const out = this.out;
    if (format.show === "boolean") out.text(low === 0 && high === 0 ? "false" : "true");
    else if (format.show === "enum" || format.show === "flags") {
      const text = format.labels(low, high).join("|");
      if (text === "") out.decimal(low, high, format.signed);
      else out.text(text);
    } else if (format.base === 16) {
      out.text("0x");
      out.text(((BigInt(high) << 32n) | BigInt(low)).toString(16));
    } else out.decimal(low, high, format.signed);
  }
  wideInteger(_format: IntegerFormat, value: bigint): void {
    this.out.text(String(value));
  }
  float(value: number): void {
    this.out.text(String(value));
  }
  string(bytes: Uint8Array, start: number, end: number): void {
    writeJsonBytes(this.out, bytes, start, end);
  }
  blob(bytes: Uint8Array, start: number, end: number): void {
    this.out.text(`<${Array.from(bytes.subarray(start, end), (byte) => byte.toString(16).padStart(2, "0")).join("")}>`);
  }
  beginArray(): void {
    this.out.byte(0x5b);
    this.#isNext = false;
  }
  element(): void {
    this.#space();
  }
  endArray(): void {
    this.out.byte(0x5d);
    this.#isNext = true;
  }
  beginStruct(): void {
    this.out.byte(0x7b);
    this.#isNext = false;
  }
  endStruct(): void {
    this.out.byte(0x7d);
    this.#isNext = true;
  }
  beginVariant(): void {
    // A variant is its option's value.
  }
  endVariant(): void {
    this.#isNext = true;
  }
  absent(): void {
    this.out.byte(0x2d);
  }
}
