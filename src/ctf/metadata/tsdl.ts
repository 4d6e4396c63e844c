/**
 * TSDL, the metadata language of CTF 1.8 (CTF 1.8.3 section 7 and annex C), to a TraceSchema.
 *
 * One recursive-descent pass over the tokens turns types into definitions at once; blocks that may come in any order (trace, clock, stream, event) are
 * collected and put together at the end. The native byte order is looked up before, because types that use it may precede the trace block.
 *
 * As babeltrace2 does, one leading underscore is taken off field names for showing; references use the names as written. Timestamp fields without a `map`
 * are mapped to the trace's only clock, or to an implicit clock of 1 GHz.
 *
 * Read although babeltrace2 refuses them: GNU/C bit-fields (`int a:5`), and payloads with fields of another clock than the stream's own.
 */
import { BadInputError } from "../../base/index.ts";
import type { ClockSchema, EnumMapping, EventSchema, FieldRole, IntegerRange, StreamSchema, TraceSchema } from "../schema.ts";
import { type Definition, Instantiator, type MemberDefinition, type Reference, type Scope } from "./instantiate.ts";
import { type Token, tokenize } from "./lexer.ts";

type IntegerDefinition = Extract<Definition, { type: "integer" }>;
type StructDefinition = Extract<Definition, { type: "struct" }>;

const reserved = new Set(
  "align callsite const char clock double enum env event floating_point float integer int long short signed stream string struct trace typealias typedef unsigned variant void _Bool _Complex _Imaginary".split(
    " ",
  ),
);
/** Reserved words that are part of C type names. */
const typeWords = new Set("char double float int long short signed unsigned void _Bool _Complex _Imaginary".split(" "));

const packetHeaderRoles: Readonly<Record<string, FieldRole>> = {
  magic: "magic",
  uuid: "trace-uuid",
  stream_id: "stream-class-id",
  stream_instance_id: "stream-id",
};
const packetContextRoles: Readonly<Record<string, FieldRole>> = {
  packet_size: "packet-size",
  content_size: "content-size",
  timestamp_begin: "packet-begin",
  timestamp_end: "packet-end",
  events_discarded: "discarded-events",
  packet_seq_num: "packet-sequence",
};

/** Type names visible in one lexical scope (section 7.3.2). Keys: "struct x", "variant x", "enum x", or "type unsigned long". */
interface TypeScope {
  readonly types: Map<string, Definition>;
  readonly parent: TypeScope | undefined;
}

type Attribute = { readonly token: Token; readonly value: bigint | string; readonly isString: boolean };
type Attributes = Map<string, Attribute>;

interface Block {
  readonly offset: number;
  readonly attributes: Attributes;
  readonly fields: Map<string, Definition>;
}

/** Parses metadata text. `file` is for messages; `packetOrder` is the byte order of the metadata's packets (true: big endian). Throws BadInputError. */
export function parseTsdl(text: string, file: string, packetOrder?: boolean): TraceSchema {
  return new Parser(text, file).parse(packetOrder);
}

class Parser {
  readonly #tokens: Token[];
  readonly #file: string;
  #at = 0;
  #bigEndian: boolean | undefined;
  #depth = 0;
  readonly #warnings: { offset: number; message: string }[] = [];
  readonly #root: TypeScope = { types: new Map(), parent: undefined };
  #trace: Block | undefined;
  readonly #environment: Record<string, string | bigint> = {};
  readonly #clocks = new Map<string, ClockSchema>();
  readonly #streams: Block[] = [];
  readonly #events: Block[] = [];

  constructor(text: string, file: string) {
    this.#file = file;
    this.#tokens = tokenize(text, file);
  }

  parse(packetOrder: boolean | undefined): TraceSchema {
    this.#bigEndian = this.#findByteOrder();
    if (packetOrder !== undefined && this.#bigEndian !== undefined && packetOrder !== this.#bigEndian) {
      this.#fail("the byte order of the trace is not that of its metadata packets");
    }
    while (this.#peek().kind !== "end") this.#topLevel();
    return this.#assemble();
  }

  // --- tokens

  #peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error("bug: there is always an end token");
    return token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #fail(what: string, token: Token = this.#peek()): never {
    throw new BadInputError("METADATA_INVALID", this.#file, token.offset, what);
  }

  #unsupported(what: string, token: Token = this.#peek()): never {
    throw new BadInputError("METADATA_UNSUPPORTED", this.#file, token.offset, what);
  }

  #is(text: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return (token.kind === "symbol" || token.kind === "word") && token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): Token {
    if (!this.#is(text)) this.#fail(`expected "${text}" instead of ${JSON.stringify(this.#peek().text)}`);
    return this.#take();
  }

  #word(what: string): Token {
    const token = this.#take();
    if (token.kind !== "word") this.#fail(`expected ${what} instead of ${JSON.stringify(token.text)}`, token);
    return token;
  }

  /** An identifier that is no reserved word. */
  #name(what: string): string {
    const token = this.#word(what);
    if (reserved.has(token.text)) this.#fail(`"${token.text}" is a reserved word, not ${what}`, token);
    return token.text;
  }

  /** Byte order of the first `trace` block, read ahead. */
  #findByteOrder(): boolean | undefined {
    let depth = 0;
    for (let i = 0; i < this.#tokens.length; i++) {
      const token = this.#tokens[i];
      if (token?.kind === "symbol") depth += token.text === "{" ? 1 : token.text === "}" ? -1 : 0;
      if (depth !== 0 || token?.kind !== "word" || token.text !== "trace" || this.#tokens[i + 1]?.text !== "{") continue;
      for (let j = i + 2, inner = 1; j < this.#tokens.length && inner > 0; j++) {
        const at = this.#tokens[j];
        if (at?.kind === "symbol") inner += at.text === "{" ? 1 : at.text === "}" ? -1 : 0;
        if (inner !== 1 || at?.kind !== "word" || at.text !== "byte_order" || this.#tokens[j + 1]?.text !== "=") continue;
        const value = this.#tokens[j + 2];
        if (value === undefined) return undefined;
        const order = byteOrder(value.text);
        if (order === undefined || value.text === "native") this.#fail("the trace's byte_order is neither le nor be", value);
        return order;
      }
    }
    return undefined;
  }

  // --- top level

  #topLevel(): void {
    const token = this.#peek();
    if (this.#accept(";")) return;
    if (token.kind === "word" && this.#is("{", 1)) {
      switch (token.text) {
        case "trace":
          if (this.#trace !== undefined) this.#fail("there is a second trace block");
          this.#trace = this.#block();
          return;
        case "stream":
          this.#streams.push(this.#block());
          return;
        case "event":
          this.#events.push(this.#block());
          return;
        case "clock":
          this.#clock(this.#block());
          return;
        case "env":
          this.#env(this.#block());
          return;
        case "callsite":
          this.#block();
          return;
      }
    }
    this.#declaration(this.#root, undefined);
  }

  /** `keyword { ... };` with attributes `a.b = value;` and field classes `a.b := type;`. */
  #block(): Block {
    const { offset } = this.#take();
    this.#expect("{");
    const block: Block = { offset, attributes: new Map(), fields: new Map() };
    const scope: TypeScope = { types: new Map(), parent: this.#root };
    while (!this.#accept("}")) {
      if (this.#accept(";")) continue;
      if (this.#isDeclaration()) {
        this.#declaration(scope, undefined);
        continue;
      }
      const first = this.#peek();
      const name = this.#dottedName();
      if (this.#accept(":=")) {
        if (block.fields.has(name)) this.#fail(`"${name}" is given twice`, first);
        block.fields.set(name, this.#typeExpression(scope));
      } else {
        this.#expect("=");
        if (block.attributes.has(name)) this.#fail(`"${name}" is given twice`, first);
        block.attributes.set(name, this.#value());
      }
      this.#expect(";");
    }
    this.#expect(";");
    return block;
  }

  /** Whether what follows declares a type rather than an attribute of the block. */
  #isDeclaration(): boolean {
    const token = this.#peek();
    if (token.kind !== "word") return false;
    if (["typealias", "typedef", "struct", "variant", "enum", "const", "integer", "floating_point", "string"].includes(token.text)) {
      return !this.#is("=", 1) && !this.#is(":=", 1) && !this.#is(".", 1);
    }
    return false;
  }

  #dottedName(): string {
    let name = this.#word("a name").text;
    while (this.#accept(".")) name += `.${this.#word("a name").text}`;
    return name;
  }

  #value(): Attribute {
    const token = this.#peek();
    if (token.kind === "string") {
      this.#take();
      if (this.#peek().kind === "string") this.#fail("strings are not joined in TSDL");
      return { token, value: token.text, isString: true };
    }
    if (token.kind === "word") return { token, value: this.#dottedName(), isString: false };
    return { token, value: this.#integer(), isString: false };
  }

  #integer(): bigint {
    const negative = this.#accept("-");
    if (!negative) this.#accept("+");
    const token = this.#take();
    if (token.kind !== "number") this.#fail(`expected an integer instead of ${JSON.stringify(token.text)}`, token);
    return negative ? -token.value : token.value;
  }

  #clock(block: Block): void {
    const name = this.#text(block.attributes, "name");
    if (name === undefined) this.#failAt(block, "a clock has no name");
    if (this.#clocks.has(name)) this.#failAt(block, `there are two clocks "${name}"`);
    const frequency = this.#number(block.attributes, "freq") ?? 1_000_000_000n;
    if (frequency <= 0n) this.#failAt(block, "a clock's frequency is not positive");
    const uid = this.#text(block.attributes, "uuid");
    this.#warnUnknown(block, ["name", "uuid", "description", "freq", "precision", "offset_s", "offset", "absolute"], "clock");
    this.#clocks.set(name, {
      id: name,
      uid,
      frequency,
      offsetSeconds: this.#number(block.attributes, "offset_s") ?? 0n,
      offsetCycles: this.#number(block.attributes, "offset") ?? 0n,
      isUnixEpoch: ["true", "TRUE", "1"].includes(String(block.attributes.get("absolute")?.value ?? "")),
    });
  }

  #env(block: Block): void {
    for (const [name, { value }] of block.attributes) {
      Object.defineProperty(this.#environment, name, { value, enumerable: true, configurable: true, writable: true });
    }
  }

  #failAt(block: Block, what: string): never {
    throw new BadInputError("METADATA_INVALID", this.#file, block.offset, what);
  }

  #text(attributes: Attributes, name: string): string | undefined {
    const attribute = attributes.get(name);
    if (attribute === undefined) return undefined;
    if (typeof attribute.value !== "string") this.#fail(`"${name}" is not text`, attribute.token);
    return attribute.value;
  }

  #number(attributes: Attributes, name: string): bigint | undefined {
    const attribute = attributes.get(name);
    if (attribute === undefined) return undefined;
    if (typeof attribute.value !== "bigint") this.#fail(`"${name}" is not an integer`, attribute.token);
    return attribute.value;
  }

  #warnUnknown(block: Block, known: readonly string[], what: string): void {
    for (const [name, { token }] of block.attributes) {
      if (!known.includes(name)) this.#warnings.push({ offset: token.offset, message: `unknown attribute "${name}" of a ${what}` });
    }
  }

  // --- types

  /** `typealias`, `typedef`, a named struct, variant or enum, or (with `members`) a field. */
  #declaration(scope: TypeScope, members: MemberDefinition[] | undefined): void {
    const start = this.#peek();
    if (this.#accept("typealias")) {
      const definition = this.#typeExpression(scope);
      this.#expect(":=");
      this.#alias(scope, this.#typeName(), definition, start);
      this.#expect(";");
      return;
    }
    const isTypedef = this.#accept("typedef");
    const definition = this.#typeSpecifier(scope, true);
    const next = this.#peek();
    // Like babeltrace2, does not insist on the semicolon where another declaration follows.
    if (
      this.#accept(";") ||
      (members === undefined && next.kind === "word" && ["struct", "variant", "enum", "typealias", "trace"].includes(next.text))
    ) {
      if (isTypedef || !(start.kind === "word" && ["struct", "variant", "enum"].includes(start.text))) {
        this.#fail("a declaration has no name", start);
      }
      return;
    }
    do {
      while (this.#accept("*")) this.#accept("const");
      const nameToken = this.#peek();
      const key = this.#name("a field name");
      const bitField = members !== undefined && this.#accept(":") ? this.#bitField(definition, members, nameToken) : undefined;
      const declared = bitField?.definition ?? this.#arrayOf(definition);
      if (scope === this.#root && hasLengthField(declared))
        this.#fail("an array's length is a field, but there is no structure", nameToken);
      if (isTypedef) this.#alias(scope, `type ${key}`, declared, nameToken);
      else if (members !== undefined) {
        if (members.some((member) => member.key === key)) this.#fail(`there are two fields "${key}"`, nameToken);
        members.push({ key, name: shownName(key), definition: declared, ...(bitField && { unit: bitField.unit }) });
      } else this.#fail(`a field "${key}" outside of a structure`, nameToken);
    } while (this.#accept(","));
    this.#expect(";");
  }

  /**
   * `unit_type name:size` (section 4.1.6): bit-fields fill units of their type, one after the other; one that does not fit begins the next unit.
   *
   *     short a:12; short b:5;      | aaaaaaaaaaaa .... | bbbbb ........... |
   *                                 unit of 16          unit of 16
   */
  #bitField(definition: Definition, members: readonly MemberDefinition[], token: Token): Pick<MemberDefinition, "definition" | "unit"> {
    const size = Number(this.#integer());
    if (definition.type !== "integer") this.#fail("a bit-field's type is not an integer", token);
    const { bits } = definition;
    if (!Number.isInteger(Math.log2(bits))) this.#unsupported(`bit-fields in units of ${bits} bits`, token);
    if (size < 1 || size > bits) this.#fail(`a bit-field of ${size} bits does not fit its type of ${bits}`, token);
    const before = members[members.length - 1]?.unit;
    const continues = before !== undefined && before.bits === bits && before.used + size <= bits;
    const align = continues ? 1 : Math.max(bits, definition.align);
    return { definition: { ...definition, bits: size, align }, unit: { bits, used: size + (continues ? before.used : 0) } };
  }

  #alias(scope: TypeScope, key: string, definition: Definition, token: Token): void {
    if (scope.types.has(key)) this.#fail(`the ${key} is defined twice`, token);
    scope.types.set(key, definition);
  }

  /** A type without a declarator: the right side of `:=`, an alias' left side, an enum's container. */
  #typeExpression(scope: TypeScope): Definition {
    const definition = this.#typeSpecifier(scope, false);
    while (this.#accept("*")) this.#accept("const");
    return this.#arrayOf(definition);
  }

  #typeName(): string {
    const words: string[] = [];
    const first = this.#peek();
    while (this.#peek().kind === "word") words.push(this.#take().text);
    while (this.#accept("*")) words.push("*");
    const isNew = words.length === 1 && reserved.has(first.text) && !typeWords.has(first.text);
    if (
      words.length === 0 ||
      isNew ||
      (words.length > 1 && words.some((word) => reserved.has(word) && !typeWords.has(word) && word !== "const"))
    ) {
      this.#fail("this is not a name a type can have", first);
    }
    return `type ${words.filter((word) => word !== "const").join(" ")}`;
  }

  /** `hasDeclarator`: of a run of plain words, the last is the declared name. */
  #typeSpecifier(scope: TypeScope, hasDeclarator: boolean): Definition {
    if (++this.#depth > 100) this.#fail("types are nested too deeply");
    const definition = this.#specifier(scope, hasDeclarator);
    this.#depth--;
    return definition;
  }

  #specifier(scope: TypeScope, hasDeclarator: boolean): Definition {
    while (this.#accept("const"));
    const token = this.#peek();
    if (token.kind !== "word") this.#fail(`expected a type instead of ${JSON.stringify(token.text)}`);
    switch (token.text) {
      case "integer":
        this.#take();
        return this.#integerType();
      case "floating_point":
        this.#take();
        return this.#floatType();
      case "string":
        this.#take();
        return this.#stringType();
      case "struct":
        this.#take();
        return this.#structType(scope);
      case "variant":
        this.#take();
        return this.#variantType(scope);
      case "enum":
        this.#take();
        return this.#enumType(scope);
    }
    const words: string[] = [];
    while (
      this.#peek().kind === "word" &&
      (!hasDeclarator || words.length === 0 || this.#peek(1).kind === "word" || typeWords.has(this.#peek().text))
    ) {
      const word = this.#take().text;
      if (word !== "const") words.push(word);
    }
    while (!hasDeclarator && this.#is("*")) {
      this.#take();
      words.push("*");
    }
    const name = `type ${words.join(" ")}`;
    return lookUp(scope, name) ?? this.#fail(`unknown ${name}`, token);
  }

  #attributes(known: readonly string[], what: string): Attributes {
    const attributes: Attributes = new Map();
    this.#expect("{");
    while (!this.#accept("}")) {
      const token = this.#peek();
      const name = this.#dottedName();
      this.#expect("=");
      if (attributes.has(name)) this.#fail(`"${name}" is given twice`, token);
      attributes.set(name, this.#value());
      this.#expect(";");
      if (!known.includes(name)) this.#warnings.push({ offset: token.offset, message: `unknown attribute "${name}" of ${what}` });
    }
    return attributes;
  }

  #align(attributes: Attributes, byDefault: number): number {
    const align = this.#number(attributes, "align");
    return align === undefined ? byDefault : this.#checkAlign(align);
  }

  #checkAlign(align: bigint): number {
    if (align <= 0n || align > 0x8000_0000n || (align & (align - 1n)) !== 0n) this.#fail(`alignment ${align} is not a power of two`);
    return Number(align);
  }

  #order(attributes: Attributes): boolean {
    const attribute = attributes.get("byte_order");
    if (attribute !== undefined && attribute.value !== "native") {
      const order = attribute.isString ? undefined : byteOrder(String(attribute.value));
      return order ?? this.#fail("byte_order is none of native, le, be, network", attribute.token);
    }
    return this.#bigEndian ?? this.#fail("the trace's byte order is needed here, but not given");
  }

  #integerType(): IntegerDefinition {
    const start = this.#peek();
    const attributes = this.#attributes(["size", "align", "signed", "byte_order", "base", "encoding", "map"], "an integer");
    const size = this.#number(attributes, "size");
    if (size === undefined || size <= 0n) this.#fail("an integer has no positive size", start);
    if (size > 4096n) this.#unsupported(`an integer of ${size} bits`, start);
    const encoding = attributes.get("encoding");
    if (encoding?.isString || (encoding !== undefined && !["none", "utf8", "ascii"].includes(String(encoding.value).toLowerCase()))) {
      this.#fail("an integer's encoding is none of none, UTF8, ASCII", encoding.token);
    }
    const map = this.#text(attributes, "map");
    const clock = map === undefined ? undefined : /^clock\.([A-Za-z_]\w*)\.value$/.exec(map)?.[1];
    if (map !== undefined && clock === undefined) this.#fail(`"map" is not clock.NAME.value`, start);
    return {
      type: "integer",
      bits: Number(size),
      align: this.#align(attributes, size % 8n === 0n ? 8 : 1),
      signed: this.#signed(attributes.get("signed")),
      bigEndian: this.#order(attributes),
      reversed: false,
      base: this.#base(attributes.get("base")),
      encoding: encoding === undefined || String(encoding.value).toLowerCase() === "none" ? "none" : "utf-8",
      show: "number",
      mappings: [],
      clock,
    };
  }

  #signed(attribute: Attribute | undefined): boolean {
    if (attribute?.isString) this.#fail(`"signed" is text`, attribute.token);
    switch (attribute?.value) {
      case undefined:
      case "false":
      case "FALSE":
      case 0n:
        return false;
      case "true":
      case "TRUE":
      case 1n:
        return true;
      default:
        return this.#fail(`"signed" is neither true nor false`, attribute?.token);
    }
  }

  #base(attribute: Attribute | undefined): 2 | 8 | 10 | 16 {
    if (attribute?.isString) this.#fail(`"base" is text`, attribute.token);
    switch (String(attribute?.value ?? "decimal")) {
      case "decimal":
      case "dec":
      case "d":
      case "i":
      case "u":
      case "10":
        return 10;
      case "hexadecimal":
      case "hex":
      case "x":
      case "X":
      case "p":
      case "16":
        return 16;
      case "octal":
      case "oct":
      case "o":
      case "8":
        return 8;
      case "binary":
      case "b":
      case "2":
        return 2;
      default:
        return this.#fail("an integer's base is none of 2, 8, 10, 16", attribute?.token);
    }
  }

  #floatType(): Definition {
    const start = this.#peek();
    const attributes = this.#attributes(["exp_dig", "mant_dig", "byte_order", "align"], "a floating point number");
    const exponent = this.#number(attributes, "exp_dig");
    const mantissa = this.#number(attributes, "mant_dig");
    const bits = exponent === 8n && mantissa === 24n ? 32 : exponent === 11n && mantissa === 53n ? 64 : undefined;
    if (exponent === undefined || mantissa === undefined) this.#fail("a floating point number has no exp_dig or mant_dig", start);
    if (bits === undefined) this.#unsupported(`a floating point number with ${exponent} + ${mantissa} bits`, start);
    return { type: "float", bits, align: this.#align(attributes, 8), bigEndian: this.#order(attributes), reversed: false };
  }

  #stringType(): Definition {
    if (this.#is("{")) {
      const encoding = this.#attributes(["encoding"], "a string").get("encoding");
      if (encoding !== undefined && !["none", "utf8", "ascii"].includes(String(encoding.value).toLowerCase())) {
        this.#fail("a string's encoding is none of none, UTF8, ASCII", encoding.token);
      }
    }
    return { type: "string", align: 8, encoding: "utf-8" };
  }

  #structType(scope: TypeScope): Definition {
    const token = this.#peek();
    const name = token.kind === "word" && token.text !== "align" ? this.#name("a structure's name") : undefined;
    if (!this.#is("{")) return lookUp(scope, `struct ${name}`) ?? this.#fail(`unknown structure "${name}"`, token);
    this.#take();
    const inner: TypeScope = { types: new Map(), parent: scope };
    const members: MemberDefinition[] = [];
    while (!this.#accept("}")) this.#declaration(inner, members);
    for (const member of members) this.#checkTag(member.definition, members, token);
    let align = 1;
    if (this.#accept("align")) {
      this.#expect("(");
      align = this.#checkAlign(this.#integer());
      this.#expect(")");
    }
    const definition: StructDefinition = { type: "struct", members, align };
    if (name !== undefined) this.#alias(scope, `struct ${name}`, definition, token);
    return definition;
  }

  /** A variant whose tag is a sibling: wrong ones are refused even where the structure is never used. */
  #checkTag(definition: Definition, siblings: readonly MemberDefinition[], token: Token): void {
    if (definition.type !== "variant" || definition.selector?.kind !== "lexical" || definition.selector.scope !== undefined) return;
    const [name, ...rest] = definition.selector.path;
    const tag = siblings.find((member) => member.key === name)?.definition;
    if (tag === undefined || rest.length > 0) return;
    if (tag.type !== "integer" || tag.show !== "enum") this.#fail("a variant's tag is not an enumeration", token);
    const labels = new Set(tag.mappings.map((mapping) => mapping.label));
    if (!definition.options.some((option) => labels.has(option.label))) this.#fail("no option of a variant is a label of its tag", token);
  }

  #variantType(scope: TypeScope): Definition {
    const token = this.#peek();
    const name = token.kind === "word" ? this.#name("a variant's name") : undefined;
    let selector: Reference | undefined;
    if (this.#accept("<")) {
      selector = this.#path();
      this.#expect(">");
    }
    let definition: Definition | undefined;
    if (this.#accept("{")) {
      const inner: TypeScope = { types: new Map(), parent: scope };
      const members: MemberDefinition[] = [];
      while (!this.#accept("}")) this.#declaration(inner, members);
      const options = members.map((member) => ({
        name: member.name,
        label: member.key,
        ranges: undefined,
        definition: member.definition,
      }));
      definition = { type: "variant", selector: undefined, options };
      if (name !== undefined) this.#alias(scope, `variant ${name}`, definition, token);
    } else definition = lookUp(scope, `variant ${name}`);
    if (definition?.type !== "variant") this.#fail(`unknown variant "${name}"`, token);
    return selector === undefined ? definition : { ...definition, selector };
  }

  #enumType(scope: TypeScope): Definition {
    const token = this.#peek();
    const name = token.kind === "word" ? this.#name("an enumeration's name") : undefined;
    let container: Definition | undefined;
    if (this.#accept(":")) container = this.#typeSpecifier(scope, false);
    if (!this.#is("{")) {
      if (container !== undefined) this.#fail("an enumeration has no labels");
      return lookUp(scope, `enum ${name}`) ?? this.#fail(`unknown enumeration "${name}"`, token);
    }
    container ??= lookUp(scope, "type int") ?? this.#fail("an enumeration has no integer type, and there is no type int", token);
    if (container.type !== "integer") this.#fail("an enumeration's type is not an integer", token);
    const mappings = this.#enumMappings(container);
    const definition: IntegerDefinition = { ...container, show: "enum", mappings };
    if (name !== undefined) this.#alias(scope, `enum ${name}`, definition, token);
    return definition;
  }

  #enumMappings(container: IntegerDefinition): readonly EnumMapping[] {
    const byLabel = new Map<string, IntegerRange[]>();
    const low = container.signed ? -(1n << BigInt(container.bits - 1)) : 0n;
    const high = container.signed ? (1n << BigInt(container.bits - 1)) - 1n : (1n << BigInt(container.bits)) - 1n;
    let next = 0n;
    const start = this.#expect("{");
    while (!this.#accept("}")) {
      const token = this.#take();
      if (token.kind !== "word" && token.kind !== "string") this.#fail("an enumeration's label is neither a name nor a string", token);
      if (this.#accept("=")) {
        const from = this.#integer();
        const to = this.#accept("...") ? this.#integer() : from;
        if (to < from) this.#fail("an enumeration's range is upside down", token);
        next = to + 1n;
        this.#checkRange(from, low, high, token);
        this.#checkRange(to, low, high, token);
        addRange(byLabel, token.text, { low: from, high: to });
      } else {
        this.#checkRange(next, low, high, token);
        addRange(byLabel, token.text, { low: next, high: next });
        next++;
      }
      if (!this.#accept(",") && !this.#is("}")) this.#fail(`expected "," or "}" in an enumeration`);
    }
    if (byLabel.size === 0) this.#fail("an enumeration is empty", start);
    return Array.from(byLabel, ([label, ranges]) => ({ label, ranges }));
  }

  #checkRange(value: bigint, low: bigint, high: bigint, token: Token): void {
    if (value < low || value > high) this.#fail(`enumeration value ${value} does not fit its integer`, token);
  }

  /** Wraps `definition` into one array per `[...]`; the first bracket is the outermost dimension. */
  #arrayOf(definition: Definition): Definition {
    const lengths: (number | Reference)[] = [];
    while (this.#accept("[")) {
      const token = this.#peek();
      if (token.kind === "number") {
        if (token.value > 0x7fff_ffffn) this.#fail("an array is too long");
        lengths.push(Number(this.#integer()));
      } else lengths.push(this.#path());
      this.#expect("]");
    }
    return lengths.reduceRight<Definition>((element, length) => ({ type: "array", length, element, align: 1 }), definition);
  }

  /** `name.name`, or with a dynamic scope in front (section 7.3.1). */
  #path(): Reference {
    const start = this.#peek();
    const path = [this.#word("a field's name").text];
    while (this.#accept(".")) path.push(this.#word("a field's name").text);
    const prefixes: readonly (readonly [string, Scope])[] = [
      ["trace.packet.header", "packet-header"],
      ["stream.packet.context", "packet-context"],
      ["stream.event.header", "event-header"],
      ["stream.event.context", "common-context"],
      ["event.context", "specific-context"],
      ["event.fields", "payload"],
    ];
    const joined = path.join(".");
    for (const [prefix, scope] of prefixes) {
      if (joined.startsWith(`${prefix}.`)) return { kind: "lexical", scope, path: path.slice(prefix.split(".").length) };
    }
    const first = path[0] ?? "";
    if (reserved.has(first)) this.#fail(`"${first}" is a reserved word, not a field's name`, start);
    return { kind: "lexical", scope: undefined, path };
  }

  // --- putting it together

  #assemble(): TraceSchema {
    const trace = this.#trace ?? this.#fail("there is no trace block");
    const major = this.#number(trace.attributes, "major");
    const minor = this.#number(trace.attributes, "minor");
    if (major !== 1n || minor !== 8n) this.#failAt(trace, `CTF ${major}.${minor} metadata instead of 1.8`);
    if (this.#bigEndian === undefined) this.#failAt(trace, "the trace has no byte_order");
    this.#warnUnknown(trace, ["major", "minor", "uuid", "byte_order"], "trace");
    const uid = this.#text(trace.attributes, "uuid");
    if (uid !== undefined && !/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(uid))
      this.#failAt(trace, "the trace's uuid is not one");

    const maker = new Instantiator((what) => this.#failAt(trace, what));
    const header = trace.fields.get("packet.header");
    const packetHeader = maker.root("packet-header", header && withRoles(header, packetHeaderRoles));
    if (this.#streams.length === 0) {
      // A tracer that is still writing declares it later; without a declaration its events would be read as something else.
      const isNamed = packetHeader?.members.some(({ field }) => field.roles.includes("stream-class-id")) === true;
      if (isNamed) this.#failAt(trace, "packets name their stream class, but no stream is declared");
      this.#streams.push({ offset: trace.offset, attributes: new Map(), fields: new Map() });
    }
    const streams: StreamSchema[] = [];
    const eventsByStream = this.#eventsByStream();
    let eventCount = 0;
    for (const block of this.#streams) {
      maker.fail = (what) => this.#failAt(block, what);
      const id = this.#number(block.attributes, "id") ?? 0n;
      if (id < 0n || streams.some((stream) => stream.id === id)) this.#failAt(block, `the stream id ${id} is negative or used twice`);
      this.#warnUnknown(block, ["id"], "stream");
      const context = block.fields.get("packet.context");
      const eventHeader = block.fields.get("event.header");
      const common = block.fields.get("event.context");
      // The stream's clock is the one of its frame, if that has one. Fields behind it may be of another: they do not update the stream's.
      const mapped = new Set<string>();
      let frameClock: string | undefined;
      const note = (definition: Definition | undefined): Definition | undefined =>
        definition && this.#autoMap(definition, mapped, block, frameClock);
      const oneClock = (): string | undefined => {
        if (mapped.size > 1) this.#failAt(block, "a stream's timestamps are mapped to several clocks");
        return [...mapped][0];
      };
      const packetContext = maker.root("packet-context", note(context && withRoles(context, packetContextRoles)));
      const headerClass = maker.root("event-header", note(eventHeader && withEventIds(eventHeader)));
      frameClock = oneClock();
      const commonContext = maker.root("common-context", note(common));
      const events: EventSchema[] = [];
      for (const event of eventsByStream.get(id) ?? []) {
        maker.fail = (what) => this.#failAt(event, what);
        const eventId = this.#number(event.attributes, "id") ?? 0n;
        const name = event.attributes.get("name")?.value;
        if (eventId < 0n || events.some((other) => other.id === eventId))
          this.#failAt(event, `the event id ${eventId} is negative or used twice`);
        if (name !== undefined && typeof name !== "string") this.#failAt(event, "an event's name is not text");
        this.#warnUnknown(event, ["name", "id", "stream_id", "loglevel", "model.emf.uri"], "event");
        const logLevel = event.attributes.get("loglevel")?.value;
        events.push({
          index: eventCount++,
          id: eventId,
          name: name ?? "",
          logLevel: typeof logLevel === "bigint" ? Number(logLevel) : undefined,
          specificContext: maker.root("specific-context", note(event.fields.get("context"))),
          payload: maker.root("payload", note(event.fields.get("fields"))),
        });
      }
      const clockName = oneClock();
      streams.push({
        id,
        packetContext,
        eventHeader: headerClass,
        commonContext,
        clock: clockName === undefined ? undefined : this.#clocks.get(clockName),
        events,
      });
    }
    return {
      version: 1,
      uid: uid?.toLowerCase(),
      uuid: uid === undefined ? undefined : (uid.replaceAll("-", "").match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16)),
      environment: this.#environment,
      packetHeader,
      streams,
      slotCount: maker.slotCount,
      warnings: this.#warnings,
    };
  }

  #eventsByStream(): Map<bigint, Block[]> {
    const byStream = new Map<bigint, Block[]>();
    const ids = this.#streams.map((block) => this.#number(block.attributes, "id") ?? 0n);
    for (const event of this.#events) {
      let id = this.#number(event.attributes, "stream_id");
      if (id === undefined) {
        if (ids.length > 1) this.#failAt(event, "an event does not say which stream it belongs to");
        id = ids[0] ?? 0n;
      }
      if (!ids.includes(id)) this.#failAt(event, `an event belongs to stream ${id}, which is not declared`);
      const list = byStream.get(id);
      if (list === undefined) byStream.set(id, [event]);
      else list.push(event);
    }
    return byStream;
  }

  /** Notes the clocks that `definition`'s integers are mapped to (with `only`, undoes mappings to others), and maps its unmapped timestamps. */
  #autoMap(definition: Definition, mapped: Set<string>, block: Block, only: string | undefined): Definition {
    switch (definition.type) {
      case "integer":
        if (definition.clock !== undefined) {
          if (!this.#clocks.has(definition.clock)) this.#failAt(block, `there is no clock "${definition.clock}"`);
          if (only !== undefined && definition.clock !== only) return { ...definition, clock: undefined };
          mapped.add(definition.clock);
        }
        return definition;
      case "struct":
        return {
          ...definition,
          members: definition.members.map((member) => {
            const inner = member.definition;
            const isTimestamp =
              inner.type === "integer" &&
              inner.clock === undefined &&
              (member.roles?.length === 0 || member.roles?.some((role) => role === "packet-begin" || role === "packet-end"));
            const timed = isTimestamp ? { ...inner, clock: this.#onlyClock(block) } : inner;
            const definition = this.#autoMap(timed, mapped, block, only);
            // A packet's end is of its clock, but stands before the packet's events: it does not update the clock.
            const isEnd = definition.type === "integer" && member.roles?.includes("packet-end") === true;
            return { ...member, definition: isEnd ? { ...definition, clock: undefined } : definition };
          }),
        };
      case "variant":
        return {
          ...definition,
          options: definition.options.map((option) => ({ ...option, definition: this.#autoMap(option.definition, mapped, block, only) })),
        };
      case "array":
        return { ...definition, element: this.#autoMap(definition.element, mapped, block, only) };
      default:
        return definition;
    }
  }

  #onlyClock(block: Block): string {
    const names = [...this.#clocks.keys()];
    if (names.length > 1) this.#failAt(block, "a timestamp is not mapped, and there are several clocks");
    const [name] = names;
    if (name !== undefined) return name;
    const id = "default";
    this.#clocks.set(id, { id, uid: undefined, frequency: 1_000_000_000n, offsetSeconds: 0n, offsetCycles: 0n, isUnixEpoch: false });
    return id;
  }
}

function hasLengthField(definition: Definition): boolean {
  return definition.type === "array" && (typeof definition.length !== "number" || hasLengthField(definition.element));
}

function lookUp(scope: TypeScope, key: string): Definition | undefined {
  for (let at: TypeScope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.types.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function addRange(byLabel: Map<string, IntegerRange[]>, label: string, range: IntegerRange): void {
  const ranges = byLabel.get(label);
  if (ranges === undefined) byLabel.set(label, [range]);
  else ranges.push(range);
}

/** True: big endian. */
function byteOrder(text: string): boolean | undefined {
  if (text === "le") return false;
  return text === "be" || text === "network" ? true : undefined;
}

/** One leading underscore is how tracers keep user names apart from reserved words (section 7.3.2); it is not part of the name. */
function shownName(key: string): string {
  return key.startsWith("_") ? key.slice(1) : key;
}

function withRoles(definition: Definition, roles: Readonly<Record<string, FieldRole>>): Definition {
  if (definition.type !== "struct") return definition;
  return {
    ...definition,
    members: definition.members.map((member) => {
      const role = Object.hasOwn(roles, member.key) ? roles[member.key] : undefined;
      return role === undefined ? member : { ...member, roles: [role] };
    }),
  };
}

/** Marks `id` and `timestamp` at any depth of the event header: the extended header of LTTng has them inside a variant (section 6.1.1). */
function withEventIds(definition: Definition): Definition {
  switch (definition.type) {
    case "struct":
      return {
        ...definition,
        members: definition.members.map((member) => ({
          ...member,
          definition: withEventIds(member.definition),
          // A timestamp has an empty list: no role, but not a user's field either (see #autoMap).
          ...(member.key === "id" ? { roles: ["event-id"] as const } : member.key === "timestamp" ? { roles: [] } : {}),
        })),
      };
    case "variant":
      return { ...definition, options: definition.options.map((option) => ({ ...option, definition: withEventIds(option.definition) })) };
    default:
      return definition;
  }
}
