/**
 * CTF 2 metadata (CTF2-SPEC-2.0) to a TraceSchema: a JSON text sequence of fragments, in any order as far as they do not refer to each other.
 *
 *     preamble, field-class-alias*, trace-class?, clock-class*, data-stream-class*, event-record-class*
 *
 * Extensions are refused, as the specification demands of readers that do not know them; so are properties and fragments that it does not name, as
 * babeltrace2 does: what they ask for would be left undone without a word. `attributes` are for anybody, and only those we know are read.
 */
import { BadInputError } from "../../base/index.ts";
import type { ClockSchema, EnumMapping, EventSchema, FieldRole, IntegerRange, StreamSchema, TextEncoding, TraceSchema } from "../schema.ts";
import { type Definition, Instantiator, type Reference, type Scope } from "./instantiate.ts";
import { type Json, type JsonObject, parseJsonSequence } from "./json.ts";

const origins: Readonly<Record<string, Scope>> = {
  "packet-header": "packet-header",
  "packet-context": "packet-context",
  "event-record-header": "event-header",
  "event-record-common-context": "common-context",
  "event-record-specific-context": "specific-context",
  "event-record-payload": "payload",
};

const fieldRoles: Readonly<Record<string, FieldRole>> = {
  "packet-magic-number": "magic",
  "metadata-stream-uuid": "trace-uuid",
  "data-stream-class-id": "stream-class-id",
  "data-stream-id": "stream-id",
  "packet-total-length": "packet-size",
  "packet-content-length": "content-size",
  "packet-end-default-clock-timestamp": "packet-end",
  "discarded-event-record-counter-snapshot": "discarded-events",
  "packet-sequence-number": "packet-sequence",
  "event-record-class-id": "event-id",
};

/** The properties that may stand in each object besides `type`, `attributes` and `extensions` (CTF2-SPEC-2.0 sections 5 and 6). */
const fragmentProperties: Readonly<Record<string, string>> = {
  preamble: "version uuid",
  "field-class-alias": "name field-class",
  "trace-class": "namespace name uid packet-header-field-class environment",
  "clock-class": "id namespace name uid origin offset-from-origin frequency precision accuracy description",
  "data-stream-class":
    "id namespace name uid default-clock-class-id packet-context-field-class event-record-header-field-class event-record-common-context-field-class",
  "event-record-class": "id data-stream-class-id namespace name uid specific-context-field-class payload-field-class",
};
const bitArrayProperties = "length byte-order bit-order alignment";
const fieldClassProperties: Readonly<Record<string, string>> = {
  "fixed-length-bit-array": bitArrayProperties,
  "fixed-length-bit-map": `${bitArrayProperties} flags`,
  "fixed-length-boolean": bitArrayProperties,
  "fixed-length-unsigned-integer": `${bitArrayProperties} preferred-display-base mappings roles`,
  "fixed-length-signed-integer": `${bitArrayProperties} preferred-display-base mappings`,
  "fixed-length-floating-point-number": bitArrayProperties,
  "variable-length-unsigned-integer": "preferred-display-base mappings roles",
  "variable-length-signed-integer": "preferred-display-base mappings",
  "null-terminated-string": "encoding",
  "static-length-string": "length encoding",
  "dynamic-length-string": "length-field-location encoding",
  "static-length-blob": "length media-type roles",
  "dynamic-length-blob": "length-field-location media-type",
  "static-length-array": "length element-field-class minimum-alignment",
  "dynamic-length-array": "length-field-location element-field-class minimum-alignment",
  structure: "member-classes minimum-alignment",
  variant: "selector-field-location options",
  optional: "selector-field-location selector-field-ranges field-class",
};

/** LTTng's log levels by their names in attributes. */
const logLevels =
  "emergency alert critical error warning notice info debug:system debug:program debug:process debug:module debug:unit debug:function debug:line debug".split(
    " ",
  );

/** Parses metadata text that is a JSON text sequence. `file` is for messages. Throws BadInputError. */
export function parseCtf2(text: string, file: string): TraceSchema {
  const fragments = parseJsonSequence(text, file).map((value) => {
    if (!isObject(value)) throw new BadInputError("METADATA_INVALID", file, 0, "a fragment is not a JSON object");
    return value;
  });
  return new Builder(fragments, file).build();
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** For messages. */
function describe(value: Json): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : typeof value === "object"
      ? "that is an object, an array or null"
      : String(value);
}

class Builder {
  readonly #file: string;
  readonly #fragments: readonly JsonObject[];
  readonly #aliases = new Map<string, JsonObject>();
  /** The default clock of the stream that is being made. */
  #clock: string | undefined;
  #scope: Scope = "packet-header";
  #depth = 0;

  constructor(fragments: readonly JsonObject[], file: string) {
    this.#fragments = fragments;
    this.#file = file;
  }

  #fail(at: JsonObject, what: string): never {
    throw new BadInputError("METADATA_INVALID", this.#file, at.offset, what);
  }

  // --- properties

  #text(at: JsonObject, name: string): string | undefined {
    const value = at.members.get(name);
    if (value !== undefined && typeof value !== "string") this.#fail(at, `"${name}" is not text`);
    return value;
  }

  #integer(at: JsonObject, name: string): bigint | undefined {
    const value = at.members.get(name);
    if (value !== undefined && typeof value !== "bigint") this.#fail(at, `"${name}" is not an integer`);
    return value;
  }

  #count(at: JsonObject, name: string, least: number, most: number): number {
    const value = this.#integer(at, name);
    if (value === undefined || value < BigInt(least) || value > BigInt(most))
      this.#fail(at, `"${name}" is not an integer from ${least} to ${most}`);
    return Number(value);
  }

  #object(at: JsonObject, name: string): JsonObject | undefined {
    const value = at.members.get(name);
    if (value !== undefined && !isObject(value)) this.#fail(at, `"${name}" is not an object`);
    return value;
  }

  #list(at: JsonObject, name: string): readonly Json[] {
    const value = at.members.get(name) ?? [];
    if (!Array.isArray(value)) this.#fail(at, `"${name}" is not an array`);
    return value;
  }

  #ofType(type: string): readonly JsonObject[] {
    return this.#fragments.filter((fragment) => fragment.members.get("type") === type);
  }

  // --- fragments

  build(): TraceSchema {
    const [preamble] = this.#fragments;
    if (preamble?.members.get("type") !== "preamble")
      throw new BadInputError("METADATA_INVALID", this.#file, 0, "the first fragment is no preamble");
    if (this.#integer(preamble, "version") !== 2n) this.#fail(preamble, "the metadata is not of CTF version 2");
    for (const fragment of this.#fragments) this.#checkProperties(fragment, fragmentProperties, "fragment");
    const secondPreamble = this.#ofType("preamble")[1];
    if (secondPreamble !== undefined) this.#fail(secondPreamble, "there is a second preamble");
    const uuid = this.#list(preamble, "uuid").map((byte) => {
      if (typeof byte !== "bigint" || byte < 0n || byte > 255n) this.#fail(preamble, "the uuid is not an array of bytes");
      return Number(byte);
    });
    if (uuid.length !== 0 && uuid.length !== 16) this.#fail(preamble, "the uuid does not have 16 bytes");
    for (const alias of this.#ofType("field-class-alias")) {
      const name = this.#text(alias, "name") ?? this.#fail(alias, "an alias has no name");
      if (this.#aliases.has(name)) this.#fail(alias, `there are two aliases "${name}"`);
      this.#aliases.set(name, this.#fieldClass(alias, "field-class") ?? this.#fail(alias, "an alias has no field class"));
    }
    const [trace, second] = this.#ofType("trace-class");
    if (second !== undefined) this.#fail(second, "there is a second trace class");
    const clocks = new Map(this.#ofType("clock-class").map((fragment) => [this.#text(fragment, "id") ?? "", this.#makeClock(fragment)]));

    const maker = new Instantiator((what) => this.#fail(trace ?? preamble, what));
    const packetHeader = this.#root(maker, "packet-header", trace, "packet-header-field-class");
    const streams: StreamSchema[] = [];
    const fragments = this.#ofType("event-record-class");
    let eventCount = 0;
    for (const fragment of this.#ofType("data-stream-class")) {
      maker.fail = (what) => this.#fail(fragment, what);
      const id = this.#integer(fragment, "id") ?? 0n;
      if (streams.some((stream) => stream.id === id)) this.#fail(fragment, `the data stream class id ${id} is used twice`);
      this.#clock = this.#text(fragment, "default-clock-class-id");
      const clock = this.#clock === undefined ? undefined : clocks.get(this.#clock);
      if (this.#clock !== undefined && clock === undefined) this.#fail(fragment, `there is no clock class "${this.#clock}"`);
      const packetContext = this.#root(maker, "packet-context", fragment, "packet-context-field-class");
      const eventHeader = this.#root(maker, "event-header", fragment, "event-record-header-field-class");
      const commonContext = this.#root(maker, "common-context", fragment, "event-record-common-context-field-class");
      const events: EventSchema[] = [];
      for (const event of fragments.filter((each) => (this.#integer(each, "data-stream-class-id") ?? 0n) === id)) {
        maker.fail = (what) => this.#fail(event, what);
        const eventId = this.#integer(event, "id") ?? 0n;
        if (events.some((other) => other.id === eventId)) this.#fail(event, `the event record class id ${eventId} is used twice`);
        events.push({
          index: eventCount++,
          id: eventId,
          name: this.#text(event, "name") ?? "",
          logLevel: this.#logLevel(event),
          specificContext: this.#root(maker, "specific-context", event, "specific-context-field-class"),
          payload: this.#root(maker, "payload", event, "payload-field-class"),
        });
      }
      streams.push({ id, packetContext, eventHeader, commonContext, clock, events });
    }
    const orphan = fragments.find((event) => !streams.some((stream) => stream.id === (this.#integer(event, "data-stream-class-id") ?? 0n)));
    if (orphan !== undefined) this.#fail(orphan, "an event record class belongs to no data stream class");
    return {
      version: 2,
      uid: trace && this.#text(trace, "uid"),
      uuid: uuid.length === 16 ? uuid : undefined,
      environment: this.#environment(trace),
      packetHeader,
      streams,
      slotCount: maker.slotCount,
      warnings: [],
    };
  }

  /** Refuses an object of an unknown `type`, and what else the specification does not name in it. */
  #checkProperties(at: JsonObject, byType: Readonly<Record<string, string>>, what: string): void {
    const type = this.#text(at, "type") ?? "";
    const known = Object.hasOwn(byType, type) ? byType[type] : undefined;
    if (known === undefined) this.#fail(at, `there is no ${what} type ${JSON.stringify(type)}`);
    this.#checkMembers(at, `type attributes extensions ${known}`);
  }

  #checkMembers(at: JsonObject, known: string): void {
    const names = known.split(" ");
    for (const name of at.members.keys()) if (!names.includes(name)) this.#fail(at, `unknown property ${JSON.stringify(name)}`);
    const extensions = at.members.get("extensions");
    if (isObject(extensions) && extensions.members.size > 0) {
      throw new BadInputError("METADATA_UNSUPPORTED", this.#file, at.offset, "the metadata needs an extension of CTF 2");
    }
  }

  #environment(trace: JsonObject | undefined): Record<string, string | bigint> {
    const environment: Record<string, string | bigint> = {};
    for (const [name, value] of (trace && this.#object(trace, "environment"))?.members ?? []) {
      if (typeof value !== "string" && typeof value !== "bigint") continue;
      Object.defineProperty(environment, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return environment;
  }

  #logLevel(event: JsonObject): number | undefined {
    const attributes = this.#object(event, "attributes")?.members.get("lttng.org,2009");
    const level = isObject(attributes) ? attributes.members.get("log-level") : undefined;
    const number = typeof level === "string" ? logLevels.indexOf(level) : -1;
    return number < 0 ? undefined : number;
  }

  #makeClock(fragment: JsonObject): ClockSchema {
    const frequency = this.#integer(fragment, "frequency") ?? 0n;
    if (frequency <= 0n) this.#fail(fragment, "a clock's frequency is not positive");
    const offset = this.#object(fragment, "offset-from-origin");
    if (offset !== undefined) this.#checkMembers(offset, "seconds cycles");
    const origin = fragment.members.get("origin");
    if (isObject(origin)) this.#checkMembers(origin, "namespace name uid");
    else if (origin !== undefined && origin !== "unix-epoch") this.#fail(fragment, `there is no clock origin ${describe(origin)}`);
    return {
      id: this.#text(fragment, "id") ?? this.#fail(fragment, "a clock class has no id"),
      uid: this.#text(fragment, "uid"),
      frequency,
      offsetSeconds: (offset && this.#integer(offset, "seconds")) ?? 0n,
      offsetCycles: (offset && this.#integer(offset, "cycles")) ?? 0n,
      isUnixEpoch: origin === "unix-epoch",
    };
  }

  // --- field classes

  #root(maker: Instantiator, scope: Scope, fragment: JsonObject | undefined, property: string): ReturnType<Instantiator["root"]> {
    this.#scope = scope;
    const found = fragment && this.#fieldClass(fragment, property);
    return maker.root(scope, found && this.#definition(found));
  }

  /** The field class object of a property: itself, or through an alias' name. */
  #fieldClass(at: JsonObject, property: string): JsonObject | undefined {
    const value = at.members.get(property);
    if (typeof value === "string") return this.#aliases.get(value) ?? this.#fail(at, `there is no field class alias "${value}"`);
    return this.#object(at, property);
  }

  #required(at: JsonObject, property: string): Definition {
    return this.#definition(this.#fieldClass(at, property) ?? this.#fail(at, `"${property}" is missing`));
  }

  #definition(at: JsonObject): Definition {
    if (++this.#depth > 100) this.#fail(at, "field classes are nested too deeply");
    this.#checkProperties(at, fieldClassProperties, "field class");
    const made = this.#make(at);
    this.#depth--;
    return made;
  }

  #make(at: JsonObject): Definition {
    const type = this.#text(at, "type");
    switch (type) {
      case "fixed-length-bit-array":
        return this.#fixedInteger(at, "bits", false);
      case "fixed-length-bit-map":
        return this.#fixedInteger(at, "flags", false);
      case "fixed-length-boolean":
        return this.#fixedInteger(at, "boolean", false);
      case "fixed-length-unsigned-integer":
        return this.#fixedInteger(at, "number", false);
      case "fixed-length-signed-integer":
        return this.#fixedInteger(at, "number", true);
      case "fixed-length-floating-point-number": {
        const bits = this.#count(at, "length", 1, 128);
        if (bits !== 16 && bits !== 32 && bits !== 64 && bits !== 128) this.#fail(at, `there is no floating point number of ${bits} bits`);
        return { type: "float", bits, align: this.#alignment(at, "alignment"), ...this.#order(at) };
      }
      case "variable-length-unsigned-integer":
      case "variable-length-signed-integer": {
        const mappings = this.#mappings(at, "mappings");
        return {
          type: "varint",
          align: 8,
          signed: type === "variable-length-signed-integer",
          base: this.#base(at),
          show: mappings.length > 0 ? "enum" : "number",
          mappings,
          ...this.#rolesAndClock(at),
        };
      }
      case "null-terminated-string":
        return { type: "string", align: 8, encoding: this.#encoding(at) };
      case "static-length-string":
        return { type: "bytes", length: this.#count(at, "length", 0, 2 ** 31), encoding: this.#encoding(at) };
      case "dynamic-length-string":
        return { type: "bytes", length: this.#location(at, "length-field-location"), encoding: this.#encoding(at) };
      case "static-length-blob":
        return { type: "bytes", length: this.#count(at, "length", 0, 2 ** 31), encoding: undefined, roles: this.#rolesAndClock(at).roles };
      case "dynamic-length-blob":
        return { type: "bytes", length: this.#location(at, "length-field-location"), encoding: undefined };
      case "static-length-array":
      case "dynamic-length-array":
        return {
          type: "array",
          length: type === "static-length-array" ? this.#count(at, "length", 0, 2 ** 31) : this.#location(at, "length-field-location"),
          element: this.#required(at, "element-field-class"),
          align: this.#alignment(at, "minimum-alignment"),
        };
      case "structure":
        return {
          type: "struct",
          align: this.#alignment(at, "minimum-alignment"),
          members: this.#list(at, "member-classes").map((member) => {
            if (!isObject(member)) return this.#fail(at, "a member class is not an object");
            this.#checkMembers(member, "name field-class attributes extensions");
            const name = this.#text(member, "name") ?? this.#fail(member, "a member class has no name");
            return { key: name, name, definition: this.#required(member, "field-class") };
          }),
        };
      case "variant":
        return {
          type: "variant",
          selector: this.#location(at, "selector-field-location"),
          options: this.#list(at, "options").map((option) => {
            if (!isObject(option)) return this.#fail(at, "an option is not an object");
            this.#checkMembers(option, "name selector-field-ranges field-class attributes extensions");
            const name = this.#text(option, "name") ?? "";
            return {
              name,
              label: name,
              ranges: this.#ranges(option, "selector-field-ranges"),
              definition: this.#required(option, "field-class"),
            };
          }),
        };
      case "optional":
        return {
          type: "optional",
          selector: this.#location(at, "selector-field-location"),
          ranges: at.members.has("selector-field-ranges") ? this.#ranges(at, "selector-field-ranges") : undefined,
          definition: this.#required(at, "field-class"),
        };
      default:
        return this.#fail(at, `there is no field class type ${JSON.stringify(type)}`);
    }
  }

  #fixedInteger(at: JsonObject, show: "number" | "bits" | "flags" | "boolean", signed: boolean): Definition {
    const mappings = show === "number" ? this.#mappings(at, "mappings") : show === "flags" ? this.#mappings(at, "flags") : [];
    if (show === "flags" && mappings.some(({ ranges }) => ranges.some(({ low }) => low < 0n)))
      this.#fail(at, "a flag stands for a negative bit");
    return {
      type: "integer",
      bits: this.#count(at, "length", 1, 4096),
      align: this.#alignment(at, "alignment"),
      signed,
      ...this.#order(at),
      base: this.#base(at),
      encoding: "none",
      show: show === "number" && mappings.length > 0 ? "enum" : show,
      mappings,
      ...this.#rolesAndClock(at),
    };
  }

  /** Roles, where the field stands in a packet's or event's frame: the time stamp's depends on which. */
  #rolesAndClock(at: JsonObject): { roles: readonly FieldRole[]; clock: string | undefined } {
    const roles: FieldRole[] = [];
    let clock: string | undefined;
    for (const role of this.#list(at, "roles")) {
      if (role === "default-clock-timestamp") {
        clock = this.#clock ?? this.#fail(at, "a time stamp, but the data stream class has no default clock");
        if (this.#scope === "packet-context") roles.push("packet-begin");
      } else if (typeof role === "string" && Object.hasOwn(fieldRoles, role)) {
        const known = fieldRoles[role];
        if (known !== undefined) roles.push(known);
      } else this.#fail(at, `there is no role ${describe(role)}`);
    }
    return { roles, clock };
  }

  #alignment(at: JsonObject, name: string): number {
    const align = this.#integer(at, name) ?? 1n;
    if (align <= 0n || align > 0x8000_0000n || (align & (align - 1n)) !== 0n) this.#fail(at, `alignment ${align} is not a power of two`);
    return Number(align);
  }

  #order(at: JsonObject): { bigEndian: boolean; reversed: boolean } {
    const order = this.#text(at, "byte-order");
    if (order !== "big-endian" && order !== "little-endian") this.#fail(at, `"byte-order" is neither big-endian nor little-endian`);
    const bigEndian = order === "big-endian";
    const natural = bigEndian ? "last-to-first" : "first-to-last";
    const bitOrder = this.#text(at, "bit-order") ?? natural;
    if (bitOrder !== "first-to-last" && bitOrder !== "last-to-first")
      this.#fail(at, `"bit-order" is neither first-to-last nor last-to-first`);
    return { bigEndian, reversed: bitOrder !== natural };
  }

  #base(at: JsonObject): 2 | 8 | 10 | 16 {
    const base = Number(this.#integer(at, "preferred-display-base") ?? 10n);
    if (base !== 2 && base !== 8 && base !== 10 && base !== 16) return this.#fail(at, "the preferred display base is none of 2, 8, 10, 16");
    return base;
  }

  #encoding(at: JsonObject): TextEncoding {
    const encoding = this.#text(at, "encoding") ?? "utf-8";
    const known: readonly TextEncoding[] = ["utf-8", "utf-16be", "utf-16le", "utf-32be", "utf-32le"];
    return known.find((each) => each === encoding) ?? this.#fail(at, `there is no encoding ${JSON.stringify(encoding)}`);
  }

  #ranges(at: JsonObject, name: string): IntegerRange[] {
    return this.#list(at, name).map((range) => this.#range(at, range));
  }

  #range(at: JsonObject, range: Json): IntegerRange {
    const [low, high] = Array.isArray(range) ? (range as readonly Json[]) : [];
    if (typeof low !== "bigint" || typeof high !== "bigint" || low > high) return this.#fail(at, "a range is not two integers in order");
    return { low, high };
  }

  #mappings(at: JsonObject, name: string): EnumMapping[] {
    return Array.from(this.#object(at, name)?.members ?? [], ([label, ranges]) => {
      if (!Array.isArray(ranges)) return this.#fail(at, "a label has no ranges");
      return { label, ranges: (ranges as readonly Json[]).map((range) => this.#range(at, range)) };
    });
  }

  #location(at: JsonObject, name: string): Reference {
    const location = this.#object(at, name) ?? this.#fail(at, `"${name}" is missing`);
    this.#checkMembers(location, "origin path");
    const origin = this.#text(location, "origin");
    const scope = origin !== undefined && Object.hasOwn(origins, origin) ? origins[origin] : undefined;
    if (origin !== undefined && scope === undefined) this.#fail(location, `there is no origin ${JSON.stringify(origin)}`);
    const path = this.#list(location, "path").map((step) => {
      if (step !== null && typeof step !== "string") return this.#fail(location, "a path holds names and null");
      return step;
    });
    return { kind: "location", scope, path };
  }
}
