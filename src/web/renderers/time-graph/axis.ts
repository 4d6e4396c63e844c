/** The time axis: where its ticks stand and how many digits they need. Shared by every panel with a time axis. */
import { formatTime, type TimeMode } from "../../format/time.ts";

export interface Tick {
  readonly time: number;
  readonly label: string;
}

/** Steps are 1, 2 or 5 times a power of ten, at least 1 ns. */
export function tickStep(span: number, most: number): number {
  const raw = Math.max(1, span / Math.max(1, most));
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((f) => f * power >= raw * 0.999_999) ?? 10;
  return factor * power;
}

/** Digits of a second's fraction that tell two ticks apart: 0, 3, 6 or 9. */
export function digitsFor(step: number): number {
  if (step >= 1e9) return 0;
  if (step >= 1e6) return 3;
  return step >= 1e3 ? 6 : 9;
}

/** How many ticks fit into `width` CSS pixels when their labels must not touch. */
export function tickCount(start: number, end: number, width: number): number {
  const spacings = [90, 105, 125, 150];
  const fitting = spacings.find((px) => px >= 62 + 8 * digitsFor(tickStep(end - start, width / px)));
  return Math.max(2, Math.floor(width / (fitting ?? 150)));
}

/** Ticks at round wall-clock times (or round times since the start, in relative mode), at most `most` of them. */
export function ticks(start: number, end: number, most: number, origin: bigint, mode: TimeMode): readonly Tick[] {
  const step = tickStep(end - start, most);
  // Round in the shown clock: the origin's part of a step shifts all ticks.
  const phase = mode === "relative" ? 0 : Number(origin % BigInt(Math.round(step)));
  const digits = digitsFor(step);
  const result: Tick[] = [];
  for (let time = Math.ceil((start + phase) / step) * step - phase; time <= end; time += step) {
    result.push({ time, label: formatTime(Math.round(time), origin, mode, digits) });
  }
  return result;
}
