/**
 * Netflow: the life of requests (the paper's Fig. 4 and 6). Per node one row per thread, with what it does, and below them one row per connection, with the
 * state of its requests; arrows are cluster-bus messages from the sending main thread to the receiving one, published messages from there to subscribers, writes of
 * the replication stream to replicas, and redirects from the connection that was answered MOVED or ASK to the one that the client came again on. With several nodes the connections start out
 * folded, so that the threads that talk to each other stand together, as in the paper.
 *
 * Entry ids are quarks: of the node and its branches for rows that group, of `Operation` and `State` for rows with states.
 */
import {
  branches,
  type connectionColumns,
  deliveryColumns,
  type RedirectColumn,
  type ReplicationColumn,
  redirectColumns,
  redirectKinds,
  replicationColumns,
  root,
  tables,
} from "../../analyses/redis/keys.ts";
import { Best, type RelativeNs } from "../../base/index.ts";
import type { AttributeTree, StateHistory } from "../../state/contract.ts";
import type { TimeGraphView, ViewArrow, ViewContext, ViewRange } from "../contract.ts";
import { messageNames, nodeExpandLevel, nodeRows, operationStyles, processes, publishTypes } from "../redis.ts";
import { rowStates, stateText } from "../state-rows.ts";
import { stateLook } from "../styles.ts";

const arrowLimit = 2000;
/** What is worth drawing first comes last; gossip fills what room is left. */
const arrowKinds = { gossip: 0, replication: 1, delivery: 2, redirect: 3, publish: 4 } as const;
/** Arrows that are longer count as this long, ns: 18 minutes. Five times as much leaves a number ten bits below 1. */
const longestArrow = 2 ** 40;

/** By kind, then by length (asked of every message in sight); of equally long ones those that are kept lie anywhere, not all at the beginning. */
export function arrowRank(kind: keyof typeof arrowKinds, start: RelativeNs, end: RelativeNs): number {
  const golden = start * 0.618033988749895;
  const anywhere = golden - Math.floor(golden);
  return arrowKinds[kind] * longestArrow + Math.min(end - start, longestArrow - 1) + anywhere;
}

function arrows(context: ViewContext, range: ViewRange): readonly ViewArrow[] {
  const table = context.history.table(tables.messages);
  if (table === undefined) return [];
  const { attributes } = context.history.state;
  const rows = new Map<number, number>();
  for (const process of processes(context)) {
    const main = process.threads.find((thread) => thread.thread === 0);
    const quark = main === undefined ? undefined : attributes.find(root, process.node, branches.threads, String(main.tid), "Operation");
    if (quark !== undefined) rows.set(process.index, quark);
  }
  const [from, to, type, length, sent, received] = ["from", "to", "type", "length", "sent", "received"].map((name) => table.column(name));
  const best = new Best<ViewArrow>(arrowLimit);
  for (const chunk of table.chunks({ column: received ?? 0, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (column: number | undefined): ArrayLike<number> => chunk.columns[column ?? 0] ?? [];
    const [types, starts, ends] = [at(type), at(sent), at(received)];
    for (let row = 0; row < chunk.rowCount; row++) {
      const start = starts[row] as number;
      const end = ends[row] as number;
      if (!(start < range.end && end >= range.start) || !Number.isFinite(end)) continue;
      const kind = types[row] as number;
      const isPublish = publishTypes.has(kind);
      const rank = arrowRank(isPublish ? "publish" : "gossip", start, end);
      if (rank <= best.floor) continue;
      const source = rows.get(at(from)[row] as number);
      const target = rows.get(at(to)[row] as number);
      if (source === undefined || target === undefined) continue;
      const label = `${messageNames[kind] ?? `type ${kind}`}, ${at(length)[row] as number} bytes`;
      best.add(rank, { source, target, start, end, label, style: isPublish ? "bus publish" : "bus gossip" });
    }
  }
  const connections = connectionRows(context);
  addDeliveries(context, range, rows, connections, best);
  addRedirects(context, range, connections, best);
  addReplication(context, range, rows, best);
  return best.sorted().sort((left, right) => left.start - right.start);
}

type DeliveryColumn = (typeof deliveryColumns)[number]["name"];
const deliveryIndex = Object.fromEntries(deliveryColumns.map(({ name }, i) => [name, i])) as Record<DeliveryColumn, number>;

/** Finds the row of a connection, of which tables have the process and the row in the connections table. */
type ConnectionRows = (process: number, connection: number) => number | undefined;

function connectionRows(context: ViewContext): ConnectionRows {
  const { attributes } = context.history.state;
  const names = new Map(processes(context).map(({ index, node }) => [index, node]));
  const found = new Map<number, number | undefined>();
  return (process, connection) => {
    if (!found.has(connection))
      found.set(
        connection,
        attributes.find(root, names.get(process) ?? "", branches.connections, connectionId(context, connection), "State"),
      );
    return found.get(connection);
  };
}

/** From the thread that put a published message into a subscriber's output to the subscriber's connection, which had written it at the arrow's end. */
function addDeliveries(
  context: ViewContext,
  range: ViewRange,
  threads: ReadonlyMap<number, number>,
  target: ConnectionRows,
  best: Best<ViewArrow>,
): void {
  const table = context.history.table(tables.deliveries);
  if (table === undefined || table.rowCount === 0) return;
  for (const chunk of table.chunks({ column: deliveryIndex.written, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (column: DeliveryColumn): ArrayLike<number> => chunk.columns[deliveryIndex[column]] ?? [];
    const [queued, written, process, connection] = [at("queued"), at("written"), at("process"), at("connection")];
    for (let row = 0; row < chunk.rowCount; row++) {
      const start = queued[row] as number;
      const end = written[row] as number;
      if (!(start < range.end && end >= range.start) || !Number.isFinite(end)) continue;
      const rank = arrowRank("delivery", start, end);
      if (rank <= best.floor) continue;
      const from = threads.get(process[row] as number);
      const to = target(process[row] as number, connection[row] as number);
      if (from !== undefined && to !== undefined)
        best.add(rank, { source: from, target: to, start, end, label: "message to a subscriber", style: "delivery" });
    }
  }
}

const redirectIndex = Object.fromEntries(redirectColumns.map(({ name }, i) => [name, i])) as Record<RedirectColumn, number>;

/** From the connection that was sent elsewhere, when its answer was written, to where and when the client came again. */
function addRedirects(context: ViewContext, range: ViewRange, row: ConnectionRows, best: Best<ViewArrow>): void {
  const table = context.history.table(tables.redirects);
  if (table === undefined) return;
  for (const chunk of table.chunks({ column: redirectIndex.resumed, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (column: RedirectColumn, i: number): number => chunk.columns[redirectIndex[column]]?.[i] ?? 0;
    for (let i = 0; i < chunk.rowCount; i++) {
      const start = at("answered", i);
      const end = at("resumed", i);
      if (!(start < range.end && end >= range.start) || !Number.isFinite(end)) continue;
      const rank = arrowRank("redirect", start, end);
      if (rank <= best.floor) continue;
      const source = row(at("process", i), at("connection", i));
      const target = row(at("to", i), at("toConnection", i));
      const label = `${at("kind", i) === redirectKinds.ask ? "ASK" : "MOVED"}, slot ${at("slot", i)}`;
      if (source !== undefined && target !== undefined) best.add(rank, { source, target, start, end, label, style: "redirect" });
    }
  }
}

const replicationIndex = Object.fromEntries(replicationColumns.map(({ name }, i) => [name, i])) as Record<ReplicationColumn, number>;

/** From the primary's main thread, when it began to write, to the replica's, when it had read the last byte. */
function addReplication(context: ViewContext, range: ViewRange, threads: ReadonlyMap<number, number>, best: Best<ViewArrow>): void {
  const table = context.history.table(tables.replication);
  if (table === undefined) return;
  for (const chunk of table.chunks({ column: replicationIndex.received, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (column: ReplicationColumn): ArrayLike<number> => chunk.columns[replicationIndex[column]] ?? [];
    const [from, to, bytes, sent, received] = [at("from"), at("to"), at("bytes"), at("sent"), at("received")];
    for (let i = 0; i < chunk.rowCount; i++) {
      const start = sent[i] as number;
      const end = received[i] as number;
      if (!(start < range.end && end >= range.start) || !Number.isFinite(end)) continue;
      const rank = arrowRank("replication", start, end);
      if (rank <= best.floor) continue;
      const source = threads.get(from[i] as number);
      const target = threads.get(to[i] as number);
      if (source !== undefined && target !== undefined)
        best.add(rank, { source, target, start, end, label: `replication, ${bytes[i] as number} bytes`, style: "replication" });
    }
  }
}

type ConnectionColumn = (typeof connectionColumns)[number]["name"];

/** The store's own number of a connection, of which the tables have the row. */
function connectionId(context: ViewContext, row: number): string {
  const table = context.history.table(tables.connections);
  const column: ConnectionColumn = "connection";
  return table === undefined || row >= table.rowCount ? "" : String(table.row(row)[table.column(column)]);
}

function tooltip(context: ViewContext, entry: number, time: RelativeNs): Readonly<Record<string, string>> {
  const { state } = context.history;
  if (!isDataRow(state.attributes, entry)) return {};
  const interval = state.at(time, entry);
  if (interval === undefined) return {};
  const path = state.attributes.path(entry);
  const [, node, branch, name, kind] = path;
  if (node === undefined || branch === undefined || name === undefined || kind === undefined) return {};
  const found: Record<string, string> = { State: stateText(interval.value), Node: node };
  if (branch === branches.threads) {
    found["Thread"] = name;
    addRequest(state, time, found, state.attributes.find(root, node, branches.threads, name, "Request"));
  } else {
    found["Connection"] = name;
    addRequest(state, time, found, state.attributes.find(root, node, branches.requests, name, "Request"));
    for (const resource of ["Thread", "DataStructure", "Memory"]) {
      const quark = state.attributes.find(root, node, branches.connections, name, resource);
      const value = quark === undefined ? undefined : state.at(time, quark)?.value;
      if (value !== undefined) found[resource] = resource === "Memory" ? `${value} bytes` : String(value);
    }
  }
  return found;
}

function addRequest(state: StateHistory, time: RelativeNs, found: Record<string, string>, quark: number | undefined): void {
  const value = quark === undefined ? undefined : state.at(time, quark)?.value;
  if (value !== undefined) found["Request"] = String(value);
}

const netflow: TimeGraphView = {
  type: "time-graph",
  id: "netflow",
  title: "Netflow",
  description: "The life of every request: what each connection and each thread is doing, and the messages between nodes.",
  needs: ["redis"],
  headers: ["Name", "Detail"],
  tree: (context) =>
    nodeRows(context, {
      title: "Connections",
      resource: "State",
      detail: ({ flavor, version }) => `${flavor} ${version}`.trim(),
      metadata: (id, row) => ({ conn_id: [Number(id)], kind: [row?.kind ?? "client"], requests: [row?.requests ?? 0] }),
    }),
  expandLevel: nodeExpandLevel,
  states(context, entries, range) {
    const { state } = context.history;
    const asked = entries.filter((entry) => isDataRow(state.attributes, entry));
    const states = rowStates(state, asked, range, stateLook);
    const byEntry = new Map(asked.map((entry, i) => [entry, states[i] ?? []]));
    return entries.map((entry) => byEntry.get(entry) ?? []);
  },
  arrows,
  tooltip,
  styles: operationStyles,
};

/** Whether an entry id, which may come from anywhere, is one of our rows. */
function isDataRow(attributes: AttributeTree, entry: number): boolean {
  if (!Number.isInteger(entry) || entry < 0 || entry >= attributes.count) return false;
  const path = attributes.path(entry);
  return path.length === 5 && path[0] === root && (path[4] === "Operation" || path[4] === "State");
}

export default netflow;
