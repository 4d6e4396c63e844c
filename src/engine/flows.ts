/**
 * Flows: queries over the spans of the `flows` analysis, and the critical path of one.
 *
 * The critical path says what the root was waiting for at each moment, walked backwards from its end (as in critical-path tracing of RPC systems): at its end a
 * span waited for the child that ended last before; where that one began, for the one that ended last before that; between them it did its own work.
 *
 *     root   |=own=|--------child A--------|=own=|--child C--|=own=|
 *                     |---child B---|                                    B ran beside A and held up nobody
 */
import {
  documents,
  evidences,
  type FlowProcess,
  type FlowSummary,
  root as flowsRoot,
  grpcStatuses,
  hasFailed,
  none,
  type RepeatColumn,
  repeatColumns,
  type SpanColumn,
  spanColumns,
  spanFlags,
  spanKinds,
  tables,
} from "../analyses/flows/keys.ts";
import { type AbsoluteNs, Best, type RelativeNs, StorescopeError, toAbsolute } from "../base/index.ts";
import type { HistoryReader, StateHistory, Table, TableChunk } from "../state/index.ts";
import type { FlowInfo, FlowQuery, PathPart, SpanInfo } from "./contract.ts";
import { compileFilter, type FilterValue } from "./filter.ts";

const columnIndex = Object.fromEntries(spanColumns.map(({ name }, i) => [name, i])) as Record<SpanColumn, number>;
const repeatIndex = Object.fromEntries(repeatColumns.map(({ name }, i) => [name, i])) as Record<RepeatColumn, number>;
const defaultLimit = 100;
/** Spans of one flow that are returned, at most. */
const mostSpans = 10_000;

/** Names that a filter over flows may use: of their root. Durations in ns. */
export const flowFilterNames = ["id", "name", "process", "kind", "duration", "status", "broken", "cancelled"] as const;

type Row = Readonly<Record<SpanColumn, number>>;

export class FlowQueries {
  readonly summary: FlowSummary | undefined;
  private readonly table: Table | undefined;
  private readonly repeats: Table | undefined;
  private readonly processes: readonly FlowProcess[];
  private readonly origin: AbsoluteNs;

  constructor(history: HistoryReader, origin: AbsoluteNs) {
    this.table = history.table(tables.spans);
    this.repeats = history.table(tables.repeats);
    this.processes = (history.document(documents.processes) as readonly FlowProcess[] | undefined) ?? [];
    this.summary = history.document(documents.summary) as FlowSummary | undefined;
    this.origin = origin;
  }

  /** Roots of flows that match, best first by `sort`: what was served, and messages; calls that belong to nothing only with `kind` in the filter. */
  find(query: FlowQuery, from: RelativeNs, to: RelativeNs): { total: number; flows: readonly SpanInfo[] } {
    const { table } = this;
    const text = (query.filter ?? "").trim();
    const filter = compileFilter(text, flowFilterNames);
    const isAnyKind = /\bkind\b/.test(text);
    const best = new Best<Row>(Math.max(0, query.limit ?? defaultLimit));
    let total = 0;
    if (table === undefined) return { total, flows: [] };
    for (const chunk of table.chunks(
      from === Number.NEGATIVE_INFINITY ? undefined : { column: columnIndex.end, min: from, max: Number.POSITIVE_INFINITY },
    )) {
      for (let i = 0; i < chunk.rowCount; i++) {
        if (chunk.columns[columnIndex.id]?.[i] !== chunk.columns[columnIndex.flow]?.[i]) continue;
        const row = rowOf(chunk, i);
        if (row.start >= to || row.end < from) continue;
        if (!isAnyKind && !isRootKind(row.kind)) continue;
        if (!filter((name) => this.lookup(row, name))) continue;
        total++;
        const rank = query.sort === "start" ? -row.start : row.end - row.start;
        if (rank > best.floor) best.add(rank, { ...row });
      }
    }
    return { total, flows: best.sorted().map((row) => this.info(row)) };
  }

  /** All spans of a flow, parents first, siblings by start, and what its root waited for. Throws NOT_FOUND. */
  get(id: number): FlowInfo {
    const rows: Row[] = [];
    const bound = { column: columnIndex.flow, min: id, max: id };
    for (const chunk of this.table?.chunks(bound) ?? [])
      for (let i = 0; i < chunk.rowCount && rows.length < mostSpans; i++) {
        if (chunk.columns[columnIndex.flow]?.[i] === id) rows.push(rowOf(chunk, i));
      }
    const root = rows.find((row) => row.id === id);
    if (root === undefined) throw new StorescopeError("NOT_FOUND", `there is no flow ${id} in this trace`);
    const children = new Map<number, Row[]>();
    for (const row of rows.sort((left, right) => left.start - right.start || left.id - right.id))
      if (row !== root) children.set(row.parent, [...(children.get(row.parent) ?? []), row]);
    const redirects = this.redirects(id);
    const repeats = new Map([...redirects].map(([call, { repeat }]) => [repeat, call]));
    const retries = new Map([...children.values()].flatMap((siblings) => retriesAmong(siblings)));
    const spans: SpanInfo[] = [];
    const list = (row: Row, depth: number): void => {
      const [redirected, repeated, retried] = [redirects.get(row.id), repeats.get(row.id), retries.get(row.id)];
      spans.push({
        ...this.info(row),
        depth,
        ...(redirected === undefined ? {} : { redirected }),
        ...(repeated === undefined ? {} : { repeats: repeated }),
        ...(retried === undefined || this.table?.text(row.name)?.endsWith("?") === true ? {} : { retries: retried }),
      });
      for (const child of children.get(row.id) ?? []) list(child, depth + 1);
    };
    list(root, 0);
    const path: PathPart[] = [];
    this.walk(root, root.end, children, path);
    path.reverse();
    return { root: this.info(root), spans, path };
  }

  /** Calls of a flow that were sent elsewhere. */
  private redirects(flow: number): ReadonlyMap<number, NonNullable<SpanInfo["redirected"]>> {
    const found = new Map<number, NonNullable<SpanInfo["redirected"]>>();
    for (const { columns, rowCount } of this.repeats?.chunks({ column: repeatIndex.flow, min: flow, max: flow }) ?? [])
      for (let i = 0; i < rowCount; i++) {
        const at = (column: RepeatColumn): number => columns[repeatIndex[column]]?.[i] ?? 0;
        if (at("flow") !== flow) continue;
        const isKnown = at("repeat") !== none;
        found.set(at("call"), {
          repeat: isKnown ? at("repeat") : undefined,
          lostNs: isKnown ? at("resumed") - at("start") : undefined,
        });
      }
    return found;
  }

  /** The flow whose span a lane shows at `time`; `entry` is a row of the spans view. Undefined where there is none. */
  at(state: StateHistory, entry: number, time: RelativeNs): { readonly flow: number; readonly span: number } | undefined {
    const [top, process, branch, lane] = entry >= 0 && entry < state.attributes.count ? state.attributes.path(entry) : [];
    if (top !== flowsRoot || process === undefined || branch === undefined || lane === undefined) return undefined;
    const quark = state.attributes.find(flowsRoot, process, branch, lane, "Span");
    const span = quark === undefined ? undefined : state.at(time, quark)?.value;
    if (typeof span !== "number") return undefined;
    for (const chunk of this.table?.chunks({ column: columnIndex.id, min: span, max: span }) ?? [])
      for (let i = 0; i < chunk.rowCount; i++)
        if (chunk.columns[columnIndex.id]?.[i] === span) return { flow: chunk.columns[columnIndex.flow]?.[i] as number, span };
    return undefined;
  }

  /** Adds, last first, who was worked in or waited for in [row.start, end). */
  private walk(row: Row, end: RelativeNs, children: ReadonlyMap<number, readonly Row[]>, path: PathPart[]): void {
    const add = (from: RelativeNs, to: RelativeNs): void => {
      if (to > from) path.push({ span: row.id, start: this.absolute(from), end: this.absolute(to) });
    };
    let at = end;
    const own = [...(children.get(row.id) ?? [])].sort((left, right) => right.end - left.end || right.start - left.start);
    for (const child of own) {
      // The other end of a call: its last step may be a moment after the caller has read the answer, and two clocks may differ a little.
      const isOtherEnd = child.process !== row.process;
      // What went on beyond did not hold it up; what ended after the one waited for began ran beside it.
      if (!isOtherEnd && (child.end > at || child.start < row.start || child.end <= row.start)) continue;
      const childEnd = Math.min(child.end, at);
      const childStart = Math.max(child.start, row.start);
      if (childEnd <= childStart) continue;
      add(childEnd, at);
      this.walk({ ...child, start: childStart }, childEnd, children, path);
      at = childStart;
    }
    add(row.start, at);
  }

  private lookup(row: Row, name: string): FilterValue {
    switch (name) {
      case "id":
        return row.id;
      case "name":
        return this.table?.text(row.name);
      case "process":
        return this.processes[row.process]?.name;
      case "kind":
        return spanKinds[row.kind];
      case "duration":
        return row.end - row.start;
      case "status":
        return row.status;
      case "broken":
        return (row.flags & spanFlags.broken) !== 0;
      case "cancelled":
        return (row.flags & spanFlags.cancelled) !== 0;
      default:
        return undefined;
    }
  }

  private info(row: Row): SpanInfo {
    return {
      id: row.id,
      parent: row.parent === none ? undefined : row.parent,
      flow: row.flow,
      depth: 0,
      kind: spanKinds[row.kind] ?? "served",
      process: this.processes[row.process]?.name ?? "",
      name: this.table?.text(row.name) ?? "",
      start: this.absolute(row.start),
      end: this.absolute(row.end),
      durationNs: row.end - row.start,
      waitedNs: row.sent - row.start,
      status: row.status,
      ...(row.grpc === 0 ? {} : { grpc: grpcStatuses[row.grpc - 1] ?? `status ${row.grpc - 1}` }),
      evidence: evidences[row.evidence] ?? "nothing",
      broken: (row.flags & spanFlags.broken) !== 0,
      cancelled: (row.flags & spanFlags.cancelled) !== 0,
      failed: (row.flags & spanFlags.failed) !== 0,
      complete: (row.flags & spanFlags.unfinished) === 0,
      request: row.request === none ? undefined : row.request,
    };
  }

  private absolute(time: RelativeNs): AbsoluteNs {
    return toAbsolute(time, this.origin);
  }
}

/**
 * HTTP calls of one context that try again what failed, with the call that did: the next of the same method, host and path, begun when that was over. Where alike
 * calls are under way at once it is not known which of them tries which again: neither is said to.
 */
function retriesAmong(siblings: readonly Row[]): [retry: number, failed: number][] {
  const found: [number, number][] = [];
  const alike = new Map<number, Row[]>();
  for (const row of siblings) if (spanKinds[row.kind] === "http") alike.set(row.name, [...(alike.get(row.name) ?? []), row]);
  for (const calls of alike.values()) {
    let earlierEnd = Number.NEGATIVE_INFINITY;
    for (const [i, call] of calls.entries()) {
      const [next, later] = [calls[i + 1], calls[i + 2]];
      const isAlone =
        earlierEnd <= call.start && next !== undefined && next.start >= call.end && (later === undefined || later.start >= next.end);
      if (isAlone && hasFailed(call.flags, call.status)) found.push([next.id, call.id]);
      earlierEnd = Math.max(earlierEnd, call.end);
    }
  }
  return found;
}

function isRootKind(kind: number): boolean {
  return spanKinds[kind] === "served" || spanKinds[kind] === "message";
}

function rowOf(chunk: TableChunk, index: number): Row {
  return Object.fromEntries(spanColumns.map(({ name }, column) => [name, chunk.columns[column]?.[index] ?? 0])) as Record<
    SpanColumn,
    number
  >;
}
