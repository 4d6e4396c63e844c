/**
 * Sums intervals into the columns of one row: count, busy time, longest, dominant value. Exact: nothing is sampled.
 *
 * Column c of [from, to) is [edge(c), edge(c + 1)) with edge(c) = from + ((to - from) * c) / columns. The dominant value is the one with the most time in the
 * column; where only instants touch it, one of theirs. Ties go to texts before numbers, then to the text interned first, then to the smaller number
 * (-0 counts as 0, NaN comes last).
 */
import type { RelativeNs } from "../base/index.ts";
import { ColumnValues, directCodes } from "./column-values.ts";
import type { Quark, StateColumns } from "./contract.ts";
import type { Leaf, NarrowColumns } from "./leaf.ts";
import type { Summary } from "./summary.ts";

/** One row after the other is summed with `begin`, `add` and `addSummary` in any order, `finish`. */
export class ColumnSummer {
  private readonly from: number;
  private readonly to: number;
  private readonly columns: number;
  private readonly edges: Float64Array;
  private readonly scale: number;
  private readonly text: (id: number) => string;
  private readonly values = new ColumnValues();
  private count = new Uint32Array(0);
  private busy = new Float64Array(0);
  private longest = new Float64Array(0);

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
    this.values.clear();
  }

  /** Adds the intervals [first, past) of the leaf, all of the row's quark and starting before the range's end, as far as they touch the range. */
  add(leaf: Leaf, first: number, past: number): void {
    const { narrow } = leaf;
    if (narrow !== undefined) this.addNarrow(narrow, first, past);
    else for (let i = first; i < past; i++) this.addInterval(leaf.start(i), leaf.end(i), leaf.kind(i), leaf.scalar(i));
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
    this.addToColumn(column, summary.count[row] as number, summary.busy[row] as number, summary.longest[row] as number);
    const past = summary.firstAmount[row + 1] as number;
    for (let a = summary.firstAmount[row] as number; a < past; a++) {
      this.values.add(summary.kinds[a] as number, summary.values[a] as number, summary.amounts[a] as number);
    }
    return true;
  }

  finish(quark: Quark): StateColumns {
    const dominant = new Int32Array(this.columns).fill(-1);
    const values = this.values.dominant(dominant, this.text);
    return { quark, count: this.count, busy: this.busy, longest: this.longest, dominant, values };
  }

  private addToColumn(column: number, count: number, busy: number, longest: number): void {
    this.count[column] = (this.count[column] as number) + count;
    this.busy[column] = (this.busy[column] as number) + busy;
    if (longest > (this.longest[column] as number)) this.longest[column] = longest;
    this.values.enter(column);
  }

  private addInterval(start: number, end: number, kind: number, scalar: number): void {
    const { from, to, edges } = this;
    if (start < from && end <= from) return;
    let low = Math.max(start, from);
    const high = Math.min(end, to);
    for (let column = this.columnOf(low); ; column++) {
      const edge = edges[column + 1] as number;
      const part = Math.min(high, edge) - low;
      this.addToColumn(column, 1, part, end - start);
      this.values.add(kind, scalar, part);
      if (high <= edge) break;
      low = edge;
    }
  }

  /** As `add`, for a narrow leaf: the intervals inside one column in one tight loop, those that reach or cross an edge one by one. */
  private addNarrow({ base, starts, lengths, codes }: NarrowColumns, first: number, past: number): void {
    const { from, values } = this;
    const { amounts, stamps } = values;
    for (let i = first; i < past; i++) {
      const start = base + (starts[i] as number);
      if (start >= from) {
        const column = this.columnOf(start);
        const edge = (this.edges[column + 1] as number) - base;
        values.enter(column);
        const { epoch } = values;
        const begin = i;
        let busy = 0;
        let longest = 0;
        for (; i < past; i++) {
          const length = lengths[i] as number;
          if ((starts[i] as number) + length >= edge) break;
          const code = codes[i] as number;
          if (code >= directCodes) values.addCode(code, length);
          else if (stamps[code] === epoch) amounts[code] = (amounts[code] as number) + length;
          else {
            values.touch(code);
            amounts[code] = length;
          }
          busy += length;
          if (length > longest) longest = length;
        }
        if (i > begin) this.addToColumn(column, i - begin, busy, longest);
        if (i === past) return;
      }
      const at = base + (starts[i] as number);
      const code = codes[i] as number;
      this.addInterval(at, at + (lengths[i] as number), code & 1, code >>> 1);
    }
  }

  private columnOf(time: number): number {
    let column = Math.min(this.columns - 1, Math.floor((time - this.from) * this.scale));
    while (column > 0 && time < (this.edges[column] as number)) column--;
    while (column < this.columns - 1 && time >= (this.edges[column + 1] as number)) column++;
    return column;
  }
}
