/** What views of flows share. */
import { documents, type FlowProcess, noProcess, type SpanColumn, spanColumns, tables } from "../analyses/flows/keys.ts";
import type { ViewContext } from "./contract.ts";

export const spanColumnOf = Object.fromEntries(spanColumns.map(({ name }, i) => [name, i])) as Record<SpanColumn, number>;

/** Chunks of the spans table that are looked at: who calls whom does not change. */
const sampledChunks = 8;

export function flowProcesses(context: ViewContext): readonly FlowProcess[] {
  return (context.history.document(documents.processes) as readonly FlowProcess[] | undefined) ?? [];
}

/** Names of processes, callers before those they call: as far from the outermost as the longest way of calls to them. Those that call in a circle stay as they come. */
export function callersFirst(context: ViewContext): readonly string[] {
  const processes = flowProcesses(context);
  const callees = new Map<number, Set<number>>();
  let chunks = 0;
  for (const { rowCount, columns } of context.history.table(tables.spans)?.chunks() ?? []) {
    for (let row = 0; row < rowCount; row++) {
      const callee = columns[spanColumnOf.callee]?.[row] ?? noProcess;
      const caller = columns[spanColumnOf.process]?.[row] ?? noProcess;
      if (callee === noProcess || callee === caller) continue;
      callees.set(caller, (callees.get(caller) ?? new Set<number>()).add(callee));
    }
    if (++chunks === sampledChunks) break;
  }
  const depths = processes.map(() => 0);
  const visit = (process: number, depth: number, way: ReadonlySet<number>): void => {
    if (way.has(process) || (depth > 0 && depth <= (depths[process] as number))) return;
    depths[process] = depth;
    for (const callee of callees.get(process) ?? []) visit(callee, depth + 1, new Set([...way, process]));
  };
  const called = new Set([...callees.values()].flatMap((set) => [...set]));
  for (const process of callees.keys()) if (!called.has(process)) visit(process, 0, new Set());
  return processes
    .map(({ name }, index) => ({ name, index }))
    .sort((left, right) => (depths[left.index] as number) - (depths[right.index] as number) || left.index - right.index)
    .map(({ name }) => name);
}
