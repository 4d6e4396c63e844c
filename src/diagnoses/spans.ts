/** What several diagnoses ask of spans. */
import { documents, type FlowProcess, type SpanColumn, spanColumns, tables } from "../analyses/flows/keys.ts";
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

export function flowProcess(history: HistoryReader, index: number): string {
  return (history.document(documents.processes) as readonly FlowProcess[] | undefined)?.[index]?.name ?? "";
}

export function spanName(history: HistoryReader, name: number): string {
  return history.table(tables.spans)?.text(name) ?? "";
}

/** Why a diagnosis of services cannot tell. */
export const noServices = "the trace has no process that tells what it serves: record the services together with the store";
