/**
 * The packing side of a history: slices in, one container out. The footer (JSON):
 *
 *     { identity, state: { start, end, intervalCount, texts, attributes, leaves, runs, ids: { space: quarks } },
 *       tables: [{ name, columns, rowCount, index }], documents: { name: block }, idSpaces: { name: count } }
 *
 * where texts, attributes, leaves, runs, index and the documents are block references. A history of parts has another footer: see joined-history.ts.
 */
import { type BlockRef, ContainerWriter } from "./container.ts";
import type { ColumnSpec } from "./contract.ts";
import { IntervalWriter, type IntervalWriterOptions } from "./interval-writer.ts";
import { chunkRows, type Ending, type IntervalSlice, type Packer, sliceBytes, sliceOver } from "./packer.ts";
import type { ByteSink } from "./store.ts";
import { type TableFooter, TablePacker } from "./table.ts";

/** What the footer says of the states. */
export interface StateFooter {
  readonly start: number;
  readonly end: number;
  readonly intervalCount: number;
  readonly texts: BlockRef;
  readonly attributes: BlockRef;
  readonly leaves: BlockRef;
  readonly runs: BlockRef;
  /** Attributes whose numbers are ids, by id space. */
  readonly ids: Readonly<Record<string, readonly number[]>>;
}

/** The footer of a history that is not joined. */
export interface Footer {
  readonly identity: string;
  readonly state: StateFooter;
  readonly tables: readonly TableFooter[];
  readonly documents: Readonly<Record<string, BlockRef>>;
  /** Ids in use, by id space. */
  readonly idSpaces: Readonly<Record<string, number>>;
}

/** Packs at once, into any sink. */
export class HistoryPacker implements Packer {
  private readonly container: ContainerWriter;
  private readonly writer: IntervalWriter;
  private readonly tables: TablePacker[] = [];
  private readonly documents = new Map<string, BlockRef>();

  constructor(sink: ByteSink, options: IntervalWriterOptions = {}) {
    this.container = new ContainerWriter(sink);
    this.writer = new IntervalWriter(this.container, options);
  }

  slice(): IntervalSlice {
    return sliceOver(new ArrayBuffer(sliceBytes(this.writer.runIntervals)));
  }

  intervals(slice: IntervalSlice): IntervalSlice {
    this.writer.write(slice);
    return slice;
  }

  table(name: string, columns: readonly ColumnSpec[]): Float64Array {
    const rows = new Float64Array(chunkRows * columns.length);
    this.tables.push(new TablePacker(name, columns, this.container));
    return rows;
  }

  rows(table: number, rows: Float64Array, count: number): Float64Array {
    this.tables[table]?.pack(rows, count);
    return rows;
  }

  document(name: string, json: Uint8Array): void {
    this.documents.set(name, this.container.append(json));
  }

  finish({ identity, end, texts, attributes, ids, idSpaces }: Ending): void {
    const { container, writer } = this;
    const indices = writer.finish();
    const tables: readonly TableFooter[] = this.tables.map((table) => table.finish());
    const footer: Footer = {
      identity,
      state: {
        start: writer.count > 0 ? writer.start : end,
        end: Math.max(end, writer.end),
        intervalCount: writer.count,
        texts: container.append(texts),
        attributes: container.append(attributes),
        ...indices,
        ids,
      },
      tables,
      documents: Object.fromEntries(this.documents),
      idSpaces,
    };
    container.finish(footer);
  }

  abort(): void {
    this.container.abort();
  }
}
