/** What several views read from the `redis` analysis. */

import { branches, documents, type ProcessSummary, root, tables } from "../analyses/redis/keys.ts";
import { compareText } from "../base/index.ts";
import type { Quark, Table } from "../state/contract.ts";
import type { ViewContext, ViewEntry, ViewStyle } from "./contract.ts";
import { commandStyle, fixedStyles } from "./styles.ts";

/** Names of cluster-bus message types (Redis' `CLUSTERMSG_TYPE_*`). */
export const messageNames: Readonly<Record<number, string>> = {
  0: "ping",
  1: "pong",
  2: "meet",
  3: "fail",
  4: "publish",
  7: "update",
  10: "publish-shard",
};

/** Message types that carry what clients published. */
export const publishTypes: ReadonlySet<number> = new Set([4, 10]);

/** The traced processes, in the order of their indices; none where the analysis did not run. */
export function processes(context: ViewContext): readonly ProcessSummary[] {
  return (context.history.document(documents.processes) as readonly ProcessSummary[] | undefined) ?? [];
}

/** Numbers before other names, numbers by value. */
export function byNumber(left: string, right: string): number {
  return Number(left) - Number(right) || compareText(left, right);
}

/** A thread's row: what it is called, its kernel id, and the attribute that says what it does. */
export interface ThreadRow {
  readonly role: string;
  readonly tid: string;
  readonly operation: Quark;
}

/** The threads of a process, by kernel id. */
export function threadRows(context: ViewContext, process: ProcessSummary): readonly ThreadRow[] {
  const { attributes } = context.history.state;
  const threads = attributes.find(root, process.node, branches.threads);
  if (threads === undefined) return [];
  const roles = new Map(process.threads.map((thread) => [String(thread.tid), thread.role]));
  const tids = attributes.children(threads).map((quark) => attributes.name(quark));
  return tids.sort(byNumber).flatMap((tid) => {
    const operation = attributes.find(root, process.node, branches.threads, tid, "Operation");
    return operation === undefined ? [] : [{ role: roles.get(tid) ?? "thread", tid, operation }];
  });
}

/** One connection, as the table of connections has it. */
export interface ConnectionRow {
  readonly label: string;
  readonly kind: string;
  readonly opened: number;
  readonly closed: number;
  readonly requests: number;
}

/** Connections of all processes. A history may have many more than there are rows in a tree, so they are found by number and read when they are wanted. */
export class Connections {
  private readonly table: Table | undefined;
  private readonly columns: readonly number[];
  /** Rows by process and the store's own number; of several the last. */
  private readonly rows = new Map<number, Map<number, number>>();

  constructor(table: Table | undefined) {
    this.table = table;
    const columnsOf = (...names: readonly string[]): readonly number[] => names.map((name) => table?.column(name) ?? 0);
    this.columns = columnsOf("label", "kind", "opened", "closed", "requests");
    const [processColumn = 0, connectionColumn = 0] = columnsOf("process", "connection");
    for (const chunk of table?.leading(1 + Math.max(processColumn, connectionColumn)) ?? []) {
      const [processes, connections] = [chunk.columns[processColumn], chunk.columns[connectionColumn]];
      if (processes === undefined || connections === undefined) continue;
      for (let row = 0; row < chunk.rowCount; row++) {
        const process = processes[row] as number;
        let own = this.rows.get(process);
        if (own === undefined) {
          own = new Map();
          this.rows.set(process, own);
        }
        own.set(connections[row] as number, chunk.firstRow + row);
      }
    }
  }

  get count(): number {
    let count = 0;
    for (const { size } of this.rows.values()) count += size;
    return count;
  }

  /** `id`: the store's own number of the connection, as attributes are called. */
  get(process: number | undefined, id: string): ConnectionRow | undefined {
    const { table } = this;
    const index = process === undefined ? undefined : this.rows.get(process)?.get(Number(id));
    if (table === undefined || index === undefined) return undefined;
    const values = table.row(index);
    const [label = 0, kind = 0, opened = 0, closed = 0, requests = 0] = this.columns.map((column) => values[column]);
    return { label: table.text(label), kind: table.text(kind), opened, closed, requests };
  }
}

const ofHistories = new WeakMap<object, Connections>();

/** The connections of a history. The first time costs one pass over their table. */
export function connections({ history }: ViewContext): Connections {
  const found = ofHistories.get(history) ?? new Connections(history.table(tables.connections));
  ofHistories.set(history, found);
  return found;
}

/** What a row of a connection shows: the attribute with its states, and its metadata. */
export interface ConnectionRows {
  /** Label of the row that groups a node's connections. */
  readonly title: string;
  readonly resource: "State" | "Thread";
  /** Second label of a node. */
  detail(process: ProcessSummary): string;
  metadata?(id: string, row: ConnectionRow | undefined): NonNullable<ViewEntry["metadata"]>;
}

/** Rows of nodes: their threads' operations, then their connections. Ids are quarks: of attributes with states, or of the branch that a row groups. */
export function nodeRows(context: ViewContext, { title, resource, detail, metadata }: ConnectionRows): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  const known = connections(context);
  for (const process of processes(context)) {
    const node = attributes.find(root, process.node);
    if (node === undefined) continue;
    entries.push({ id: node, parent: -1, labels: [process.node, detail(process)], start, end, hasData: false });
    for (const { role, tid, operation } of threadRows(context, process)) {
      entries.push({
        id: operation,
        parent: node,
        labels: [role, `tid ${tid}`],
        start,
        end,
        hasData: true,
        metadata: { tid: [Number(tid)] },
      });
    }
    const branch = attributes.find(root, process.node, branches.connections);
    if (branch === undefined) continue;
    entries.push({ id: branch, parent: node, labels: [title, ""], start, end, hasData: false });
    const ids = attributes.children(branch).map((quark) => attributes.name(quark));
    for (const name of ids.sort(byNumber)) {
      const id = attributes.find(root, process.node, branches.connections, name, resource);
      if (id === undefined) continue;
      const row = known.get(process.index, name);
      entries.push({
        id,
        parent: branch,
        labels: [row?.label ?? `connection ${name}`, row?.kind ?? "client"],
        start: Math.max(start, row?.opened ?? start),
        end: Math.min(end, row?.closed ?? end),
        hasData: true,
        ...(metadata === undefined ? {} : { metadata: metadata(name, row) }),
      });
    }
  }
  return entries;
}

/** With several nodes only they and their threads are unfolded at first, so that those who talk to each other stand together. */
export function nodeExpandLevel(context: ViewContext): number | undefined {
  return processes(context).length > 1 ? 1 : undefined;
}

/** Styles of every state that threads and connections of these processes can have. */
export function operationStyles(context: ViewContext): Readonly<Record<string, ViewStyle>> {
  const found: Record<string, ViewStyle> = { ...fixedStyles };
  for (const process of processes(context)) for (const command of Object.keys(process.calls)) found[command] ??= commandStyle(command);
  return found;
}
