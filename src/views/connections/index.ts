/**
 * Connections: per process and kind (client, replica, master, bus link, ...) one row for every connection: from when it opened to when it closed, what it did or
 * waited for, and idle in between. Bus links say how much waited to be sent.
 *
 * Entry ids are quarks: of the node, and of `State` and `Backlog` of rows. Rows that group connections of one kind take the quark of their first connection's
 * branch, which no row with states has.
 */
import { branches, connectionStates, root } from "../../analyses/redis/keys.ts";
import type { Quark } from "../../state/contract.ts";
import type { TimeGraphView, ViewContext, ViewEntry, ViewRange, ViewState, ViewStyle } from "../contract.ts";
import { byNumber, type Connections, connections, operationStyles, processes } from "../redis.ts";
import { intervalAt, rowStates, stateText } from "../state-rows.ts";
import { stateLook } from "../styles.ts";

/** Kinds in the order in which they are listed, and what they are called together. Others follow under their own names. */
const kindTitles: readonly (readonly [kind: string, title: string])[] = [
  ["client", "Clients"],
  ["replica", "Replicas"],
  ["master", "Master"],
  ["module", "Modules"],
];
const busTitle = "Bus links";
const backlogStyle = "backlog";

/** With more connections than this in all, they start out folded under their kinds. */
const unfoldedRows = 500;

interface Row {
  /** Attribute with states. */
  readonly id: Quark;
  /** Attribute that holds it: of a group's first row it is the group's id. */
  readonly branch: Quark;
  readonly labels: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly metadata?: NonNullable<ViewEntry["metadata"]>;
}

/** Connections of a process by title of their kind, in order of their ids. */
function clientRows(context: ViewContext, index: number, node: string, known: Connections): Map<string, Row[]> {
  const { attributes } = context.history.state;
  const groups = new Map<string, Row[]>(kindTitles.map(([, title]) => [title, []]));
  const titles = new Map(kindTitles);
  const parent = attributes.find(root, node, branches.connections);
  if (parent === undefined) return groups;
  const named = attributes.children(parent).map((branch) => ({ branch, name: attributes.name(branch) }));
  for (const { branch, name } of named.sort((left, right) => byNumber(left.name, right.name))) {
    const id = attributes.find(root, node, branches.connections, name, "State");
    if (id === undefined) continue;
    const row = known.get(index, name);
    const kind = row?.kind ?? "client";
    const title = titles.get(kind) ?? kind;
    const start = Math.max(context.start, row?.opened ?? context.start);
    const group = groups.get(title) ?? [];
    groups.set(title, group);
    group.push({
      id,
      branch,
      labels: [row?.label ?? `connection ${name}`, `id ${name}, ${row?.requests ?? 0} requests`],
      start,
      end: Math.max(start, Math.min(context.end, row?.closed ?? context.end)),
      metadata: { connection: [Number(name)], kind: [kind] },
    });
  }
  return groups;
}

/** Links of a node to others, by the other's name where it is in the trace too. */
function busRows(context: ViewContext, node: string, nodeNames: ReadonlyMap<string, string>): readonly Row[] {
  const { attributes } = context.history.state;
  const parent = attributes.find(root, node, branches.bus);
  if (parent === undefined) return [];
  return attributes.children(parent).flatMap((branch): Row[] => {
    const peer = attributes.name(branch);
    const id = attributes.find(root, node, branches.bus, peer, "Backlog");
    if (id === undefined) return [];
    const name = nodeNames.get(peer);
    return [{ id, branch, labels: [name ?? peer, name === undefined ? "" : peer.slice(0, 8)], start: context.start, end: context.end }];
  });
}

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const all = processes(context);
  const known = connections(context);
  const nodeNames = new Map(all.flatMap(({ nodeId, node }) => (nodeId === "" ? [] : [[nodeId, node] as const])));
  const entries: ViewEntry[] = [];
  for (const { index, node, pid } of all) {
    const id = attributes.find(root, node);
    if (id === undefined) continue;
    const groups = clientRows(context, index, node, known);
    groups.set(busTitle, [...busRows(context, node, nodeNames)]);
    entries.push({ id, parent: -1, labels: [node, `pid ${pid}`], start, end, hasData: false });
    for (const [title, rows] of groups) {
      const first = rows[0];
      if (first === undefined) continue;
      entries.push({ id: first.branch, parent: id, labels: [`${title} (${rows.length})`, ""], start, end, hasData: false });
      for (const { branch, ...row } of rows) entries.push({ ...row, parent: first.branch, hasData: true });
    }
  }
  return entries;
}

interface Life {
  readonly start: number;
  readonly end: number;
}

/** From when to when a row's connection was there; undefined for what is no row. Links count as there all the time. */
function lifeOf(context: ViewContext, known: Connections): (entry: number) => Life | undefined {
  const { attributes } = context.history.state;
  const indices = new Map(processes(context).map(({ index, node }) => [node, index]));
  return (entry) => {
    if (!Number.isInteger(entry) || entry < 0 || entry >= attributes.count) return undefined;
    const [, node = "", branch, name = "", attribute] = attributes.path(entry);
    if (branch === branches.bus) return attribute === "Backlog" ? context : undefined;
    if (branch !== branches.connections || attribute !== "State") return undefined;
    const row = known.get(indices.get(node), name);
    return { start: Math.max(context.start, row?.opened ?? context.start), end: Math.min(context.end, row?.closed ?? context.end) };
  };
}

/** Idle wherever the row has no state while its connection is there, in the range. */
function withIdle(states: readonly ViewState[], life: Life, range: ViewRange): readonly ViewState[] {
  const all: ViewState[] = [];
  const idle = (start: number, end: number): void => {
    if (end > start) all.push({ start, end, label: connectionStates.idle, style: connectionStates.idle, count: 1 });
  };
  let reached = Math.max(life.start, range.start);
  for (const state of states) {
    // A state that prevails in a column reaches over all of it.
    const [start, end] = [Math.max(state.start, life.start), Math.min(state.end, life.end)];
    if (end < start) continue;
    idle(reached, start);
    all.push({ ...state, start, end });
    reached = Math.max(reached, end);
  }
  idle(reached, Math.min(life.end, range.end));
  return all;
}

/** A connection's state by its name; of a bus link, the bytes that wait. */
function look(value: number | string): Pick<ViewState, "label" | "style"> {
  return typeof value === "number" ? { label: `${value} bytes to send`, style: backlogStyle } : stateLook(value);
}

const styles = (context: ViewContext): Readonly<Record<string, ViewStyle>> => ({
  ...operationStyles(context),
  [connectionStates.idle]: { text: connectionStates.idle, color: "#c3cbd6" },
  [backlogStyle]: { text: "bytes to send", color: "#fde047" },
});

const view: TimeGraphView = {
  type: "time-graph",
  id: "connections",
  title: "Connections",
  description:
    "Every connection's life: idle, waiting, being read from, executing, blocked, being written to; and what waits on the links of the bus.",
  needs: ["redis"],
  headers: ["Connection", "Detail"],
  tree,
  expandLevel: (context) => (connections(context).count > unfoldedRows ? 1 : undefined),
  states(context, entries, range) {
    const life = lifeOf(context, connections(context));
    return rowStates(context.history.state, entries, range, look).map((states, i) => {
      const own = life(entries[i] as number);
      return own === undefined ? [] : withIdle(states, own, range);
    });
  },
  arrows: () => [],
  tooltip(context, entry, time) {
    const life = lifeOf(context, connections(context))(entry);
    if (life === undefined || time < life.start || time >= life.end) return {};
    const { attributes } = context.history.state;
    const [, node = "", branch, name = ""] = attributes.path(entry);
    const value = intervalAt(context.history.state, entry, time)?.interval.value;
    if (branch === branches.bus) return { "Bytes to send": stateText(value ?? 0), Node: node, Peer: name };
    const read = (attribute: string): string => {
      const quark = attributes.find(root, node, branches.connections, name, attribute);
      return quark === undefined ? "" : stateText(context.history.state.at(time, quark)?.value);
    };
    const bytes = (attribute: string): string => (read(attribute) === "" ? "" : `${read(attribute)} bytes`);
    const cells = {
      State: stateText(value ?? connectionStates.idle),
      Node: node,
      Connection: name,
      Kind: read("Type"),
      Thread: read("Thread"),
      "Query buffer": bytes("Memory"),
      "Output buffer": bytes("OutputBuffer"),
      Memory: bytes("TotalMemory"),
    };
    return Object.fromEntries(Object.entries(cells).filter(([, text]) => text !== ""));
  },
  styles,
};

export default view;
