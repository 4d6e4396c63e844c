/**
 * Node.js event loop: per process each iteration's callbacks, by how long they held the loop, and garbage collections. While callbacks run, the process reads no
 * reply and serves nobody: a long one delays all requests alike.
 *
 * Entry ids are quarks.
 */
import { resources, root } from "../../analyses/node/keys.ts";
import { duration } from "../../base/index.ts";
import type { TimeGraphView, ViewContext, ViewEntry, ViewStyle } from "../contract.ts";
import { intervalAt, rowStates } from "../state-rows.ts";
import { stateLook } from "../styles.ts";

/** From these durations on, in ns: requests notice at ten milliseconds, people at a hundred. */
const noticed = 10e6;
const blocked = 100e6;

const loopStyles = {
  busy: { text: "callbacks run", color: "#3b82f6" },
  long: { text: "for more than 10 ms", color: "#f59e0b" },
  blocked: { text: "for more than 100 ms", color: "#dc2626" },
} as const satisfies Readonly<Record<string, ViewStyle>>;

const gcStyles: Readonly<Record<string, ViewStyle>> = {
  scavenge: { text: "scavenge", color: "#0d9488" },
  "minor mark-sweep": { text: "minor mark-sweep", color: "#0f766e" },
  "mark-sweep-compact": { text: "mark-sweep-compact", color: "#9333ea" },
  "incremental marking": { text: "incremental marking", color: "#c026d3" },
  "weak callbacks": { text: "weak callbacks", color: "#a16207" },
  collection: { text: "collection", color: "#64748b" },
};

function look(value: number | string): { readonly label: string; readonly style: string } {
  if (typeof value === "string") return stateLook(value);
  const style: keyof typeof loopStyles = value >= blocked ? "blocked" : value >= noticed ? "long" : "busy";
  return { label: duration(value), style };
}

function tree(context: ViewContext): readonly ViewEntry[] {
  const { attributes } = context.history.state;
  const { start, end } = context;
  const top = attributes.find(root);
  if (top === undefined) return [];
  return attributes.children(top).flatMap((process): readonly ViewEntry[] => {
    const name = attributes.name(process);
    const rows = [
      [resources.eventLoop, "Event loop"],
      [resources.gc, "Garbage collection"],
    ].flatMap(([resource = "", label = ""]): readonly ViewEntry[] => {
      const id = attributes.find(root, name, resource);
      return id === undefined ? [] : [{ id, parent: process, labels: [label, ""], start, end, hasData: true }];
    });
    return [{ id: process, parent: -1, labels: [name, ""], start, end, hasData: false }, ...rows];
  });
}

const nodeEventLoop: TimeGraphView = {
  type: "time-graph",
  id: "node-event-loop",
  title: "Node.js event loop",
  description: "How long callbacks held each Node.js process' event loop, and its garbage collections.",
  needs: ["node"],
  providers: ["node"],
  headers: ["Name", "Value"],
  tree,
  states: (context, entries, range) => rowStates(context.history.state, entries, range, look),
  arrows: () => [],
  tooltip(context, entry, time) {
    const found = intervalAt(context.history.state, entry, time);
    const value = found?.interval.value;
    if (found === undefined || value === undefined) return {};
    return { [typeof value === "number" ? "Callbacks ran" : "Collection"]: look(value).label, Process: found.path[1] ?? "" };
  },
  styles: () => ({ ...loopStyles, ...gcStyles }),
};

export default nodeEventLoop;
