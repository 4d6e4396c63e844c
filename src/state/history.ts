/** One history: states, tables and documents, written through a packer (packer.ts) and read from a container (history-packer.ts has its footer). */
import { assert, BadInputError, type RelativeNs } from "../base/index.ts";
import { Attributes } from "./attributes.ts";
import { decodeIndex, type IndexColumns } from "./block-index.ts";
import type { BlockRef, ContainerReader } from "./container.ts";
import type { ColumnSpec, HistoryKey, HistoryReader, HistoryWriter, StateHistory, Table, TableBuilder } from "./contract.ts";
import type { Footer } from "./history-packer.ts";
import { IntervalIndex } from "./interval-index.ts";
import { leafIndexShape, runIndexShape } from "./interval-writer.ts";
import { IntervalStage, type Packer } from "./packer.ts";
import { readLeaf, readSummary, StateReader } from "./state-reader.ts";
import { StateWriter } from "./state-writer.ts";
import { TableReader, TableWriter, type Translate } from "./table.ts";
import { TextReader, TextWriter } from "./texts.ts";

/** Budget for decoded leaves, and for the decoded chunks of each table, in bytes. */
export const defaultCacheBytes = 128 << 20;
const tableCacheBytes = 16 << 20;

/** The writing side: what collects, over what packs. */
export class History implements HistoryWriter {
  readonly state: StateWriter;
  private readonly packer: Packer;
  private readonly identity: string;
  private readonly texts = new TextWriter();
  private readonly tables = new Map<string, TableWriter>();
  private readonly documents = new Set<string>();
  private readonly idSpaces = new Map<string, number>();
  private isOpen = true;

  constructor(packer: Packer, key: HistoryKey) {
    this.packer = packer;
    this.identity = key.identity;
    this.state = new StateWriter(this.texts, new IntervalStage(packer));
  }

  table(name: string, columns: readonly ColumnSpec[]): TableBuilder {
    assert(this.isOpen && !this.tables.has(name), `table ${name} exists already, or the history is closed`);
    const table = new TableWriter(name, columns, this.tables.size, this.packer, this.texts);
    this.tables.set(name, table);
    return table;
  }

  document(name: string, value: unknown): void {
    const json: string | undefined = JSON.stringify(value);
    assert(
      this.isOpen && json !== undefined && !this.documents.has(name),
      `document ${name} exists already or is not JSON, or the history is closed`,
    );
    this.documents.add(name);
    this.packer.document(name, new TextEncoder().encode(json));
  }

  idSpace(name: string, count: number): void {
    assert(this.isOpen && !this.idSpaces.has(name) && Number.isSafeInteger(count) && count >= 0, `id space ${name} is known already`);
    this.idSpaces.set(name, count);
  }

  finish(end: RelativeNs): void {
    assert(this.isOpen && Number.isFinite(end), "finish of a closed history, or at no finite time");
    this.state.closeAll(end);
    for (const table of this.tables.values()) table.flush();
    this.packer.finish({
      identity: this.identity,
      end,
      texts: this.texts.encode(),
      attributes: this.state.attributes.encode(),
      ids: Object.fromEntries([...this.state.ids].map(([space, quarks]) => [space, [...quarks].sort((a, b) => a - b)])),
      idSpaces: Object.fromEntries(this.idSpaces),
    });
    this.isOpen = false;
  }

  abort(): void {
    if (this.isOpen) this.packer.abort();
    this.isOpen = false;
  }
}

/** The reading side, on any source. */
export class HistoryFile implements HistoryReader {
  readonly state: StateHistory;
  readonly identity: string;
  readonly bytes: number;
  private readonly container: ContainerReader;
  private readonly index: IntervalIndex;
  readonly footer: Footer;
  readonly texts: TextReader;
  readonly tables = new Map<string, TableReader>();

  /**
   * `translate` is what table columns pass through when they are read.
   * Throws BadInputError when anything but leaves, chunks and documents is damaged; those are checked when read. Owns the container from here on.
   */
  constructor(container: ContainerReader, cacheBytes: number = defaultCacheBytes, translate?: Translate) {
    const { source } = container;
    this.container = container;
    const footer = parseFooter(container.footer, source.name, container.footerRef.offset);
    this.footer = footer;
    this.identity = footer.identity;
    this.bytes = source.size;
    const { texts, attributes, leaves, runs } = footer.state;
    this.texts = new TextReader(this.container.read(texts), source.name, texts.offset);
    const tree = Attributes.decode(this.container.read(attributes), this.texts, source.name, attributes.offset);
    const indexColumns = (ref: BlockRef, { f64, u32 }: { readonly f64: number; readonly u32: number }): IndexColumns =>
      decodeIndex(this.container.read(ref), f64, u32, source.name, ref.offset);
    this.index = new IntervalIndex(indexColumns(leaves, leafIndexShape), indexColumns(runs, runIndexShape), source.name, leaves.offset);
    this.state = new StateReader(this.container, footer.state, tree, this.texts, this.index, cacheBytes);
    for (const table of footer.tables)
      this.tables.set(table.name, new TableReader(table, this.container, this.texts, Math.min(tableCacheBytes, cacheBytes), translate));
  }

  table(name: string): Table | undefined {
    return this.tables.get(name);
  }

  document(name: string): unknown {
    const ref = Object.hasOwn(this.footer.documents, name) ? this.footer.documents[name] : undefined;
    return ref === undefined ? undefined : JSON.parse(new TextDecoder().decode(this.container.read(ref)));
  }

  close(): void {
    this.state.close();
    for (const table of this.tables.values()) table.close();
    this.container.close();
  }

  /** Reads every block, and says how many bytes each had; throws BadInputError at the first that is damaged. */
  verify(onBytes: (bytes: number) => void): void {
    let done = 0;
    const advance = (bytes: number): void => {
      done += bytes;
      onBytes(bytes);
    };
    let intervals = 0;
    for (let leaf = 0; leaf < this.index.leafCount; leaf++) {
      intervals += readLeaf(this.container, this.index, leaf).count;
      advance(this.index.leaf(leaf).bytes);
    }
    for (let run = 0; run < this.index.runCount; run++) {
      const summary = this.index.summary(run);
      if (summary === undefined) continue;
      readSummary(this.container, this.index, run);
      advance(summary.bytes);
    }
    if (intervals !== this.state.intervalCount) {
      const { offset } = this.container.footerRef;
      throw new BadInputError(
        "HISTORY_INVALID",
        this.container.source.name,
        offset,
        `${intervals} intervals, the footer says ${this.state.intervalCount}`,
      );
    }
    for (const table of this.tables.values()) table.verify(advance);
    for (const ref of Object.values(this.footer.documents)) advance(this.container.read(ref).length);
    advance(this.bytes - done);
  }
}

/** The footer's shape. Its checksum has been checked, so what fails here was written by someone else. */
function parseFooter(value: unknown, file: string, offset: number): Footer {
  const fail = (what: string): never => {
    throw new BadInputError("HISTORY_INVALID", file, offset, `the footer's ${what} is missing or of another type`);
  };
  const object = (from: unknown, what: string): Record<string, unknown> =>
    typeof from === "object" && from !== null && !Array.isArray(from) ? (from as Record<string, unknown>) : fail(what);
  const number = (from: unknown, what: string): number => (typeof from === "number" ? from : fail(what));
  const count = (from: unknown, what: string): number => (Number.isSafeInteger(from) && Number(from) >= 0 ? Number(from) : fail(what));
  const text = (from: unknown, what: string): string => (typeof from === "string" ? from : fail(what));
  const list = (from: unknown, what: string): unknown[] => (Array.isArray(from) ? from : fail(what));
  const block = (from: unknown, what: string): BlockRef => {
    const { offset: at, bytes, checksum } = object(from, what);
    return { offset: count(at, what), bytes: count(bytes, what), checksum: count(checksum, what) };
  };
  const column = (from: unknown): ColumnSpec => {
    const { name, type, ids, since } = object(from, "column");
    if (type !== "f64" && type !== "u32" && type !== "u16" && type !== "u8" && type !== "text") return fail("column type");
    const spec: ColumnSpec = { name: text(name, "column name"), type };
    return {
      ...spec,
      ...(ids === undefined ? {} : { ids: text(ids, "column ids") }),
      ...(since === undefined ? {} : { since: text(since, "column since") }),
    };
  };
  const { identity, state, tables, documents, idSpaces } = object(value, "content");
  const { start, end, intervalCount, texts, attributes, leaves, runs, ids } = object(state, "state");
  return {
    identity: text(identity, "identity"),
    state: {
      start: number(start, "start"),
      end: number(end, "end"),
      intervalCount: count(intervalCount, "interval count"),
      texts: block(texts, "texts"),
      attributes: block(attributes, "attributes"),
      leaves: block(leaves, "leaves"),
      runs: block(runs, "runs"),
      ids: Object.fromEntries(
        Object.entries(object(ids, "ids")).map(([space, quarks]) => [space, list(quarks, "ids").map((quark) => count(quark, "ids"))]),
      ),
    },
    tables: list(tables, "tables").map((from) => {
      const { name, columns, rowCount, index } = object(from, "table");
      return {
        name: text(name, "table name"),
        columns: list(columns, "table columns").map(column),
        rowCount: count(rowCount, "row count"),
        index: block(index, "table index"),
      };
    }),
    documents: Object.fromEntries(Object.entries(object(documents, "documents")).map(([name, ref]) => [name, block(ref, "document")])),
    idSpaces: Object.fromEntries(Object.entries(object(idSpaces, "id spaces")).map(([name, n]) => [name, count(n, "id space")])),
  };
}
