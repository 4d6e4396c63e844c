/**
 * Insertion: intervals in, leaves out, each written once.
 *
 * Intervals are gathered in a buffer. A full buffer is sorted by (quark, start) and written as a *run*: consecutive leaves, so that one attribute's intervals
 * of that stretch of time lie together. Before that, the intervals that began long before the run's own stretch *rise* to the buffer of the next level, whose
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
import { type IntervalColumns, LeafEncoder } from "./leaf.ts";
import { SummaryEncoder } from "./summary.ts";

/** Levels of runs. */
export const levelCount = 4;
/** Intervals per run. */
const defaultRunIntervals = 1 << 17;
/** Intervals per leaf, at most. With half as many a view of everything is faster and a history 3 % larger. */
const defaultLeafIntervals = 2048;

/** Sizes, smaller in tests. */
export interface IntervalWriterOptions {
  readonly runIntervals?: number | undefined;
  readonly leafIntervals?: number | undefined;
  readonly blockIntervals?: number | undefined;
}

interface Level extends IntervalColumns {
  count: number;
  /** Greatest end written in a run of this level: the next run's own stretch begins here. */
  reached: number;
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
  private readonly runIntervals: number;
  private readonly leafIntervals: number;
  private readonly levels: (Level | undefined)[] = new Array<Level | undefined>(levelCount).fill(undefined);
  private readonly encoder: LeafEncoder;
  private readonly summaries: SummaryEncoder;
  private readonly order: Uint32Array;
  private readonly leaves = new IndexWriter(leafIndexShape.f64, leafIndexShape.u32);
  private readonly runs = new IndexWriter(runIndexShape.f64, runIndexShape.u32);
  /** Intervals added, and what they span. */
  count = 0;
  start = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;
  private lowest: Level;

  constructor(container: ContainerWriter, options: IntervalWriterOptions = {}) {
    this.container = container;
    this.runIntervals = options.runIntervals ?? defaultRunIntervals;
    this.leafIntervals = options.leafIntervals ?? defaultLeafIntervals;
    this.encoder = new LeafEncoder(this.leafIntervals);
    this.summaries = new SummaryEncoder(this.leafIntervals, options.blockIntervals);
    this.order = new Uint32Array(this.runIntervals);
    this.lowest = this.level(0);
  }

  /** Adds one interval; the caller has checked start <= end and that both are finite. */
  add(quark: number, start: number, end: number, value: number, kind: number): void {
    const level = this.lowest;
    const at = level.count;
    level.quarks[at] = quark;
    level.starts[at] = start;
    level.ends[at] = end;
    level.values[at] = value;
    level.kinds[at] = kind;
    level.count = at + 1;
    if (at + 1 === this.runIntervals) this.flush(0);
  }

  /** Writes out everything and then the indices. */
  finish(): IndexRefs {
    for (let i = 0; i < levelCount; i++) this.flush(i);
    return { leaves: this.container.append(this.leaves.encode()), runs: this.container.append(this.runs.encode()) };
  }

  private level(i: number): Level {
    const known = this.levels[i];
    if (known !== undefined) return known;
    const n = this.runIntervals;
    const level: Level = {
      quarks: new Uint32Array(n),
      starts: new Float64Array(n),
      ends: new Float64Array(n),
      values: new Float64Array(n),
      kinds: new Uint8Array(n),
      count: 0,
      reached: Number.NEGATIVE_INFINITY,
    };
    this.levels[i] = level;
    return level;
  }

  private flush(i: number): void {
    const level = this.levels[i];
    if (level === undefined || level.count === 0) return;
    const { starts, ends } = level;
    let end = Number.NEGATIVE_INFINITY;
    let start = Number.POSITIVE_INFINITY;
    for (let k = 0; k < level.count; k++) {
      if ((ends[k] as number) > end) end = ends[k] as number;
      if ((starts[k] as number) < start) start = starts[k] as number;
    }
    if (i === 0) this.count += level.count;
    if (end > this.end) this.end = end;
    if (start < this.start) this.start = start;
    // The run's stretch is [reached, end); what began more than once its length earlier rises.
    const stretch = Math.max(0, end - level.reached);
    const cut = level.reached - stretch;
    if (i + 1 < levelCount && start < cut) this.rise(level, i + 1, cut);
    level.reached = Math.max(level.reached, end);
    this.writeRun(level, i);
    level.count = 0;
  }

  /** Moves the intervals that start before `cut` to the level above and closes the gaps. */
  private rise(from: Level, above: number, cut: number): void {
    const to = this.level(above);
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
      if (to.count === this.runIntervals) this.flush(above);
    }
    from.count = kept;
  }

  private writeRun(level: Level, i: number): void {
    const { count } = level;
    if (count === 0) return;
    const { order } = this;
    checkedSort(level, count, order);
    const run = this.runs.rows;
    for (let from = 0; from < count; from += this.leafIntervals) {
      const to = Math.min(count, from + this.leafIntervals);
      const leaf = this.encoder.encode(level, order, from, to);
      const ref = this.container.append(leaf.bytes);
      const firstQuark = level.quarks[order[from] as number] as number;
      const lastQuark = level.quarks[order[to - 1] as number] as number;
      this.leaves.add([ref.offset, leaf.start, leaf.end], [ref.bytes, ref.checksum, i, run, firstQuark, lastQuark]);
    }
    const summary = this.summaries.encode(level, order, count);
    const ref = summary === undefined ? noBlock : this.container.append(summary);
    this.runs.add([ref.offset], [ref.bytes, ref.checksum]);
  }
}
