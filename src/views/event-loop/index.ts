/**
 * Event loop: per node the phase of the loop, the number of its iteration, how many descriptors were ready in it, and how many replies waited when it began to
 * write. A long iteration, and what it was busy with, is the usual reason why requests wait.
 *
 * Entry ids are quarks.
 */
import { branches, root } from "../../analyses/redis/keys.ts";
import type { TimeGraphView, ViewContext, ViewEntry, ViewStyle } from "../contract.ts";
import { processes } from "../redis.ts";
import { intervalAt, rowStates, stateText } from "../state-rows.ts";
import { numberStyle, stateLook } from "../styles.ts";

const resources: readonly (readonly [name: string, label: string])[] = [
  ["Phase", "Phase"],
  ["Iteration", "Iteration"],
  ["Ready", "Descriptors ready"],
  ["QueueLength", "Replies waiting"],
];

const phaseStyles: Readonly<Record<string, ViewStyle>> = {
  polling: { text: "polling", color: "#c3cbd6" },
  "processing events": { text: "processing events", color: "#3b82f6" },
  "before sleep": { text: "before sleep", color: "#16a34a" },
  cron: { text: "cron", color: "#a16207" },
  [numberStyle.key]: numberStyle.style,
};

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const entries: ViewEntry[] = [];
  for (const process of processes(context)) {
    const node = attributes.find(root, process.node, branches.eventLoop);
    if (node === undefined) continue;
    entries.push({ id: node, parent: -1, labels: [process.node, ""], start, end, hasData: false });
    for (const [name, label] of resources) {
      const id = attributes.find(root, process.node, branches.eventLoop, name);
      if (id !== undefined) entries.push({ id, parent: node, labels: [label, ""], start, end, hasData: true });
    }
  }
  return entries;
}

const eventLoop: TimeGraphView = {
  type: "time-graph",
  id: "event-loop",
  title: "Event loop",
  description: "The phases of each node's event loop, its iterations, and the queues that it finds.",
  needs: ["redis"],
  headers: ["Name", "Value"],
  tree,
  states: (context, entries, range) =>
    rowStates(context.history.state, entries, range, (value) =>
      typeof value === "number" ? { label: String(value), style: numberStyle.key } : stateLook(value),
    ),
  arrows: () => [],
  tooltip(context, entry, time) {
    const found = intervalAt(context.history.state, entry, time);
    return found === undefined ? {} : { [found.path.at(-1) ?? ""]: stateText(found.interval.value), Node: found.path[1] ?? "" };
  },
  styles: () => phaseStyles,
};

export default eventLoop;
