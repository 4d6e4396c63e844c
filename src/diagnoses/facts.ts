/**
 * What several diagnoses ask of a history: nodes, requests, who held a main thread, and what that cost.
 *
 * A *hold* is a stretch of time in which the main thread of a node did one thing. Its *cost* is the time in which requests stood still meanwhile:
 *
 *     main thread   |-GET-|========== KEYS ==========|-GET-|
 *     request A           .....waits for it..........|exec|
 *     request B     |exec|.....waits to be answered..........|write|
 *     request C                 bytes come here  -> seen by the next poll only
 *
 * A and B are measured. C shows only as a socket that is readable the moment the loop polls again: counted as `unseen`, for how long it waited no trace of
 * the process can say (at most the hold).
 */
import {
  branches,
  type ConnectionColumn,
  connectionColumns,
  documents,
  operations,
  type ProcessSummary,
  requestColumns,
  requestFlags,
  root,
  tables,
} from "../analyses/redis/keys.ts";
import { Best, type RelativeNs } from "../base/index.ts";
import type { HistoryReader, Quark, Table, TableChunk } from "../state/contract.ts";
import type { Cost, DiagnosisContext, Hold, Holds, NodeFacts, RequestRow, RequestVisitor } from "./contract.ts";

/** A row of the connections table. */
export interface ConnectionFacts {
  readonly row: number;
  readonly process: number;
  readonly connection: number;
  readonly label: string;
  readonly kind: string;
  readonly opened: RelativeNs;
  readonly closed: RelativeNs;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requests: number;
}

/** A poll that returns within this time found its sockets ready: epoll_wait with nothing to wait for takes a few microseconds. */
const immediatePollNs = 50_000;
const keptRequests = 10;
/** Of each operation on each node, so that memory does not grow with the trace: what is left out is shorter than all of these. */
const keptHolds = 50_000;
const noHolds: Holds = { count: 0, longestNs: 0, list: [] };

/** Operations of main threads that are no command and no I/O of clients. */
const housekeeping: ReadonlySet<string> = new Set([operations.fork, "AOF WRITE", "AOF FSYNC", "EXPIRE CYCLE", "EVICTION", "ACTIVE DEFRAG"]);

/** A row of a chunk of the requests table, read where it lies: a visitor mostly looks at few of its columns. `index` says which row. */
class ChunkRow {
  readonly columns: TableChunk["columns"];
  index = 0;

  constructor(columns: TableChunk["columns"]) {
    this.columns = columns;
  }
}
for (const [column, { name }] of requestColumns.entries())
  Object.defineProperty(ChunkRow.prototype, name, {
    get(this: ChunkRow) {
      return this.columns[column]?.[this.index];
    },
  });

export type ConnectionEvents = DiagnosisContext["connectionEvents"];

/** The context over one finished history. Everything is read on demand; what more than one diagnosis asks for is kept. */
export class Facts implements DiagnosisContext {
  readonly history: HistoryReader;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly nodes: readonly NodeFacts[];
  readonly connectionEvents: ConnectionEvents;
  private readonly table: Table | undefined;
  private readonly held = new Map<number, ReadonlyMap<string, Holds>>();

  constructor(history: HistoryReader, start: RelativeNs, end: RelativeNs, connectionEvents: ConnectionEvents) {
    this.history = history;
    this.start = start;
    this.end = end;
    this.connectionEvents = connectionEvents;
    this.table = history.table(tables.requests);
    const summaries = (history.document(documents.processes) as readonly ProcessSummary[] | undefined) ?? [];
    const sums = summaries.map(() => ({ requests: 0, requestNs: 0 }));
    this.scan((row) => {
      const sum = sums[row.process];
      if (sum === undefined) return;
      sum.requests++;
      if ((row.flags & requestFlags.blocked) === 0) sum.requestNs += row.writeEnd - row.arrived;
    });
    this.nodes = summaries.map((summary, index) => ({
      index,
      name: summary.node,
      summary,
      ...(sums[index] ?? { requests: 0, requestNs: 0 }),
    }));
  }

  scan(visit: RequestVisitor): void {
    if (this.table === undefined) return;
    for (const chunk of this.table.chunks()) {
      const row = new ChunkRow(chunk.columns) as ChunkRow & RequestRow;
      for (let i = 0; i < chunk.rowCount; i++) {
        row.index = i;
        if ((row.flags & requestFlags.incomplete) === 0) visit(row);
      }
    }
  }

  holds(node: NodeFacts, operation: string): Holds {
    let byOperation = this.held.get(node.index);
    if (byOperation === undefined) {
      byOperation = this.collectHolds(node);
      this.held.set(node.index, byOperation);
    }
    return byOperation.get(operation) ?? noHolds;
  }

  private collectHolds(node: NodeFacts): ReadonlyMap<string, Holds> {
    const quark = threadQuark(this.history, node, mainThread(node), "Operation");
    const found = new Map<string, { count: number; longestNs: number; readonly best: Best<Hold> }>();
    if (quark === undefined) return new Map();
    this.history.state.range([quark], this.start, this.end, (_quark, start, end, value) => {
      if (typeof value !== "string" || !housekeeping.has(value)) return true;
      let holds = found.get(value);
      if (holds === undefined) {
        holds = { count: 0, longestNs: 0, best: new Best(keptHolds) };
        found.set(value, holds);
      }
      const length = end - start;
      holds.count++;
      holds.longestNs = Math.max(holds.longestNs, length);
      if (length > holds.best.floor) holds.best.add(length, { start, end });
      return true;
    });
    return new Map(
      [...found].map(([operation, { count, longestNs, best }]) => {
        const list = best.sorted().sort((left, right) => left.start - right.start);
        return [operation, { count, longestNs, list }];
      }),
    );
  }

  cost(node: NodeFacts, holds: readonly Hold[], whom: "everyone" | "other connections"): Cost {
    const first = holds[0]?.start ?? 0;
    const last = holds.at(-1)?.end ?? 0;
    const polls = this.pollsAfter(node, holds);
    const waits: { readonly id: number; readonly ns: number }[] = [];
    let delayed = 0;
    let waitedNs = 0;
    let longestWaitNs = 0;
    let unseen = 0;
    this.scan((row) => {
      if (row.process !== node.index || row.writeEnd <= first) return;
      if (polls.has(row.arrived)) unseen++;
      if (row.arrived >= last) return;
      const spared = whom === "everyone" ? -1 : row.connection;
      let ns = overlap(holds, row.arrived, row.readStart, spared) + overlap(holds, row.readEnd, row.callStart, spared);
      if ((row.flags & requestFlags.blocked) === 0) ns += overlap(holds, row.callEnd, row.writeStart, spared);
      if (ns <= 0) return;
      delayed++;
      waitedNs += ns;
      if (waits.length < keptRequests || ns > (waits.at(-1)?.ns ?? 0)) {
        waits.push({ id: row.id, ns });
        waits.sort((left, right) => right.ns - left.ns);
        waits.length = Math.min(waits.length, keptRequests);
      }
      if (ns > longestWaitNs) longestWaitNs = ns;
    });
    const length = (hold: Hold): number => hold.end - hold.start;
    return {
      holds: holds.length,
      heldNs: holds.reduce((sum, hold) => sum + length(hold), 0),
      longestHold: holds.reduce((longest, hold) => (length(hold) > length(longest) ? hold : longest), { start: first, end: first }),
      delayed,
      waitedNs,
      longestWaitNs,
      unseen,
      share: node.requestNs > 0 ? waitedNs / node.requestNs : 0,
      requests: waits.map(({ id }) => id),
    };
  }

  /** When the first poll after each hold returned, of those that found sockets ready at once. */
  private pollsAfter(node: NodeFacts, holds: readonly Hold[]): ReadonlySet<RelativeNs> {
    const found = new Set<RelativeNs>();
    const { state } = this.history;
    const phase = state.attributes.find(root, node.name, branches.eventLoop, "Phase");
    if (phase === undefined) return found;
    let i = 0;
    let isAfterHold = false;
    state.range([phase], holds[0]?.start ?? 0, Number.POSITIVE_INFINITY, (_quark, start, end, value) => {
      while (i < holds.length && (holds[i] as Hold).end <= start) {
        isAfterHold = true;
        i++;
      }
      if (isAfterHold && value === "polling") {
        if (end - start <= immediatePollNs) found.add(end);
        isAfterHold = false;
      }
      return isAfterHold || i < holds.length;
    });
    return found;
  }
}

/** ns of [from, to) covered by holds that do not belong to the connection `spared`. */
export function overlap(holds: readonly Hold[], from: RelativeNs, to: RelativeNs, spared = -1): number {
  if (to <= from) return 0;
  let low = 0;
  let high = holds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((holds[middle] as Hold).end <= from) low = middle + 1;
    else high = middle;
  }
  let sum = 0;
  for (let i = low; i < holds.length; i++) {
    const hold = holds[i] as Hold;
    if (hold.start >= to) break;
    if (spared >= 0 && hold.connection === spared) continue;
    sum += Math.min(to, hold.end) - Math.max(from, hold.start);
  }
  return sum;
}

/** Kernel id of a node's main thread. */
export function mainThread(node: NodeFacts): number {
  return node.summary.threads.find(({ thread }) => thread === 0)?.tid ?? node.summary.pid;
}

export function threadQuark(history: HistoryReader, node: NodeFacts, tid: number, attribute: "Operation" | "Request"): Quark | undefined {
  return history.state.attributes.find(root, node.name, branches.threads, String(tid), attribute);
}

/** The connections of a node. */
export function connectionsOf(history: HistoryReader, node: NodeFacts): readonly ConnectionFacts[] {
  const table = history.table(tables.connections);
  if (table === undefined) return [];
  const column = Object.fromEntries(connectionColumns.map(({ name }, i) => [name, i])) as Record<ConnectionColumn, number>;
  const found: ConnectionFacts[] = [];
  for (const chunk of table.chunks()) {
    for (let i = 0; i < chunk.rowCount; i++) {
      const at = (name: ConnectionColumn): number => chunk.columns[column[name]]?.[i] ?? 0;
      if (at("process") !== node.index) continue;
      found.push({
        row: chunk.firstRow + i,
        process: at("process"),
        connection: at("connection"),
        label: table.text(at("label")),
        kind: table.text(at("kind")),
        opened: at("opened"),
        closed: at("closed"),
        bytesIn: at("bytesIn"),
        bytesOut: at("bytesOut"),
        requests: at("requests"),
      });
    }
  }
  return found;
}

/** The name behind a number of the requests table's `command` column. */
export function commandName(history: HistoryReader, command: number): string {
  return history.table(tables.requests)?.text(command) ?? "";
}
