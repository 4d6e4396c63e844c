/**
 * JSON with exact integers: `JSON.parse` silently rounds those beyond 2^53, which enumeration ranges and clock offsets may be. Integers become bigint, other
 * numbers number. Objects keep where they began, for messages.
 */
import { BadInputError } from "../../base/index.ts";

export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly members: ReadonlyMap<string, Json>;
  /** Characters from the text's start. */
  readonly offset: number;
}

const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;

/** All documents of a JSON text sequence (RFC 7464): record separator (0x1E), document, newline. */
export function parseJsonSequence(text: string, file: string): Json[] {
  const documents: Json[] = [];
  let at = 0;
  while (at < text.length) {
    const from = text.indexOf("\u001e", at);
    if (text.slice(at, from < 0 ? undefined : from).trim() !== "") {
      throw new BadInputError("METADATA_INVALID", file, at, "a fragment does not begin with a record separator");
    }
    if (from < 0) break;
    const next = text.indexOf("\u001e", from + 1);
    const stop = next < 0 ? text.length : next;
    if (text.slice(from + 1, stop).trim() !== "") documents.push(new Reader(text, from + 1, stop, file).document());
    at = stop;
  }
  return documents;
}

class Reader {
  readonly #text: string;
  readonly #stop: number;
  readonly #file: string;
  #at: number;
  #depth = 0;

  constructor(text: string, from: number, stop: number, file: string) {
    this.#text = text;
    this.#at = from;
    this.#stop = stop;
    this.#file = file;
  }

  document(): Json {
    const value = this.#value();
    if (this.#text.slice(this.#at, this.#stop).trim() !== "") this.#fail("something follows the fragment");
    return value;
  }

  #fail(what: string): never {
    throw new BadInputError("METADATA_INVALID", this.#file, this.#at, `JSON: ${what}`);
  }

  #next(): RegExpExecArray {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match === null || token.lastIndex > this.#stop) this.#fail("this is no JSON");
    this.#at = token.lastIndex;
    return match;
  }

  #value(): Json {
    return this.#valueFrom(this.#next());
  }

  #valueFrom([, symbol, quoted, integer, rest, word]: RegExpExecArray): Json {
    if (quoted !== undefined) return this.#string(quoted);
    if (integer !== undefined) return rest === undefined || rest === "" ? BigInt(integer) : Number(integer + rest);
    if (word !== undefined) return word === "null" ? null : word === "true";
    if (++this.#depth > 200) this.#fail("nested too deeply");
    const made = symbol === "{" ? this.#object() : symbol === "[" ? this.#array() : this.#fail(`unexpected ${symbol}`);
    this.#depth--;
    return made;
  }

  #string(quoted: string): string {
    try {
      return JSON.parse(quoted) as string;
    } catch (cause) {
      // A control character that is not escaped.
      throw new BadInputError("METADATA_INVALID", this.#file, this.#at, "JSON: a string holds a control character", { cause });
    }
  }

  #object(): JsonObject {
    const offset = this.#at - 1;
    const members = new Map<string, Json>();
    let match = this.#next();
    if (match[1] === "}") return { members, offset };
    for (;;) {
      if (match[2] === undefined) this.#fail("a member has no name");
      const name = this.#string(match[2]);
      if (members.has(name)) this.#fail(`two members "${name}"`);
      if (this.#next()[1] !== ":") this.#fail("a member has no value");
      members.set(name, this.#value());
      match = this.#next();
      if (match[1] === "}") return { members, offset };
      if (match[1] !== ",") this.#fail("a comma is missing");
      match = this.#next();
    }
  }

  #array(): Json[] {
    const items: Json[] = [];
    let match = this.#next();
    if (match[1] === "]") return items;
    for (;;) {
      items.push(this.#valueFrom(match));
      match = this.#next();
      if (match[1] === "]") return items;
      if (match[1] !== ",") this.#fail("a comma is missing");
      match = this.#next();
    }
  }
}
