/** Arguments: text that a person typed, to values. Each parser throws UsageError with what it expected. */
import { UsageError } from "../base/index.ts";

const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  min: 60_000_000_000n,
};

/** Exact ns of a decimal number of units, without going through a double. */
function decimal(text: string, unit: bigint): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(`${whole}${fraction}`) * unit) / scale;
}

/**
 * A time in an experiment. Either an offset from its start with a unit (`+1.5s`, `250ms`), or absolute: ns since 1970 (`1763928569123456789`), seconds with a
 * fraction (`1763928569.123456789`), or a date in ISO 8601 (`2026-11-23T20:31:36.363Z`).
 */
export function parseTime(text: string, start: bigint): bigint {
  const relative = /^\+?(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|min)$/.exec(text);
  if (relative !== null) return start + decimal(relative[1] ?? "0", unitNs[relative[2] ?? "ns"] ?? 1n);
  if (/^\d{16,}$/.test(text)) return BigInt(text);
  if (/^\d{9,12}(\.\d+)?$/.test(text)) return decimal(text, 1_000_000_000n);
  const date = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (date !== null) {
    const ms = Date.parse(`${date[1]?.replace(" ", "T")}${date[3] ?? "Z"}`);
    if (!Number.isNaN(ms)) return BigInt(ms) * 1_000_000n + BigInt((date[2] ?? "").padEnd(9, "0"));
  }
  throw new UsageError(`"${text}" is not a time: use an offset such as +1.5s or 250ms, ns since 1970, or 2026-11-23T20:31:36.363Z (UTC)`);
}

/** A whole number in [least, most]. `what` names it in the message. */
export function parseCount(text: string, what: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(
      `${what} is a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? " up" : ` to ${most}`}, not "${text}"`,
    );
  return value;
}

/** Bytes: `65536`, `64K`, `4M`, `1G` (powers of 1024). */
export function parseBytes(text: string): number {
  const match = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text);
  if (match === null) throw new UsageError(`"${text}" is not a size: use 65536, 64K, 4M or 1G`);
  return Number(match[1]) * 1024 ** ["", "K", "M", "G"].indexOf((match[2] ?? "").toUpperCase());
}

/** One of the given words. */
export function parseChoice<T extends string>(text: string, what: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice === undefined) throw new UsageError(`${what} is one of ${choices.join(", ")}, not "${text}"`);
  return choice;
}
