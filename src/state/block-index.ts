/**
 * Tables of numbers with one row per block (leaf, run, chunk): growable columns while writing, typed arrays while reading. Encoded as one section:
 *
 *     u32 rows, u32 0, then the columns one after the other, all f64 first, then all u32
 *
 * The columns and their order are the owner's business.
 */
import { assert, BadInputError } from "../base/index.ts";

/** Rows being gathered: `f64` and `u32` numbers per row. */
export class IndexWriter {
  private readonly f64: number[][];
  private readonly u32: number[][];
  rows = 0;

  constructor(f64: number, u32: number) {
    this.f64 = Array.from({ length: f64 }, () => []);
    this.u32 = Array.from({ length: u32 }, () => []);
  }

  add(f64: readonly number[], u32: readonly number[]): void {
    assert(f64.length === this.f64.length && u32.length === this.u32.length, "index row of another shape");
    for (const [i, column] of this.f64.entries()) column.push(f64[i] as number);
    for (const [i, column] of this.u32.entries()) column.push(u32[i] as number);
    this.rows++;
  }

  encode(): Uint8Array {
    const out = new ArrayBuffer(8 + this.rows * (8 * this.f64.length + 4 * this.u32.length));
    new Uint32Array(out, 0, 1)[0] = this.rows;
    let at = 8;
    for (const column of this.f64) {
      new Float64Array(out, at, this.rows).set(column);
      at += 8 * this.rows;
    }
    for (const column of this.u32) {
      new Uint32Array(out, at, this.rows).set(column);
      at += 4 * this.rows;
    }
    return new Uint8Array(out);
  }
}

export interface IndexColumns {
  readonly rows: number;
  readonly f64: readonly Float64Array[];
  readonly u32: readonly Uint32Array[];
}

/** Throws BadInputError when the section does not have this shape. */
export function decodeIndex(bytes: Uint8Array<ArrayBuffer>, f64: number, u32: number, file: string, offset: number): IndexColumns {
  const rows = bytes.length >= 8 ? (new Uint32Array(bytes.buffer, 0, 1)[0] as number) : 0;
  if (bytes.length !== 8 + rows * (8 * f64 + 4 * u32))
    throw new BadInputError("HISTORY_INVALID", file, offset, `an index of ${bytes.length} bytes cannot hold ${rows} rows`);
  const wide = 8 + 8 * rows * f64;
  return {
    rows,
    f64: Array.from({ length: f64 }, (_, i) => new Float64Array(bytes.buffer, 8 + 8 * rows * i, rows)),
    u32: Array.from({ length: u32 }, (_, i) => new Uint32Array(bytes.buffer, wide + 4 * rows * i, rows)),
  };
}
