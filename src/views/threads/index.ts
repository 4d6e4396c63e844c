/**
 * Threads: what every thread does, and below, for every connection, which thread works on it (the paper's Fig. 10 to 17). A connection that two threads hold
 * one after the other, or a thread that reads while another writes, is seen at a glance.
 *
 * Entry ids are quarks: of the node and its connections for rows that group, of `Operation` and `Thread` for rows with states.
 */
import type { TimeGraphView, ViewContext, ViewStyle } from "../contract.ts";
import { nodeExpandLevel, nodeRows, operationStyles, processes, threadRows } from "../redis.ts";
import { intervalAt, rowStates, stateText } from "../state-rows.ts";
import { commandStyle, stateLook } from "../styles.ts";

/** Key of the style of a kernel thread id. */
const threadStyle = (tid: number | string): string => `thread ${tid}`;

function styles(context: ViewContext): Readonly<Record<string, ViewStyle>> {
  const found: Record<string, ViewStyle> = { ...operationStyles(context) };
  for (const process of processes(context)) {
    for (const { role, tid } of threadRows(context, process))
      found[threadStyle(tid)] = { text: `${role} (${tid})`, color: commandStyle(role).color };
  }
  return found;
}

const threads: TimeGraphView = {
  type: "time-graph",
  id: "threads",
  title: "Threads",
  description: "What every thread does, and which thread works on which connection.",
  needs: ["redis"],
  headers: ["Name", "Detail"],
  tree: (context) => nodeRows(context, { title: "Thread at work on", resource: "Thread", detail: (process) => `pid ${process.pid}` }),
  expandLevel: nodeExpandLevel,
  states(context, entries, range) {
    const { state } = context.history;
    const roles = new Map(
      processes(context).flatMap((process) => threadRows(context, process).map(({ role, tid }) => [tid, role] as const)),
    );
    const operations = rowStates(state, entries, range, stateLook);
    const own = entries.filter((_, i) => operations[i]?.length !== 0 && state.attributes.path(entries[i] as number)[4] === "Thread");
    const holders = rowStates(state, own, range, (tid) => ({
      label: `${roles.get(String(tid)) ?? "thread"} ${tid}`,
      style: threadStyle(tid),
    }));
    const byEntry = new Map(own.map((entry, i) => [entry, holders[i] ?? []]));
    return entries.map((entry, i) => byEntry.get(entry) ?? operations[i] ?? []);
  },
  arrows: () => [],
  tooltip(context, entry, time) {
    const found = intervalAt(context.history.state, entry, time);
    if (found === undefined) return {};
    const [, node = "", , name = "", kind] = found.path;
    const value = stateText(found.interval.value);
    return kind === "Thread" ? { Thread: value, Node: node, Connection: name } : { Operation: value, Node: node, Thread: name };
  },
  styles,
};

export default threads;
