/** Rows of a time graph that show an attribute's states as they are. */
import type { Interval, StateColumns, StateHistory, StateValue } from "../state/contract.ts";
import type { ViewRange, ViewState } from "./contract.ts";

/** How a value is shown: its text, and the key of its style. */
export type StateLook = (value: number | string) => Pick<ViewState, "label" | "style">;

/** A value as text; empty for no state. */
export function stateText(value: StateValue): string {
  return value === undefined ? "" : String(value);
}

/**
 * The states of rows: all of them where the viewer has room, otherwise one per run of columns with the same prevailing state.
 *
 * One query sums all rows into columns. A state is counted in every column it touches, so what a row has beyond one state per covered column is what shares
 * columns: rows with little of that are drawn exactly, the others would draw several states on one pixel.
 *
 * Rows that are no attribute (`quarks` may come from anywhere) are empty.
 */
export function rowStates(
  history: StateHistory,
  quarks: readonly number[],
  range: ViewRange,
  look: StateLook,
): readonly (readonly ViewState[])[] {
  const known = quarks.filter((quark) => isAttribute(history, quark));
  const mostSharing = range.columns / 4;
  const room = Math.floor(range.columns + mostSharing);
  const rows = new Map(history.columns(known, range.start, range.end, range.columns, room).map((columns) => [columns.quark, columns]));
  return quarks.map((quark) => {
    const columns = rows.get(quark);
    if (columns === undefined) return [];
    let sharing = 0;
    for (const count of columns.count) sharing += Math.max(0, count - 1);
    const { intervals } = columns;
    return intervals !== undefined && sharing <= mostSharing
      ? intervals.flatMap(({ start, end, value }) => (value === undefined ? [] : [{ start, end, ...look(value), count: 1 }]))
      : prevailingStates(columns, range, look);
  });
}

function prevailingStates(columns: StateColumns, range: ViewRange, look: StateLook): readonly ViewState[] {
  const width = (range.end - range.start) / range.columns;
  const states: ViewState[] = [];
  for (let from = 0, to = 0; from < range.columns; from = to) {
    const index = columns.dominant[from] as number;
    let count = 0;
    for (to = from; to < range.columns && columns.dominant[to] === index; to++) count += columns.count[to] as number;
    const value = index < 0 ? undefined : columns.values[index];
    if (value === undefined) continue;
    states.push({ start: range.start + from * width, end: range.start + to * width, ...look(value), count: Math.max(1, count) });
  }
  return states;
}

/** The interval under the pointer and the names on the way to its row; undefined where there is none, also for a row that is no attribute. */
export function intervalAt(
  history: StateHistory,
  entry: number,
  time: number,
): { readonly interval: Interval; readonly path: readonly string[] } | undefined {
  if (!isAttribute(history, entry)) return undefined;
  const interval = history.at(time, entry);
  return interval === undefined ? undefined : { interval, path: history.attributes.path(entry) };
}

function isAttribute(history: StateHistory, entry: number): boolean {
  return Number.isInteger(entry) && entry >= 0 && entry < history.attributes.count;
}
