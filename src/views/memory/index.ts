/**
 * Memory: of each process, and of each of its connections, in bytes. A column shows the most there was in it; where nothing is known (yet, or any more), 0.
 *
 *     process      used_memory, once a second; what its connections hold together; the replication backlog
 *     connection   all it takes (CLIENT LIST: tot-mem), its query buffer (qbuf), its queued replies (omem): once a second where they changed;
 *                  the query buffer in `full` and `classic` also after each read
 *
 * Ids are quarks: of the attribute with the numbers, or of the branch that a row groups.
 *
 * Cost: the states of the asked curves in the range.
 */
import { branches, root } from "../../analyses/redis/keys.ts";
import type { Quark } from "../../state/contract.ts";
import type { ViewContext, ViewEntry, ViewRange, ViewSeries, XyView } from "../contract.ts";
import { byNumber, connections, processes } from "../redis.ts";

type Row = ViewEntry & { readonly isDefault: boolean };

const ofProcess: readonly (readonly [attribute: string, label: string, isDefault: boolean])[] = [
  ["UsedMemory", "Memory used", true],
  ["ClientMemory", "Of connections", true],
  ["ReplicationBacklog", "Replication backlog", false],
];

/** A connection's row is a curve by itself: all it takes. */
const total = "TotalMemory";
const ofConnection: readonly (readonly [attribute: string, label: string])[] = [
  ["Memory", "Query buffer"],
  ["OutputBuffer", "Output buffer"],
];

function tree(context: ViewContext): readonly Row[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const known = connections(context);
  const rows: Row[] = [];
  for (const { index, node } of processes(context)) {
    const id = attributes.find(root, node, branches.server);
    if (id === undefined) continue;
    const put = (row: Pick<Row, "id" | "parent"> & Partial<Row>, label: string): void => {
      rows.push({ start, end, hasData: true, isDefault: false, labels: [label], ...row });
    };
    put({ id, parent: -1, hasData: false }, node);
    for (const [attribute, label, isDefault] of ofProcess) {
      const quark = attributes.find(root, node, branches.server, attribute);
      if (quark !== undefined) put({ id: quark, parent: id, isDefault }, label);
    }
    const parent = attributes.find(root, node, branches.connections);
    if (parent === undefined) continue;
    put({ id: parent, parent: id, hasData: false }, "Connections");
    const names = attributes.children(parent).map((branch) => attributes.name(branch));
    for (const name of names.sort(byNumber)) {
      const of = (attribute: string): Quark | undefined => attributes.find(root, node, branches.connections, name, attribute);
      const all = of(total);
      const branch = all ?? attributes.find(root, node, branches.connections, name);
      if (branch === undefined) continue;
      put({ id: branch, parent, hasData: all !== undefined }, `${known.get(index, name)?.label ?? "connection"}, id ${name}`);
      for (const [attribute, label] of ofConnection) {
        const quark = of(attribute);
        if (quark !== undefined) put({ id: quark, parent: branch }, label);
      }
    }
  }
  return rows;
}

/** What a curve is called away from the tree; undefined for what is no curve. */
function nameOf(context: ViewContext, entry: number): string | undefined {
  const { attributes } = context.history.state;
  if (!Number.isInteger(entry) || entry < 0 || entry >= attributes.count) return undefined;
  const [top, node = "", branch, name = "", attribute] = attributes.path(entry);
  if (top !== root) return undefined;
  if (branch === branches.server) {
    const label = ofProcess.find(([of]) => of === name)?.[1];
    return label === undefined ? undefined : `${node} ${label}`;
  }
  if (branch !== branches.connections) return undefined;
  const label = attribute === total ? "Memory" : ofConnection.find(([of]) => of === attribute)?.[1];
  return label === undefined ? undefined : `${node} connection ${name}, ${label}`;
}

/** The greatest value in each column of each row that is asked for. */
function series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[] {
  if (range.columns < 1 || range.end <= range.start) return [];
  const width = (range.end - range.start) / range.columns;
  const column = (time: number): number => Math.max(0, Math.min(range.columns - 1, Math.floor((time - range.start) / width)));
  const asked = [...new Set(entries)].flatMap((id) => {
    const name = nameOf(context, id);
    return name === undefined ? [] : [{ id, name, y: new Float64Array(range.columns) }];
  });
  const byQuark = new Map(asked.map(({ id, y }) => [id, y]));
  context.history.state.range([...byQuark.keys()], range.start, range.end, (quark, start, end, value) => {
    const y = byQuark.get(quark);
    if (y === undefined || typeof value !== "number") return true;
    // A state ends before its end: the column that begins there is not its.
    const last = end > start ? Math.max(column(start), Math.ceil((end - range.start) / width) - 1) : column(start);
    for (let at = column(start); at <= last && at < range.columns; at++) y[at] = Math.max(y[at] as number, value);
    return true;
  });
  const x = Array.from({ length: range.columns }, (_, at) => range.start + at * width);
  return asked.map(({ id, name, y }) => ({ id, name, x, y: Array.from(y) }));
}

const memory: XyView = {
  type: "xy",
  id: "memory",
  title: "Memory",
  description: "Memory of each process, and what each of its connections holds: query buffer, output buffer, and in all.",
  needs: ["redis"],
  unit: "bytes",
  tree,
  series,
};

export default memory;
