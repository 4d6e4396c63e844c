/**
 * A history joined of parts (contract.ts, HistoryPart): the parts' files one after the other, as they were written, in a container of its own.
 *
 *     +--------+------------------------------+------------------------------+-----+--------+---------+
 *     | header | part: header blocks trailer  | part: header blocks trailer  | ... | footer | trailer |
 *     +--------+------------------------------+------------------------------+-----+--------+---------+
 *
 *     footer   { identity, parts: [{ offset, bytes }], owners: [[quark, part]] }
 *
 * Nothing in a part is changed when it is joined. Its quarks, text ids, row numbers and ids are its own; reading translates them, by maps made when the history
 * is opened: quarks by merging the attribute trees part by part, so that a part's attribute keeps its order among the part's others. `owners` says which part
 * has the states of an attribute that several parts have; it is left out where none has any.
 */
import { assert, BadInputError, type RelativeNs } from "../base/index.ts";
import { Attributes } from "./attributes.ts";
import { ContainerReader, ContainerWriter } from "./container.ts";
import type {
  AttributeTree,
  ColumnSpec,
  HistoryReader,
  Interval,
  IntervalVisitor,
  Quark,
  StateColumns,
  StateHistory,
  StateValue,
  Table,
  TableChunk,
} from "./contract.ts";
import { defaultCacheBytes, HistoryFile } from "./history.ts";
import type { ColumnArray } from "./packed-columns.ts";
import { type ByteSink, type ByteSource, sliceOf } from "./store.ts";
import type { TableReader } from "./table.ts";
import { TextWriter } from "./texts.ts";

const copyBytes = 1 << 22;
/** No part, no attribute. */
const none = -1;

interface JoinedFooter {
  readonly identity: string;
  readonly parts: readonly { readonly offset: number; readonly bytes: number }[];
  readonly owners: readonly (readonly [quark: number, part: number])[];
}

/** Whether a container's footer is that of a joined history. */
export function isJoined(footer: unknown): boolean {
  return typeof footer === "object" && footer !== null && Object.hasOwn(footer, "parts");
}

/** Writes the history joined of these parts, which must be finished. The parts stay as they are. */
export function joinParts(sink: ByteSink, identity: string, sources: readonly ByteSource[]): void {
  const files = sources.map((source) => new HistoryFile(new ContainerReader(source), defaultCacheBytes / sources.length));
  const owners = sharedOwners(files);
  checkNames(files);
  const container = new ContainerWriter(sink);
  const parts = sources.map((source) => {
    const offset = sink.size;
    for (let at = 0; at < source.size; at += copyBytes) sink.append(source.read(at, Math.min(copyBytes, source.size - at)));
    return { offset, bytes: source.size };
  });
  container.finish({ identity, parts, owners } satisfies JoinedFooter);
}

/** The part that has the states of each attribute that is in several. */
function sharedOwners(files: readonly HistoryFile[]): [number, number][] {
  const { attributes, locals } = mergeTrees(files);
  const owners: [number, number][] = [];
  for (let quark = 0; quark < attributes.count; quark++) {
    const holders = files.flatMap((file, part) => {
      const local = locals[part]?.[quark] ?? none;
      return local === none ? [] : [{ file, part, local }];
    });
    if (holders.length < 2) continue;
    const writers = holders.filter(({ file, local }) => file.state.nextChange(Number.NEGATIVE_INFINITY, local) !== undefined);
    assert(
      writers.length < 2,
      `parts ${writers.map(({ part }) => part).join(" and ")} both have states of ${attributes.path(quark).join("/")}`,
    );
    const [writer] = writers;
    if (writer !== undefined) owners.push([quark, writer.part]);
  }
  return owners;
}

/** Documents are in one part each; tables of one name have the same columns, and ids that fit them. */
function checkNames(files: readonly HistoryFile[]): void {
  const documents = files.flatMap((file) => Object.keys(file.footer.documents));
  assert(new Set(documents).size === documents.length, "two parts have a document of one name");
  const limits = { f64: 0, text: 0, u32: 2 ** 32, u16: 2 ** 16, u8: 2 ** 8 };
  const columns = new Map<string, string>();
  for (const table of files.flatMap((file) => file.footer.tables)) {
    const specs = JSON.stringify(table.columns);
    assert((columns.get(table.name) ?? specs) === specs, `table ${table.name} has other columns in another part`);
    columns.set(table.name, specs);
    for (const { name, type, ids } of table.columns) {
      const count = ids === undefined ? 0 : files.reduce((sum, file) => sum + idCount(file, ids), 0);
      assert(count <= limits[type], `column ${name} of table ${table.name} is too narrow for ${count} ids`);
    }
  }
}

function idCount(file: HistoryFile, space: string): number {
  const { idSpaces } = file.footer;
  return Object.hasOwn(idSpaces, space) ? (idSpaces[space] as number) : 0;
}

interface MergedTrees {
  readonly attributes: Attributes;
  /** Per part, per joined quark: the part's own quark, or `none`. Shorter than the tree where the last are not the part's. */
  readonly locals: readonly number[][];
  /** Per part, per quark of its own: the joined quark. */
  readonly joined: readonly Uint32Array[];
}

function mergeTrees(files: readonly HistoryFile[]): MergedTrees {
  const texts = new TextWriter();
  const attributes = new Attributes(texts);
  const locals: number[][] = [];
  const joined: Uint32Array[] = [];
  for (const { state } of files) {
    const tree = state.attributes;
    const toJoined = new Uint32Array(tree.count);
    const toLocal: number[] = new Array<number>(attributes.count).fill(none);
    for (let local = 0; local < tree.count; local++) {
      const parent = tree.parent(local);
      const quark = attributes.child(parent === -1 ? -1 : (toJoined[parent] as number), texts.intern(tree.name(local)));
      toJoined[local] = quark;
      toLocal[quark] = local;
    }
    locals.push(toLocal);
    joined.push(toJoined);
  }
  return { attributes, locals, joined };
}

/** Ids of one part: 0 .. count - 1 become base .. base + count - 1, other numbers stay. */
interface IdShift {
  readonly base: number;
  readonly count: number;
}

function shifted(value: StateValue, shift: IdShift | undefined): StateValue {
  return shift !== undefined && typeof value === "number" && Number.isInteger(value) && value >= 0 && value < shift.count
    ? value + shift.base
    : value;
}

/** The ids of a space in each part. */
function idShifts(files: readonly HistoryFile[], space: string): IdShift[] {
  let base = 0;
  return files.map((file) => {
    const shift = { base, count: idCount(file, space) };
    base += shift.count;
    return shift;
  });
}

/** Reads a joined history. */
export class JoinedHistory implements HistoryReader {
  readonly state: StateHistory;
  readonly identity: string;
  readonly bytes: number;
  private readonly container: ContainerReader;
  private readonly files: readonly HistoryFile[];
  private readonly tables = new Map<string, Table>();

  /** Throws BadInputError as HistoryFile does, for any of its parts. Owns the container from here on. */
  constructor(container: ContainerReader, cacheBytes: number = defaultCacheBytes) {
    const { source } = container;
    this.container = container;
    this.bytes = source.size;
    const footer = parseJoinedFooter(container.footer, source.name, container.footerRef.offset);
    this.identity = footer.identity;
    const texts = new TextWriter();
    this.files = footer.parts.map(({ offset, bytes }, part) => {
      let textIds: Uint32Array | undefined;
      const translate = (spec: ColumnSpec, values: ColumnArray): void => {
        if (spec.type === "text") {
          textIds ??= Uint32Array.from({ length: file.texts.count }, (_, id) => texts.intern(file.texts.text(id)));
          for (let i = 0; i < values.length; i++) values[i] = textIds[values[i] as number] as number;
        } else if (spec.ids !== undefined) {
          const { base, count } = idShifts(this.files, spec.ids)[part] as IdShift;
          for (let i = 0; i < values.length; i++) if ((values[i] as number) < count) values[i] = (values[i] as number) + base;
        }
      };
      const file = new HistoryFile(
        new ContainerReader(sliceOf(source, offset, bytes), container.onDamage),
        cacheBytes / footer.parts.length,
        translate,
      );
      return file;
    });
    this.state = new JoinedState(this.files, footer.owners);
    for (const { name, columns } of this.files.flatMap((file) => file.footer.tables)) {
      if (!this.tables.has(name)) this.tables.set(name, new JoinedTable(name, columns, this.files, texts));
    }
  }

  table(name: string): Table | undefined {
    return this.tables.get(name);
  }

  document(name: string): unknown {
    for (const file of this.files) if (Object.hasOwn(file.footer.documents, name)) return file.document(name);
    return undefined;
  }

  close(): void {
    for (const file of this.files) file.close();
    this.container.close();
  }

  /** As HistoryFile.verify. */
  verify(onBytes: (bytes: number) => void): void {
    let done = 0;
    for (const file of this.files) {
      file.verify(onBytes);
      done += file.bytes;
    }
    onBytes(this.bytes - done);
  }
}

/** Which part answers for an attribute, and the attribute's name there. */
interface Owner {
  readonly part: number;
  readonly state: StateHistory;
  readonly local: Quark;
  readonly shift: IdShift | undefined;
}

class JoinedState implements StateHistory {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly intervalCount: number;
  readonly attributes: AttributeTree;
  private readonly files: readonly HistoryFile[];
  /** Per part and own quark, the joined one: none where another part has the states. */
  private readonly joined: readonly Int32Array[];
  /** Per quark; undefined where no part has states. */
  private readonly owners: (Owner | undefined)[];

  constructor(files: readonly HistoryFile[], shared: readonly (readonly [number, number])[]) {
    const { attributes, joined } = mergeTrees(files);
    this.files = files;
    this.attributes = attributes;
    this.owners = new Array<Owner | undefined>(attributes.count).fill(undefined);
    this.intervalCount = files.reduce((sum, { state }) => sum + state.intervalCount, 0);
    const filled = files.filter(({ state }) => state.intervalCount > 0);
    this.end = Math.max(...files.map(({ state }) => state.end));
    this.start = filled.length === 0 ? this.end : Math.min(...filled.map(({ state }) => state.start));
    const holders = new Uint32Array(attributes.count);
    for (const quarks of joined) for (const quark of quarks) holders[quark] = (holders[quark] as number) + 1;
    const sharedOwner = new Map(shared);
    this.joined = files.map(({ state, footer }, part) => {
      const shifts = new Map<Quark, IdShift | undefined>();
      for (const [space, quarks] of Object.entries(footer.state.ids)) {
        const shift = idShifts(files, space)[part];
        for (const quark of quarks) shifts.set(quark, shift);
      }
      return Int32Array.from(joined[part] ?? [], (quark, local) => {
        if ((holders[quark] as number) > 1 && sharedOwner.get(quark) !== part) return none;
        this.owners[quark] = { part, state, local, shift: shifts.get(local) };
        return quark;
      });
    });
  }

  at(time: RelativeNs, quark: Quark): Interval | undefined {
    const owner = this.owner(quark);
    const interval = owner?.state.at(time, owner.local);
    return interval === undefined ? undefined : { ...interval, quark, value: shifted(interval.value, owner?.shift) };
  }

  full(time: RelativeNs): readonly (Interval | undefined)[] {
    const result = new Array<Interval | undefined>(this.owners.length).fill(undefined);
    for (const [part, { state }] of this.files.entries()) {
      for (const interval of state.full(time)) {
        const quark = interval === undefined ? none : (this.joined[part]?.[interval.quark] ?? none);
        if (interval !== undefined && quark !== none)
          result[quark] = { ...interval, quark, value: shifted(interval.value, this.owners[quark]?.shift) };
      }
    }
    return result;
  }

  range(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, visit: IntervalVisitor): void {
    let goOn = true;
    for (const quark of quarks) {
      const owner = this.owner(quark);
      owner?.state.range([owner.local], from, to, (_, start, end, value) => {
        goOn = visit(quark, start, end, shifted(value, owner.shift)) !== false;
        return goOn;
      });
      if (!goOn) return;
    }
  }

  columns(quarks: readonly Quark[], from: RelativeNs, to: RelativeNs, columns: number, room = 0): readonly StateColumns[] {
    const owners = quarks.map((quark) => this.owner(quark));
    const rows = new Array<StateColumns | undefined>(quarks.length).fill(undefined);
    for (const [part, { state }] of this.files.entries()) {
      // Every part is asked, if only to check range and columns.
      const places = [...owners.keys()].filter((i) => owners[i]?.part === part);
      const got = state.columns(
        places.map((i) => owners[i]?.local ?? 0),
        from,
        to,
        columns,
        room,
      );
      for (const [k, i] of places.entries()) {
        const row = got[k] as StateColumns;
        const shift = owners[i]?.shift;
        const values = shift === undefined ? row.values : row.values.map((value) => shifted(value, shift));
        const quark = quarks[i] as number;
        const intervals = row.intervals?.map((interval) => ({ ...interval, quark, value: shifted(interval.value, shift) }));
        rows[i] = { ...row, quark, values, intervals };
      }
    }
    return rows.map((row, i) => row ?? emptyRow(quarks[i] as number, columns, room));
  }

  nextChange(time: RelativeNs, quark: Quark): RelativeNs | undefined {
    const owner = this.owner(quark);
    return owner?.state.nextChange(time, owner.local);
  }

  previousChange(time: RelativeNs, quark: Quark): RelativeNs | undefined {
    const owner = this.owner(quark);
    return owner?.state.previousChange(time, owner.local);
  }

  close(): void {
    for (const { state } of this.files) state.close();
  }

  private owner(quark: Quark): Owner | undefined {
    assert(quark >= 0 && quark < this.owners.length, `no attribute ${quark}`);
    return this.owners[quark];
  }
}

function emptyRow(quark: Quark, columns: number, room: number): StateColumns {
  return {
    quark,
    count: new Uint32Array(columns),
    busy: new Float64Array(columns),
    longest: new Float64Array(columns),
    dominant: new Int32Array(columns).fill(-1),
    values: [],
    intervals: room > 0 ? [] : undefined,
  };
}

/** One table's share of a part. */
interface TablePart {
  readonly table: TableReader;
  readonly firstRow: number;
  readonly part: number;
}

class JoinedTable implements Table {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly rowCount: number;
  private readonly files: readonly HistoryFile[];
  private readonly texts: TextWriter;
  private readonly parts: readonly TablePart[];

  constructor(name: string, columns: readonly ColumnSpec[], files: readonly HistoryFile[], texts: TextWriter) {
    this.name = name;
    this.columns = columns;
    this.files = files;
    this.texts = texts;
    let firstRow = 0;
    this.parts = files.flatMap((file, part) => {
      const table = file.tables.get(name);
      if (table === undefined) return [];
      const first = firstRow;
      firstRow += table.rowCount;
      return [{ table, firstRow: first, part }];
    });
    this.rowCount = firstRow;
  }

  column(name: string): number {
    const column = this.columns.findIndex((spec) => spec.name === name);
    assert(column >= 0, `table ${this.name} has no column ${name}`);
    return column;
  }

  text(id: number): string {
    return this.texts.text(id);
  }

  *chunks(bound?: { readonly column: number; readonly min: number; readonly max: number }): Iterable<TableChunk> {
    const spec = bound === undefined ? undefined : this.columns[bound.column];
    for (const { table, firstRow, part } of this.parts) {
      // Bounds are kept in the part's own numbers.
      const bounds = bound === undefined || spec?.type === "text" ? [] : [bound];
      if (bound !== undefined && spec?.ids !== undefined) {
        const { base, count } = idShifts(this.files, spec.ids)[part] as IdShift;
        bounds[0] = { ...bound, min: bound.min - base, max: Math.min(bound.max - base, count - 1) };
        bounds[1] = { ...bound, min: Math.max(bound.min, count) };
      }
      for (const chunk of table.chunksWithin(bounds)) yield { ...chunk, firstRow: chunk.firstRow + firstRow };
    }
  }

  *leading(count: number): Iterable<TableChunk> {
    for (const { table, firstRow } of this.parts)
      for (const chunk of table.leading(count)) yield { ...chunk, firstRow: chunk.firstRow + firstRow };
  }

  *largest(column: number): Iterable<{ readonly most: number; readonly chunk: TableChunk }> {
    const places = this.parts.flatMap(({ table, firstRow }) => table.largestFirst(column).map((place) => ({ ...place, table, firstRow })));
    for (const { most, chunk, table, firstRow } of places.sort((left, right) => right.most - left.most)) {
      const found = table.chunk(chunk);
      yield { most, chunk: { ...found, firstRow: found.firstRow + firstRow } };
    }
  }

  row(index: number): Float64Array {
    const found = this.parts.findLast(({ firstRow, table }) => firstRow <= index && table.rowCount > 0);
    assert(found !== undefined && Number.isInteger(index) && index < this.rowCount, `table ${this.name} has no row ${index}`);
    return found.table.row(index - found.firstRow);
  }

  close(): void {
    for (const { table } of this.parts) table.close();
  }
}

function parseJoinedFooter(value: unknown, file: string, offset: number): JoinedFooter {
  const isCount = (from: unknown): from is number => Number.isSafeInteger(from) && Number(from) >= 0;
  const { identity, parts, owners } = value as Record<string, unknown>;
  const isPart = (from: unknown): from is { offset: number; bytes: number } =>
    typeof from === "object" && from !== null && isCount(Reflect.get(from, "offset")) && isCount(Reflect.get(from, "bytes"));
  const isOwner = (from: unknown): from is [number, number] => Array.isArray(from) && from.length === 2 && from.every(isCount);
  if (
    typeof identity === "string" &&
    Array.isArray(parts) &&
    parts.length > 0 &&
    parts.every(isPart) &&
    Array.isArray(owners) &&
    owners.every(isOwner)
  )
    return { identity, parts, owners };
  throw new BadInputError("HISTORY_INVALID", file, offset, "the footer of a joined history lacks its parts");
}
