/**
 * Decoders: from `unknown` (parsed JSON) to a type, or a UsageError that says where and what was expected.
 * A decoder is a function; composing them describes a wire type once, and TypeScript derives the type from it (`Decoded`).
 */
import { UsageError } from "../base/index.ts";

/** `where` is the path of `value` for the error message, such as `parameters.requested_times[0]`. */
export type Decoder<T> = (value: unknown, where: string) => T;
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

function fail(where: string, expected: string): never {
  throw new UsageError(`${where === "" ? "body" : where}: expected ${expected}`);
}

export const text: Decoder<string> = (value, where) => (typeof value === "string" ? value : fail(where, "a string"));

export const flag: Decoder<boolean> = (value, where) => (typeof value === "boolean" ? value : fail(where, "true or false"));

/** A finite number; an exact 64-bit integer is rounded. */
export const number: Decoder<number> = (value, where) => {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : fail(where, "a number");
};

/** A non-negative integer that a number holds exactly: ids, indexes, counts. */
export const index: Decoder<number> = (value, where) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : fail(where, "a non-negative integer");

/** A 64-bit integer (absolute ns), exact. */
export const int64: Decoder<bigint> = (value, where) => {
  const integer = typeof value === "bigint" ? value : typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (integer === undefined || BigInt.asIntN(64, integer) !== integer) fail(where, "a 64-bit integer");
  return integer;
};

/** Absent and null both become undefined. */
export function optional<T>(inner: Decoder<T>): Decoder<T | undefined> {
  return (value, where) => (value === undefined || value === null ? undefined : inner(value, where));
}

export function list<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value, where) => (Array.isArray(value) ? value.map((v, i) => item(v, `${where}[${i}]`)) : fail(where, "an array"));
}

/** An array of numbers, checked in one loop: the arrays of a time-graph window are long. */
export const numbers: Decoder<readonly number[]> = (value, where) => {
  if (!Array.isArray(value)) fail(where, "an array");
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== "number") fail(`${where}[${i}]`, "a number");
  return value;
};

function members(value: unknown, where: string): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : fail(where, "an object");
}

export function record<T>(member: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, where) =>
    Object.fromEntries(
      Object.entries(members(value, where)).map(([name, v]) => [name, member(v, where === "" ? name : `${where}.${name}`)]),
    );
}

/** An object with these members; unknown ones are ignored, so newer senders stay readable. */
export function object<S extends Readonly<Record<string, Decoder<unknown>>>>(
  shape: S,
): Decoder<{ readonly [K in keyof S]: S[K] extends Decoder<infer T> ? T : never }> {
  const entries = Object.entries(shape);
  return (value, where) => {
    const source = members(value, where);
    const result: Record<string, unknown> = {};
    for (const [name, decode] of entries)
      result[name] = decode(Object.hasOwn(source, name) ? source[name] : undefined, where === "" ? name : `${where}.${name}`);
    return result as { readonly [K in keyof S]: S[K] extends Decoder<infer T> ? T : never };
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): Decoder<T> {
  return (value, where) => values.find((v) => v === value) ?? fail(where, `one of ${values.join(", ")}`);
}
