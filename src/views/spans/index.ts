/**
 * Spans: what every process served and called (the paper's Fig. 5). Services stand on top, each with lanes for what it served and lanes for its calls; below them
 * the threads of the stores. Arrows follow causality: from a call to what another process served for it, and to the store's thread that executed it.
 *
 * Entry ids are quarks: of a process and its branches for rows that group, of a lane's `Name` and a thread's `Operation` for rows with states.
 */

import {
  branches,
  type RepeatColumn,
  repeatColumns,
  root,
  type SpanColumn,
  serviceRuntimes,
  spanColumns,
  spanKinds,
  tables,
} from "../../analyses/flows/keys.ts";
import { requestColumns, tables as storeTables } from "../../analyses/redis/keys.ts";
import { Best } from "../../base/index.ts";
import type { Quark } from "../../state/contract.ts";
import type { TimeGraphView, ViewArrow, ViewContext, ViewEntry, ViewRange, ViewState, ViewStyle } from "../contract.ts";
import { callersFirst } from "../flows.ts";
import { operationStyles, processes, threadRows } from "../redis.ts";
import { intervalAt, rowStates, type StateLook, stateText } from "../state-rows.ts";
import { stateLook } from "../styles.ts";

const titles: readonly (readonly [branch: string, title: string])[] = [
  [branches.requests, "Served"],
  [branches.calls, "Calls"],
];
const laneStyles = {
  "span served": { text: "served", color: "#3b82f6" },
  "span message": { text: "message received", color: "#84cc16" },
  "span http": { text: "HTTP call", color: "#f59e0b" },
  "span database": { text: "database called", color: "#a855f7" },
  "span command": { text: "command called", color: "#0d9488" },
  "span call": { text: "caller to callee", color: "#64748b" },
  "span repeat": { text: "redirected call, to its repeat", color: "#dc2626" },
} as const satisfies Readonly<Record<string, ViewStyle>>;

/** A span by its kind: names of HTTP calls begin with a method, those of statements with a database; commands have no space. */
function callLook(value: number | string): { readonly label: string; readonly style: keyof typeof laneStyles } {
  const label = String(value);
  return { label, style: /^[A-Z]+ /.test(label) ? "span http" : label.includes(" ") ? "span database" : "span command" };
}

function servedLook(value: number | string): { readonly label: string; readonly style: keyof typeof laneStyles } {
  const label = String(value);
  return { label, style: label === "message" ? "span message" : "span served" };
}

/** Arrows in all, and calls looked at for them: with more on the screen, arrows are a black patch. */
const arrowLimit = 2000;

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  const top = attributes.find(root);
  if (top === undefined) return entries;
  // Callers on top, so that arrows go down.
  const order = callersFirst(context);
  const rank = (process: Quark): number => order.indexOf(attributes.name(process));
  for (const process of [...attributes.children(top)].sort((left, right) => rank(left) - rank(right))) {
    const name = attributes.name(process);
    const rows = titles.flatMap(([branch, title]): readonly ViewEntry[] => {
      const group = attributes.find(root, name, branch);
      if (group === undefined) return [];
      const lanes = attributes.children(group).flatMap((lane): readonly ViewEntry[] => {
        const id = attributes.find(root, name, branch, attributes.name(lane), "Name");
        const label = `lane ${Number(attributes.name(lane)) + 1}`;
        return id === undefined ? [] : [{ id, parent: group, labels: [label, ""], start, end, hasData: true }];
      });
      return lanes.length === 0 ? [] : [{ id: group, parent: process, labels: [title, ""], start, end, hasData: false }, ...lanes];
    });
    if (rows.length > 0) entries.push({ id: process, parent: -1, labels: [name, "service"], start, end, hasData: false }, ...rows);
  }
  if (entries.length === 0) return entries;
  for (const process of processes(context)) {
    const node = attributes.find("Redis", process.node);
    if (node === undefined) continue;
    entries.push({ id: node, parent: -1, labels: [process.node, process.flavor], start, end, hasData: false });
    for (const { role, tid, operation } of threadRows(context, process))
      entries.push({ id: operation, parent: node, labels: [role, `tid ${tid}`], start, end, hasData: true });
  }
  return entries;
}

/** How a row's states look: it is a lane, or a store's thread. */
function lookOf(context: ViewContext, entry: number): StateLook {
  const { attributes } = context.history.state;
  const [first, , branch] = Number.isInteger(entry) && entry >= 0 && entry < attributes.count ? attributes.path(entry) : [];
  return first !== root ? stateLook : branch === branches.calls ? callLook : servedLook;
}

interface Call {
  readonly row: Quark;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

function arrows(context: ViewContext, range: ViewRange): readonly ViewArrow[] {
  const table = context.history.table(tables.spans);
  if (table === undefined) return [];
  const { attributes } = context.history.state;
  const document = context.history.document("flow-processes") as readonly { readonly name: string }[] | undefined;
  const column = Object.fromEntries(spanColumns.map(({ name }, i) => [name, i])) as Record<SpanColumn, number>;
  const lane = (process: number, branch: string, number: number): Quark | undefined =>
    attributes.find(root, document?.[process]?.name ?? "", branch, String(number).padStart(3, "0"), "Name");
  const calls = new Map<number, Call>();
  const byRequest = new Map<number, Call>();
  const served: { readonly parent: number; readonly row: Quark; readonly start: number }[] = [];
  const best = new Best<{ readonly values: readonly number[] }>(2 * arrowLimit);
  for (const chunk of table.chunks({ column: column.end, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (name: SpanColumn, i: number): number => chunk.columns[column[name]]?.[i] ?? 0;
    for (let i = 0; i < chunk.rowCount; i++) {
      const length = at("end", i) - at("start", i);
      if (at("start", i) >= range.end || at("end", i) < range.start || length <= best.floor) continue;
      best.add(length, { values: spanColumns.map(({ name }) => at(name, i)) });
    }
  }
  for (const { values } of best.sorted()) {
    const at = (name: SpanColumn): number => values[column[name]] ?? 0;
    const kind = spanKinds[at("kind")];
    if (kind === "served" || kind === "message") {
      const row = lane(at("process"), branches.requests, at("lane"));
      if (row !== undefined) served.push({ parent: at("parent"), row, start: at("start") });
      continue;
    }
    const row = lane(at("process"), branches.calls, at("lane"));
    if (row === undefined) continue;
    const call = { row, start: at("start"), end: at("end"), name: table.text(at("name")) };
    calls.set(at("id"), call);
    byRequest.set(at("request"), call);
  }
  const found: ViewArrow[] = [];
  const add = (call: Call | undefined, target: Quark | undefined, end: number): void => {
    if (call === undefined || target === undefined) return;
    found.push({ source: call.row, target, start: Math.min(call.start, end), end, label: call.name, style: "span call" });
  };
  for (const { parent, row, start } of served) add(calls.get(parent), row, start);
  addStoreArrows(context, range, byRequest, add);
  addRepeats(context, range, calls, found);
  return found.sort((left, right) => left.start - right.start).slice(0, arrowLimit);
}

/** From calls that were sent elsewhere to those by which the caller followed. */
function addRepeats(context: ViewContext, range: ViewRange, calls: ReadonlyMap<number, Call>, found: ViewArrow[]): void {
  const column = Object.fromEntries(repeatColumns.map(({ name }, i) => [name, i])) as Record<RepeatColumn, number>;
  const table = context.history.table(tables.repeats);
  for (const { columns, rowCount } of table?.chunks({ column: column.resumed, min: range.start, max: Number.POSITIVE_INFINITY }) ?? [])
    for (let i = 0; i < rowCount && found.length < 2 * arrowLimit; i++) {
      const at = (name: RepeatColumn): number => columns[column[name]]?.[i] ?? 0;
      const [call, repeat] = [calls.get(at("call")), calls.get(at("repeat"))];
      if (call === undefined || repeat === undefined) continue;
      const [start, end] = [Math.min(call.end, repeat.start), repeat.start];
      found.push({ source: call.row, target: repeat.row, start, end, label: `${call.name}, redirected`, style: "span repeat" });
    }
}

/** From calls of commands to the store's thread that executed them. */
function addStoreArrows(
  context: ViewContext,
  range: ViewRange,
  calls: ReadonlyMap<number, Call>,
  add: (call: Call | undefined, target: Quark | undefined, end: number) => void,
): void {
  const table = context.history.table(storeTables.requests);
  if (table === undefined || calls.size === 0) return;
  const [id, process, callStart, writeEnd] = ["id", "process", "callStart", "writeEnd"].map((name) =>
    requestColumns.findIndex((each) => each.name === name),
  ) as [number, number, number, number];
  const mains = new Map(
    processes(context).map((each) => {
      const tid = String(each.threads.find(({ thread }) => thread === 0)?.tid ?? each.pid);
      return [each.index, threadRows(context, each).find((row) => row.tid === tid)?.operation];
    }),
  );
  for (const chunk of table.chunks({ column: writeEnd, min: range.start, max: Number.POSITIVE_INFINITY })) {
    const at = (column: number, i: number): number => chunk.columns[column]?.[i] ?? 0;
    for (let i = 0; i < chunk.rowCount; i++) {
      if (at(callStart, i) >= range.end) continue;
      const call = calls.get(at(id, i));
      if (call !== undefined) add(call, mains.get(at(process, i)), at(callStart, i));
    }
  }
}

const spans: TimeGraphView = {
  type: "time-graph",
  id: "spans",
  title: "Spans",
  description: "What every process served and called, the stores below them, and arrows from calls to what was done for them.",
  needs: ["flows"],
  providers: serviceRuntimes,
  headers: ["Name", "Detail"],
  tree,
  expandLevel: () => 2,
  states(context, entries, range) {
    const { state } = context.history;
    const looks = entries.map((entry) => lookOf(context, entry));
    const rows = new Map<number, readonly ViewState[]>();
    for (const look of new Set(looks)) {
      const own = entries.filter((_, i) => looks[i] === look);
      for (const [i, states] of rowStates(state, own, range, look).entries()) rows.set(own[i] as number, states);
    }
    return entries.map((entry) => rows.get(entry) ?? []);
  },
  arrows,
  tooltip(context, entry, time) {
    const { state } = context.history;
    const found = intervalAt(state, entry, time);
    if (found === undefined) return {};
    const [first, process = "", branch = "", number = ""] = found.path;
    if (first !== root) return { Operation: stateText(found.interval.value), Node: process };
    const quark = state.attributes.find(root, process, branch, number, "Span");
    const span = quark === undefined ? undefined : state.at(time, quark)?.value;
    return {
      Span: stateText(found.interval.value),
      Process: process,
      Is: branch === branches.calls ? "a call" : "served",
      ...(span === undefined ? {} : { Number: stateText(span) }),
    };
  },
  styles: (context) => ({ ...operationStyles(context), ...laneStyles }),
};

export default spans;
