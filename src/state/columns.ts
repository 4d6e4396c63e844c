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

/** One row after the other is summed with `begin`, `add`..., `finish`. */
export class ColumnSummer {
  private readonly from: number;
  private readonly to: number;
  private readonly columns: number;
  private readonly edges: Float64Array;
  private readonly scale: number;
  private readonly text: (id: number) => string;
  /** Row's index of each text id, -1 where it has none yet. */
  private readonly textIndex: Int32Array;
  private readonly numberIndex = new Map<number, number>();
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

  constructor(from: RelativeNs, to: RelativeNs, columns: number, textCount: number, text: (id: number) => string) {
    this.from = from;
    this.to = to;
    this.columns = columns;
    this.edges = Float64Array.from({ length: columns + 1 }, (_, c) => from + ((to - from) * c) / columns);
    this.edges[columns] = to;
    this.scale = columns / (to - from);
    this.text = text;
    this.textIndex = new Int32Array(textCount).fill(-1);
  }

  begin(): void {
    this.count = new Uint32Array(this.columns);
    this.busy = new Float64Array(this.columns);
    this.longest = new Float64Array(this.columns);
    for (let v = 0; v < this.kinds.length; v++) if (this.kinds[v] === textKind) this.textIndex[this.scalars[v] as number] = -1;
    this.numberIndex.clear();
    this.kinds.length = 0;
    this.scalars.length = 0;
    this.parts = 0;
    this.column = -1;
  }

  /** Adds the intervals [first, past) of the leaf, all of the row's quark, as far as they touch the range. */
  add(leaf: Leaf, first: number, past: number): void {
    const { from, to, edges, count, busy, longest } = this;
    for (let i = first; i < past; i++) {
      const start = leaf.start(i);
      const end = leaf.end(i);
      if (start < from && end <= from) continue;
      const value = this.valueIndex(leaf.kind(i), leaf.scalar(i));
      const length = end - start;
      let low = Math.max(start, from);
      const high = Math.min(end, to);
      for (let column = this.columnOf(low); ; column++) {
        const edge = edges[column + 1] as number;
        const part = Math.min(high, edge) - low;
        count[column] = (count[column] as number) + 1;
        busy[column] = (busy[column] as number) + part;
        if (length > (longest[column] as number)) longest[column] = length;
        this.addPart(column, value, part);
        if (high <= edge) break;
        low = edge;
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

  private valueIndex(kind: number, scalar: number): number {
    const known = kind === textKind ? (this.textIndex[scalar] as number) : (this.numberIndex.get(scalar) ?? -1);
    if (known >= 0) return known;
    const index = this.kinds.push(kind) - 1;
    this.scalars.push(scalar === 0 ? 0 : scalar);
    if (kind === textKind) this.textIndex[scalar] = index;
    else this.numberIndex.set(scalar, index);
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

  private addPart(column: number, value: number, amount: number): void {
    if (column !== this.column) {
      this.endColumn();
      this.column = column;
    }
    this.addAmount(value, amount);
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
