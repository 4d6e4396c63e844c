/** Spools, as analyses see them: what keeps many rows of numbers from the pass over the events to the join. */

/** Rows of numbers kept on the way from the parts to the join: as many as there are, in little memory. */
export interface Spool {
  /** Appends one row; `values` has the spool's width and may be reused. */
  append(values: Float64Array): void;
  /** After the last row. What it returns can be sent between threads, once. */
  end(): SpoolEnd;
}

/** A finished spool. Opaque; `JoinContext.rows` reads it. */
export interface SpoolEnd {
  readonly width: number;
  readonly file: number | undefined;
  readonly fileBytes: number;
  readonly tail: Float64Array;
}

/** Reads a spool's rows in the order they were appended. */
export interface SpoolRows {
  /** The current row: reused by the next call. */
  readonly row: Float64Array;
  next(): boolean;
}
