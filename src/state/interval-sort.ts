/**
 * Orders a run by (quark, start, end): a counting sort by quark, which keeps the order of arrival, then a check per quark. Arrival is nearly always in time
 * order within a quark, so comparing is all that is left to do; a quark that is not gets sorted.
 */
import type { IntervalColumns } from "./leaf.ts";

/** Fills `order[0 .. count - 1]` with the indices of the sorted intervals. */
export function checkedSort(columns: IntervalColumns, count: number, order: Uint32Array): void {
  const { quarks, starts, ends } = columns;
  let maxQuark = 0;
  for (let i = 0; i < count; i++) if ((quarks[i] as number) > maxQuark) maxQuark = quarks[i] as number;
  const next = new Uint32Array(maxQuark + 2);
  for (let i = 0; i < count; i++) {
    const slot = (quarks[i] as number) + 1;
    next[slot] = (next[slot] as number) + 1;
  }
  for (let q = 1; q <= maxQuark; q++) next[q] = (next[q] as number) + (next[q - 1] as number);
  for (let i = 0; i < count; i++) {
    const quark = quarks[i] as number;
    const at = next[quark] as number;
    order[at] = i;
    next[quark] = at + 1;
  }
  for (let from = 0; from < count; ) {
    const quark = quarks[order[from] as number] as number;
    const to = next[quark] as number;
    let sorted = true;
    for (let k = from + 1; k < to && sorted; k++) {
      const a = order[k - 1] as number;
      const b = order[k] as number;
      const difference = (starts[a] as number) - (starts[b] as number);
      sorted = difference < 0 || (difference === 0 && (ends[a] as number) <= (ends[b] as number));
    }
    if (!sorted) {
      order
        .subarray(from, to)
        .sort((a, b) => (starts[a] as number) - (starts[b] as number) || (ends[a] as number) - (ends[b] as number) || a - b);
    }
    from = to;
  }
}
