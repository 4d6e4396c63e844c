/**
 * Clock values to times (CTF 1.8.3 section 8).
 *
 *     ns since the clock's origin = offset + offset_s * 10^9 + cycles * 10^9 / frequency      (each term floored, as babeltrace2 does)
 *
 * In loops a stream's clock is two numbers: `low`, 32 bits, and `high`, the upper half less that of a base near the trace's start; so that
 * high * 2^32 + low is a small exact double. Frequencies that divide 10^9 then need one multiplication; others go through bigint.
 */
import type { ClockSchema } from "../schema.ts";

const second = 1_000_000_000n;

/** Absolute ns of a clock value. */
export function cyclesToNs(clock: ClockSchema, cycles: bigint): bigint {
  return clock.offsetSeconds * second + toNs(clock.offsetCycles, clock.frequency) + toNs(cycles, clock.frequency);
}

function toNs(cycles: bigint, frequency: bigint): bigint {
  if (frequency === second) return cycles;
  const product = cycles * second;
  const quotient = product / frequency;
  return product % frequency < 0n ? quotient - 1n : quotient;
}

/** How one stream's clock becomes relative time. */
export interface StreamClock {
  /** Upper half of the clock values that `high` is relative to. */
  readonly baseHigh: number;
  /** ns per cycle; 0 where only `exact` will do. */
  readonly multiplier: number;
  /** Relative ns at clock value baseHigh * 2^32. */
  readonly offset: number;
  exact(low: number, high: number): number;
}

/** `near` is any clock value of the stream; `origin` is the absolute zero of relative times. */
export function makeStreamClock(clock: ClockSchema | undefined, near: bigint, origin: bigint): StreamClock {
  if (clock === undefined) return { baseHigh: 0, multiplier: 0, offset: 0, exact: () => 0 };
  const baseHigh = Number(BigInt.asUintN(64, near) >> 32n);
  const multiplier = second % clock.frequency === 0n ? Number(second / clock.frequency) : 0;
  const base = BigInt(baseHigh) << 32n;
  return {
    baseHigh,
    multiplier,
    offset: Number(cyclesToNs(clock, base) - origin),
    exact: (low, high) => Number(cyclesToNs(clock, base + BigInt(high) * 0x1_0000_0000n + BigInt(low)) - origin),
  };
}
