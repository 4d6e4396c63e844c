/**
 * Service map: who calls whom, how often and how long, in the range. Callers are rows, what they call stands below them: traced processes by their names, databases
 * by what they are, everybody else by the host that was asked.
 *
 * Cost: rows of the spans table that ended in the range.
 */

import { hasFailed, noProcess, type SpanColumn, serviceRuntimes, spanFlags, spanKinds, tables } from "../../analyses/flows/keys.ts";
import type { DataTreeView, ViewContext, ViewEntry, ViewRange } from "../contract.ts";
import { callersFirst, spanColumnOf as columnOf, flowProcesses } from "../flows.ts";

/** Names of strangers may be without end. */
const mostCallees = 1000;
const otherHosts = "other hosts";

/** Calls of one process to one other. */
interface Edge {
  readonly callee: string;
  calls: number;
  failed: number;
  totalNs: number;
  longestNs: number;
}

/** Who is not traced: a database's kind, or the host of an HTTP call. */
function strangerOf(kind: string | undefined, name: string): string {
  if (kind === "database") return name.split(" ")[0] ?? name;
  if (kind === "store") return "a store";
  return /^\S+ ([^/]*)/.exec(name)?.[1] || name;
}

function collect(context: ViewContext, range: ViewRange): ReadonlyMap<number, ReadonlyMap<string, Edge>> {
  const table = context.history.table(tables.spans);
  const processes = flowProcesses(context);
  const found = new Map<number, Map<string, Edge>>();
  const ended = { column: columnOf.end, min: range.start, max: Number.POSITIVE_INFINITY };
  for (const { rowCount, columns } of table?.chunks(ended) ?? []) {
    const value = (column: SpanColumn, row: number): number => columns[columnOf[column]]?.[row] ?? 0;
    for (let row = 0; row < rowCount; row++) {
      const kind = spanKinds[value("kind", row)];
      if (kind === "served" || kind === "message") continue;
      const [start, end, flags] = [value("start", row), value("end", row), value("flags", row)];
      if (start >= range.end || end < range.start || (flags & spanFlags.unfinished) !== 0) continue;
      const callee = value("callee", row);
      const stranger = callee === noProcess ? strangerOf(kind, table?.text(value("name", row)) ?? "") : undefined;
      const edges = found.get(value("process", row)) ?? new Map<string, Edge>();
      found.set(value("process", row), edges);
      let name = stranger ?? processes[callee]?.name ?? "";
      if (!edges.has(name) && edges.size >= mostCallees) name = otherHosts;
      const edge = edges.get(name) ?? { callee: name, calls: 0, failed: 0, totalNs: 0, longestNs: 0 };
      edges.set(name, edge);
      edge.calls++;
      if (hasFailed(flags, value("status", row))) edge.failed++;
      edge.totalNs += end - start;
      edge.longestNs = Math.max(edge.longestNs, end - start);
    }
  }
  return found;
}

function tree(context: ViewContext, range: ViewRange): readonly ViewEntry[] {
  const { start, end } = context;
  const processes = flowProcesses(context);
  const order = callersFirst(context);
  const rank = (process: number): number => order.indexOf(processes[process]?.name ?? "");
  const found: ViewEntry[] = [];
  const put = (parent: number, labels: readonly string[], hasData: boolean): number => {
    found.push({ id: found.length, parent, labels, start, end, hasData });
    return found.length - 1;
  };
  const all = collect(context, range);
  for (const [process, edges] of [...all].sort(([left], [right]) => rank(left) - rank(right))) {
    const parent = put(-1, [processes[process]?.name ?? "", ...headers.slice(1).map(() => "")], false);
    for (const { callee, calls, failed, totalNs, longestNs } of [...edges.values()].sort((left, right) => right.totalNs - left.totalNs)) {
      const ns = [totalNs / calls, longestNs, totalNs].map((value) => String(Math.round(value)));
      put(parent, [callee, String(calls), String(failed), ...ns], true);
    }
  }
  return found;
}

const headers: DataTreeView["headers"] = [
  { name: "Caller and callee", tooltip: "A process, and below it whom it calls", type: "text" },
  { name: "Calls", tooltip: "Calls that ended in the range", type: "number" },
  { name: "Failed", tooltip: "Broken, refused, or answered with a status of 500 or more", type: "number" },
  { name: "Mean", tooltip: "Time of a call as the caller saw it, on average", type: "duration" },
  { name: "Longest", tooltip: "The longest call", type: "duration" },
  { name: "Total", tooltip: "Time of all calls", type: "duration" },
];

const serviceMap: DataTreeView = {
  type: "data-tree",
  id: "service-map",
  title: "Service map",
  description: "Who calls whom: calls, failures and times between the traced processes, their stores and databases.",
  providers: serviceRuntimes,
  needs: ["flows"],
  headers,
  tree,
};

export default serviceMap;
