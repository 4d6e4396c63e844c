/**
 * JSON with exact integers, for both ends of the wire.
 *
 * A trace's times are 64-bit nanoseconds since 1970: about 1.7e18, far beyond 2^53, and the Trace Server Protocol sends them as bare JSON integers.
 * `JSON.parse` rounds those (1700000000000000001 becomes ...000) and `JSON.stringify` throws on `bigint`, so both are replaced here:
 *
 *     text                      value
 *     12, -7, 9007199254740991  number
 *     1700000000000000001       bigint   (an integer that a number cannot hold exactly)
 *     1.5, 1e21                 number
 *
 * Invariants: `parseExact(stringifyExact(x))` equals x for every x made of plain objects, arrays, strings, booleans, null, bigint and finite numbers, except
 * that a small bigint comes back as a number: readers of 64-bit fields accept both (`int64` in decode.ts). A *number* beyond 2^53 is written with an
 * exponent, so it is never mistaken for an exact integer. The parser accepts exactly RFC 8259, up to `maxDepth` levels, and gives `__proto__` no meaning.
 */
import { UsageError } from "../base/index.ts";

/** Deepest nesting accepted; the protocol needs fewer than ten levels. */
const maxDepth = 64;
const numberPattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const longDigits = /[0-9]{16}/;

const quote = 0x22;
const backslash = 0x5c;

/** Parses JSON text. Throws UsageError that names the character offset. Cost: as `JSON.parse` when no number is long, a few times that otherwise. */
export function parseExact(text: string): unknown {
  if (!longDigits.test(text)) return parsePlain(text);
  const parser = new Parser(text);
  return parser.document();
}

function parsePlain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Recursive descent over UTF-16 units. Strings without escapes are slices; the rest of string syntax is left to `JSON.parse`. */
class Parser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): unknown {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.fail("nothing more");
    return value;
  }

  private fail(expected: string): never {
    throw new UsageError(`not valid JSON: expected ${expected} at character ${this.at}`);
  }

  private space(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  private value(depth: number): unknown {
    if (depth > maxDepth) this.fail(`at most ${maxDepth} levels`);
    this.space();
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  private word(word: string, value: boolean | null): boolean | null {
    if (!this.text.startsWith(word, this.at)) this.fail("a value");
    this.at += word.length;
    return value;
  }

  private number(): number | bigint {
    numberPattern.lastIndex = this.at;
    const match = numberPattern.exec(this.text);
    if (match === null) this.fail("a value");
    const digits = match[0];
    this.at += digits.length;
    const value = Number(digits);
    const isInteger = match[1] === undefined && match[2] === undefined;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }

  private string(): string {
    const start = this.at + 1;
    let end = start;
    let isPlain = true;
    for (; ; end++) {
      const c = this.text.charCodeAt(end);
      if (c === quote) break;
      if (c === backslash) {
        isPlain = false;
        end++;
      } else if (!(c >= 0x20)) {
        this.at = Math.min(end, this.text.length);
        this.fail('"');
      }
    }
    this.at = end + 1;
    return isPlain ? this.text.slice(start, end) : String(parsePlain(this.text.slice(start - 1, end + 1)));
  }

  private array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.at++;
    this.space();
    if (this.text[this.at] === "]") {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.space();
      const c = this.text[this.at];
      if (c !== "," && c !== "]") this.fail(", or ]");
      this.at++;
      if (c === "]") return items;
    }
  }

  private object(depth: number): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    this.at++;
    this.space();
    if (this.text[this.at] === "}") {
      this.at++;
      return members;
    }
    for (;;) {
      this.space();
      if (this.text.charCodeAt(this.at) !== quote) this.fail("a name in quotes");
      const name = this.string();
      this.space();
      if (this.text[this.at] !== ":") this.fail(":");
      this.at++;
      const value = this.value(depth + 1);
      if (name === "__proto__") Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
      else members[name] = value;
      this.space();
      const c = this.text[this.at];
      if (c !== "," && c !== "}") this.fail(", or }");
      this.at++;
      if (c === "}") return members;
    }
  }
}

/** Writes JSON text. `undefined` members are left out; NaN and infinities become null, as in `JSON.stringify`. */
export function stringifyExact(value: unknown): string {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "number":
      if (!Number.isFinite(value)) return "null";
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : stringifyObject(value);
    default:
      return "null";
  }
}

function stringifyObject(value: object): string {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    let text = "[";
    const items = value as ArrayLike<unknown>;
    for (let i = 0; i < items.length; i++) text += i === 0 ? stringifyExact(items[i]) : `,${stringifyExact(items[i])}`;
    return `${text}]`;
  }
  let text = "{";
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    text += `${text.length > 1 ? "," : ""}${JSON.stringify(name)}:${stringifyExact(member)}`;
  }
  return `${text}}`;
}
