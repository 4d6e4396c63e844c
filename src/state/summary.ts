/**
 * Summaries: what columns() may use instead of the intervals themselves. A leaf's segment of at least one block (256 intervals) gets one row for the whole
 * segment and one for each block of it; the rows of a leaf are one block of the container. A row that lies inside one column of a query is added as it is;
 * otherwise its parts are looked at, and at last the intervals.
 *
 *      0  u32  rows
 *      4  u32  amounts
 *      8  f64  start[rows], end[rows]        least start, greatest end
 *         f64  busy[rows], longest[rows]     sum and greatest of end - start
 *         f64  value[amounts]                number, or text id
 *         f64  amount[amounts]               ns that the row's intervals have this value
 *         u32  quark[rows], first[rows]      first interval in the leaf
 *         u32  count[rows], parts[rows]      parts: block rows that follow; 0 for a block
 *         u32  firstAmount[rows + 1]         the row's amounts; none when it has more than 16 values: then the intervals must be read
 *         u8   kind[amounts]
 */
import { BadInputError } from "../base/index.ts";
import type { IntervalColumns } from "./leaf.ts";

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
    const { buffer } = bytes;
    const [rows = 0, amounts = 0] = bytes.length >= 8 ? new Uint32Array(buffer, 0, 2) : [];
    if (bytes.length !== summaryBytes(rows, amounts))
      throw new BadInputError("HISTORY_INVALID", file, offset, `a summary of ${rows} rows in ${bytes.length} bytes`);
    this.bytes = bytes.length;
    this.rows = rows;
    let at = 8;
    const f64 = (length: number): Float64Array => {
      at += 8 * length;
      return new Float64Array(buffer, at - 8 * length, length);
    };
    const u32 = (length: number): Uint32Array => {
      at += 4 * length;
      return new Uint32Array(buffer, at - 4 * length, length);
    };
    this.start = f64(rows);
    this.end = f64(rows);
    this.busy = f64(rows);
    this.longest = f64(rows);
    this.values = f64(amounts);
    this.amounts = f64(amounts);
    this.quarks = u32(rows);
    this.first = u32(rows);
    this.count = u32(rows);
    this.parts = u32(rows);
    this.firstAmount = u32(rows + 1);
    this.kinds = new Uint8Array(buffer, at, amounts);
    for (let row = 0; row < rows; row += 1 + (this.parts[row] as number)) {
      if (row + (this.parts[row] as number) >= rows)
        throw new BadInputError("HISTORY_INVALID", file, offset, `row ${row} of a summary has parts beyond its end`);
    }
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

function summaryBytes(rows: number, amounts: number): number {
  return 8 + 8 * (4 * rows + 2 * amounts) + 4 * (4 * rows + rows + 1) + amounts;
}

/** Gathers the rows of one leaf after the other. */
export class SummaryEncoder {
  private readonly blockIntervals: number;
  private readonly f64: [start: number[], end: number[], busy: number[], longest: number[]] = [[], [], [], []];
  private readonly u32: [quark: number[], first: number[], count: number[], parts: number[]] = [[], [], [], []];
  private readonly firstAmount: number[] = [];
  private readonly values: number[] = [];
  private readonly amounts: number[] = [];
  private readonly kinds: number[] = [];
  /** Values of the row being summed. */
  private readonly rowValues = new Float64Array(maxAmounts);
  private readonly rowAmounts = new Float64Array(maxAmounts);
  private readonly rowKinds = new Uint8Array(maxAmounts);

  constructor(blockIntervals: number = defaultBlockIntervals) {
    this.blockIntervals = blockIntervals;
  }

  /** The summary of the leaf that LeafEncoder makes of the same arguments; undefined when no segment is long enough. */
  encode(columns: IntervalColumns, order: Uint32Array, from: number, to: number): Uint8Array | undefined {
    for (const list of [...this.f64, ...this.u32, this.firstAmount, this.values, this.amounts, this.kinds]) list.length = 0;
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
    return this.firstAmount.length === 0 ? undefined : this.pack();
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
    this.firstAmount.push(this.values.length);
    if (distinct > maxAmounts) return;
    for (let v = 0; v < distinct; v++) {
      this.values.push(rowValues[v] as number);
      this.amounts.push(rowAmounts[v] as number);
      this.kinds.push(rowKinds[v] as number);
    }
  }

  private pack(): Uint8Array {
    const rows = this.firstAmount.length;
    const out = new ArrayBuffer(summaryBytes(rows, this.values.length));
    new Uint32Array(out, 0, 2).set([rows, this.values.length]);
    let at = 8;
    for (const list of [...this.f64, this.values, this.amounts]) {
      new Float64Array(out, at, list.length).set(list);
      at += 8 * list.length;
    }
    for (const list of [...this.u32, [...this.firstAmount, this.values.length]]) {
      new Uint32Array(out, at, list.length).set(list);
      at += 4 * list.length;
    }
    new Uint8Array(out, at).set(this.kinds);
    return new Uint8Array(out);
  }
}
