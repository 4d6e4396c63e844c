/** Assertions: for bugs only. A user's trace must never trip one. */

/** Throws when `condition` does not hold. The message says which invariant broke. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

/** `value`, or a bug report when it is undefined. For lookups whose success is an invariant of ours. */
export function defined<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(`bug: ${message}`);
  return value;
}
