/**
 * The state history: what every attribute was, when. Written once while a trace is read, then queried in logarithmic time.
 *
 * An interval says: attribute `quark` had `value` from `start` (inclusive) to `end` (exclusive). `start === end` is an instant: it is found by range
 * queries, never by point queries. Attributes form a tree; a path is a list of names, a quark a dense number for one path.
 */
import type { RelativeNs, TaskOptions } from "../base/index.ts";

/** `undefined`: no state. Numbers are stored as doubles. Strings are interned: the history holds each text once. */
export type StateValue = number | string | undefined;

/** Handle of an attribute. */
export type Quark = number;

/** The attribute tree, for both building and reading. */
export interface AttributeTree {
  readonly count: number;
  /** Quark of the path from the root; undefined when there is none. `find()` with no names is the root, quark -1. */
  find(...path: readonly string[]): Quark | undefined;
  name(quark: Quark): string;
  /** -1 for top-level attributes. */
  parent(quark: Quark): Quark;
  children(quark: Quark): readonly Quark[];
  path(quark: Quark): readonly string[];
}

/** Writing side. Times may come in any order across attributes; per attribute, `set` times must not decrease. */
export interface StateBuilder {
  readonly attributes: AttributeTree;
  /** Quark of `name` under `parent` (-1: the root), created when new. Call once and keep the quark: this is a map lookup. */
  child(parent: Quark, name: string): Quark;
  /** Id of a text, for the `*Text` calls in hot loops. */
  intern(text: string): number;
  /**
   * From `time` on, the attribute has this value; ends its previous state there. Setting the value it already has does nothing. A state replaced at the very
   * time it was set leaves no interval.
   */
  set(time: RelativeNs, quark: Quark, value: StateValue): void;
  /** `set` with an interned text. No lookup. */
  setText(time: RelativeNs, quark: Quark, text: number): void;
  setNumber(time: RelativeNs, quark: Quark, value: number): void;
  clear(time: RelativeNs, quark: Quark): void;
  /** The attribute's numbers are ids of this id space: see `HistoryPart`. Call before or after its states, any number of times. */
  holdsIds(quark: Quark, space: string): void;
  /** A complete interval at once, for attributes that never use `set`. Must not overlap another of its attribute. */
  insertText(start: RelativeNs, end: RelativeNs, quark: Quark, text: number): void;
  insertNumber(start: RelativeNs, end: RelativeNs, quark: Quark, value: number): void;
}

/** One interval, as queries give it. */
export interface Interval {
  readonly quark: Quark;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly value: StateValue;
}

/** Receives intervals without an object for each. Return false to stop. */
export type IntervalVisitor = (quark: Quark, start: RelativeNs, end: RelativeNs, value: StateValue) => boolean | undefined;

/** One row of a view, summed into columns: exact, whatever the zoom. All arrays have one element per column. */
export interface StateColumns {
  readonly quark: Quark;
  /** Intervals with a value that touch the column. */
  readonly count: Uint32Array;
  /** ns of the column covered by intervals with a value. */
  readonly busy: Float64Array;
  /** Length in ns of the longest interval that touches the column (its whole length, not only the part inside). */
  readonly longest: Float64Array;
  /**
   * Text id or number bits are not exposed: index into `values` of the value that covers most of the column; where only instants touch it, one of theirs; -1
   * where there is none. Ties: texts before numbers, then the text interned first, then the smaller number.
   */
  readonly dominant: Int32Array;
  readonly values: readonly StateValue[];
  /** The intervals with a value that touch the range, in time order, when they are no more than the query has room for. */
  readonly intervals: readonly Interval[] | undefined;
}

/** Reading side. All times are relative to the origin the history was built with. */
export interface StateHistory {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
  readonly attributes: AttributeTree;
  /** The interval that covers `time`; undefined where the attribute has no state there. Reads O(log n) nodes. */
  at(time: RelativeNs, quark: Quark): Interval | undefined;
  /** All attributes' intervals at `time`, indexed by quark; undefined where there is none. */
  full(time: RelativeNs): readonly (Interval | undefined)[];
  /** Every interval of these attributes that touches [from, to); per attribute in time order. */
  range(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, visit: IntervalVisitor): void;
  /** The same range as `columns` equal columns per attribute, for drawing; and the intervals themselves of attributes with at most `room`, default 0. */
  columns(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, columns: number, room?: number): readonly StateColumns[];
  /** First state change (start or end of an interval) strictly after, or last strictly before, `time`; undefined when there is none. */
  nextChange(time: RelativeNs, quark: Quark): RelativeNs | undefined;
  previousChange(time: RelativeNs, quark: Quark): RelativeNs | undefined;
  close(): void;
}

/** Column types of a table: `text` columns hold interned strings. */
export type ColumnType = "f64" | "u32" | "u16" | "u8" | "text";

/** One column of a table. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** The column's numbers are ids of this id space: see `HistoryPart`. */
  readonly ids?: string;
  /** Another column: each chunk's greatest difference of this one to that is kept, for `Table.largest`. */
  readonly since?: string;
}

/** Rows too many to be attributes (one per request, per message): append-only, columnar, in chunks. */
export interface TableBuilder {
  readonly columns: readonly ColumnSpec[];
  intern(text: string): number;
  /**
   * Appends one row; `values` has one number per column (an interned id for text columns) and may be reused by the caller. Returns the row's index. A value that
   * its column cannot hold is a bug, which is found when the row is packed: by `finish` at the latest.
   */
  append(values: ArrayLike<number>): number;
  readonly rowCount: number;
}

/** A run of rows as typed arrays, one per column, in the order of `Table.columns`. Valid until the next call on the table. */
export interface TableChunk {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly columns: readonly (Float64Array | Uint32Array | Uint16Array | Uint8Array)[];
}

/** Reading side of a table. */
export interface Table {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly rowCount: number;
  /** Index of a column by name; throws on an unknown one (a bug). */
  column(name: string): number;
  text(id: number): string;
  /** Chunks that may hold rows whose `column` value lies in [min, max], by the chunk's stored bounds; all chunks without a bound. */
  chunks(bound?: { readonly column: number; readonly min: number; readonly max: number }): Iterable<TableChunk>;
  /** All chunks, with their first `count` columns alone: the others are not decoded. Nothing of it is kept for the next question. */
  leading(count: number): Iterable<TableChunk>;
  /**
   * The chunks with the greatest difference of this column to the one it is `since` in each; the chunk with the greatest of all first. Who wants the rows of the
   * n greatest differences stops where he has n that are no less than `most`: reads O(n) chunks at worst, mostly few.
   */
  largest(column: number): Iterable<{ readonly most: number; readonly chunk: TableChunk }>;
  /** One row's values, in the order of `columns`. */
  row(index: number): Float64Array;
  close(): void;
}

/** What a history directory is built from; a directory whose key differs is rebuilt. */
export interface HistoryKey {
  /** Any text that changes when the trace or the analyses change. */
  readonly identity: string;
}

/** A history being written into one directory: one state history, any number of tables, and small JSON documents. */
export interface HistoryWriter {
  readonly state: StateBuilder;
  table(name: string, columns: readonly ColumnSpec[]): TableBuilder;
  /** A JSON-serialisable document (bigint not allowed), at most a few MB. */
  document(name: string, value: unknown): void;
  /** Ids 0 .. count - 1 of this id space are in use: see `HistoryPart`. Once per space, before `finish`. */
  idSpace(name: string, count: number): void;
  /** Closes open states at `end`, writes everything out, then the finished mark. The directory is invalid until this returns. */
  finish(end: RelativeNs): void;
  /** Removes what was written. */
  abort(): void;
}

/**
 * A part of a history, in a file of its own: what one thread writes while others write theirs. `joinHistoryParts` makes one history of them. Its file depends on
 * what is written to it alone, so parts written one after the other, by turns or in parallel make the same history, bit for bit.
 *
 * What the joined history holds:
 * - attributes: all of them, part by part in order of creation. Parts may share attributes (the upper ones of the tree), but only one may write states of each.
 * - tables: those of one name have the same columns; rows of the first part come first. Time order within a part is not time order of the table.
 * - texts: one id space for all tables, whatever the ids were in the parts. Ties for the dominant value go to the text that its part interned first.
 * - documents: each name in one part only.
 * - ids: an analysis that numbers things (requests) starts at 0 in each part, and says where it writes such ids (`holdsIds`, `ColumnSpec.ids`) and how many it
 *   gave out (`idSpace`). The joined history adds the counts of earlier parts. A number that is no id of its part (not whole, or not less than the count: a mark
 *   for none) stays as it is.
 *
 * `finish(end)` must get the same `end` in every build: the end of the whole trace, not of what this part saw.
 */
export interface HistoryPart extends HistoryWriter {
  /** Removes the part's file, also when it is finished. */
  abort(): void;
  /** The part's file; `finish` completes it. A text, so that threads can tell each other. */
  readonly path: string;
}

/** A finished history directory. */
export interface HistoryReader {
  readonly state: StateHistory;
  table(name: string): Table | undefined;
  document(name: string): unknown;
  readonly bytes: number;
  close(): void;
}

/** Checks everything in a history directory against its checksums. */
export type VerifyHistory = (directory: string, options?: TaskOptions) => void;
