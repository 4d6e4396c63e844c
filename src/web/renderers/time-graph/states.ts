/** States as the drawing loop wants them: typed arrays per row, unpacked once from the server's compact window. */
import type { TimeGraphWindow } from "../../../tsp/index.ts";

export interface RowStates {
  readonly entry: number;
  readonly count: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Index into `LoadedWindow.styles`. */
  readonly styles: Uint16Array;
  /** Index into `LoadedWindow.labels`. */
  readonly labels: Uint32Array;
  /** States that each one stands for. */
  readonly counts: Uint32Array;
}

export interface LoadedArrow {
  readonly source: number;
  readonly target: number;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly style: string;
}

/** States of some rows over [start, end) at `nsPerColumn`. */
export interface LoadedWindow {
  readonly start: number;
  readonly end: number;
  readonly nsPerColumn: number;
  readonly styles: readonly string[];
  readonly labels: readonly string[];
  readonly rows: ReadonlyMap<number, RowStates>;
  readonly arrows: readonly LoadedArrow[];
  /** No state stands for several: zooming in needs no new data. */
  readonly isExact: boolean;
}

const emptyRow: Omit<RowStates, "entry"> = {
  count: 0,
  starts: new Float64Array(0),
  ends: new Float64Array(0),
  styles: new Uint16Array(0),
  labels: new Uint32Array(0),
  counts: new Uint32Array(0),
};

/** From this many arrows on, the server may have left out short ones. */
const manyArrows = 1_000;

/** `asked`: rows that the server did not know stay empty, so nobody asks for them again. */
export function unpackWindow(
  window: TimeGraphWindow,
  start: number,
  end: number,
  columns: number,
  asked: readonly number[] = [],
): LoadedWindow {
  const rows = new Map<number, RowStates>(asked.map((entry) => [entry, { ...emptyRow, entry }]));
  let isExact = window.arrows.length < manyArrows;
  for (const row of window.rows) {
    const count = row.gaps.length;
    const starts = new Float64Array(count);
    const ends = new Float64Array(count);
    let at = window.base;
    for (let i = 0; i < count; i++) {
      at += row.gaps[i] ?? 0;
      starts[i] = at;
      at += row.lengths[i] ?? 0;
      ends[i] = at;
      if ((row.counts[i] ?? 0) > 1) isExact = false;
    }
    const { entry } = row;
    rows.set(entry, {
      entry,
      count,
      starts,
      ends,
      styles: Uint16Array.from(row.styles),
      labels: Uint32Array.from(row.labels),
      counts: Uint32Array.from(row.counts),
    });
  }
  return {
    start,
    end,
    nsPerColumn: (end - start) / columns,
    styles: window.styles,
    labels: window.labels,
    rows,
    arrows: window.arrows,
    isExact,
  };
}

/** The states of one window with the arrows of another, over the same range. */
export function withArrowsOf(window: LoadedWindow, { arrows, isExact }: LoadedWindow): LoadedWindow {
  return { ...window, arrows, isExact: window.isExact && isExact };
}

/** Index of the first state that ends after `time`; `count` when there is none. */
export function firstEndingAfter(row: RowStates, time: number): number {
  let low = 0;
  let high = row.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((row.ends[middle] ?? 0) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the state that covers `time`, or of the nearest one less than `slack` ns away; -1 when there is none. */
export function stateAt(row: RowStates, time: number, slack: number): number {
  const i = firstEndingAfter(row, time);
  if (i < row.count && (row.starts[i] ?? 0) <= time) return i;
  const before = i > 0 ? time - (row.ends[i - 1] ?? 0) : Number.POSITIVE_INFINITY;
  const after = i < row.count ? (row.starts[i] ?? 0) - time : Number.POSITIVE_INFINITY;
  if (Math.min(before, after) >= slack) return -1;
  return before < after ? i - 1 : i;
}
