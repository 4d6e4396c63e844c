/**
 * Summaries: what columns() may use instead of the intervals themselves. A segment of a run (its intervals of one quark) of at least one block (512 intervals)
 * gets a row for each of its blocks, none of which crosses a leaf's edge, and behind them one for the whole segment; the rows of a run are one block of the
 * container. A row that lies inside one column of a query is added as it is; otherwise its parts are looked at, and at last the intervals.
 *
 *     u32 rows, u32 amounts
 *     columns of one number per row (packed-columns.ts)
 *           quark, leaf in the run, first interval in the leaf, count, parts: block rows that stand before it, 0 for a block
 *           listed: the row's amounts: one for each value, up to 16; 0: more values, the intervals must be read; 17: an ascent
 *           start, end: least start, greatest end
 *           busy, longest: sum and greatest of end - start
 *     columns of one number per amount, row after row
 *           kind, value: number or text id, amount: ns that the row's intervals have this value
 *
 * An ascent is a row of more than 16 values, all numbers, each greater than the one before, as ids and counters are: so none comes twice, and that of the
 * longest interval has the most time. It lists three: the least and the greatest (0 ns), and that of the longest interval, the least of them.
 */
import type { IntervalColumns } from "./leaf.ts";
import { numberKind } from "./leaf.ts";
import { ColumnPacker, readColumns } from "./packed-columns.ts";
import { PackReader, PackWriter } from "./packed-integers.ts";

const defaultBlockIntervals = 512;
const maxAmounts = 16;
const ascent = maxAmounts + 1;
const ascentAmounts = 3;

export class Summary {
  readonly bytes: number;
  readonly leaf: Uint32Array;
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  /** The parts of row r are the rows r - parts[r] .. r - 1. */
  readonly parts: Uint32Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly busy: Float64Array;
  readonly longest: Float64Array;
  readonly values: Float64Array;
  readonly amounts: Float64Array;
  readonly kinds: Uint8Array;
  /** Those of row r are firstAmount[r] .. firstAmount[r + 1] - 1. */
  readonly firstAmount: Uint32Array;
  private readonly listed: Uint8Array;
  /** Each segment's row. */
  private readonly segments = new Map<number, number>();

  /** Throws BadInputError when the bytes are not a summary; `file` and `offset` say where they came from. */
  constructor(bytes: Uint8Array<ArrayBuffer>, file: string, offset: number) {
    const reader = new PackReader(bytes, file, offset);
    const rows = reader.count();
    const amounts = reader.count();
    const quarks = new Uint32Array(rows);
    this.leaf = new Uint32Array(rows);
    this.first = new Uint32Array(rows);
    this.count = new Uint32Array(rows);
    this.parts = new Uint32Array(rows);
    this.listed = new Uint8Array(rows);
    this.start = new Float64Array(rows);
    this.end = new Float64Array(rows);
    this.busy = new Float64Array(rows);
    this.longest = new Float64Array(rows);
    readColumns(reader, [
      quarks,
      this.leaf,
      this.first,
      this.count,
      this.parts,
      this.listed,
      this.start,
      this.end,
      this.busy,
      this.longest,
    ]);
    this.kinds = new Uint8Array(amounts);
    this.values = new Float64Array(amounts);
    this.amounts = new Float64Array(amounts);
    readColumns(reader, [this.kinds, this.values, this.amounts]);
    reader.end();
    this.firstAmount = new Uint32Array(rows + 1);
    for (let row = 0; row < rows; row++) {
      const listed = this.listed[row] as number;
      this.firstAmount[row + 1] = (this.firstAmount[row] as number) + (listed === ascent ? ascentAmounts : listed);
    }
    if (this.firstAmount[rows] !== amounts) reader.fail(`a summary of ${amounts} amounts whose rows list ${this.firstAmount[rows]}`);
    for (let row = rows - 1; row >= 0; ) {
      const parts = this.parts[row] as number;
      if (parts === 0 || parts > row) reader.fail(`row ${row} of a summary has ${parts} parts before it`);
      this.segments.set(quarks[row] as number, row);
      row -= 1 + parts;
    }
    this.bytes = 57 * rows + 17 * amounts + 32 * this.segments.size;
  }

  /** The quark's segment row; -1 when it has none. */
  segment(quark: number): number {
    return this.segments.get(quark) ?? -1;
  }

  /** False when the row has too many values to list, and is no ascent. */
  isSummed(row: number): boolean {
    return this.listed[row] !== 0;
  }

  isAscent(row: number): boolean {
    return this.listed[row] === ascent;
  }
}

/** What a row says of the values of its intervals; one is used again and again. */
class RowValues {
  readonly values = new Float64Array(maxAmounts);
  readonly amounts = new Float64Array(maxAmounts);
  readonly kinds = new Uint8Array(maxAmounts);
  /** More than 16: no longer counted. */
  distinct = 0;
  ascends = true;
  least = 0;
  greatest = Number.NEGATIVE_INFINITY;
  /** Value of the longest. */
  best = 0;
  longest = -1;
  end = Number.NEGATIVE_INFINITY;
  busy = 0;
  private known = 0;

  begin(): void {
    this.distinct = 0;
    this.ascends = true;
    this.greatest = Number.NEGATIVE_INFINITY;
    this.longest = -1;
    this.end = Number.NEGATIVE_INFINITY;
    this.busy = 0;
    this.known = 0;
  }

  /** Adds the intervals order[first] .. order[past - 1]. */
  addIntervals({ starts, ends, values, kinds }: IntervalColumns, order: Uint32Array, first: number, past: number): void {
    let { end, busy, longest, ascends, greatest, best } = this;
    this.least = values[order[first] as number] as number;
    for (let k = first; k < past; k++) {
      const i = order[k] as number;
      const stop = ends[i] as number;
      const length = stop - (starts[i] as number);
      const value = values[i] as number;
      const kind = kinds[i] as number;
      if (stop > end) end = stop;
      busy += length;
      if (length > longest) {
        longest = length;
        best = value;
      }
      if (ascends) {
        ascends = kind === numberKind && value > greatest;
        greatest = value;
      }
      if (this.distinct <= maxAmounts) this.addAmount(value, kind, length);
    }
    this.end = end;
    this.busy = busy;
    this.longest = longest;
    this.ascends = ascends;
    this.greatest = greatest;
    this.best = best;
  }

  /** Adds what a block, which comes after those before, says. */
  addBlock(block: RowValues): void {
    if (this.longest < 0) this.least = block.least;
    this.ascends &&= block.ascends && block.least > this.greatest;
    this.greatest = block.greatest;
    if (block.longest > this.longest) {
      this.longest = block.longest;
      this.best = block.best;
    }
    this.end = Math.max(this.end, block.end);
    this.busy += block.busy;
    if (block.distinct > maxAmounts) this.distinct = block.distinct;
    for (let v = 0; v < block.distinct && this.distinct <= maxAmounts; v++)
      this.addAmount(block.values[v] as number, block.kinds[v] as number, block.amounts[v] as number);
  }

  private addAmount(value: number, kind: number, amount: number): void {
    const { values, kinds, amounts, distinct } = this;
    let { known } = this;
    if (known >= distinct || values[known] !== value || kinds[known] !== kind) {
      known = 0;
      while (known < distinct && !(values[known] === value && kinds[known] === kind)) known++;
      if (known === distinct) {
        this.distinct++;
        if (known === maxAmounts) return;
        values[known] = value;
        kinds[known] = kind;
        amounts[known] = 0;
      }
      this.known = known;
    }
    amounts[known] = (amounts[known] as number) + amount;
  }
}

/** Gathers the rows of one run after the other. */
export class SummaryEncoder {
  private readonly blockIntervals: number;
  private readonly leafIntervals: number;
  private readonly f64: [start: number[], end: number[], busy: number[], longest: number[]] = [[], [], [], []];
  private readonly u32: [quark: number[], leaf: number[], first: number[], count: number[], parts: number[]] = [[], [], [], [], []];
  private readonly listed: number[] = [];
  private readonly values: number[] = [];
  private readonly amounts: number[] = [];
  private readonly kinds: number[] = [];
  private readonly writer = new PackWriter();
  private readonly packer = new ColumnPacker();
  private readonly block = new RowValues();
  private readonly segment = new RowValues();

  constructor(leafIntervals: number, blockIntervals: number = defaultBlockIntervals) {
    this.leafIntervals = leafIntervals;
    this.blockIntervals = blockIntervals;
  }

  /** The summary of a run, whose leaves hold `leafIntervals` each; undefined when no segment is long enough. */
  encode(columns: IntervalColumns, order: Uint32Array, count: number): Uint8Array | undefined {
    for (const list of [...this.f64, ...this.u32, this.listed, this.values, this.amounts, this.kinds]) list.length = 0;
    const { quarks } = columns;
    const least = this.blockIntervals;
    for (let first = 0; first < count; ) {
      const quark = quarks[order[first] as number] as number;
      // Most segments of a history with many attributes are short: look where a long one would still last.
      if (first + least > count || quarks[order[first + least - 1] as number] !== quark) {
        while (first < count && quarks[order[first] as number] === quark) first++;
        continue;
      }
      let past = first + least;
      while (past < count && quarks[order[past] as number] === quark) past++;
      this.addSegment(columns, order, quark, first, past);
      first = past;
    }
    return this.listed.length === 0 ? undefined : this.pack();
  }

  private addSegment(columns: IntervalColumns, order: Uint32Array, quark: number, first: number, past: number): void {
    const { block, segment, leafIntervals } = this;
    const { starts } = columns;
    segment.begin();
    let parts = 0;
    for (let at = first; at < past; parts++) {
      const edge = leafIntervals * (Math.floor(at / leafIntervals) + 1);
      const stop = Math.min(past, at + this.blockIntervals, edge);
      block.begin();
      block.addIntervals(columns, order, at, stop);
      segment.addBlock(block);
      this.addRow(block, quark, at, stop - at, 0, starts[order[at] as number] as number);
      at = stop;
    }
    this.addRow(segment, quark, first, past - first, parts, starts[order[first] as number] as number);
  }

  private addRow(row: RowValues, quark: number, first: number, count: number, parts: number, start: number): void {
    const leaf = Math.floor(first / this.leafIntervals);
    this.f64[0].push(start);
    this.f64[1].push(row.end);
    this.f64[2].push(row.busy);
    this.f64[3].push(row.longest);
    this.u32[0].push(quark);
    this.u32[1].push(leaf);
    this.u32[2].push(first - leaf * this.leafIntervals);
    this.u32[3].push(count);
    this.u32[4].push(parts);
    if (row.distinct <= maxAmounts) {
      this.listed.push(row.distinct);
      for (let v = 0; v < row.distinct; v++) this.addAmount(row.values[v] as number, row.kinds[v] as number, row.amounts[v] as number);
    } else if (row.ascends) {
      this.listed.push(ascent);
      this.addAmount(row.least, numberKind, 0);
      this.addAmount(row.greatest, numberKind, 0);
      this.addAmount(row.best, numberKind, row.longest);
    } else this.listed.push(0);
  }

  private addAmount(value: number, kind: number, amount: number): void {
    this.values.push(value);
    this.kinds.push(kind);
    this.amounts.push(amount);
  }

  private pack(): Uint8Array {
    const { writer, packer } = this;
    writer.begin();
    writer.u32(this.listed.length);
    writer.u32(this.values.length);
    packer.write(
      writer,
      [...this.u32, this.listed, ...this.f64].map((list) => Float64Array.from(list)),
    );
    packer.write(
      writer,
      [this.kinds, this.values, this.amounts].map((list) => Float64Array.from(list)),
    );
    return writer.finish();
  }
}
