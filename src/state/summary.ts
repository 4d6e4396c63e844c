/**
 * Summaries: what columns() may use instead of the intervals themselves. A leaf's segment of at least one block (256 intervals) gets one row for the whole
 * segment and one for each block of it; the rows of a leaf are one block of the container. A row that lies inside one column of a query is added as it is;
 * otherwise its parts are looked at, and at last the intervals.
 *
 *     u32 rows, u32 amounts
 *     columns of one number per row (packed-columns.ts)
 *           quark, first interval in the leaf, count, parts: block rows that follow, 0 for a block
 *           values: those of the row's amounts, 0 when it has more than 16: then the intervals must be read
 *           start, end: least start, greatest end
 *           busy, longest: sum and greatest of end - start
 *     columns of one number per amount, row after row
 *           kind, value: number or text id, amount: ns that the row's intervals have this value
 */
import type { IntervalColumns } from "./leaf.ts";
import { ColumnPacker, readColumns } from "./packed-columns.ts";
import { PackReader, PackWriter } from "./packed-integers.ts";

const defaultBlockIntervals = 256;
const maxAmounts = 16;

export class Summary {
  readonly bytes: number;
  readonly rows: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly busy: Float64Array;
  readonly longest: Float64Array;
  readonly values: Float64Array;
  readonly amounts: Float64Array;
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  readonly parts: Uint32Array;
  readonly firstAmount: Uint32Array;
  readonly kinds: Uint8Array;
  private readonly quarks: Uint32Array;

  /** Throws BadInputError when the bytes are not a summary; `file` and `offset` say where they came from. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    const reader = new PackReader(bytes, file, offset);
    const rows = reader.count();
    const amounts = reader.count();
    this.rows = rows;
    this.quarks = new Uint32Array(rows);
    this.first = new Uint32Array(rows);
    this.count = new Uint32Array(rows);
    this.parts = new Uint32Array(rows);
    this.start = new Float64Array(rows);
    this.end = new Float64Array(rows);
    this.busy = new Float64Array(rows);
    this.longest = new Float64Array(rows);
    const listed = new Uint8Array(rows);
    readColumns(reader, [this.quarks, this.first, this.count, this.parts, listed, this.start, this.end, this.busy, this.longest]);
    this.kinds = new Uint8Array(amounts);
    this.values = new Float64Array(amounts);
    this.amounts = new Float64Array(amounts);
    readColumns(reader, [this.kinds, this.values, this.amounts]);
    reader.end();
    this.firstAmount = new Uint32Array(rows + 1);
    for (let row = 0; row < rows; row++) this.firstAmount[row + 1] = (this.firstAmount[row] as number) + (listed[row] as number);
    if (this.firstAmount[rows] !== amounts) reader.fail(`a summary of ${amounts} amounts whose rows list ${this.firstAmount[rows]}`);
    for (let row = 0; row < rows; row += 1 + (this.parts[row] as number)) {
      if (row + (this.parts[row] as number) >= rows) reader.fail(`row ${row} of a summary has parts beyond its end`);
    }
    this.bytes = 52 * rows + 17 * amounts;
  }

  /** The quark's segment row; -1 when it has none. */
  segment(quark: number): number {
    for (let row = 0; row < this.rows; row += 1 + (this.parts[row] as number)) if (this.quarks[row] === quark) return row;
    return -1;
  }

  /** False when the row has too many values to list. */
  isSummed(row: number): boolean {
    return (this.firstAmount[row + 1] as number) > (this.firstAmount[row] as number);
  }
}

/** Gathers the rows of one leaf after the other. */
export class SummaryEncoder {
  private readonly blockIntervals: number;
  private readonly f64: [start: number[], end: number[], busy: number[], longest: number[]] = [[], [], [], []];
  private readonly u32: [quark: number[], first: number[], count: number[], parts: number[]] = [[], [], [], []];
  private readonly listed: number[] = [];
  private readonly values: number[] = [];
  private readonly amounts: number[] = [];
  private readonly kinds: number[] = [];
  private readonly writer = new PackWriter();
  private readonly packer = new ColumnPacker();
  /** Values of the row being summed. */
  private readonly rowValues = new Float64Array(maxAmounts);
  private readonly rowAmounts = new Float64Array(maxAmounts);
  private readonly rowKinds = new Uint8Array(maxAmounts);

  constructor(blockIntervals: number = defaultBlockIntervals) {
    this.blockIntervals = blockIntervals;
  }

  /** The summary of the leaf that LeafEncoder makes of the same arguments; undefined when no segment is long enough. */
  encode(columns: IntervalColumns, order: Uint32Array, from: number, to: number): Uint8Array | undefined {
    for (const list of [...this.f64, ...this.u32, this.listed, this.values, this.amounts, this.kinds]) list.length = 0;
    const { quarks } = columns;
    const least = this.blockIntervals;
    for (let first = from; first < to; ) {
      const quark = quarks[order[first] as number] as number;
      // Most segments of a history with many attributes are short: look where a long one would still last.
      if (first + least > to || quarks[order[first + least - 1] as number] !== quark) {
        while (first < to && quarks[order[first] as number] === quark) first++;
        continue;
      }
      let past = first + least;
      while (past < to && quarks[order[past] as number] === quark) past++;
      this.add(columns, order, quark, first, past, from, Math.ceil((past - first) / least));
      for (let at = first; at < past; at += least) this.add(columns, order, quark, at, Math.min(past, at + least), from, 0);
      first = past;
    }
    return this.listed.length === 0 ? undefined : this.pack();
  }

  private add(
    columns: IntervalColumns,
    order: Uint32Array,
    quark: number,
    first: number,
    past: number,
    leafFirst: number,
    parts: number,
  ): void {
    const { starts, ends, values, kinds } = columns;
    const { rowValues, rowAmounts, rowKinds } = this;
    let end = Number.NEGATIVE_INFINITY;
    let busy = 0;
    let longest = 0;
    let distinct = 0;
    let known = 0;
    for (let k = first; k < past; k++) {
      const i = order[k] as number;
      const stop = ends[i] as number;
      const length = stop - (starts[i] as number);
      if (stop > end) end = stop;
      busy += length;
      if (length > longest) longest = length;
      if (distinct > maxAmounts) continue;
      const value = values[i] as number;
      const kind = kinds[i] as number;
      if (known >= distinct || rowValues[known] !== value || rowKinds[known] !== kind) {
        known = 0;
        while (known < distinct && !(rowValues[known] === value && rowKinds[known] === kind)) known++;
        if (known === distinct) {
          distinct++;
          if (known === maxAmounts) continue;
          rowValues[known] = value;
          rowKinds[known] = kind;
          rowAmounts[known] = 0;
        }
      }
      rowAmounts[known] = (rowAmounts[known] as number) + length;
    }
    this.f64[0].push(starts[order[first] as number] as number);
    this.f64[1].push(end);
    this.f64[2].push(busy);
    this.f64[3].push(longest);
    this.u32[0].push(quark);
    this.u32[1].push(first - leafFirst);
    this.u32[2].push(past - first);
    this.u32[3].push(parts);
    this.listed.push(distinct > maxAmounts ? 0 : distinct);
    if (distinct > maxAmounts) return;
    for (let v = 0; v < distinct; v++) {
      this.values.push(rowValues[v] as number);
      this.amounts.push(rowAmounts[v] as number);
      this.kinds.push(rowKinds[v] as number);
    }
  }

  private pack(): Uint8Array {
    const { writer, packer } = this;
    writer.begin();
    writer.u32(this.listed.length);
    writer.u32(this.values.length);
    const u32 = this.u32.map((list) => Uint32Array.from(list));
    packer.write(writer, [...u32, Uint8Array.from(this.listed), ...this.f64.map((list) => Float64Array.from(list))]);
    packer.write(writer, [Uint8Array.from(this.kinds), Float64Array.from(this.values), Float64Array.from(this.amounts)]);
    return writer.finish();
  }
}
