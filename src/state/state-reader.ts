/** The reading side of the state history: finds leaves through the index, reads intervals out of them. Holds decoded leaves within a byte budget. */
import { assert, type RelativeNs, UsageError } from "../base/index.ts";
import { ColumnSummer } from "./columns.ts";
import type { ContainerReader } from "./container.ts";
import type { AttributeTree, Interval, IntervalVisitor, Quark, StateColumns, StateHistory } from "./contract.ts";
import type { IntervalIndex } from "./interval-index.ts";
import { Leaf } from "./leaf.ts";
import { mergeIntervals, touching } from "./merge.ts";
import { NodeCache } from "./node-cache.ts";
import type { TextReader } from "./texts.ts";

/** Bounds and count, from the footer. */
export interface StateBounds {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
}

/** Most columns of one query; viewers ask for their pixels. */
const maxColumns = 65536;

export class StateReader implements StateHistory {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
  readonly attributes: AttributeTree;
  private readonly index: IntervalIndex;
  private readonly texts: TextReader;
  private readonly leaves: NodeCache<Leaf>;
  private readonly open: (leaf: number) => Leaf;
  private readonly text: (id: number) => string;
  private readonly scratch: number[] = [];

  /** `cacheBytes`: budget for decoded leaves. */
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
    this.texts = texts;
    this.index = index;
    this.leaves = new NodeCache(index.leafCount, cacheBytes, (leaf) => readLeaf(container, index, leaf));
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

  columns(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, columns: number): readonly StateColumns[] {
    if (!(from < to && Number.isFinite(to - from)))
      throw new UsageError(`columns need a range with start before end, got [${from}, ${to})`);
    if (!(Number.isInteger(columns) && columns >= 1 && columns <= maxColumns))
      throw new UsageError(`1 to ${maxColumns} columns, not ${columns}`);
    const summer = new ColumnSummer(from, to, columns, this.texts.count, this.text);
    return quarks.map((quark) => {
      this.checkQuark(quark);
      summer.begin();
      for (const id of this.candidates(quark, from, to)) {
        const leaf = this.leaves.get(id);
        const [first, past] = touching(leaf, quark, from, to);
        summer.add(leaf, first, past);
      }
      return summer.finish(quark);
    });
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
  const offset = index.offsets[leaf] as number;
  const bytes = container.read({ offset, bytes: index.bytes[leaf] as number, checksum: index.checksums[leaf] as number });
  return new Leaf(bytes, container.source.name, offset);
}
