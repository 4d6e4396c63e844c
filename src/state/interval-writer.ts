/**
 * Insertion: intervals in, leaves out, each written once.
 *
 * Intervals come in slices (packer.ts). A slice is sorted by (quark, start) and written as a *run*: consecutive leaves, so that one attribute's intervals
 * of that stretch of time lie together. Before that, the intervals that began long before the run's own stretch *rise* to a slice of the next level, whose
 * runs cover longer stretches, and so on:
 *
 *     level 2   [------------------------------------- run -------------------------------------]
 *     level 1   [------- run -------][-------- run --------][------- run -------][---- run ------
 *     level 0   [run][run][run][run][run][run][run][run][run][run][run][run][run][run][run][run]
 *                                              ^ a point in time meets few runs of each level
 *
 * So long intervals do not widen the time range of the runs that hold the short ones (what long intervals climbing to high nodes do in Trace Compass'
 * history tree), and a query looks at a few runs per level. A run's bounds are what its intervals really span: arrival order only moves intervals between
 * runs, never makes an answer wrong. The last level takes whatever is left.
 */

import { IndexWriter } from "./block-index.ts";
import type { BlockRef, ContainerWriter } from "./container.ts";
import { checkedSort } from "./interval-sort.ts";
import { LeafEncoder } from "./leaf.ts";
import { defaultRunIntervals, type IntervalSlice, sliceBytes, sliceOver } from "./packer.ts";
import { SummaryEncoder } from "./summary.ts";

/** Levels of runs. */
export const levelCount = 4;
/** Intervals per leaf, at most. A view of everything takes a third longer with twice as many; with half as many it is no faster and a history 4 % larger. */
const defaultLeafIntervals = 1024;

/** Sizes, smaller in tests. */
export interface IntervalWriterOptions {
  readonly runIntervals?: number | undefined;
  readonly leafIntervals?: number | undefined;
  readonly blockIntervals?: number | undefined;
}

/** Columns of the leaf index. f64: offset, start, end. u32: bytes, checksum, level, run (counted over all levels), first quark, last quark. */
export const leafIndexShape = { f64: 3, u32: 6 } as const;

/** Columns of the run index: where each run's summary is. f64: offset. u32: bytes (0: none), checksum. */
export const runIndexShape = { f64: 1, u32: 2 } as const;

/** Where the two indices are. */
export interface IndexRefs {
  readonly leaves: BlockRef;
  readonly runs: BlockRef;
}

const noBlock: BlockRef = { offset: 0, bytes: 0, checksum: 0 };

export class IntervalWriter {
  private readonly container: ContainerWriter;
  readonly runIntervals: number;
  private readonly leafIntervals: number;
  /** What rises to each level; none at level 0, whose slices come from outside. */
  private readonly slices: (IntervalSlice | undefined)[] = new Array<IntervalSlice | undefined>(levelCount).fill(undefined);
  /** By level, the greatest end written in a run: the next run's own stretch begins here. */
  private readonly reached = new Array<number>(levelCount).fill(Number.NEGATIVE_INFINITY);
  private readonly encoder: LeafEncoder;
  private readonly summaries: SummaryEncoder;
  private readonly order: Uint32Array;
  private readonly leaves = new IndexWriter(leafIndexShape.f64, leafIndexShape.u32);
  private readonly runs = new IndexWriter(runIndexShape.f64, runIndexShape.u32);
  /** Intervals added, and what they span. */
  count = 0;
  start = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;

  constructor(container: ContainerWriter, options: IntervalWriterOptions = {}) {
    this.container = container;
    this.runIntervals = options.runIntervals ?? defaultRunIntervals;
    this.leafIntervals = options.leafIntervals ?? defaultLeafIntervals;
    this.encoder = new LeafEncoder(this.leafIntervals);
    this.summaries = new SummaryEncoder(this.leafIntervals, options.blockIntervals);
    this.order = new Uint32Array(this.runIntervals);
  }

  /** Writes the slice as a run of level 0, and empties it. */
  write(slice: IntervalSlice): void {
    this.count += slice.count;
    this.flush(slice, 0);
  }

  /** Writes out everything and then the indices. */
  finish(): IndexRefs {
    for (const [i, slice] of this.slices.entries()) if (slice !== undefined) this.flush(slice, i);
    return { leaves: this.container.append(this.leaves.encode()), runs: this.container.append(this.runs.encode()) };
  }

  private flush(slice: IntervalSlice, i: number): void {
    if (slice.count === 0) return;
    const { starts, ends } = slice;
    let end = Number.NEGATIVE_INFINITY;
    let start = Number.POSITIVE_INFINITY;
    for (let k = 0; k < slice.count; k++) {
      if ((ends[k] as number) > end) end = ends[k] as number;
      if ((starts[k] as number) < start) start = starts[k] as number;
    }
    if (end > this.end) this.end = end;
    if (start < this.start) this.start = start;
    // The run's stretch is [reached, end); what began more than once its length earlier rises.
    const reached = this.reached[i] as number;
    const stretch = Math.max(0, end - reached);
    const cut = reached - stretch;
    if (i + 1 < levelCount && start < cut) this.rise(slice, i + 1, cut);
    this.reached[i] = Math.max(reached, end);
    this.writeRun(slice, i);
    slice.count = 0;
  }

  /** Moves the intervals that start before `cut` to the level above and closes the gaps. */
  private rise(from: IntervalSlice, above: number, cut: number): void {
    this.slices[above] ??= sliceOver(new ArrayBuffer(sliceBytes(this.runIntervals)));
    const to = this.slices[above];
    let kept = 0;
    for (let k = 0; k < from.count; k++) {
      const start = from.starts[k] as number;
      let target = from;
      let at = kept;
      if (start < cut) {
        target = to;
        at = to.count++;
      } else kept++;
      target.quarks[at] = from.quarks[k] as number;
      target.starts[at] = start;
      target.ends[at] = from.ends[k] as number;
      target.values[at] = from.values[k] as number;
      target.kinds[at] = from.kinds[k] as number;
      if (to.count === this.runIntervals) this.flush(to, above);
    }
    from.count = kept;
  }

  private writeRun(slice: IntervalSlice, i: number): void {
    const { count } = slice;
    if (count === 0) return;
    const { order } = this;
    checkedSort(slice, count, order);
    const run = this.runs.rows;
    for (let from = 0; from < count; from += this.leafIntervals) {
      const to = Math.min(count, from + this.leafIntervals);
      const leaf = this.encoder.encode(slice, order, from, to);
      const ref = this.container.append(leaf.bytes);
      const firstQuark = slice.quarks[order[from] as number] as number;
      const lastQuark = slice.quarks[order[to - 1] as number] as number;
      this.leaves.add([ref.offset, leaf.start, leaf.end], [ref.bytes, ref.checksum, i, run, firstQuark, lastQuark]);
    }
    const summary = this.summaries.encode(slice, order, count);
    const ref = summary === undefined ? noBlock : this.container.append(summary);
    this.runs.add([ref.offset], [ref.bytes, ref.checksum]);
  }
}
