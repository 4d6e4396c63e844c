/** The reading side of the state history: finds leaves through the index, reads intervals out of them. Holds decoded leaves within a byte budget. */
import { assert, defined, type RelativeNs, UsageError } from "../base/index.ts";
import { ColumnValues } from "./column-values.ts";
import { type ColumnRow, ColumnSummer } from "./columns.ts";
import type { ContainerReader } from "./container.ts";
import type { AttributeTree, Interval, IntervalVisitor, Quark, StateColumns, StateHistory } from "./contract.ts";
import { firstAtLeast, type IntervalIndex } from "./interval-index.ts";
import { Leaf } from "./leaf.ts";
import { mergeIntervals, touching } from "./merge.ts";
import { NodeCache } from "./node-cache.ts";
import { Summary } from "./summary.ts";
import type { TextReader } from "./texts.ts";

/** Bounds and count, from the footer. */
export interface StateBounds {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
}

/** Most columns of one query; viewers ask for their pixels. */
const maxColumns = 65536;

/** More columns than this over a run: none of its blocks (2^17 intervals in blocks of 512) is likely to lie inside one. */
const mostBlocks = 256;

export class StateReader implements StateHistory {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
  readonly attributes: AttributeTree;
  private readonly index: IntervalIndex;
  private readonly leaves: NodeCache<Leaf>;
  private readonly summaries: NodeCache<Summary>;
  private readonly open: (leaf: number) => Leaf;
  private readonly text: (id: number) => string;
  private readonly scratch: number[] = [];
  private readonly columnValues = new ColumnValues();

  /** `cacheBytes`: budget for decoded leaves; a quarter of it comes on top for summaries. */
  constructor(
    container: ContainerReader,
    bounds: StateBounds,
    attributes: AttributeTree,
    texts: TextReader,
    index: IntervalIndex,
    cacheBytes: number,
  ) {
    this.start = bounds.start;
    this.end = bounds.end;
    this.intervalCount = bounds.intervalCount;
    this.attributes = attributes;
    this.index = index;
    this.leaves = new NodeCache(index.leafCount, cacheBytes, (leaf) => readLeaf(container, index, leaf));
    this.summaries = new NodeCache(index.runCount, cacheBytes / 4, (run) => readSummary(container, index, run));
    this.open = (leaf) => this.leaves.get(leaf);
    this.text = (id) => texts.text(id);
  }

  at(time: RelativeNs, quark: Quark): Interval | undefined {
    this.checkQuark(quark);
    const { scratch } = this;
    scratch.length = 0;
    this.index.collect(time, time, quark, quark, scratch);
    for (const id of scratch) {
      const leaf = this.leaves.get(id);
      const s = leaf.segment(quark);
      const i = s < 0 ? -1 : leaf.covering(s, time);
      if (i >= 0) return this.interval(leaf, quark, i);
    }
    return undefined;
  }

  full(time: RelativeNs): readonly (Interval | undefined)[] {
    const count = this.attributes.count;
    const result = new Array<Interval | undefined>(count).fill(undefined);
    const { scratch } = this;
    scratch.length = 0;
    if (count > 0) this.index.collect(time, time, 0, count - 1, scratch);
    for (const id of scratch) {
      const leaf = this.leaves.get(id);
      const { quarks } = leaf;
      for (let s = 0; s < leaf.segments; s++) {
        const i = leaf.covering(s, time);
        if (i < 0) continue;
        const quark = quarks[s] as number;
        result[quark] = this.interval(leaf, quark, i);
      }
    }
    return result;
  }

  range(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, visit: IntervalVisitor): void {
    const { text } = this;
    for (const quark of quarks) {
      this.checkQuark(quark);
      const leaves = this.candidates(quark, from, to);
      const bound = (leaf: number): number => this.index.starts[leaf] as number;
      leaves.sort((a, b) => bound(a) - bound(b));
      const goOn = mergeIntervals(leaves, bound, this.open, quark, from, to, (leaf, i) =>
        visit(quark, leaf.start(i), leaf.end(i), leaf.value(i, text)),
      );
      if (!goOn) return;
    }
  }

  columns(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, columns: number, room = 0): readonly StateColumns[] {
    if (!(from <= to && Number.isFinite(to - from)))
      throw new UsageError(`columns need a range that ends after it starts, not [${from}, ${to})`);
    if (!(Number.isInteger(columns) && columns >= 1 && columns <= maxColumns))
      throw new UsageError(`1 to ${maxColumns} columns, not ${columns}`);
    for (const quark of quarks) this.checkQuark(quark);
    const summer = new ColumnSummer(this.columnValues, from, to, columns, room, this.text);
    let rows = new Map(quarks.map((quark) => [quark, summer.begin()]));
    const all = new Map(rows);
    // An empty range has empty columns. Rows whose numbers did not ascend are summed again: see ColumnSummer.
    while (from < to && rows.size > 0) {
      this.sum(summer, rows, from, to, (to - from) / columns);
      rows = new Map([...rows].filter(([, row]) => !summer.isSure(row)).map(([quark]) => [quark, summer.begin(true)]));
      for (const [quark, row] of rows) all.set(quark, row);
    }
    return quarks.map((quark) => summer.finish(defined(all.get(quark), "a row"), quark));
  }

  /** Adds everything in [from, to) to the rows. Run by run, so that each leaf is read once, however many of the rows it has and however few the cache holds. */
  private sum(summer: ColumnSummer, rows: ReadonlyMap<Quark, ColumnRow>, from: RelativeNs, to: RelativeNs, width: number): void {
    const { index } = this;
    const quarks = [...rows.keys()].sort((left, right) => left - right);
    const leaves: number[] = [];
    if (quarks.length > 0) index.collect(from, to, quarks[0] as number, quarks.at(-1) as number, leaves);
    for (let first = 0, past = 0; first < leaves.length; first = past) {
      const run = index.runs[leaves[first] as number] as number;
      while (past < leaves.length && index.runs[leaves[past] as number] === run) past++;
      const summary = index.hasSummary(run) && this.mayFitColumns(leaves, first, past, width) ? this.summaries.get(run) : undefined;
      for (let l = first; l < past; l++) this.sumLeaf(summer, rows, quarks, summary, leaves, l, first, from, to);
    }
  }

  /** Adds the rows of one of a run's leaves: by the summary those that it has, in the first leaf that may hold them, and the others from the leaf. */
  private sumLeaf(
    summer: ColumnSummer,
    rows: ReadonlyMap<Quark, ColumnRow>,
    quarks: readonly Quark[],
    summary: Summary | undefined,
    leaves: readonly number[],
    at: number,
    first: number,
    from: RelativeNs,
    to: RelativeNs,
  ): void {
    const { index } = this;
    const id = leaves[at] as number;
    const last = index.lastQuarks[id] as number;
    let leaf: Leaf | undefined;
    for (let i = firstAtLeast(quarks, index.firstQuarks[id] as number); i < quarks.length; i++) {
      const quark = quarks[i] as number;
      if (quark > last) break;
      summer.select(rows.get(quark) as ColumnRow);
      if (summer.isWrong) continue;
      const row = summary === undefined ? -1 : summary.segment(quark);
      if (summary === undefined || row < 0 || !summer.mayFit(summary, row)) {
        leaf ??= this.leaves.get(id);
        const [begin, past] = touching(leaf, quark, from, to);
        summer.add(leaf, begin, past);
      } else if (at === first || (index.lastQuarks[leaves[at - 1] as number] as number) < quark) {
        if (!summer.addSummary(summary, row)) this.addParts(summer, index.firstOfRun(id), quark, summary, row, from, to);
      }
    }
  }

  /** Adds a segment by its blocks, and the intervals of those blocks that do not lie inside one column. */
  private addParts(
    summer: ColumnSummer,
    firstLeaf: number,
    quark: Quark,
    summary: Summary,
    segment: number,
    from: RelativeNs,
    to: RelativeNs,
  ): void {
    let id = -1;
    let leaf: Leaf | undefined;
    let first = 0;
    let past = 0;
    for (let row = segment - (summary.parts[segment] as number); row < segment; row++) {
      if ((summary.end[row] as number) < from || (summary.start[row] as number) >= to || summer.addSummary(summary, row)) continue;
      const at = summary.leaf[row] as number;
      if (leaf === undefined || firstLeaf + at !== id) {
        id = firstLeaf + at;
        leaf = this.leaves.get(id);
        [first, past] = touching(leaf, quark, from, to);
      }
      // Neighbouring blocks of a leaf are summed in one go.
      const begin = summary.first[row] as number;
      let end = begin + (summary.count[row] as number);
      while (row + 1 < segment && summary.leaf[row + 1] === at && !summer.fits(summary, row + 1))
        end = (summary.first[++row] as number) + (summary.count[row] as number);
      summer.add(leaf, Math.max(first, begin), Math.min(past, end));
    }
  }

  /** Whether blocks of a run can lie inside columns of this width: otherwise its summary need not be read. */
  private mayFitColumns(leaves: readonly number[], first: number, past: number, width: number): boolean {
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (let l = first; l < past; l++) {
      start = Math.min(start, this.index.starts[leaves[l] as number] as number);
      end = Math.max(end, this.index.ends[leaves[l] as number] as number);
    }
    return end - start < width * mostBlocks;
  }

  nextChange(time: RelativeNs, quark: Quark): RelativeNs | undefined {
    this.checkQuark(quark);
    let best = Number.POSITIVE_INFINITY;
    this.index.walk(time, quark, true, (leaves) => {
      for (const id of leaves) {
        if ((this.index.starts[id] as number) > best) continue;
        const leaf = this.leaves.get(id);
        const s = leaf.segment(quark);
        if (s < 0) continue;
        const first = leaf.firsts[s] as number;
        const past = leaf.firsts[s + 1] as number;
        const after = leaf.firstStartingAfter(time, first, past);
        if (after < past) best = Math.min(best, leaf.start(after));
        for (let i = after - 1; i >= first; i--) {
          const end = leaf.end(i);
          if (end > time) best = Math.min(best, end);
          if (end > leaf.start(i)) break;
        }
      }
      return best;
    });
    return best < Number.POSITIVE_INFINITY ? best : undefined;
  }

  previousChange(time: RelativeNs, quark: Quark): RelativeNs | undefined {
    this.checkQuark(quark);
    let best = Number.NEGATIVE_INFINITY;
    this.index.walk(time, quark, false, (leaves) => {
      for (const id of leaves) {
        if ((this.index.ends[id] as number) < best) continue;
        const leaf = this.leaves.get(id);
        const s = leaf.segment(quark);
        if (s < 0) continue;
        const first = leaf.firsts[s] as number;
        const from = leaf.firstStartingFrom(time, first, leaf.firsts[s + 1] as number);
        for (let i = from - 1; i >= first; i--) {
          const start = leaf.start(i);
          const end = leaf.end(i);
          best = Math.max(best, start, end < time ? end : start);
          if (end > start) break;
        }
      }
      return best;
    });
    return best > Number.NEGATIVE_INFINITY ? best : undefined;
  }

  close(): void {
    this.leaves.clear();
    this.summaries.clear();
  }

  private interval(leaf: Leaf, quark: Quark, i: number): Interval {
    return { quark, start: leaf.start(i), end: leaf.end(i), value: leaf.value(i, this.text) };
  }

  private candidates(quark: Quark, from: RelativeNs, to: RelativeNs): number[] {
    const leaves: number[] = [];
    this.index.collect(from, to, quark, quark, leaves);
    return leaves;
  }

  private checkQuark(quark: Quark): void {
    assert(quark >= 0 && quark < this.attributes.count, `no attribute ${quark}`);
  }
}

/** Reads and checks one leaf of the index. */
export function readLeaf(container: ContainerReader, index: IntervalIndex, leaf: number): Leaf {
  const ref = index.leaf(leaf);
  return new Leaf(container.read(ref), container.source.name, ref.offset);
}

/** Reads and checks one run's summary, which must exist. */
export function readSummary(container: ContainerReader, index: IntervalIndex, run: number): Summary {
  const ref = defined(index.summary(run), "a run without a summary");
  return new Summary(container.read(ref), container.source.name, ref.offset);
}
