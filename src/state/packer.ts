/**
 * The seam inside the writing side: what collects (state-writer.ts, table.ts), and what packs (history-packer.ts).
 *
 *     StateWriter --IntervalStage--> slices of intervals \
 *                                                         Packer -> runs, leaves, summaries, chunks -> container
 *     TableWriter ----------------> slices of rows       /
 *
 * A slice is a stretch of the trace's time: what was written since the one before. Whoever collects hands a full slice over and gets an empty one. The packer
 * works slice by slice, in the order in which they come, so the history depends on that order alone, not on where packing is done: here, or in another thread
 * (engine/packing.ts), while the next slices are being collected.
 */
import type { RelativeNs } from "../base/index.ts";
import type { ColumnSpec } from "./contract.ts";
import type { IntervalColumns } from "./leaf.ts";

/** Rows of a table's slice, and of its chunk. */
export const chunkRows = 4096;
/** Intervals of a slice, and of a run. */
export const defaultRunIntervals = 1 << 17;

/** Columns of intervals over one piece of memory, which another thread may share. */
export interface IntervalSlice extends IntervalColumns {
  readonly memory: ArrayBufferLike;
  readonly capacity: number;
  count: number;
}

/** Bytes of memory for so many intervals. */
export function sliceBytes(intervals: number): number {
  return intervals * (3 * 8 + 4 + 1);
}

/** The slice over this memory, which it fills; `count` intervals are in it. */
export function sliceOver(memory: ArrayBufferLike, count = 0): IntervalSlice {
  const n = memory.byteLength / sliceBytes(1);
  return {
    memory,
    capacity: n,
    count,
    starts: new Float64Array(memory, 0, n),
    ends: new Float64Array(memory, 8 * n, n),
    values: new Float64Array(memory, 16 * n, n),
    quarks: new Uint32Array(memory, 24 * n, n),
    kinds: new Uint8Array(memory, 28 * n, n),
  };
}

/** What the footer says beside what was packed. */
export interface Ending {
  readonly identity: string;
  readonly end: RelativeNs;
  readonly texts: Uint8Array;
  readonly attributes: Uint8Array;
  /** Attributes whose numbers are ids, by id space. */
  readonly ids: Readonly<Record<string, readonly number[]>>;
  /** Ids in use, by id space. */
  readonly idSpaces: Readonly<Record<string, number>>;
}

/** Packs one history. After a failure, which any call may throw, only `abort` is allowed. */
export interface Packer {
  /** The first slice to fill. Once. */
  slice(): IntervalSlice;
  /** Takes the slice (also one that is not full) and returns an empty one. The caller has checked that each start <= end and that both are finite. */
  intervals(slice: IntervalSlice): IntervalSlice;
  /** A new table, numbered in order from 0: memory for its first `chunkRows` rows, row after row. */
  table(name: string, columns: readonly ColumnSpec[]): Float64Array;
  /** Takes the first `count` rows of this memory, and returns memory for the next. All but the last slice of a table are full. */
  rows(table: number, rows: Float64Array, count: number): Float64Array;
  document(name: string, json: Uint8Array): void;
  /** Writes everything out, then the finished mark. */
  finish(ending: Ending): void;
  /** Removes what was written. Does nothing after `finish`. */
  abort(): void;
}

/** Gathers intervals into slices. */
export class IntervalStage {
  private readonly packer: Packer;
  private slice: IntervalSlice;

  constructor(packer: Packer) {
    this.packer = packer;
    this.slice = packer.slice();
  }

  /** Adds one interval; the caller has checked start <= end and that both are finite. */
  add(quark: number, start: number, end: number, value: number, kind: number): void {
    const { slice } = this;
    const at = slice.count;
    slice.quarks[at] = quark;
    slice.starts[at] = start;
    slice.ends[at] = end;
    slice.values[at] = value;
    slice.kinds[at] = kind;
    slice.count = at + 1;
    if (at + 1 === slice.capacity) this.flush();
  }

  flush(): void {
    if (this.slice.count > 0) this.slice = this.packer.intervals(this.slice);
  }
}
