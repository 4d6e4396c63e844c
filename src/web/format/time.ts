/**
 * Times and durations as text, to the nanosecond.
 *
 *     wall clock   20:09:29.123 456 789      local zone or UTC; the date is shown apart (status bar, tooltips)
 *     relative     0.123 456 789 s           since the experiment's origin
 *     duration     482 ns, 12.482 µs, 5.476 ms, 1.204 s
 *
 * Digits of a fraction stand in groups of three, separated by a narrow no-break space.
 */
export type TimeMode = "local" | "utc" | "relative";

const groupSpace = "\u202f";
const nsPerSecond = 1_000_000_000n;

function fraction(ns: number, digits: number): string {
  const text = String(ns).padStart(9, "0").slice(0, digits);
  return text.replace(/(...)(?=.)/g, `$1${groupSpace}`);
}

/** Text of a time. `digits` of the fraction of a second are shown (0, 3, 6 or 9), the rest is cut off. `relative` is in ns from `origin`. */
export function formatTime(relative: number, origin: bigint, mode: TimeMode, digits = 9): string {
  if (mode === "relative") {
    const whole = Math.floor(Math.abs(relative));
    const seconds = Math.floor(whole / 1e9);
    const tail = digits === 0 ? "" : `.${fraction(whole % 1e9, digits)}`;
    return `${relative <= -1 ? "-" : ""}${seconds}${tail} s`;
  }
  const absolute = origin + BigInt(Math.floor(relative));
  const ns = Number(((absolute % nsPerSecond) + nsPerSecond) % nsPerSecond);
  const date = new Date(Number((absolute - BigInt(ns)) / 1_000_000n));
  const parts =
    mode === "utc"
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()];
  const clock = parts.map((p) => String(p).padStart(2, "0")).join(":");
  return digits === 0 ? clock : `${clock}.${fraction(ns, digits)}`;
}

/** `2025-11-23` of a time. */
export function formatDate(relative: number, origin: bigint, mode: TimeMode): string {
  const date = new Date(Number((origin + BigInt(Math.floor(relative))) / 1_000_000n));
  if (mode === "utc") return date.toISOString().slice(0, 10);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((p) => String(p).padStart(2, "0")).join("-");
}

/** Name of the zone that times are shown in. */
export function zoneName(mode: TimeMode): string {
  if (mode === "relative") return "since start";
  return mode === "utc" ? "UTC" : (Intl.DateTimeFormat().resolvedOptions().timeZone ?? "local time");
}

/** At most four significant digits below a second; whole ns stay exact up to a microsecond. */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1_000) return `${trim(ns, 0)} ns`;
  if (size < 999_950) return `${trim(ns / 1e3, size < 99_995 ? 2 : 1)} µs`;
  if (size < 999_950_000) return `${trim(ns / 1e6, size < 99_995_000 ? 2 : 1)} ms`;
  return `${trim(ns / 1e9, 3)} s`;
}

/** Every digit: `5 475 906 ns`. */
export function formatExactNs(ns: number): string {
  return `${String(Math.round(ns)).replace(/\B(?=(\d{3})+$)/g, groupSpace)} ns`;
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits);
}

const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9 };

/**
 * A time that a user typed, as ns from `origin`; undefined when it is none. Accepted: a duration since the start (`1.5ms`, `+20 us`), a wall-clock time of
 * the experiment's first day (`20:09:29.123456`), or absolute ns since 1970 (16 digits or more). Spaces between groups of digits are ignored.
 */
export function parseTime(input: string, origin: bigint, mode: TimeMode): number | undefined {
  const text = input.replace(/[\s\u202f_]/g, "");
  if (/^\d{16,19}$/.test(text)) return Number(BigInt(text) - origin);
  const duration = /^\+?(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|min)$/.exec(text);
  if (duration !== null) return Number(duration[1]) * (unitNs[duration[2] ?? ""] ?? Number.NaN);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/.exec(text);
  if (clock === null) return undefined;
  const start = new Date(Number(origin / 1_000_000n));
  const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  if (mode === "utc") start.setUTCHours(hours, minutes, seconds, 0);
  else start.setHours(hours, minutes, seconds, 0);
  return Number(BigInt(start.getTime()) * 1_000_000n - origin) + Number((clock[4] ?? "").padEnd(9, "0"));
}
