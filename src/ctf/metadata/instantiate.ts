/**
 * From definitions to field classes: the last pass of both metadata languages.
 *
 *     definition (shared, refers to other fields by path) --Instantiator.root()--> field class (one node per place, refers by slot)
 *
 * A definition may be used in many places; every use becomes nodes of its own, so that slots and roles belong to a place. References are resolved while
 * the tree is built, so only fields that are decoded earlier can be found: in TSDL the closest preceding one wins that can be a length or a tag at all
 * (CTF 1.8.3 section 7.3.2).
 */
import type {
  ArrayClass,
  BytesClass,
  EnumMapping,
  FieldClass,
  FieldRole,
  FloatClass,
  IntegerClass,
  IntegerRange,
  Length,
  OptionalClass,
  StringClass,
  StructClass,
  StructMember,
  VariableIntegerClass,
  VariantClass,
  VariantOption,
} from "../schema.ts";

/** The dynamic scopes (CTF 1.8.3 section 7.3.1), in the order in which an event's bytes are decoded. */
export const scopes = ["packet-header", "packet-context", "event-header", "common-context", "specific-context", "payload"] as const;
export type Scope = (typeof scopes)[number];

/** How a definition names another field. */
export type Reference =
  /** TSDL: looked for from the place outwards, or in `scope`. */
  | { readonly kind: "lexical"; readonly scope: Scope | undefined; readonly path: readonly string[] }
  /** CTF 2: from a scope's root, or from the enclosing structure, where `null` goes up. */
  | { readonly kind: "location"; readonly scope: Scope | undefined; readonly path: readonly (string | null)[] };

type Plain<T> = Omit<T, "slot" | "roles" | "align"> & { readonly align: number; readonly roles?: readonly FieldRole[] };

export type Definition =
  | Plain<IntegerClass>
  | Plain<VariableIntegerClass>
  | Plain<FloatClass>
  | Plain<StringClass>
  | {
      readonly type: "bytes";
      readonly length: number | Reference;
      readonly encoding: BytesClass["encoding"];
      readonly roles?: readonly FieldRole[];
    }
  | { readonly type: "array"; readonly length: number | Reference; readonly element: Definition; readonly align: number }
  | { readonly type: "struct"; readonly members: readonly MemberDefinition[]; readonly align: number }
  | {
      readonly type: "variant";
      readonly selector: Reference | undefined;
      readonly options: readonly {
        readonly name: string;
        readonly label: string;
        readonly ranges: readonly IntegerRange[] | undefined;
        readonly definition: Definition;
      }[];
    }
  | {
      readonly type: "optional";
      readonly selector: Reference;
      /** `undefined`: the selector is a boolean. */
      readonly ranges: readonly IntegerRange[] | undefined;
      readonly definition: Definition;
    };

/** `key` is the name as references spell it; `name` is how it is shown. */
export interface MemberDefinition {
  readonly key: string;
  readonly name: string;
  readonly definition: Definition;
  readonly roles?: readonly FieldRole[];
  /** Of a GNU/C bit-field: bits of the unit it lies in, and how many are used up to its end. */
  readonly unit?: { readonly bits: number; readonly used: number };
}

interface Frame {
  readonly members: Map<string, FieldClass>;
  readonly parent: Frame | undefined;
}

const maximumAlignment = 2 ** 31;

/** Builds the trees of one trace. */
export class Instantiator {
  slotCount = 0;
  readonly #roots = new Map<Scope, Frame>();
  readonly #frames = new WeakMap<StructClass, Frame>();
  /** Reports a broken definition, at the block that is being made. */
  fail: (what: string) => never;
  #depth = 0;

  constructor(fail: (what: string) => never) {
    this.fail = fail;
  }

  #fail(what: string): never {
    return this.fail(what);
  }

  /** Makes the tree of one scope, which later scopes may refer to, and drops what was there for this scope and the ones after it. */
  root(scope: Scope, definition: Definition | undefined): StructClass | undefined {
    for (const later of scopes.slice(scopes.indexOf(scope))) this.#roots.delete(later);
    if (definition === undefined) return undefined;
    if (definition.type !== "struct") return this.#fail(`the ${scope} is not a structure`);
    const frame: Frame = { members: new Map(), parent: undefined };
    this.#roots.set(scope, frame);
    return this.#struct(definition, frame, []);
  }

  #struct(definition: Extract<Definition, { type: "struct" }>, frame: Frame, roles: readonly FieldRole[]): StructClass {
    let align = definition.align;
    const members: StructMember[] = [];
    for (const member of definition.members) {
      const field = this.#field(member.definition, frame, member.roles ?? []);
      if (frame.members.has(member.key)) this.#fail(`a structure has two fields "${member.key}"`);
      frame.members.set(member.key, field);
      members.push({ name: member.name, field });
      align = Math.max(align, field.align);
    }
    const made: StructClass = { type: "struct", align, slot: -1, roles, members };
    this.#frames.set(made, frame);
    return made;
  }

  #field(definition: Definition, frame: Frame, extraRoles: readonly FieldRole[]): FieldClass {
    if (++this.#depth > 200) this.#fail("field classes are nested too deeply");
    const made = this.#make(definition, frame, extraRoles);
    this.#depth--;
    if (made.align > maximumAlignment || made.align < 1 || !Number.isInteger(Math.log2(made.align))) {
      this.#fail(`alignment ${made.align} is not a power of two`);
    }
    return made;
  }

  #make(definition: Definition, frame: Frame, extraRoles: readonly FieldRole[]): FieldClass {
    const slot = -1;
    switch (definition.type) {
      case "integer":
      case "varint":
      case "float":
      case "string":
        return { ...definition, slot, roles: [...(definition.roles ?? []), ...extraRoles] };
      case "bytes": {
        const roles = [...(definition.roles ?? []), ...extraRoles];
        return { type: "bytes", align: 8, slot, roles, length: this.#length(definition.length, frame), encoding: definition.encoding };
      }
      case "array": {
        const length = this.#length(definition.length, frame);
        const element = this.#field(definition.element, frame, []);
        const align = Math.max(definition.align, element.align);
        if (element.type === "integer" && element.bits === 8 && element.encoding === "utf-8" && element.align === 8 && align === 8) {
          return { type: "bytes", align: 8, slot, roles: extraRoles, length, encoding: "utf-8" };
        }
        return { type: "array", align, slot, roles: extraRoles, length, element } satisfies ArrayClass;
      }
      case "struct":
        return this.#struct(definition, { members: new Map(), parent: frame }, extraRoles);
      case "variant": {
        if (definition.selector === undefined) return this.#fail("a variant has no selector");
        const target = this.#find(definition.selector, frame, isInteger);
        const options = definition.options.map((option): VariantOption => {
          const ranges = option.ranges ?? this.#labelRanges(target, option.label);
          return { name: option.name, ranges, field: this.#field(option.definition, frame, []) };
        });
        if (options.length === 0) this.#fail("a variant has no options");
        return { type: "variant", align: 1, slot, roles: extraRoles, selector: this.#slotOf(target), options } satisfies VariantClass;
      }
      case "optional": {
        const target = this.#find(definition.selector, frame, isInteger);
        const isBoolean = target.type === "integer" && target.show === "boolean";
        if ((definition.ranges === undefined) !== isBoolean) this.#fail("an optional field's selector is of the wrong kind");
        const ranges = definition.ranges ?? [{ low: 1n, high: (1n << BigInt(target.type === "integer" ? target.bits : 64)) - 1n }];
        const field = this.#field(definition.definition, frame, []);
        return {
          type: "optional",
          align: 1,
          slot,
          roles: extraRoles,
          selector: this.#slotOf(target),
          ranges,
          field,
        } satisfies OptionalClass;
      }
    }
  }

  #length(length: number | Reference, frame: Frame): Length {
    if (typeof length === "number") return { kind: "constant", count: length };
    const target = this.#find(length, frame, isLength);
    if (!isLength(target)) {
      return this.#fail(`the length field ${describe(length)} is not an unsigned integer`);
    }
    return { kind: "field", slot: this.#slotOf(target) };
  }

  #labelRanges(target: FieldClass, label: string): readonly IntegerRange[] {
    if ((target.type !== "integer" && target.type !== "varint") || target.show !== "enum") {
      return this.#fail("a variant's tag is not an enumeration");
    }
    const mappings: readonly EnumMapping[] = target.mappings;
    return mappings.filter((mapping) => mapping.label === label).flatMap((mapping) => mapping.ranges);
  }

  #slotOf(field: FieldClass): number {
    if (field.type !== "integer" && field.type !== "varint") return this.#fail("a length or selector is not an integer");
    if (field.slot < 0) field.slot = this.slotCount++;
    return field.slot;
  }

  #find(reference: Reference, frame: Frame, fits: (field: FieldClass) => boolean): FieldClass {
    const found = reference.kind === "lexical" ? this.#findLexical(reference, frame, fits) : this.#findLocation(reference, frame);
    return found ?? this.#fail(`there is no earlier field ${describe(reference)}`);
  }

  /** The closest field that fits; where none does, the closest of that name. */
  #findLexical(
    reference: Extract<Reference, { kind: "lexical" }>,
    frame: Frame,
    fits: (field: FieldClass) => boolean,
  ): FieldClass | undefined {
    const places: (Frame | undefined)[] = [];
    if (reference.scope !== undefined) places.push(this.#roots.get(reference.scope));
    else {
      for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) places.push(at);
      for (const scope of [...scopes].reverse()) places.push(this.#roots.get(scope));
    }
    const found = places.flatMap((place) => (place && this.#descend(place, reference.path)) ?? []);
    return found.find(fits) ?? found[0];
  }

  #findLocation(reference: Extract<Reference, { kind: "location" }>, frame: Frame): FieldClass | undefined {
    let at: Frame | undefined = reference.scope === undefined ? frame : this.#roots.get(reference.scope);
    let rest = reference.path;
    while (rest[0] === null) {
      at = at?.parent;
      rest = rest.slice(1);
    }
    if (at === undefined || rest.includes(null)) return undefined;
    return this.#descend(
      at,
      rest.filter((name) => name !== null),
    );
  }

  #descend(frame: Frame, path: readonly string[]): FieldClass | undefined {
    const [name, ...rest] = path;
    if (name === undefined) return undefined;
    const field = frame.members.get(name);
    if (field === undefined || rest.length === 0) return field;
    const inner = field.type === "struct" ? this.#frames.get(field) : undefined;
    return inner && this.#descend(inner, rest);
  }
}

function isInteger(field: FieldClass): field is IntegerClass | VariableIntegerClass {
  return field.type === "integer" || field.type === "varint";
}

function isLength(field: FieldClass): boolean {
  return isInteger(field) && !field.signed && field.show !== "boolean";
}

function describe(reference: Reference): string {
  return JSON.stringify([reference.scope, ...reference.path].filter((part) => part !== undefined).join("."));
}
