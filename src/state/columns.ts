/**
 * Sums intervals into the columns of rows: count, busy time, longest, dominant value. Exact: nothing is sampled.
 *
 * Column c of [from, to) is [edge(c), edge(c + 1)) with edge(c) = from + ((to - from) * c) / columns. The dominant value is the one with the most time in the
 * column; where only instants touch it, one of theirs. Ties go to texts before numbers, then to the text interned first, then to the smaller number
 * (-0 counts as 0, NaN comes last).
 *
 * Numbers are first taken to ascend, as ids and counters do: then none comes twice, and the longest interval of a column is all there is to keep of millions
 * (column-values.ts). A row where that turns out wrong takes nothing more; `isSure` says so, and it is summed again without the assumption.
 */
import type { RelativeNs } from "../base/index.ts";
import type { ColumnValues, RowParts } from "./column-values.ts";
import type { Quark, StateColumns } from "./contract.ts";
import { directCodes, type Leaf, type NarrowColumns, type Palette, paletteLimit, paletteOf, textKind } from "./leaf.ts";
import type { Summary } from "./summary.ts";

/** One row of columns being summed. */
export interface ColumnRow {
  readonly count: Uint32Array;
  readonly busy: Float64Array;
  readonly longest: Float64Array;
  readonly parts: RowParts;
  /** The row's intervals so far; undefined once they are too many. */
  kept: Kept[] | undefined;
}

/** An interval with its value as leaves have it. */
interface Kept {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly scalar: number;
}

/** Rows are summed by turns: `select` says which one `add` and `addSummary` mean; `finish` when a row has everything. */
export class ColumnSummer {
  private readonly from: number;
  private readonly to: number;
  private readonly columns: number;
  private readonly edges: Float64Array;
  private readonly scale: number;
  private readonly text: (id: number) => string;
  private readonly room: number;
  private readonly values: ColumnValues;
  /** Time by index of a palette, 0 between calls of `addIndices`. */
  private readonly sums = new Float64Array(paletteLimit);
  /** Of the intervals that were last added by codes or indices. */
  private busy = 0;
  private longest = 0;
  private row: ColumnRow;

  /** `values` is used by one summer at a time, and keeps its room for the next. `room`: intervals of a row that are kept. */
  constructor(values: ColumnValues, from: RelativeNs, to: RelativeNs, columns: number, room: number, text: (id: number) => string) {
    values.clear();
    this.values = values;
    this.from = from;
    this.to = to;
    this.columns = columns;
    this.edges = Float64Array.from({ length: columns + 1 }, (_, c) => from + ((to - from) * c) / columns);
    this.edges[columns] = to;
    this.scale = columns / (to - from);
    this.room = room;
    this.text = text;
    this.row = this.begin();
  }

  /** A new row, empty; selects it. `isExact`: without assuming that its numbers ascend. */
  begin(isExact = false): ColumnRow {
    const { columns } = this;
    const row: ColumnRow = {
      count: new Uint32Array(columns),
      busy: new Float64Array(columns),
      longest: new Float64Array(columns),
      parts: this.values.row(isExact, columns),
      kept: this.room > 0 ? [] : undefined,
    };
    this.select(row);
    return row;
  }

  select(row: ColumnRow): void {
    this.row = row;
    this.values.select(row.parts);
  }

  /** True once the selected row need not be given any more: it will not be sure. */
  get isWrong(): boolean {
    return this.values.isWrong;
  }

  /** False when the row has to be summed again: the assumption that its numbers ascend was wrong. */
  isSure(row: ColumnRow): boolean {
    this.select(row);
    return this.values.isSure();
  }

  /** Adds the intervals [first, past) of the leaf, all of the row's quark and starting before the range's end, as far as they touch the range. */
  add(leaf: Leaf, first: number, past: number): void {
    if (this.values.isWrong) return;
    if (this.row.kept !== undefined) this.keep(this.row.kept, leaf, first, past);
    const { narrow } = leaf;
    if (narrow !== undefined) this.addNarrow(narrow, first, past);
    else for (let i = first; i < past; i++) this.addInterval(leaf.start(i), leaf.end(i), leaf.kind(i), leaf.scalar(i));
  }

  private keep(kept: Kept[], leaf: Leaf, first: number, past: number): void {
    for (let i = first; i < past; i++) {
      const [start, end] = [leaf.start(i), leaf.end(i)];
      if (start < this.from && end <= this.from) continue;
      if (kept.length === this.room) {
        this.row.kept = undefined;
        return;
      }
      kept.push({ start, end, kind: leaf.kind(i), scalar: leaf.scalar(i) });
    }
  }

  /** Whether the segment's blocks are likely to lie inside a column, by their mean duration: otherwise its intervals are all looked at anyway. */
  mayFit(summary: Summary, segment: number): boolean {
    const duration = (summary.end[segment] as number) - (summary.start[segment] as number);
    return duration * this.scale < (summary.parts[segment] as number);
  }

  /** Whether the summary's row can stand for its intervals: it lies inside one column, lists its values, and they need not be kept. */
  fits(summary: Summary, row: number): boolean {
    const { kept } = this.row;
    if (this.values.isExact && summary.isAscent(row)) return false;
    if (kept !== undefined && kept.length + (summary.count[row] as number) <= this.room) return false;
    const start = summary.start[row] as number;
    const end = summary.end[row] as number;
    // An end on a column's edge is left to the intervals: an instant there belongs to the next column.
    return start >= this.from && end < this.to && summary.isSummed(row) && end < (this.edges[this.columnOf(start) + 1] as number);
  }

  /** Adds a summary's row, if it fits. */
  addSummary(summary: Summary, row: number): boolean {
    if (!this.fits(summary, row)) return false;
    this.row.kept = undefined;
    const column = this.columnOf(summary.start[row] as number);
    this.addToColumn(column, summary.count[row] as number, summary.busy[row] as number, summary.longest[row] as number);
    const first = summary.firstAmount[row] as number;
    if (summary.isAscent(row)) {
      const [least, greatest, best] = [summary.values[first], summary.values[first + 1], summary.values[first + 2]];
      this.values.addAscent(least as number, greatest as number, best as number, summary.amounts[first + 2] as number);
      return true;
    }
    const past = summary.firstAmount[row + 1] as number;
    for (let a = first; a < past; a++) {
      this.values.add(summary.kinds[a] as number, summary.values[a] as number, summary.amounts[a] as number);
    }
    return true;
  }

  /** The columns of a row, which must be those of this quark. */
  finish(row: ColumnRow, quark: Quark): StateColumns {
    this.select(row);
    const dominant = new Int32Array(this.columns).fill(-1);
    const values = this.values.dominant(dominant, this.text);
    const { count, busy, longest, kept } = row;
    const intervals = kept
      ?.sort((left, right) => left.start - right.start || left.end - right.end)
      .map(({ start, end, kind, scalar }) => ({ quark, start, end, value: kind === textKind ? this.text(scalar) : scalar }));
    return { quark, count, busy, longest, dominant, values, intervals };
  }

  private addToColumn(column: number, count: number, busy: number, longest: number): void {
    const { row } = this;
    row.count[column] = (row.count[column] as number) + count;
    row.busy[column] = (row.busy[column] as number) + busy;
    if (longest > (row.longest[column] as number)) row.longest[column] = longest;
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
  private addNarrow(narrow: NarrowColumns, first: number, past: number): void {
    const { base, starts, lengths, codes } = narrow;
    const { from, values } = this;
    const palette = paletteOf(narrow);
    for (let i = first; i < past; i++) {
      const start = base + (starts[i] as number);
      if (start >= from) {
        const column = this.columnOf(start);
        // Times are whole numbers below 2^32: an end reaches the edge when it reaches the next whole number.
        const limit = Math.min(0xffffffff, Math.ceil((this.edges[column + 1] as number) - base)) >>> 0;
        values.enter(column);
        const begin = i;
        i = palette === undefined ? this.addCodes(narrow, i, past, limit) : this.addIndices(narrow, palette, i, past, limit);
        if (i > begin) this.addToColumn(column, i - begin, this.busy, this.longest);
        if (i === past) return;
      }
      const at = base + (starts[i] as number);
      const code = codes[i] as number;
      this.addInterval(at, at + (lengths[i] as number), code & 1, code >>> 1);
    }
  }

  /** Adds the values of intervals up to the first that reaches `limit`, and returns its index; sets `busy` and `longest`. */
  private addIndices({ starts, lengths }: NarrowColumns, { indices, codes }: Palette, first: number, past: number, limit: number): number {
    const { sums, values } = this;
    let longest = 0;
    let present = 0;
    let i = first;
    for (; i < past; i++) {
      const length = lengths[i] as number;
      if (((starts[i] as number) + length) >>> 0 >= limit) break;
      const index = indices[i] as number;
      present |= 1 << index;
      sums[index] = (sums[index] as number) + length;
      if (length > longest) longest = length;
    }
    let busy = 0;
    for (; present !== 0; present &= present - 1) {
      const index = 31 - Math.clz32(present & -present);
      const sum = sums[index] as number;
      sums[index] = 0;
      values.addSmall(codes[index] as number, sum);
      busy += sum;
    }
    this.busy = busy;
    this.longest = longest;
    return i;
  }

  /** The same where codes are many. */
  private addCodes({ starts, lengths, codes }: NarrowColumns, first: number, past: number, limit: number): number {
    const { values } = this;
    let busy = 0;
    let longest = 0;
    let i = first;
    for (; i < past; i++) {
      const length = lengths[i] as number;
      if (((starts[i] as number) + length) >>> 0 >= limit) break;
      const code = codes[i] as number;
      if (code >= directCodes) values.addCode(code, length);
      else values.addSmall(code, length);
      busy += length;
      if (length > longest) longest = length;
    }
    this.busy = busy;
    this.longest = longest;
    return i;
  }

  private columnOf(time: number): number {
    let column = Math.min(this.columns - 1, Math.floor((time - this.from) * this.scale));
    while (column > 0 && time < (this.edges[column] as number)) column--;
    while (column < this.columns - 1 && time >= (this.edges[column + 1] as number)) column++;
    return column;
  }
}
