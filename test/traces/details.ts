/**
 * Events as babeltrace2's `sink.text.details` shows them, so that whole traces can be compared with what it wrote: also of CTF 2, which the babeltrace2 that
 * is installed may not read. A block is what belongs to one event:
 *
 *     [2 cycles, 2,000 ns from origin]
 *     {Trace 0, Stream class ID 0, Stream ID 0}
 *     Event `name` (Class ID 0):
 *       Payload:
 *         field: value
 */
import type { EventScope, EventVisitor, IntegerFormat, TraceSource } from "../../src/trace/index.ts";

const titles: Readonly<Record<EventScope, string>> = {
  "packet-context": "",
  "common-context": "Common context",
  "specific-context": "Specific context",
  payload: "Payload",
};

/** The event blocks of an expected text, without their cycles, and the ids of trace, stream and event class. */
export function expectedEvents(text: string): string[] {
  return Array.from(
    text.matchAll(
      /(?:^\[.*?([-\d,]+) ns from origin\]\n|^\[Unknown\]\n)?^\{Trace \d+, (Stream class ID \d+).*\}\n(Event[\s\S]*?)(?=\n\n[[{]|\n*$(?![\s\S]))/gm,
    ),
    ([, ns, stream, event = ""]) => [...(ns === undefined ? [] : [ns]), stream, event.replace(/ \(Class ID \d+\)/, "")].join("\n"),
  );
}

/** The events of a source, as `expectedEvents` has them. What is read before an error counts. */
export function shownEvents(source: TraceSource): string[] {
  const cursor = source.cursor();
  const blocks: string[] = [];
  try {
    while (cursor.next()) {
      const stream = source.streams[cursor.stream];
      const writer = new DetailsWriter();
      cursor.visit(writer);
      const time = stream?.hasClock === true ? [group(source.origin + BigInt(Math.round(cursor.time)))] : [];
      const name = source.eventClasses[cursor.eventClass]?.name ?? "";
      const head = `Event${name === "" ? "" : ` \`${name}\``}:`;
      blocks.push([...time, `Stream class ID ${stream?.streamClassId}`, head, ...writer.lines].join("\n"));
    }
  } catch {
    // What was read before counts.
  }
  return blocks;
}

/** Digits in groups, if there are more than four. */
function group(value: bigint | string, every = 3, separator = ","): string {
  if (String(value).replace("-", "").length <= 4) return String(value);
  return String(value).replace(new RegExp(`\\B(?=(?:[0-9a-f]{${every}})+$)`, "g"), separator);
}

class DetailsWriter implements EventVisitor {
  readonly lines: string[] = [];
  #depth = 0;
  #label = "";
  #isHidden = false;
  readonly #empty: { readonly at: number; readonly line: number }[] = [];

  #value(text: string): void {
    if (!this.#isHidden) this.lines.push(`${"  ".repeat(this.#depth)}${this.#label} ${text}`);
  }
  #open(): void {
    this.#empty.push({ at: this.lines.length, line: this.#depth });
    this.lines.push(`${"  ".repeat(this.#depth)}${this.#label}`);
    this.#depth++;
  }
  #close(): void {
    this.#depth--;
    const at = this.#empty.pop()?.at ?? 0;
    if (this.lines.length === at + 1) this.lines[at] += " Empty";
  }

  beginScope(scope: EventScope): void {
    this.#isHidden = scope === "packet-context";
    if (this.#isHidden) return;
    this.#depth = 1;
    this.#label = `${titles[scope]}:`;
    this.#open();
  }
  endScope(): void {
    if (!this.#isHidden) this.#close();
    this.#isHidden = false;
  }
  member(name: string): void {
    this.#label = `${name}:`;
  }
  integer({ signed, bits, base, show }: IntegerFormat, low: number, high: number): void {
    const raw = (BigInt(high) << 32n) | BigInt(low);
    if (show === "boolean") this.#value(raw === 0n ? "No" : "Yes");
    else if (base === 10) this.#value(group(signed ? BigInt.asIntN(64, raw) : raw));
    else {
      // It knows no base of 2.
      const digits = BigInt.asUintN(bits, raw).toString(base === 8 ? 8 : 16);
      this.#value(base === 8 ? `0${group(digits, 3, ":")}` : `0x${group(digits, 4, ":")}`);
    }
  }
  wideInteger(_: IntegerFormat, value: bigint): void {
    this.#value(group(value));
  }
  float(value: number): void {
    const size = Math.abs(value);
    // toFixed does not write more than 21 digits.
    const text = Number.isFinite(value) ? (size < 1e21 ? size.toFixed(6) : `${BigInt(size)}.000000`) : Number.isNaN(value) ? "nan" : "inf";
    this.#value(value < 0 || Object.is(value, -0) ? `-${text}` : text);
  }
  string(bytes: Uint8Array, start: number, end: number): void {
    this.#value(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
  }
  blob(bytes: Uint8Array, start: number, end: number): void {
    this.#value(Buffer.from(bytes.subarray(start, end)).toString("hex"));
  }
  beginArray(length: number): void {
    const label = this.#label;
    if (length > 0) this.#label += ` Length ${group(BigInt(length))}:`;
    if (!this.#isHidden) this.#open();
    this.#label = label;
  }
  element(index: number): void {
    this.#label = `[${index}]:`;
  }
  endArray(): void {
    if (!this.#isHidden) this.#close();
  }
  beginStruct(): void {
    if (!this.#isHidden) this.#open();
  }
  endStruct(): void {
    if (!this.#isHidden) this.#close();
  }
  beginVariant(): void {
    // A variant shows as the option it has.
  }
  endVariant(): void {
    // Nor is its end seen.
  }
  absent(): void {
    this.#value("None");
  }
}
