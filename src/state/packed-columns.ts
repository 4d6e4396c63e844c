/**
 * Columns of any numbers, packed: table chunks and summaries. Each column is told as differences from what predicts it best:
 *
 *     u32 predictor, u32 0, then
 *     0..2: a packed column (packed-integers.ts) of
 *           0  the value
 *           1  zigzag(value - the value of the row before, 0 for the first)
 *           2  value - the value of the column before it in the same row
 *           escape: the value, where it or what predicts it is no whole number of at most 53 bits, or the difference is too large (or, for 0 and 2, negative)
 *     3: f64[rows], the values themselves: shorter where most would be escapes
 *
 * The second is for times in order, ids that count, things that stay; the last for the phases of a request, of which each begins where the one before ended.
 */
import { escaped, type PackReader, type PackWriter, packedLimit, unzigzag, zigzag } from "./packed-integers.ts";

export type ColumnArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

const plain = 0;
const rowBefore = 1;
const columnBefore = 2;
const unpacked = 3;
const predictors = [plain, rowBefore, columnBefore];

function isExact(value: number): boolean {
  return Math.floor(value) === value && value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER && !Object.is(value, -0);
}

/** Numbers folded and measured at a time: a multiple of what the packing measures by. */
const stepRows = 512;

/** Writes columns; keeps its buffers from one set to the next. */
export class ColumnPacker {
  private numbers: readonly Uint32Array[] = [];

  /** Writes the columns, all of one length. */
  write(writer: PackWriter, columns: readonly Float64Array[]): void {
    const rows = columns[0]?.length ?? 0;
    if ((this.numbers[0]?.length ?? 0) < rows) this.numbers = predictors.map(() => new Uint32Array(rows));
    const exact = columns.map(areExact);
    for (const [c, values] of columns.entries()) {
      const before = columns[c - 1];
      let best = unpacked;
      let least = 64 * rows;
      for (const predictor of predictors) {
        if (predictor === columnBefore && before === undefined) continue;
        const numbers = this.numbers[predictor] as Uint32Array;
        const isExact = exact[c] === true && (predictor !== columnBefore || exact[c - 1] === true);
        const cost = costOf(writer, values, isExact, predictor, before ?? values, numbers, least);
        if (cost >= least) continue;
        best = predictor;
        least = cost;
      }
      writer.u32(best);
      writer.u32(0);
      const numbers = this.numbers[best];
      if (numbers === undefined) for (const value of values) writer.f64(value);
      else {
        const escapes: number[] = [];
        for (let i = 0; i < rows; i++) if (numbers[i] === escaped) escapes.push(values[i] as number);
        writer.column(numbers, rows, escapes);
      }
    }
  }
}

function areExact(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!isExact(values[i] as number)) return false;
  return true;
}

/** Fills `numbers` with what the predictor leaves of the values; the bits that they cost. Gives up, with a cost that is too high, once that is `limit`. */
function costOf(
  writer: PackWriter,
  values: Float64Array,
  isWhollyExact: boolean,
  predictor: number,
  before: Float64Array,
  numbers: Uint32Array,
  limit: number,
): number {
  let bits = 0;
  for (let from = 0; from < values.length && bits < limit; from += stepRows) {
    const to = Math.min(values.length, from + stepRows);
    if (!isWhollyExact) fold(values, predictor, before, numbers, from, to);
    else if (predictor === plain) foldPlain(values, numbers, from, to);
    else if (predictor === rowBefore) foldRows(values, numbers, from, to);
    else foldColumns(values, before, numbers, from, to);
    bits += writer.costOf(numbers, from, to);
  }
  return bits;
}

/** Any values. */
function fold(values: Float64Array, predictor: number, before: Float64Array, numbers: Uint32Array, from: number, to: number): void {
  let previous = from === 0 ? 0 : (values[from - 1] as number);
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    const predicted = predictor === plain ? 0 : predictor === rowBefore ? previous : (before[i] as number);
    const difference = value - predicted;
    if (!isExact(value) || !isExact(predicted)) numbers[i] = escaped;
    else if (predictor === rowBefore) numbers[i] = zigzag(difference);
    else numbers[i] = difference >= 0 && difference < packedLimit ? difference : escaped;
    previous = value;
  }
}

/** The same for exact values, which most columns have: a tight loop for each predictor. */
function foldPlain(values: Float64Array, numbers: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    numbers[i] = value >= 0 && value < packedLimit ? value : escaped;
  }
}

function foldRows(values: Float64Array, numbers: Uint32Array, from: number, to: number): void {
  let previous = from === 0 ? 0 : (values[from - 1] as number);
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    numbers[i] = zigzag(value - previous);
    previous = value;
  }
}

function foldColumns(values: Float64Array, before: Float64Array, numbers: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const difference = (values[i] as number) - (before[i] as number);
    numbers[i] = difference >= 0 && difference < packedLimit ? difference : escaped;
  }
}

/** Fills the columns, the first of those that were written, which must be of the length and types they were written with. */
export function readColumns(reader: PackReader, columns: readonly ColumnArray[]): void {
  const rows = columns[0]?.length ?? 0;
  const numbers = new Uint32Array(rows);
  for (const [c, values] of columns.entries()) {
    const predictor = reader.u32();
    reader.u32();
    const before = predictor === columnBefore ? columns[c - 1] : values;
    if (predictor > unpacked || before === undefined) reader.fail(`column ${c} has the unknown predictor ${predictor}`);
    if (predictor === unpacked) for (let i = 0; i < rows; i++) values[i] = reader.f64();
    else unfold(numbers, reader.column(numbers), predictor, before, values);
  }
}

function unfold(numbers: Uint32Array, escapes: Float64Array, predictor: number, before: ColumnArray, values: ColumnArray): void {
  let met = 0;
  let previous = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    if (number === escaped) previous = escapes[met++] as number;
    else if (predictor === rowBefore) previous += unzigzag(number);
    else previous = predictor === plain ? number : (before[i] as number) + number;
    values[i] = previous;
  }
}
