/**
 * Sums intervals into the columns of one row: count, busy time, longest, dominant value. Exact: nothing is sampled.
 *
 * Column c of [from, to) is [edge(c), edge(c + 1)) with edge(c) = from + ((to - from) * c) / columns. The dominant value is the one with the most time in the
 * column; where only instants touch it, one of theirs. Ties go to texts before numbers, then to the text interned first, then to the smaller number
 * (-0 counts as 0, NaN comes last).
 */
import type { RelativeNs } from "../base/index.ts";
import type { Quark, StateColumns, StateValue } from "./contract.ts";
import { type Leaf, textKind } from "./leaf.ts";
import type { Summary } from "./summary.ts";

/** Values whose code is below this are found by an array read. */
const directCodes = 1 << 16;
/** Intervals copied at once, and the least number for which copying pays. */
const copyIntervals = 4096;
const worthCopying = 32;

/** One row after the other is summed with `begin`, `add`..., `finish`. */
export class ColumnSummer {
  private readonly from: number;
  private readonly to: number;
  private readonly columns: number;
  private readonly edges: Float64Array;
  private readonly scale: number;
  private readonly text: (id: number) => string;
  /** Row's index of each value: by code (see leaf.ts) where it is small, -1 where it has none yet; of all others by text id or number. */
  private readonly codeIndex = new Int32Array(directCodes).fill(-1);
  private readonly usedCodes: number[] = [];
  private readonly textIndex = new Map<number, number>();
  private readonly numberIndex = new Map<number, number>();
  private readonly lengths = new Uint32Array(copyIntervals);
  private readonly codes = new Uint32Array(copyIntervals);
  /** The row's values: kind and number (or text id) of each index. */
  private readonly kinds: number[] = [];
  private readonly scalars: number[] = [];
  private count = new Uint32Array(0);
  private busy = new Float64Array(0);
  private longest = new Float64Array(0);
  /** Time per value of the column being summed, and which values have some. */
  private amounts = new Float64Array(64);
  private seen = new Uint8Array(64);
  private readonly touched: number[] = [];
  private column = -1;
  /** Finished parts: this much of this column by this value. */
  private partColumn = new Int32Array(1024);
  private partValue = new Int32Array(1024);
  private partAmount = new Float64Array(1024);
  private parts = 0;

  constructor(from: RelativeNs, to: RelativeNs, columns: number, text: (id: number) => string) {
    this.from = from;
    this.to = to;
    this.columns = columns;
    this.edges = Float64Array.from({ length: columns + 1 }, (_, c) => from + ((to - from) * c) / columns);
    this.edges[columns] = to;
    this.scale = columns / (to - from);
    this.text = text;
  }

  begin(): void {
    this.count = new Uint32Array(this.columns);
    this.busy = new Float64Array(this.columns);
    this.longest = new Float64Array(this.columns);
    for (const code of this.usedCodes) this.codeIndex[code] = -1;
    this.usedCodes.length = 0;
    this.textIndex.clear();
    this.numberIndex.clear();
    this.kinds.length = 0;
    this.scalars.length = 0;
    this.parts = 0;
    this.column = -1;
  }

  /** Adds the intervals [first, past) of the leaf, all of the row's quark and starting before the range's end, as far as they touch the range. */
  add(leaf: Leaf, first: number, past: number): void {
    const starts = past - first < worthCopying ? undefined : leaf.narrowStarts;
    if (starts === undefined) {
      for (let i = first; i < past; i++) this.addInterval(leaf.start(i), leaf.end(i), leaf.kind(i), leaf.scalar(i));
      return;
    }
    for (let at = first; at < past; at += copyIntervals) this.addCopied(leaf, starts, at, Math.min(past, at + copyIntervals));
  }

  /** Whether the summary's row can stand for its intervals: it lies inside one column, and lists its values. */
  fits(summary: Summary, row: number): boolean {
    const start = summary.start[row] as number;
    const end = summary.end[row] as number;
    // An end on a column's edge is left to the intervals: an instant there belongs to the next column.
    return start >= this.from && end < this.to && summary.isSummed(row) && end < (this.edges[this.columnOf(start) + 1] as number);
  }

  /** Adds a summary's row, if it fits. */
  addSummary(summary: Summary, row: number): boolean {
    if (!this.fits(summary, row)) return false;
    const column = this.columnOf(summary.start[row] as number);
    const { count, busy, longest } = this;
    count[column] = (count[column] as number) + (summary.count[row] as number);
    busy[column] = (busy[column] as number) + (summary.busy[row] as number);
    longest[column] = Math.max(longest[column] as number, summary.longest[row] as number);
    this.enterColumn(column);
    const past = summary.firstAmount[row + 1] as number;
    for (let a = summary.firstAmount[row] as number; a < past; a++) {
      this.addAmount(this.valueIndex(summary.kinds[a] as number, summary.values[a] as number), summary.amounts[a] as number);
    }
    return true;
  }

  private addInterval(start: number, end: number, kind: number, scalar: number): void {
    const { from, to, edges, count, busy, longest } = this;
    if (start < from && end <= from) return;
    const value = this.valueIndex(kind, scalar);
    const length = end - start;
    let low = Math.max(start, from);
    const high = Math.min(end, to);
    for (let column = this.columnOf(low); ; column++) {
      const edge = edges[column + 1] as number;
      const part = Math.min(high, edge) - low;
      count[column] = (count[column] as number) + 1;
      busy[column] = (busy[column] as number) + part;
      if (length > (longest[column] as number)) longest[column] = length;
      this.enterColumn(column);
      this.addAmount(value, part);
      if (high <= edge) break;
      low = edge;
    }
  }

  /** As `add`, for a narrow leaf: all intervals of one column in one tight loop, those that cross an edge one by one. */
  private addCopied(leaf: Leaf, starts: Uint32Array, first: number, past: number): void {
    const { lengths, codes, codeIndex, from } = this;
    leaf.copy(first, past, lengths, codes);
    const { timeBase: base, codeBase } = leaf;
    const n = past - first;
    for (let i = 0; i < n; ) {
      const start = base + (starts[first + i] as number);
      const column = start >= from ? this.columnOf(start) : -1;
      const edge = column >= 0 ? (this.edges[column + 1] as number) - base : Number.NEGATIVE_INFINITY;
      if (column >= 0) this.enterColumn(column);
      const { amounts, seen } = this;
      const begin = i;
      let busy = 0;
      let longest = 0;
      for (; i < n; i++) {
        const length = lengths[i] as number;
        if ((starts[first + i] as number) + length >= edge) break;
        const code = (codes[i] as number) + codeBase;
        const value = code < directCodes ? (codeIndex[code] as number) : -1;
        if (value < 0 || seen[value] === 0) break;
        amounts[value] = (amounts[value] as number) + length;
        busy += length;
        if (length > longest) longest = length;
      }
      if (i > begin) {
        this.count[column] = (this.count[column] as number) + (i - begin);
        this.busy[column] = (this.busy[column] as number) + busy;
        if (longest > (this.longest[column] as number)) this.longest[column] = longest;
      }
      // What stopped the loop: an interval at the edge, or the column's first one of a value.
      if (i < n) {
        const code = (codes[i] as number) + codeBase;
        const at = base + (starts[first + i] as number);
        this.addInterval(at, at + (lengths[i] as number), code & 1, code >>> 1);
        i++;
      }
    }
  }

  finish(quark: Quark): StateColumns {
    this.endColumn();
    const { columns, parts } = this;
    // Parts by column: a counting sort, stable.
    const next = new Int32Array(columns + 1);
    for (let p = 0; p < parts; p++) {
      const slot = (this.partColumn[p] as number) + 1;
      next[slot] = (next[slot] as number) + 1;
    }
    for (let c = 1; c <= columns; c++) next[c] = (next[c] as number) + (next[c - 1] as number);
    const order = new Int32Array(parts);
    for (let p = 0; p < parts; p++) {
      const column = this.partColumn[p] as number;
      const at = next[column] as number;
      order[at] = p;
      next[column] = at + 1;
    }
    const dominant = new Int32Array(columns).fill(-1);
    for (let column = 0, at = 0; column < columns; column++) {
      const past = next[column] as number;
      const begin = at;
      for (; at < past; at++) {
        const p = order[at] as number;
        this.addAmount(this.partValue[p] as number, this.partAmount[p] as number);
      }
      if (past > begin) dominant[column] = this.takeDominant();
    }
    const values: StateValue[] = this.kinds.map((kind, v) => (kind === textKind ? this.text(this.scalars[v] as number) : this.scalars[v]));
    return { quark, count: this.count, busy: this.busy, longest: this.longest, dominant, values };
  }

  private columnOf(time: number): number {
    let column = Math.min(this.columns - 1, Math.floor((time - this.from) * this.scale));
    while (column > 0 && time < (this.edges[column] as number)) column--;
    while (column < this.columns - 1 && time >= (this.edges[column + 1] as number)) column++;
    return column;
  }

  /** The row's index of the value, given one when new. */
  private valueIndex(kind: number, scalar: number): number {
    const code = kind === textKind ? 2 * scalar : 2 * scalar + 1;
    const isDirect = code < directCodes && code >>> 0 === code && (kind === textKind || scalar >>> 0 === scalar);
    const known = isDirect ? (this.codeIndex[code] as number) : ((kind === textKind ? this.textIndex : this.numberIndex).get(scalar) ?? -1);
    if (known >= 0) return known;
    const index = this.kinds.push(kind) - 1;
    this.scalars.push(scalar === 0 ? 0 : scalar);
    if (isDirect) {
      this.codeIndex[code] = index;
      this.usedCodes.push(code);
    } else (kind === textKind ? this.textIndex : this.numberIndex).set(scalar, index);
    if (index >= this.amounts.length) {
      const amounts = new Float64Array(index * 2);
      const seen = new Uint8Array(index * 2);
      amounts.set(this.amounts);
      seen.set(this.seen);
      this.amounts = amounts;
      this.seen = seen;
    }
    return index;
  }

  /** Makes the column the one that amounts are added to. */
  private enterColumn(column: number): void {
    if (column === this.column) return;
    this.endColumn();
    this.column = column;
  }

  private addAmount(value: number, amount: number): void {
    if (this.seen[value] === 0) {
      this.seen[value] = 1;
      this.touched.push(value);
      this.amounts[value] = amount;
    } else this.amounts[value] = (this.amounts[value] as number) + amount;
  }

  /** Turns the amounts of the current column into parts. */
  private endColumn(): void {
    const { touched } = this;
    if (this.parts + touched.length > this.partColumn.length) this.growParts(this.parts + touched.length);
    for (const value of touched) {
      const p = this.parts++;
      this.partColumn[p] = this.column;
      this.partValue[p] = value;
      this.partAmount[p] = this.amounts[value] as number;
      this.seen[value] = 0;
    }
    touched.length = 0;
  }

  /** The value with the greatest amount; forgets the amounts. */
  private takeDominant(): number {
    let best = -1;
    let most = -1;
    for (const value of this.touched) {
      const amount = this.amounts[value] as number;
      if (amount > most || (amount === most && this.precedes(value, best))) {
        best = value;
        most = amount;
      }
      this.seen[value] = 0;
    }
    this.touched.length = 0;
    return best;
  }

  private precedes(a: number, b: number): boolean {
    const kindA = this.kinds[a] as number;
    const kindB = this.kinds[b] as number;
    if (kindA !== kindB) return kindA === textKind;
    const scalarB = this.scalars[b] as number;
    return (this.scalars[a] as number) < scalarB || Number.isNaN(scalarB);
  }

  private growParts(least: number): void {
    const size = Math.max(least, this.partColumn.length * 2);
    const column = new Int32Array(size);
    const value = new Int32Array(size);
    const amount = new Float64Array(size);
    column.set(this.partColumn);
    value.set(this.partValue);
    amount.set(this.partAmount);
    this.partColumn = column;
    this.partValue = value;
    this.partAmount = amount;
  }
}
