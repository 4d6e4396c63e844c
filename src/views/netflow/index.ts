/**
 * Netflow: the life of requests (the paper's Fig. 4 and 6). Per node one row per thread, with what it does, and below them one row per connection, with the
 * state of its requests; arrows are cluster-bus messages from the sending main thread to the receiving one. With several nodes the connections start out
 * folded, so that the threads that talk to each other stand together, as in the paper.
 *
 * Entry ids are quarks: of the node and its branches for rows that group, of `Operation` and `State` for rows with states.
 */

import { branches, documents, type ProcessSummary, root, tables } from "../../analyses/redis/keys.ts";
import type { RelativeNs } from "../../base/index.ts";
import type { AttributeTree, StateColumns, StateHistory, StateValue } from "../../state/contract.ts";
import type { TimeGraphView, ViewArrow, ViewContext, ViewEntry, ViewRange, ViewState, ViewStyle } from "../contract.ts";
import { commandStyle, fixedStyles, styleOf } from "./styles.ts";

/** Message types whose arrows are worth drawing first: publish and publish-shard; gossip fills what room is left. */
const publishTypes = new Set([4, 10]);
const arrowLimit = 2000;
const messageNames: Readonly<Record<number, string>> = {
  0: "ping",
  1: "pong",
  2: "meet",
  3: "fail",
  4: "publish",
  7: "update",
  10: "publish-shard",
};

function processes(context: ViewContext): readonly ProcessSummary[] {
  return (context.history.document(documents.processes) as readonly ProcessSummary[] | undefined) ?? [];
}

interface ConnectionRow {
  readonly label: string;
  readonly kind: string;
  readonly opened: RelativeNs;
  readonly closed: RelativeNs;
  readonly requests: number;
}

/** Connections of all processes by `process/conn_id`. */
function connections(context: ViewContext): ReadonlyMap<string, ConnectionRow> {
  const found = new Map<string, ConnectionRow>();
  const table = context.history.table(tables.connections);
  if (table === undefined) return found;
  const at = (name: string): number => table.column(name);
  const [process, connection, label, kind, opened, closed, requests] = [
    "process",
    "connection",
    "label",
    "kind",
    "opened",
    "closed",
    "requests",
  ].map(at) as [number, number, number, number, number, number, number];
  for (const chunk of table.chunks()) {
    const value = (column: number, row: number): number => chunk.columns[column]?.[row] ?? 0;
    for (let row = 0; row < chunk.rowCount; row++) {
      found.set(`${value(process, row)}/${value(connection, row)}`, {
        label: table.text(value(label, row)),
        kind: table.text(value(kind, row)),
        opened: value(opened, row),
        closed: value(closed, row),
        requests: value(requests, row),
      });
    }
  }
  return found;
}

/** Numbers before other names, numbers by value. */
function byNumber(left: string, right: string): number {
  return Number(left) - Number(right) || left.localeCompare(right);
}

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  const known = connections(context);
  for (const process of processes(context)) {
    const node = attributes.find(root, process.node);
    if (node === undefined) continue;
    entries.push({
      id: node,
      parent: -1,
      labels: [process.node, `${process.flavor} ${process.version}`.trim()],
      start,
      end,
      hasData: false,
    });
    const threads = attributes.find(root, process.node, branches.threads);
    if (threads !== undefined) {
      const roles = new Map(process.threads.map((thread) => [String(thread.tid), thread.role]));
      const tids = attributes.children(threads).map((quark) => attributes.name(quark));
      for (const tid of tids.sort(byNumber)) {
        const id = attributes.find(root, process.node, branches.threads, tid, "Operation");
        const labels = [roles.get(tid) ?? "thread", `tid ${tid}`];
        if (id !== undefined) entries.push({ id, parent: node, labels, start, end, hasData: true, metadata: { tid: [Number(tid)] } });
      }
    }
    const branch = attributes.find(root, process.node, branches.connections);
    if (branch === undefined) continue;
    entries.push({ id: branch, parent: node, labels: ["Connections", ""], start, end, hasData: false });
    const ids = attributes.children(branch).map((quark) => attributes.name(quark));
    for (const name of ids.sort(byNumber)) {
      const id = attributes.find(root, process.node, branches.connections, name, "State");
      if (id === undefined) continue;
      const row = known.get(`${process.index}/${name}`);
      entries.push({
        id,
        parent: branch,
        labels: [row?.label ?? `connection ${name}`, row?.kind ?? "client"],
        start: Math.max(start, row?.opened ?? start),
        end: Math.min(end, row?.closed ?? end),
        hasData: true,
        metadata: { conn_id: [Number(name)], kind: [row?.kind ?? "client"], requests: [row?.requests ?? 0] },
      });
    }
  }
  return entries;
}

function label(value: StateValue): string {
  return value === undefined ? "" : String(value);
}

/**
 * The states of rows: all of them where the viewer has room, otherwise one per run of columns with the same prevailing state.
 *
 * One query sums all rows into columns. A state is counted in every column it touches, so what a row has beyond one state per covered column is what shares
 * columns: rows with little of that are read exactly, the others would draw several states on one pixel.
 */
function rowStates(history: StateHistory, quarks: readonly number[], range: ViewRange): readonly (readonly ViewState[])[] {
  return history.columns(quarks, range.start, range.end, range.columns).map((columns) => {
    let covered = 0;
    let sharing = 0;
    for (const count of columns.count) {
      if (count === 0) continue;
      covered++;
      sharing += count - 1;
    }
    if (covered === 0) return [];
    return sharing <= range.columns / 4 ? exactStates(history, columns.quark, range) : prevailingStates(columns, range);
  });
}

function exactStates(history: StateHistory, quark: number, range: ViewRange): readonly ViewState[] {
  const states: ViewState[] = [];
  history.range([quark], range.start, range.end, (_quark, start, end, value) => {
    if (value !== undefined) states.push({ start, end, label: label(value), style: styleOf(label(value)), count: 1 });
    return true;
  });
  return states;
}

function prevailingStates(columns: StateColumns, range: ViewRange): readonly ViewState[] {
  const width = (range.end - range.start) / range.columns;
  const states: ViewState[] = [];
  for (let from = 0, to = 0; from < range.columns; from = to) {
    const value = columns.dominant[from] as number;
    let count = 0;
    for (to = from; to < range.columns && columns.dominant[to] === value; to++) count += columns.count[to] as number;
    if (value < 0) continue;
    const text = label(columns.values[value]);
    states.push({
      start: range.start + from * width,
      end: range.start + to * width,
      label: text,
      style: styleOf(text),
      count: Math.max(1, count),
    });
  }
  return states;
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
  const column = Object.fromEntries(["from", "to", "type", "length", "sent", "received"].map((name) => [name, table.column(name)]));
  const found: { readonly arrow: ViewArrow; readonly rank: number }[] = [];
  for (const chunk of table.chunks({ column: column["received"] as number, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const value = (name: string, row: number): number => chunk.columns[column[name] as number]?.[row] ?? 0;
    for (let row = 0; row < chunk.rowCount; row++) {
      const sent = value("sent", row);
      const received = value("received", row);
      if (!(sent < range.end && received >= range.start) || !Number.isFinite(received)) continue;
      const source = rows.get(value("from", row));
      const target = rows.get(value("to", row));
      if (source === undefined || target === undefined) continue;
      const type = value("type", row);
      const name = messageNames[type] ?? `type ${type}`;
      found.push({
        arrow: {
          source,
          target,
          start: sent,
          end: received,
          label: `${name}, ${value("length", row)} bytes`,
          style: publishTypes.has(type) ? "bus publish" : "bus gossip",
        },
        rank: publishTypes.has(type) ? 1e18 + (received - sent) : received - sent,
      });
    }
  }
  if (found.length > arrowLimit) found.sort((left, right) => right.rank - left.rank).length = arrowLimit;
  return found.map(({ arrow }) => arrow).sort((left, right) => left.start - right.start);
}

function tooltip(context: ViewContext, entry: number, time: RelativeNs): Readonly<Record<string, string>> {
  const { state } = context.history;
  if (!isDataRow(state.attributes, entry)) return {};
  const interval = state.at(time, entry);
  if (interval === undefined) return {};
  const path = state.attributes.path(entry);
  const [, node, branch, name, kind] = path;
  if (node === undefined || branch === undefined || name === undefined || kind === undefined) return {};
  const found: Record<string, string> = { State: label(interval.value), Node: node };
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

function styles(context: ViewContext): Readonly<Record<string, ViewStyle>> {
  const found: Record<string, ViewStyle> = { ...fixedStyles };
  for (const process of processes(context)) for (const command of Object.keys(process.calls)) found[command] ??= commandStyle(command);
  return found;
}

const netflow: TimeGraphView = {
  type: "time-graph",
  id: "netflow",
  title: "Netflow",
  description: "The life of every request: what each connection and each thread is doing, and the messages between nodes.",
  needs: ["redis"],
  headers: ["Name", "Detail"],
  tree,
  expandLevel: (context) => (processes(context).length > 1 ? 1 : undefined),
  states(context, entries, range) {
    const { state } = context.history;
    const asked = entries.filter((entry) => isDataRow(state.attributes, entry));
    const states = rowStates(state, asked, range);
    const byEntry = new Map(asked.map((entry, i) => [entry, states[i] ?? []]));
    return entries.map((entry) => byEntry.get(entry) ?? []);
  },
  arrows,
  tooltip,
  styles,
};

/** Whether an entry id, which may come from anywhere, is one of our rows. */
function isDataRow(attributes: AttributeTree, entry: number): boolean {
  if (!Number.isInteger(entry) || entry < 0 || entry >= attributes.count) return false;
  const path = attributes.path(entry);
  return path.length === 5 && path[0] === root && (path[4] === "Operation" || path[4] === "State");
}

export default netflow;
