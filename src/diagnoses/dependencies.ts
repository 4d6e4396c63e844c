/** What services wait for at others whose inside is not in the trace: databases, and whom they call over HTTP. */
import { failureFlags, none, spanFlags, spanKinds } from "../analyses/flows/keys.ts";
import type { RelativeNs } from "../base/index.ts";
import type { HistoryReader } from "../state/contract.ts";
import { type SpanRow, scanSpans, spanName } from "./spans.ts";

/** Calls of one name by one process. */
export interface Dependency {
  /** Index of the calling process, as in the spans table. */
  readonly process: number;
  /** `mysql SELECT`; of HTTP the method and host: paths may hold ids. */
  readonly name: string;
  calls: number;
  failed: number;
  /** Time from sent to answered, and before that for a connection; summed, ns. */
  workNs: number;
  waitNs: number;
  /** Calls that waited for a connection. */
  waited: number;
  longestWork: Stretch;
  longestWait: Stretch;
  /** Flows with such calls; how long they took, and how much of that passed in such calls, and before them. Calls at the same time count once. */
  flows: number;
  flowNs: number;
  workInFlowNs: number;
  waitInFlowNs: number;
}

export interface Stretch {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
}

interface Part {
  readonly of: Dependency;
  readonly work: Stretch[];
  readonly wait: Stretch[];
}

/** A call's row may come a little after its root's. */
const patience = 1000;
const nothing: Stretch = { start: 0, end: 0 };
const length = ({ start, end }: Stretch): number => end - start;

/** Time covered by some of the stretches. */
function covered(stretches: Stretch[]): number {
  let sum = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { start, end } of stretches.sort((left, right) => left.start - right.start)) {
    if (end <= reached) continue;
    sum += end - Math.max(start, reached);
    reached = end;
  }
  return sum;
}

/** All dependencies; undefined when the trace has no process that tells what it serves and calls. Cost: all spans, memory for the flows under way. */
export function dependencies(history: HistoryReader): readonly Dependency[] | undefined {
  const found = new Map<string, Dependency>();
  const open = new Map<number, Map<Dependency, Part>>();
  const add = (row: SpanRow): void => {
    const text = spanName(history, row.name);
    const name = spanKinds[row.kind] === "http" ? (/^\S+ [^/]*/.exec(text)?.[0] ?? text) : text;
    const key = `${row.process} ${name}`;
    let of = found.get(key);
    if (of === undefined) {
      of = {
        process: row.process,
        name,
        calls: 0,
        failed: 0,
        workNs: 0,
        waitNs: 0,
        waited: 0,
        longestWork: nothing,
        longestWait: nothing,
        flows: 0,
        flowNs: 0,
        workInFlowNs: 0,
        waitInFlowNs: 0,
      };
      found.set(key, of);
    }
    const work = { start: row.sent, end: row.end };
    const wait = { start: row.start, end: row.sent };
    of.calls++;
    if ((row.flags & failureFlags) !== 0) of.failed++;
    of.workNs += length(work);
    of.waitNs += length(wait);
    if (length(wait) > 0) of.waited++;
    if (length(work) > length(of.longestWork)) of.longestWork = work;
    if (length(wait) > length(of.longestWait)) of.longestWait = wait;
    const parts = open.get(row.flow) ?? new Map<Dependency, Part>();
    open.set(row.flow, parts);
    const part = parts.get(of) ?? { of, work: [], wait: [] };
    parts.set(of, part);
    part.work.push(work);
    part.wait.push(wait);
  };
  const end = (root: SpanRow): void => {
    for (const { of, work, wait } of open.get(root.id)?.values() ?? []) {
      of.flows++;
      of.flowNs += root.end - root.start;
      of.workInFlowNs += covered(work);
      of.waitInFlowNs += covered(wait);
    }
    open.delete(root.id);
  };
  const roots: SpanRow[] = [];
  const hasServices = scanSpans(history, (row) => {
    if (row.id === row.flow) {
      roots.push(row);
      if (roots.length >= 2 * patience) for (const early of roots.splice(0, patience)) end(early);
      return;
    }
    const kind = spanKinds[row.kind];
    const isUnknown = kind === "http" && (row.flags & spanFlags.unmatched) !== 0;
    if (row.parent !== none && (kind === "database" || isUnknown) && (row.flags & spanFlags.unfinished) === 0) add(row);
  });
  for (const root of roots) end(root);
  return hasServices ? [...found.values()] : undefined;
}
