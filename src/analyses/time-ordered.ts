/** Rows that come nearly in order of their times, in order. */
import type { RelativeNs } from "../base/index.ts";
import type { Spool, SpoolEnd } from "./spool.ts";

/** Rows that are looked at together. */
const batchRows = 4096;

/**
 * A spool in front of another: rows leave it by time, those of one time as they came, as long as none is more than `late` behind the latest before it; what is later
 * than that follows where it comes. Keeps the rows of twice that time, and at least 4096. Cost: a sort of rows that are nearly in order, each at most a few times.
 */
export class TimeOrdered implements Spool {
  private readonly spool: Spool;
  private readonly width: number;
  private readonly column: number;
  private readonly late: RelativeNs;
  private rows: Float64Array;
  private count = 0;
  private latest: RelativeNs = 0;
  /** Sorted when there are so many, or when the first one is old enough. */
  private limit = batchRows;
  private isSorted = true;

  constructor(spool: Spool, width: number, column: number, late: RelativeNs) {
    this.spool = spool;
    this.width = width;
    this.column = column;
    this.late = late;
    this.rows = new Float64Array(batchRows * width);
  }

  append(values: Float64Array): void {
    if (this.count === this.limit) this.release(this.latest - this.late);
    const { rows, width, count } = this;
    for (let i = 0; i < width; i++) rows[count * width + i] = values[i] as number;
    this.count = count + 1;
    const time = values[this.column] as number;
    if (time >= this.latest) this.latest = time;
    else this.isSorted = false;
  }

  end(): SpoolEnd {
    this.release(Number.POSITIVE_INFINITY);
    return this.spool.end();
  }

  /** Hands on what is before `until`, in order. */
  private release(until: RelativeNs): void {
    const { rows, width, column, count } = this;
    const timeOf = (row: number): number => rows[row * width + column] as number;
    const order = Array.from({ length: count }, (_, row) => row);
    if (!this.isSorted) order.sort((a, b) => timeOf(a) - timeOf(b));
    let leaving = order.findIndex((row) => timeOf(row) >= until);
    if (leaving < 0) leaving = count;
    for (let i = 0; i < leaving; i++) {
      const from = (order[i] as number) * width;
      this.spool.append(rows.subarray(from, from + width));
    }
    const left = count - leaving;
    // Half of the room is free afterwards, so no row is looked at often.
    this.limit = Math.max(batchRows, 2 * left);
    const kept = new Float64Array(this.limit * width);
    for (let i = 0; i < left; i++) {
      const from = (order[leaving + i] as number) * width;
      kept.set(rows.subarray(from, from + width), i * width);
    }
    this.rows = kept;
    this.count = left;
    this.isSorted = true;
  }
}
