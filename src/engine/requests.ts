/**
 * Requests and statistics: queries over the tables of the `redis` analysis.
 *
 * A scan goes chunk by chunk over typed arrays; rows become objects only for what is returned.
 */

import {
  branches,
  type connectionColumns,
  deliveryColumns,
  documents,
  operations,
  type PhaseName,
  type ProcessSummary,
  requestColumns,
  requestFlags,
  requestPhases,
  root,
  tables,
  unknownBytes,
} from "../analyses/redis/keys.ts";
import { type AbsoluteNs, Best, compareText, type RelativeNs, StorescopeError, toAbsolute } from "../base/index.ts";
import type { HistoryReader, Table, TableChunk } from "../state/index.ts";
import type {
  CommandStats,
  DeliveryInfo,
  Holder,
  HopInfo,
  NodeStats,
  Phase,
  RedirectedInfo,
  RequestInfo,
  RequestQuery,
} from "./contract.ts";
import { DurationHistogram } from "./distribution.ts";
import { compileFilter, type FilterValue } from "./filter.ts";
import { redirectsOf } from "./redirects.ts";

type RequestColumn = (typeof requestColumns)[number]["name"];
type ConnectionColumn = (typeof connectionColumns)[number]["name"];
const columnIndex = Object.fromEntries(requestColumns.map((column, i) => [column.name, i])) as Record<RequestColumn, number>;
type DeliveryColumn = (typeof deliveryColumns)[number]["name"];
const deliveryIndex = Object.fromEntries(deliveryColumns.map((column, i) => [column.name, i])) as Record<DeliveryColumn, number>;
const mostDeliveries = 1000;
const defaultLimit = 100;

/** Names that a filter over requests may use. Durations in ns, sizes in bytes. */
export const requestFilterNames = [
  "id",
  "command",
  "type",
  "node",
  "connection",
  "failed",
  "complete",
  "duration",
  "wait",
  "execute",
  "read",
  "write",
  "queued-for-read",
  "queued-behind",
  "queued-for-execution",
  "queued-for-write",
  "request_bytes",
  "reply_bytes",
] as const;

/** One connection of the connections table. */
export interface ConnectionInfo {
  readonly process: number;
  readonly connection: number;
  readonly label: string;
  readonly kind: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requests: number;
}

/** Queries over requests of one finished history. */
export class RequestQueries {
  readonly processes: readonly ProcessSummary[];
  private readonly history: HistoryReader;
  private readonly origin: AbsoluteNs;
  private readonly table: Table | undefined;
  private allConnections: readonly ConnectionInfo[] | undefined;
  private readonly mainOperation: (number | undefined)[];
  private readonly mainRequest: (number | undefined)[];

  constructor(history: HistoryReader, origin: AbsoluteNs) {
    this.history = history;
    this.origin = origin;
    this.table = history.table(tables.requests);
    this.processes = (history.document(documents.processes) as readonly ProcessSummary[] | undefined) ?? [];
    const { attributes } = history.state;
    const main = this.processes.map((process) => ({
      node: process.node,
      tid: String(process.threads.find((thread) => thread.thread === 0)?.tid ?? process.pid),
    }));
    this.mainOperation = main.map(({ node, tid }) => attributes.find(root, node, branches.threads, tid, "Operation"));
    this.mainRequest = main.map(({ node, tid }) => attributes.find(root, node, branches.threads, tid, "Request"));
  }

  get count(): number {
    return this.table?.rowCount ?? 0;
  }

  /** All of them, read when first asked for: there may be very many. */
  private get connections(): readonly ConnectionInfo[] {
    this.allConnections ??= readConnections(this.history.table(tables.connections));
    return this.allConnections;
  }

  /** One of them, without reading the others. */
  private connection(row: number): ConnectionInfo | undefined {
    const table = this.history.table(tables.connections);
    if (this.allConnections !== undefined || table === undefined) return this.connections[row];
    // There may be none: then the row is a mark that no table has.
    if (!(row >= 0 && row < table.rowCount)) return undefined;
    const values = table.row(row);
    return connectionOf(
      table,
      columnsOfConnections(table).map((column) => values[column] ?? 0),
    );
  }

  /**
   * Requests that match, best first by `sort`; `total` counts all that match. The slowest of all are found by the bounds of the table's chunks; otherwise reads
   * the whole table but for the chunks outside the time range.
   */
  find(query: RequestQuery, from: RelativeNs, to: RelativeNs): { total: number; requests: readonly RequestInfo[] } {
    const table = this.table;
    if (table === undefined) return { total: 0, requests: [] };
    const isAll = (query.filter ?? "").trim() === "" && from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY;
    if (isAll && (query.sort ?? "duration") === "duration") return this.slowest(table, query.limit ?? defaultLimit);
    const filter = compileFilter(query.filter ?? "", requestFilterNames);
    const limit = Math.max(0, query.limit ?? defaultLimit);
    const rank = ranking(query.sort ?? "duration");
    const best = new Best<Float64Array>(limit);
    let total = 0;
    const row = new Float64Array(requestColumns.length);
    const lookup = (name: string): FilterValue => this.lookup(row, name);
    for (const chunk of this.chunks(table, from)) {
      for (let i = 0; i < chunk.rowCount; i++) {
        readRow(chunk, i, row);
        if (!isInside(row, from, to) || !filter(lookup)) continue;
        total++;
        const value = rank(row);
        if (value > best.floor) best.add(value, row.slice());
      }
    }
    return { total, requests: best.sorted().map((found) => this.info(found)) };
  }

  private slowest(table: Table, limit: number): { total: number; requests: readonly RequestInfo[] } {
    const best = new Best<Float64Array>(Math.max(0, limit));
    const { arrived, writeEnd } = columnIndex;
    for (const { most, chunk } of table.largest(writeEnd)) {
      if (most <= best.floor) break;
      const [starts, ends] = [chunk.columns[arrived] ?? [], chunk.columns[writeEnd] ?? []];
      for (let i = 0; i < chunk.rowCount; i++) {
        const duration = (ends[i] as number) - (starts[i] as number);
        if (duration > best.floor) best.add(duration, readRow(chunk, i, new Float64Array(requestColumns.length)));
      }
    }
    return { total: table.rowCount, requests: best.sorted().map((row) => this.info(row)) };
  }

  /** One request by id, its waits attributed. */
  get(id: number): RequestInfo {
    const deliveries = this.deliveries(id);
    const redirected = this.redirected(id);
    return {
      ...this.info(this.row(id), true),
      ...(deliveries.length === 0 ? {} : { deliveries }),
      ...(redirected === undefined ? {} : { redirected }),
    };
  }

  /** All hops of a request that was redirected, or is a repeat. */
  private redirected(id: number): RedirectedInfo | undefined {
    const redirects = redirectsOf(this.history, id);
    if (redirects.length === 0) return undefined;
    const hop = (request: number, asking: number | undefined, redirect: HopInfo["redirect"]): HopInfo => {
      const { node, connectionLabel, start, end } = this.info(this.row(request));
      return { request, node, connectionLabel, start, end, asking, redirect };
    };
    const hops = redirects.map(({ request, kind, slot, target }, i) => hop(request, redirects[i - 1]?.asking, { kind, slot, target }));
    const last = redirects.at(-1);
    if (last?.repeat !== undefined) hops.push(hop(last.repeat, last.asking, undefined));
    const [first, served] = [hops[0], hops.at(-1)];
    if (first === undefined || served === undefined) return undefined;
    return {
      hops,
      durationNs: Number(served.end - first.start),
      lostNs: Number(served.start - first.start),
      evidence:
        hops.length === 1 ? "nothing" : redirects.every(({ repeat, isTold }) => repeat === undefined || isTold) ? "context" : "order",
    };
  }

  /** Where a PUBLISH's message went, at most `mostDeliveries`. */
  private deliveries(id: number): readonly DeliveryInfo[] {
    const table = this.history.table(tables.deliveries);
    if (table === undefined) return [];
    const found: DeliveryInfo[] = [];
    const time = (value: number): AbsoluteNs | undefined => (Number.isFinite(value) ? toAbsolute(value, this.origin) : undefined);
    for (const chunk of table.chunks({ column: deliveryIndex.request, min: id, max: id })) {
      for (let i = 0; i < chunk.rowCount && found.length < mostDeliveries; i++) {
        const at = (column: DeliveryColumn): number => chunk.columns[deliveryIndex[column]]?.[i] ?? 0;
        if (at("request") !== id) continue;
        const connection = this.connection(at("connection"));
        found.push({
          node: this.processes[at("process")]?.node ?? "",
          connection: connection?.connection ?? 0,
          connectionLabel: connection?.label ?? "",
          received: time(at("received")),
          queued: toAbsolute(at("queued"), this.origin),
          written: time(at("written")),
        });
      }
    }
    return found;
  }

  /** Process and connection number of a request, its life, and when it alone had the thread: from its parsing to the end of its call. */
  place(id: number): {
    process: number;
    connection: number;
    start: RelativeNs;
    parseStart: RelativeNs;
    callEnd: RelativeNs;
    end: RelativeNs;
  } {
    const row = this.row(id);
    const connection = this.connection(row[columnIndex.connection] as number);
    return {
      process: row[columnIndex.process] as number,
      connection: connection?.connection ?? -1,
      start: row[columnIndex.arrived] as number,
      parseStart: row[columnIndex.parseStart] as number,
      callEnd: row[columnIndex.callEnd] as number,
      end: row[columnIndex.writeEnd] as number,
    };
  }

  /** The request that a row of the netflow view served at a time. */
  at(entry: number, time: RelativeNs): RequestInfo | undefined {
    const { state } = this.history;
    const [, node, branch, name] = entry >= 0 && entry < state.attributes.count ? state.attributes.path(entry) : [];
    if (node === undefined || name === undefined) return undefined;
    const quark =
      branch === branches.threads
        ? state.attributes.find(root, node, branches.threads, name, "Request")
        : state.attributes.find(root, node, branches.requests, name, "Request");
    const process = this.processes.find((candidate) => candidate.node === node)?.index;
    if (branch === branches.connections && process !== undefined) {
      const row = this.aliveAt(process, Number(name), time, quark === undefined ? undefined : state.at(time, quark)?.value);
      return row === undefined ? undefined : this.info(row, true);
    }
    const value = quark === undefined ? undefined : state.at(time, quark)?.value;
    return typeof value === "number" ? this.info(this.row(value), true) : undefined;
  }

  /** Of the requests a connection had under way at `time`, the one being executed, else the oldest. */
  private aliveAt(process: number, connection: number, time: RelativeNs, executing: unknown): Float64Array | undefined {
    const { table } = this;
    if (table === undefined) return undefined;
    let found: Float64Array | undefined;
    const row = new Float64Array(requestColumns.length);
    for (const chunk of table.chunks({ column: columnIndex.writeEnd, min: time, max: Number.POSITIVE_INFINITY })) {
      let isPast = true;
      for (let i = 0; i < chunk.rowCount; i++) {
        readRow(chunk, i, row);
        const arrived = row[columnIndex.arrived] as number;
        if (arrived <= time) isPast = false;
        const at = this.connections[row[columnIndex.connection] as number];
        if (at?.connection !== connection || row[columnIndex.process] !== process) continue;
        if (arrived > time || (row[columnIndex.writeEnd] as number) <= time) continue;
        if (row[columnIndex.id] === executing && time < (row[columnIndex.callEnd] as number)) return row.slice();
        found ??= row.slice();
      }
      // Rows come in order of completion: a chunk in which nothing had arrived yet is past everything alive at `time`, unless it holds a very long one.
      if (isPast && found !== undefined) break;
    }
    return found;
  }

  private row(id: number): Float64Array {
    if (this.table !== undefined) {
      const row = new Float64Array(requestColumns.length);
      for (const chunk of this.table.chunks({ column: columnIndex.id, min: id, max: id })) {
        const ids = chunk.columns[columnIndex.id] as Uint32Array;
        const i = ids.indexOf(id);
        if (i < 0 || i >= chunk.rowCount) continue;
        readRow(chunk, i, row);
        return row;
      }
    }
    throw new StorescopeError("NOT_FOUND", `there is no request ${id} in this trace`);
  }

  private chunks(table: Table, from: RelativeNs): Iterable<TableChunk> {
    return from === Number.NEGATIVE_INFINITY
      ? table.chunks()
      : table.chunks({ column: columnIndex.writeEnd, min: from, max: Number.POSITIVE_INFINITY });
  }

  private lookup(row: Float64Array, name: string): FilterValue {
    const at = (column: RequestColumn): number => row[columnIndex[column]] as number;
    const flags = at("flags");
    switch (name) {
      case "id":
        return at("id");
      case "command":
        return this.table?.text(at("command"));
      case "type":
        return requestType(flags);
      case "node":
        return this.processes[at("process")]?.node;
      case "connection":
        return this.connections[at("connection")]?.label;
      case "failed":
        return (flags & requestFlags.failed) !== 0;
      case "complete":
        return (flags & requestFlags.incomplete) === 0;
      case "duration":
        return at("writeEnd") - at("arrived");
      case "wait":
        return waitOf(row);
      case "request_bytes":
        return at("requestBytes") === unknownBytes ? undefined : at("requestBytes");
      case "reply_bytes":
        return at("replyBytes") === unknownBytes ? undefined : at("replyBytes");
      default: {
        const phase = requestPhases(at("flags")).find(([phaseName]) => phaseName === name);
        return phase === undefined ? undefined : at(phase[2]) - at(phase[1]);
      }
    }
  }

  private info(row: Float64Array, withHolders = false): RequestInfo {
    const at = (column: RequestColumn): number => row[columnIndex[column]] as number;
    const flags = at("flags");
    const process = this.processes[at("process")];
    const connection = this.connection(at("connection"));
    const found: Phase[] = [];
    for (const [name, from, to] of requestPhases(at("flags"))) {
      const [start, end] = [at(from), at(to)];
      if (end <= start) continue;
      const phase = {
        name,
        start: this.absolute(start),
        end: this.absolute(end),
        thread: name === "read" ? at("readThread") : at("thread"),
      };
      found.push(withHolders && name.startsWith("queued") ? { ...phase, holders: this.holders(at("process"), start, end) } : phase);
    }
    const bytes = (column: RequestColumn): number | undefined => (at(column) === unknownBytes ? undefined : at(column));
    return {
      id: at("id"),
      node: process?.node ?? "",
      connection: connection?.connection ?? -1,
      connectionLabel: connection?.label ?? "",
      command: this.table?.text(at("command")) ?? "",
      type: requestType(flags),
      start: this.absolute(at("arrived")),
      end: this.absolute(at("writeEnd")),
      durationNs: at("writeEnd") - at("arrived"),
      requestBytes: bytes("requestBytes"),
      replyBytes: bytes("replyBytes"),
      failed: (flags & requestFlags.failed) !== 0,
      complete: (flags & requestFlags.incomplete) === 0,
      phases: found,
    };
  }

  /** What the process' main thread did in [from, to): a partition of it. */
  private holders(process: number, from: RelativeNs, to: RelativeNs): readonly Holder[] {
    const operation = this.mainOperation[process];
    const request = this.mainRequest[process];
    const found: Holder[] = [];
    const add = (label: string, start: number, end: number): void => {
      if (end <= start) return;
      const served = request === undefined ? undefined : this.history.state.at(start, request)?.value;
      found.push({ label, request: typeof served === "number" ? served : undefined, start: this.absolute(start), end: this.absolute(end) });
    };
    let reached = from;
    if (operation !== undefined) {
      this.history.state.range([operation], from, to, (_quark, start, end, value) => {
        if (value === undefined || end <= reached) return true;
        add(operations.polling, reached, Math.max(reached, start));
        add(String(value), Math.max(reached, start), Math.min(to, end));
        reached = Math.max(reached, Math.min(to, end));
        return true;
      });
    }
    add(operations.polling, reached, to);
    return found;
  }

  /** Statistics per node of the requests completed in [from, to). */
  stats(from: RelativeNs, to: RelativeNs): readonly NodeStats[] {
    const isWhole = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY;
    const nodes = this.processes.map(() => new Map<string, CommandCounter>());
    const counter = (process: number, command: string): CommandCounter => {
      const node = nodes[process] ?? new Map<string, CommandCounter>();
      let found = node.get(command);
      if (found === undefined) {
        found = new CommandCounter();
        node.set(command, found);
      }
      return found;
    };
    const requests = this.processes.map(() => ({ count: 0, bytesIn: 0, bytesOut: 0 }));
    if (this.table !== undefined) {
      const row = new Float64Array(requestColumns.length);
      for (const chunk of this.chunks(this.table, from)) {
        for (let i = 0; i < chunk.rowCount; i++) {
          readRow(chunk, i, row);
          if (!isInside(row, from, to)) continue;
          const process = row[columnIndex.process] as number;
          counter(process, this.table.text(row[columnIndex.command] as number)).add(row);
          const sums = requests[process];
          if (sums === undefined) continue;
          sums.count++;
          sums.bytesIn += known(row[columnIndex.requestBytes] as number);
          sums.bytesOut += known(row[columnIndex.replyBytes] as number);
        }
      }
    }
    this.addNestedCalls(counter, from, to);
    return this.processes.map((process, i) => ({
      node: process.node,
      nodeId: process.nodeId,
      flavor: process.flavor,
      version: process.version,
      pid: process.pid,
      requests: requests[i]?.count ?? 0,
      bytesIn: isWhole ? process.bytesIn : (requests[i]?.bytesIn ?? 0),
      bytesOut: isWhole ? process.bytesOut : (requests[i]?.bytesOut ?? 0),
      commands: [...(nodes[i] ?? [])]
        .map(([command, counted]) => counted.finish(command))
        .sort((left, right) => right.calls - left.calls || compareText(left.command, right.command)),
      connections: this.connections
        .filter((connection) => connection.process === i)
        .map(({ connection, label, kind, requests: served, bytesIn, bytesOut }) => ({
          connection,
          label,
          type: kind,
          requests: served,
          bytesIn,
          bytesOut,
        })),
      bus: process.bus.map((link) => ({
        ...link,
        peer: this.processes.find((other) => other.nodeId !== "" && other.nodeId === link.peer)?.node ?? link.peer,
      })),
    }));
  }

  private addNestedCalls(counter: (process: number, command: string) => CommandCounter, from: RelativeNs, to: RelativeNs): void {
    const table = this.history.table(tables.nestedCalls);
    if (table === undefined) return;
    const [process, command, flags, end] = ["process", "command", "flags", "end"].map((name) => table.column(name)) as [
      number,
      number,
      number,
      number,
    ];
    for (const chunk of table.chunks()) {
      const value = (column: number, row: number): number => chunk.columns[column]?.[row] ?? 0;
      for (let row = 0; row < chunk.rowCount; row++) {
        const time = value(end, row);
        if (time < from || time >= to) continue;
        counter(value(process, row), table.text(value(command, row))).addNested((value(flags, row) & requestFlags.failed) !== 0);
      }
    }
  }

  private absolute(time: RelativeNs): AbsoluteNs {
    return toAbsolute(time, this.origin);
  }
}

/** Sums over the requests of one command. */
class CommandCounter {
  private calls = 0;
  private requestBytes = 0;
  private replyBytes = 0;
  private failed = 0;
  private readonly whole = new DurationHistogram();
  private readonly phases = new Map<PhaseName, DurationHistogram>();

  add(row: Float64Array): void {
    const at = (column: RequestColumn): number => row[columnIndex[column]] as number;
    const flags = at("flags");
    if ((flags & requestFlags.notCalled) === 0) this.calls++;
    if ((flags & requestFlags.failed) !== 0) this.failed++;
    this.requestBytes += known(at("requestBytes"));
    this.replyBytes += known(at("replyBytes"));
    if ((flags & requestFlags.incomplete) !== 0) return;
    this.whole.add(at("writeEnd") - at("arrived"));
    for (const [name, start, end] of requestPhases(at("flags"))) {
      let histogram = this.phases.get(name);
      if (histogram === undefined) {
        histogram = new DurationHistogram();
        this.phases.set(name, histogram);
      }
      histogram.add(at(end) - at(start));
    }
  }

  addNested(failed: boolean): void {
    this.calls++;
    if (failed) this.failed++;
  }

  finish(command: string): CommandStats {
    return {
      command,
      calls: this.calls,
      requestBytes: this.requestBytes,
      replyBytes: this.replyBytes,
      failed: this.failed,
      whole: this.whole.finish(),
      phases: Object.fromEntries([...this.phases].map(([name, histogram]) => [name, histogram.finish()])),
    };
  }
}

function known(bytes: number): number {
  return bytes === unknownBytes ? 0 : bytes;
}

function requestType(flags: number): RequestInfo["type"] {
  return (flags & requestFlags.write) !== 0 ? "write" : (flags & requestFlags.read) !== 0 ? "read" : "other";
}

/** Time of a row not spent on its own work. */
function waitOf(row: Float64Array): number {
  const at = (column: RequestColumn): number => row[columnIndex[column]] as number;
  return at("readStart") - at("arrived") + at("parseStart") - at("readEnd") + at("writeStart") - at("callEnd");
}

function ranking(sort: NonNullable<RequestQuery["sort"]>): (row: Float64Array) => number {
  switch (sort) {
    case "start":
      return (row) => -(row[columnIndex.arrived] as number);
    case "wait":
      return waitOf;
    case "execute":
      return (row) => (row[columnIndex.callEnd] as number) - (row[columnIndex.callStart] as number);
    default:
      return (row) => (row[columnIndex.writeEnd] as number) - (row[columnIndex.arrived] as number);
  }
}

/** Whether a request was under way at some time in [from, to). */
function isInside(row: Float64Array, from: RelativeNs, to: RelativeNs): boolean {
  return (row[columnIndex.arrived] as number) < to && (row[columnIndex.writeEnd] as number) >= from;
}

function readRow(chunk: TableChunk, index: number, into: Float64Array): Float64Array {
  for (let column = 0; column < into.length; column++) into[column] = chunk.columns[column]?.[index] ?? 0;
  return into;
}

const connectionNames: readonly ConnectionColumn[] = ["process", "connection", "label", "kind", "bytesIn", "bytesOut", "requests"];

function columnsOfConnections(table: Table): readonly number[] {
  return connectionNames.map((name) => table.column(name));
}

/** `values` are in the order of `connectionNames`. */
function connectionOf(table: Table, values: readonly number[]): ConnectionInfo {
  const [process = 0, connection = 0, label = 0, kind = 0, bytesIn = 0, bytesOut = 0, requests = 0] = values;
  return { process, connection, label: table.text(label), kind: table.text(kind), bytesIn, bytesOut, requests };
}

function readConnections(table: Table | undefined): readonly ConnectionInfo[] {
  if (table === undefined) return [];
  const found: ConnectionInfo[] = [];
  const columns = columnsOfConnections(table);
  for (const chunk of table.chunks()) {
    const values = columns.map((column) => chunk.columns[column] ?? []);
    for (let row = 0; row < chunk.rowCount; row++)
      found.push(
        connectionOf(
          table,
          values.map((column) => column[row] ?? 0),
        ),
      );
  }
  return found;
}
