/** What several diagnoses ask of spans. */
import { documents, type FlowProcess, noProcess, type SpanColumn, spanColumns, spanKinds, tables } from "../analyses/flows/keys.ts";
import type { HistoryReader } from "../state/contract.ts";

/** A row of the spans table. Times as in `spanColumns`. */
export type SpanRow = Readonly<Record<SpanColumn, number>>;

/** Calls `visit` for every span, nearly in order of their ends. Returns false when the trace has no process that tells what it serves and calls. */
export function scanSpans(history: HistoryReader, visit: (row: SpanRow) => void): boolean {
  const table = history.table(tables.spans);
  if (table === undefined) return false;
  for (const chunk of table.chunks()) {
    for (let i = 0; i < chunk.rowCount; i++)
      visit(Object.fromEntries(spanColumns.map(({ name }, column) => [name, chunk.columns[column]?.[i] ?? 0])) as SpanRow);
  }
  return true;
}

/** A call's row may come a little after that of the request it was made for: the store tells of it when its write has returned. */
const patience = 1000;

/**
 * As scanSpans, with calls apart from what they were made for: `onServed` is called for each request or message when all its calls have been seen. Memory:
 * a few thousand rows.
 */
export function scanServed(history: HistoryReader, onCall: (row: SpanRow) => void, onServed: (row: SpanRow) => void): boolean {
  const ended: SpanRow[] = [];
  const hasServices = scanSpans(history, (row) => {
    const kind = spanKinds[row.kind];
    if (kind !== "served" && kind !== "message") {
      onCall(row);
      return;
    }
    ended.push(row);
    if (ended.length >= 2 * patience) for (const early of ended.splice(0, patience)) onServed(early);
  });
  for (const row of ended) onServed(row);
  return hasServices;
}

/** Who was called: a process of the trace, a host, or a kind of statement. */
export function calleeName(history: HistoryReader, row: SpanRow): string {
  if (row.callee !== noProcess) return flowProcess(history, row.callee);
  const name = spanName(history, row.name);
  return spanKinds[row.kind] === "http" ? (/^\S+ ([^/]*)/.exec(name)?.[1] ?? name) : name;
}

export function flowProcess(history: HistoryReader, index: number): string {
  return (history.document(documents.processes) as readonly FlowProcess[] | undefined)?.[index]?.name ?? "";
}

export function spanName(history: HistoryReader, name: number): string {
  return history.table(tables.spans)?.text(name) ?? "";
}

/** Why a diagnosis of services cannot tell. */
export const noServices = "the trace has no process that tells what it serves: record the services together with the store";
