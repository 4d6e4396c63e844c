/** What several views read from the `redis` analysis. */
import { branches, documents, type ProcessSummary, root, tables } from "../analyses/redis/keys.ts";
import type { Quark } from "../state/contract.ts";
import type { ViewContext, ViewStyle } from "./contract.ts";
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
  return Number(left) - Number(right) || left.localeCompare(right);
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

/** Connections of all processes by `process/conn_id`. */
export function connections(context: ViewContext): ReadonlyMap<string, ConnectionRow> {
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

/** Styles of every state that threads and connections of these processes can have. */
export function operationStyles(context: ViewContext): Readonly<Record<string, ViewStyle>> {
  const found: Record<string, ViewStyle> = { ...fixedStyles };
  for (const process of processes(context)) for (const command of Object.keys(process.calls)) found[command] ??= commandStyle(command);
  return found;
}
