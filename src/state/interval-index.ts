/**
 * The leaf index in memory: which leaves may hold intervals of these quarks in this time. Levels hold runs in the order they were written, runs hold leaves in
 * quark order. Both orders make binary searches; bounds that overlap (late arrivals) only make the answer a superset.
 */
import { BadInputError } from "../base/index.ts";
import type { IndexColumns } from "./block-index.ts";
import type { BlockRef } from "./container.ts";
import { leafIndexShape, levelCount, runIndexShape } from "./interval-writer.ts";

/** The runs of one level. */
interface LevelRuns {
  /** First leaf of each run, and one past the last; per level in order of writing. */
  readonly first: number[];
  readonly past: number[];
  /** Greatest end of this and all earlier runs. */
  readonly reached: number[];
  /** Least start of this and all later runs. */
  readonly remaining: number[];
  readonly start: number[];
  readonly end: number[];
}

export class IntervalIndex {
  readonly leafCount: number;
  private readonly offsets: Float64Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  private readonly bytes: Uint32Array;
  private readonly checksums: Uint32Array;
  readonly runCount: number;
  /** Each leaf's run. */
  readonly runs: Uint32Array;
  private readonly firstLeaves: Uint32Array;
  private readonly summaryOffsets: Float64Array;
  private readonly summaryBytes: Uint32Array;
  private readonly summaryChecksums: Uint32Array;
  readonly firstQuarks: Uint32Array;
  readonly lastQuarks: Uint32Array;
  private readonly levels: LevelRuns[] = [];

  /** `file` and `offset` say where the leaf index came from. */
  constructor(leafIndex: IndexColumns, runIndex: IndexColumns, file: string, offset: number) {
    const [offsets, starts, ends] = leafIndex.f64;
    const [bytes, checksums, levels, runs, firstQuarks, lastQuarks] = leafIndex.u32;
    const [summaryOffsets] = runIndex.f64;
    const [summaryBytes, summaryChecksums] = runIndex.u32;
    if (!offsets || !starts || !ends || !bytes || !checksums || !levels || !runs || !firstQuarks || !lastQuarks)
      throw new Error(`bug: the leaf index needs ${leafIndexShape.f64} + ${leafIndexShape.u32} columns`);
    if (!summaryOffsets || !summaryBytes || !summaryChecksums)
      throw new Error(`bug: the run index needs ${runIndexShape.f64} + ${runIndexShape.u32} columns`);
    this.leafCount = leafIndex.rows;
    this.offsets = offsets;
    this.starts = starts;
    this.ends = ends;
    this.bytes = bytes;
    this.checksums = checksums;
    this.runCount = runIndex.rows;
    this.runs = runs;
    this.firstLeaves = new Uint32Array(runIndex.rows);
    this.summaryOffsets = summaryOffsets;
    this.summaryBytes = summaryBytes;
    this.summaryChecksums = summaryChecksums;
    this.firstQuarks = firstQuarks;
    this.lastQuarks = lastQuarks;
    for (let i = 0; i < levelCount; i++) this.levels.push({ first: [], past: [], reached: [], remaining: [], start: [], end: [] });
    for (let leaf = 0; leaf < leafIndex.rows; ) {
      const level = this.levels[levels[leaf] as number];
      if (level === undefined) throw new BadInputError("HISTORY_INVALID", file, offset, `leaf ${leaf} is in level ${levels[leaf]}`);
      const run = runs[leaf] as number;
      if (run >= runIndex.rows)
        throw new BadInputError("HISTORY_INVALID", file, offset, `leaf ${leaf} is in run ${run} of ${runIndex.rows}`);
      const first = leaf;
      this.firstLeaves[run] = first;
      let start = Number.POSITIVE_INFINITY;
      let end = Number.NEGATIVE_INFINITY;
      for (; leaf < leafIndex.rows && runs[leaf] === run; leaf++) {
        start = Math.min(start, starts[leaf] as number);
        end = Math.max(end, ends[leaf] as number);
      }
      level.first.push(first);
      level.past.push(leaf);
      level.start.push(start);
      level.end.push(end);
      level.reached.push(Math.max(end, level.reached.at(-1) ?? Number.NEGATIVE_INFINITY));
    }
    for (const level of this.levels) {
      let least = Number.POSITIVE_INFINITY;
      for (let run = level.start.length - 1; run >= 0; run--) {
        least = Math.min(least, level.start[run] as number);
        level.remaining[run] = least;
      }
    }
  }

  /** Where the leaf's bytes are. */
  leaf(leaf: number): BlockRef {
    return { offset: this.offsets[leaf] as number, bytes: this.bytes[leaf] as number, checksum: this.checksums[leaf] as number };
  }

  /** First leaf of the run that holds this one. */
  firstOfRun(leaf: number): number {
    return this.firstLeaves[this.runs[leaf] as number] as number;
  }

  /** Where the run's summary is; undefined when it has none. */
  summary(run: number): BlockRef | undefined {
    const bytes = this.summaryBytes[run] as number;
    return bytes === 0 ? undefined : { offset: this.summaryOffsets[run] as number, bytes, checksum: this.summaryChecksums[run] as number };
  }

  hasSummary(run: number): boolean {
    return this.summaryBytes[run] !== 0;
  }

  /** Appends to `out` every leaf that may hold an interval of a quark in [firstQuark, lastQuark] with start <= `to` and end >= `from`. */
  collect(from: number, to: number, firstQuark: number, lastQuark: number, out: number[]): void {
    for (let i = 0; i < levelCount; i++) {
      const level = this.levels[i] as LevelRuns;
      const runs = level.first.length;
      for (let run = firstAtLeast(level.reached, from); run < runs && (level.remaining[run] as number) <= to; run++) {
        if ((level.start[run] as number) > to || (level.end[run] as number) < from) continue;
        this.collectRun(level.first[run] as number, level.past[run] as number, from, to, firstQuark, lastQuark, out);
      }
    }
  }

  /**
   * Leaves that may hold the quark, for a walk through time away from `time`, one run per call of `visit`: forward the runs that reach `time` or further,
   * backward those that begin at `time` or before. `visit` returns the time beyond which nothing more is wanted; the walk stops there.
   */
  walk(time: number, quark: number, forward: boolean, visit: (leaves: readonly number[]) => number): void {
    const leaves: number[] = [];
    let limit = forward ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    for (const level of this.levels) {
      const runs = level.first.length;
      const begin = forward ? firstAtLeast(level.reached, time) : lastAtMost(level.remaining, time);
      for (let run = begin; forward ? run < runs : run >= 0; forward ? run++ : run--) {
        if (forward ? (level.remaining[run] as number) > limit : (level.reached[run] as number) < limit) break;
        leaves.length = 0;
        const low = forward ? time : Number.NEGATIVE_INFINITY;
        const high = forward ? Number.POSITIVE_INFINITY : time;
        this.collectRun(level.first[run] as number, level.past[run] as number, low, high, quark, quark, leaves);
        if (leaves.length > 0) limit = visit(leaves);
      }
    }
  }

  private collectRun(first: number, past: number, from: number, to: number, firstQuark: number, lastQuark: number, out: number[]): void {
    const { firstQuarks, lastQuarks, starts, ends } = this;
    let low = first;
    let high = past;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((lastQuarks[middle] as number) >= firstQuark) high = middle;
      else low = middle + 1;
    }
    for (let leaf = low; leaf < past && (firstQuarks[leaf] as number) <= lastQuark; leaf++) {
      if ((starts[leaf] as number) <= to && (ends[leaf] as number) >= from) out.push(leaf);
    }
  }
}

/** First index of the ascending values that is >= `least`; their count when none is. */
export function firstAtLeast(values: readonly number[], least: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) >= least) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Last index of the ascending values that is <= `most`; -1 when none is. */
function lastAtMost(values: readonly number[], most: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) > most) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
