/**
 * Threads: what every thread does, and below, for every connection, which thread works on it (the paper's Fig. 10 to 17). A connection that two threads hold
 * one after the other, or a thread that reads while another writes, is seen at a glance.
 *
 * Entry ids are quarks: of the node and its connections for rows that group, of `Operation` and `Thread` for rows with states.
 */
import { branches, root } from "../../analyses/redis/keys.ts";
import type { TimeGraphView, ViewContext, ViewEntry, ViewStyle } from "../contract.ts";
import { byNumber, connections, operationStyles, processes, threadRows } from "../redis.ts";
import { intervalAt, rowStates, stateText } from "../state-rows.ts";
import { commandStyle, stateLook } from "../styles.ts";

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  const known = connections(context);
  for (const process of processes(context)) {
    const node = attributes.find(root, process.node);
    if (node === undefined) continue;
    entries.push({ id: node, parent: -1, labels: [process.node, `pid ${process.pid}`], start, end, hasData: false });
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
    entries.push({ id: branch, parent: node, labels: ["Thread at work on", ""], start, end, hasData: false });
    const ids = attributes.children(branch).map((quark) => attributes.name(quark));
    for (const name of ids.sort(byNumber)) {
      const id = attributes.find(root, process.node, branches.connections, name, "Thread");
      if (id === undefined) continue;
      const row = known.get(`${process.index}/${name}`);
      entries.push({
        id,
        parent: branch,
        labels: [row?.label ?? `connection ${name}`, row?.kind ?? "client"],
        start: Math.max(start, row?.opened ?? start),
        end: Math.min(end, row?.closed ?? end),
        hasData: true,
      });
    }
  }
  return entries;
}

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
  tree,
  expandLevel: (context) => (processes(context).length > 1 ? 1 : undefined),
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
