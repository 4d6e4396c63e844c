/**
 * Tables: rows of numbers in columnar chunks. A chunk is one block:
 *
 *     u32 rows, u32 columns, then the columns (packed-columns.ts)
 *
 * The chunk index holds the least and the greatest value of every column, and the greatest difference of columns that are `since` another.
 */
import { assert, BadInputError } from "../base/index.ts";
import { decodeIndex, type IndexColumns, IndexWriter } from "./block-index.ts";
import type { BlockRef, ContainerReader, ContainerWriter } from "./container.ts";
import type { ColumnSpec, ColumnType, Table, TableBuilder, TableChunk } from "./contract.ts";
import { NodeCache } from "./node-cache.ts";
import { type ColumnArray, ColumnPacker, readColumns } from "./packed-columns.ts";
import { PackReader, PackWriter } from "./packed-integers.ts";
import { chunkRows, type Packer } from "./packer.ts";
import type { TextReader, TextWriter } from "./texts.ts";

function columnArray(type: ColumnType, length: number): ColumnArray {
  if (type === "f64") return new Float64Array(length);
  if (type === "u16") return new Uint16Array(length);
  if (type === "u8") return new Uint8Array(length);
  return new Uint32Array(length);
}

/** What the footer says of a table. */
export interface TableFooter {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly rowCount: number;
  readonly index: BlockRef;
}

/** Collects rows; packer.ts says for whom. */
export class TableWriter implements TableBuilder {
  readonly columns: readonly ColumnSpec[];
  private readonly name: string;
  private readonly number: number;
  private readonly packer: Packer;
  private readonly texts: TextWriter;
  private readonly textColumns: readonly number[];
  private readonly width: number;
  /** Row after row. */
  private rows: Float64Array;
  private flushed = 0;
  private filled = 0;

  /** `number`: how many tables the packer has so far. */
  constructor(name: string, columns: readonly ColumnSpec[], number: number, packer: Packer, texts: TextWriter) {
    assert(
      columns.length > 0 && new Set(columns.map((column) => column.name)).size === columns.length,
      `table ${name} needs columns of different names`,
    );
    this.name = name;
    this.number = number;
    this.columns = columns.map(({ name: columnName, type, ids, since }) => ({
      name: columnName,
      type,
      ...(ids === undefined ? {} : { ids }),
      ...(since === undefined ? {} : { since }),
    }));
    this.width = columns.length;
    this.textColumns = columns.flatMap(({ type }, c) => (type === "text" ? [c] : []));
    this.texts = texts;
    this.packer = packer;
    this.rows = packer.table(name, this.columns);
  }

  get rowCount(): number {
    return this.flushed + this.filled;
  }

  intern(text: string): number {
    return this.texts.intern(text);
  }

  append(values: ArrayLike<number>): number {
    const { rows, width, filled } = this;
    const at = filled * width;
    for (let c = 0; c < width; c++) rows[at + c] = values[c] as number;
    this.filled = filled + 1;
    const row = this.flushed + filled;
    if (this.filled === chunkRows) this.flush();
    return row;
  }

  /** Hands over the last rows. */
  flush(): void {
    const { rows, width, filled } = this;
    if (filled === 0) return;
    const { count } = this.texts;
    for (const c of this.textColumns) {
      for (let at = c; at < filled * width; at += width) {
        if (!((rows[at] as number) < count))
          throw new Error(`bug: ${rows[at]} in column ${this.columns[c]?.name} of table ${this.name} is no interned text`);
      }
    }
    this.rows = this.packer.rows(this.number, rows, filled);
    this.flushed += filled;
    this.filled = 0;
  }
}

/** Packs slices of rows into chunks. */
export class TablePacker {
  private readonly name: string;
  private readonly columns: readonly ColumnSpec[];
  private readonly container: ContainerWriter;
  private readonly values: readonly Float64Array[];
  private readonly spans: readonly Span[];
  private readonly index: IndexWriter;
  private readonly writer = new PackWriter();
  private readonly packer = new ColumnPacker();
  private rowCount = 0;

  constructor(name: string, columns: readonly ColumnSpec[], container: ContainerWriter) {
    this.name = name;
    this.columns = columns;
    this.spans = spansOf(name, columns);
    this.container = container;
    this.values = columns.map(() => new Float64Array(chunkRows));
    this.index = new IndexWriter(1 + 2 * columns.length + this.spans.length, 2);
  }

  /** Writes the first `count` rows as a chunk. */
  pack(rows: Float64Array, count: number): void {
    const { columns, writer } = this;
    const values = this.values.map((array) => array.subarray(0, count));
    for (const [c, column] of values.entries()) gather(rows, c, columns[c] as ColumnSpec, columns.length, column, this.name);
    writer.begin();
    writer.u32(count);
    writer.u32(columns.length);
    this.packer.write(writer, values);
    const ref = this.container.append(writer.finish());
    const bounds = values.map(boundsOf);
    const most = this.spans.map(({ from, to }) => largestDifference(values[from] ?? [], values[to] ?? []));
    this.index.add([ref.offset, ...bounds.map(([min]) => min), ...bounds.map(([, max]) => max), ...most], [ref.bytes, ref.checksum]);
    this.rowCount += count;
  }

  finish(): TableFooter {
    return { name: this.name, columns: this.columns, rowCount: this.rowCount, index: this.container.append(this.index.encode()) };
  }
}

const largestOf: Readonly<Record<ColumnType, number>> = {
  f64: Number.NaN,
  text: 2 ** 32 - 1,
  u32: 2 ** 32 - 1,
  u16: 2 ** 16 - 1,
  u8: 2 ** 8 - 1,
};

/** One column of the rows. Throws for what its type cannot hold. */
function gather(rows: Float64Array, c: number, { name, type }: ColumnSpec, width: number, column: Float64Array, table: string): void {
  if (type === "f64") {
    for (let i = 0, at = c; i < column.length; i++, at += width) column[i] = rows[at] as number;
    return;
  }
  const largest = largestOf[type];
  for (let i = 0, at = c; i < column.length; i++, at += width) {
    const value = rows[at] as number;
    if (!(value >= 0 && value <= largest && Math.floor(value) === value))
      throw new Error(`bug: ${value} does not fit column ${name} (${type}) of table ${table}`);
    // Not -0.
    column[i] = value + 0;
  }
}

/** Bounds of the values. NaN counts for neither: no range contains it. */
function boundsOf(values: Float64Array): readonly [min: number, max: number] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** Two columns whose difference, `to` less `from`, is bounded in the index. */
interface Span {
  readonly from: number;
  readonly to: number;
}

function spansOf(table: string, columns: readonly ColumnSpec[]): readonly Span[] {
  return columns.flatMap(({ since }, to) => {
    if (since === undefined) return [];
    const from = columns.findIndex(({ name }) => name === since);
    assert(from >= 0, `table ${table} has no column ${since}`);
    return [{ from, to }];
  });
}

/** NaN counts as no difference. */
function largestDifference(from: ArrayLike<number>, to: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < to.length; i++) {
    const difference = (to[i] as number) - (from[i] as number);
    if (difference > most) most = difference;
  }
  return most;
}

/** The first `count` columns. */
function decodeChunk(
  bytes: Uint8Array<ArrayBuffer>,
  specs: readonly ColumnSpec[],
  rows: number,
  file: string,
  offset: number,
  count: number,
): ColumnArray[] {
  const reader = new PackReader(bytes, file, offset);
  if (reader.u32() !== rows || reader.u32() !== specs.length) reader.fail("a table chunk of another shape than its table");
  const columns = specs.slice(0, count).map((spec) => columnArray(spec.type, rows));
  readColumns(reader, columns);
  if (count === specs.length) reader.end();
  return columns;
}

/** Changes a column's values, just read, in place: what makes a part's own ids those of the joined history. */
export type Translate = (spec: ColumnSpec, values: ColumnArray) => void;

/** Values wanted of a column, inclusive. */
interface Bound {
  readonly column: number;
  readonly min: number;
  readonly max: number;
}

interface DecodedChunk extends TableChunk {
  readonly bytes: number;
}

export class TableReader implements Table {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly rowCount: number;
  private readonly container: ContainerReader;
  private readonly texts: TextReader;
  private readonly index: IndexColumns;
  private readonly spans: readonly Span[];
  private readonly cache: NodeCache<DecodedChunk>;
  private readonly translate: Translate | undefined;

  constructor(footer: TableFooter, container: ContainerReader, texts: TextReader, cacheBytes: number, translate?: Translate) {
    this.translate = translate;
    this.name = footer.name;
    this.columns = footer.columns;
    this.rowCount = footer.rowCount;
    this.container = container;
    this.texts = texts;
    const { name } = container.source;
    this.spans = spansOf(footer.name, footer.columns);
    const bounds = 2 * footer.columns.length + this.spans.length;
    this.index = decodeIndex(container.read(footer.index), 1 + bounds, 2, name, footer.index.offset);
    if (this.index.rows !== Math.ceil(footer.rowCount / chunkRows)) {
      throw new BadInputError(
        "HISTORY_INVALID",
        name,
        footer.index.offset,
        `table ${footer.name} has ${this.index.rows} chunks for ${footer.rowCount} rows`,
      );
    }
    this.cache = new NodeCache(this.index.rows, cacheBytes, (chunk) => this.load(chunk));
  }

  column(name: string): number {
    const column = this.columns.findIndex((spec) => spec.name === name);
    assert(column >= 0, `table ${this.name} has no column ${name}`);
    return column;
  }

  text(id: number): string {
    return this.texts.text(id);
  }

  chunks(bound?: Bound): Iterable<TableChunk> {
    return this.chunksWithin(bound === undefined ? [] : [bound]);
  }

  /** Chunks that may hold rows within any of the bounds (of the stored values, not the translated ones); all without bounds. */
  *chunksWithin(bounds: readonly Bound[]): Iterable<TableChunk> {
    const { rows, f64 } = this.index;
    const within = (chunk: number, { column, min, max }: Bound): boolean =>
      (f64[1 + column]?.[chunk] as number) <= max && (f64[1 + this.columns.length + column]?.[chunk] as number) >= min;
    for (let chunk = 0; chunk < rows; chunk++) {
      if (bounds.length === 0 || bounds.some((bound) => within(chunk, bound))) yield this.cache.get(chunk);
    }
  }

  *leading(count: number): Iterable<TableChunk> {
    for (let chunk = 0; chunk < this.index.rows; chunk++) yield this.load(chunk, count);
  }

  *largest(column: number): Iterable<{ readonly most: number; readonly chunk: TableChunk }> {
    for (const { most, chunk } of this.largestFirst(column)) yield { most, chunk: this.chunk(chunk) };
  }

  /** The chunks' numbers in the order of `largest`. */
  largestFirst(column: number): readonly { readonly most: number; readonly chunk: number }[] {
    const span = this.spans.findIndex(({ to }) => to === column);
    assert(span >= 0, `column ${column} of table ${this.name} is not since another`);
    const bounds = this.index.f64[1 + 2 * this.columns.length + span] ?? new Float64Array(0);
    return Array.from(bounds, (most, chunk) => ({ most, chunk })).sort((left, right) => right.most - left.most);
  }

  /** A chunk by its number. */
  chunk(chunk: number): TableChunk {
    return this.cache.get(chunk);
  }

  row(index: number): Float64Array {
    assert(Number.isInteger(index) && index >= 0 && index < this.rowCount, `table ${this.name} has no row ${index}`);
    const chunk = this.cache.get(Math.floor(index / chunkRows));
    return Float64Array.from(chunk.columns, (column) => column[index - chunk.firstRow] as number);
  }

  close(): void {
    this.cache.clear();
  }

  /** Reads every chunk, past the cache; throws BadInputError at the first that is damaged. */
  verify(onChunk: (bytes: number) => void): void {
    for (let chunk = 0; chunk < this.index.rows; chunk++) {
      this.load(chunk);
      onChunk(this.index.u32[0]?.[chunk] as number);
    }
  }

  private load(chunk: number, count = this.columns.length): DecodedChunk {
    const { f64, u32 } = this.index;
    const offset = f64[0]?.[chunk] as number;
    const firstRow = chunk * chunkRows;
    const rowCount = Math.min(chunkRows, this.rowCount - firstRow);
    const stored = this.container.read({ offset, bytes: u32[0]?.[chunk] as number, checksum: u32[1]?.[chunk] as number });
    const columns = decodeChunk(stored, this.columns, rowCount, this.container.source.name, offset, count);
    const { translate } = this;
    if (translate !== undefined) for (const [c, values] of columns.entries()) translate(this.columns[c] as ColumnSpec, values);
    return { firstRow, rowCount, columns, bytes: columns.reduce((sum, column) => sum + column.byteLength, 0) };
  }
}
