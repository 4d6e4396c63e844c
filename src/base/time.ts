/**
 * Time. Two brands, and the only two functions that convert between them.
 *
 * At the doors (CLI, HTTP, files that people read) a time is absolute: a `bigint` of nanoseconds since the Unix epoch.
 * Inside loops it is relative: a `number` of nanoseconds since the experiment's origin, exact to 2^53 ns = 104 days.
 */

/** Absolute time: nanoseconds since the Unix epoch. */
export type AbsoluteNs = bigint;

/** Relative time: nanoseconds since the origin of the experiment (or of the trace, where the trace stands alone). */
export type RelativeNs = number;

/** Absolute to relative. Times further than 104 days from the origin lose their last digits. */
export function toRelative(absolute: AbsoluteNs, origin: AbsoluteNs): RelativeNs {
  return Number(absolute - origin);
}

/** Relative to absolute. Fractions of a nanosecond are cut off. */
export function toAbsolute(relative: RelativeNs, origin: AbsoluteNs): AbsoluteNs {
  return origin + BigInt(Math.floor(relative));
}
