/**
 * Events as babeltrace2's default text sink prints them to a pipe, byte for byte:
 *
 *     [17:58:49.454425824] (+0.000000180) vm feat:all: { cpu_id = 1 }, { vpid = 11944 }, { i8 = 0, en = ( "NEG" : container = -3 ), a = [ [0] = 1 ] }
 *     time                 delta          trace event  packet context  event contexts   payload
 *
 * and what it says on its error output about losses. Local time is that of the process (TZ).
 */
import type { IntegerFormat, StreamInfo, TextVisitor, TraceLoss, TraceSource } from "../../trace/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { putWhole, widestNumber } from "./digits.ts";
import { writeG } from "./float.ts";

const quote = 0x22;
const backslash = 0x5c;
/** Control characters that have a letter, and what else gets a backslash. */
const escapes = new Map<number, string>([
  [0x07, "\\a"],
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0b, "\\v"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [0x1b, "\\e"],
  [quote, '\\"'],
  [backslash, "\\\\"],
  [0x27, "\\'"],
  [0x3f, "\\?"],
]);

/** What a string holds as it is. */
const plain = Uint8Array.from({ length: 256 }, (_, code) => (code >= 0x20 && code !== 0x7f && !escapes.has(code) ? 1 : 0));

/** Writes field values in babeltrace2's notation. */
export class BabeltraceFields implements TextVisitor {
  readonly out: ByteWriter;
  readonly plain = plain;
  #isFirstScope = true;
  /** Whether a comma is due before the next member or element. */
  #isNext = false;

  constructor(out: ByteWriter) {
    this.out = out;
  }

  sibling(): BabeltraceFields {
    return new BabeltraceFields(new ByteWriter());
  }
  style({ show, base, signed }: IntegerFormat): "decimal" | "hexadecimal" | undefined {
    if (show === "bits") return "hexadecimal";
    if (show !== "number") return undefined;
    return base === 10 ? "decimal" : base === 16 && !signed ? "hexadecimal" : undefined;
  }

  reset(): void {
    this.#isFirstScope = true;
    this.#isNext = false;
  }
  beginScope(): void {
    this.out.text(this.#isFirstScope ? "{" : ", {");
    this.#isFirstScope = false;
    this.#isNext = false;
  }
  endScope(): void {
    this.out.text(" }");
    this.#isNext = true;
  }
  #comma(): void {
    if (this.#isNext) this.out.byte(0x2c);
    this.#isNext = true;
    this.out.byte(0x20);
  }
  member(name: string): void {
    this.#comma();
    this.out.text(name);
    this.out.text(" = ");
  }
  integer(format: IntegerFormat, low: number, high: number): void {
    const out = this.out;
    if (format.show === "boolean") out.text(low === 0 && high === 0 ? "false" : "true");
    else if (format.show === "enum") {
      const labels = format.labels(low, high);
      out.text("( ");
      for (const [i, label] of labels.entries()) {
        if (i > 0) out.text(", ");
        out.byte(quote);
        out.text(label);
        out.byte(quote);
      }
      if (labels.length === 0) out.text("<unknown>");
      out.text(" : container = ");
      this.#number(format, low, high);
      out.text(" )");
    } else if (format.show === "bits" || format.show === "flags") {
      out.text("0x");
      out.power(low, high, 16, 64);
    } else this.#number(format, low, high);
  }
  #number(format: IntegerFormat, low: number, high: number): void {
    const out = this.out;
    const { base, bits } = format;
    if (base === 10) {
      out.decimal(low, high, format.signed);
      return;
    }
    // Negative numbers show the bits of their field, rounded up to whole digits.
    const digitBits = base === 16 ? 4 : base === 8 ? 3 : 1;
    const width = Math.min(64, Math.ceil(bits / digitBits) * digitBits);
    const keptLow = width >= 32 ? low : low & ((1 << width) - 1);
    const keptHigh = width >= 64 ? high : width <= 32 ? 0 : high & (2 ** (width - 32) - 1);
    out.text(base === 16 ? "0x" : base === 8 ? "0" : "0b");
    out.power(keptLow >>> 0, keptHigh >>> 0, base, bits);
  }
  wideInteger(_format: IntegerFormat, value: bigint): void {
    this.out.text(String(value));
  }
  float(value: number): void {
    writeG(this.out, value);
  }
  string(bytes: Uint8Array, start: number, end: number): void {
    const out = this.out;
    out.byte(quote);
    let from = start;
    for (let at = start; at < end; at++) {
      const code = bytes[at] ?? 0;
      if (plain[code] === 1) continue;
      out.copy(bytes, from, at);
      from = at + 1;
      out.text(escapes.get(code) ?? `\\x${code.toString(16).padStart(2, "0")}`);
    }
    out.copy(bytes, from, end);
    out.byte(quote);
  }
  blob(bytes: Uint8Array, start: number, end: number): void {
    this.beginArray();
    for (let at = start; at < end; at++) {
      this.element(at - start);
      this.out.whole(bytes[at] ?? 0);
    }
    this.endArray();
  }
  beginArray(): void {
    this.out.byte(0x5b);
    this.#isNext = false;
  }
  element(index: number): void {
    const { out } = this;
    out.reserve(widestNumber + 8);
    const { bytes, view } = out;
    let at = out.length;
    if (this.#isNext) bytes[at++] = 0x2c;
    this.#isNext = true;
    bytes[at++] = 0x20;
    bytes[at++] = 0x5b;
    at = putWhole(bytes, view, at, index);
    // "] = "
    view.setUint32(at, 0x203d205d, true);
    out.length = at + 4;
  }
  endArray(): void {
    this.out.text(" ]");
    this.#isNext = true;
  }
  beginStruct(): void {
    this.out.byte(0x7b);
    this.#isNext = false;
  }
  endStruct(): void {
    this.out.text(" }");
    this.#isNext = true;
  }
  beginVariant(): void {
    this.out.text("{ ");
  }
  endVariant(): void {
    this.out.text(" }");
    this.#isNext = true;
  }
  absent(): void {
    this.out.text("<none>");
  }
}

/** `hostname:procname:(vpid) `, as far as the trace's environment has them. */
export function tracePrefix(stream: StreamInfo | undefined): string {
  const environment = stream?.traceEnvironment ?? {};
  const parts: string[] = [];
  for (const name of ["hostname", "procname"]) {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (typeof value === "string") parts.push(value);
  }
  const vpid = Object.hasOwn(environment, "vpid") ? environment["vpid"] : undefined;
  if (vpid !== undefined && typeof vpid !== "string") parts.push(`(${vpid})`);
  return parts.length === 0 ? "" : `${parts.join(":")} `;
}

/** The line babeltrace2 prints on its error output about a loss. `time` writes a time the way events show it. */
export function lossMessage(source: TraceSource, loss: TraceLoss, time: (absolute: bigint) => string): string {
  const stream = source.streams[loss.stream];
  const things = loss.kind;
  const what =
    loss.count === undefined
      ? `may have discarded ${things}`
      : `discarded ${loss.count} ${loss.count === 1 ? things.slice(0, -1) : things}`;
  const name = stream?.traceEnvironment?.["hostname"] ?? "";
  const uid = stream?.traceUid === undefined ? "no UUID" : `UUID: ${stream.traceUid}`;
  const when =
    loss.start !== undefined && loss.end !== undefined ? `between [${time(loss.start)}] and [${time(loss.end)}]` : "(unknown time range)";
  return (
    `WARNING: Tracer ${what} ${when} in trace "${name}" (${uid}) within stream "${stream?.file ?? ""}" ` +
    `(stream class ID: ${stream?.streamClassId ?? 0}, stream ID: ${stream?.streamId ?? 0}).\n`
  );
}
