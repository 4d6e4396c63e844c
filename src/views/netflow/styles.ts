/** Colours of the netflow view: reading and writing in blue and green, waiting in warm tones, commands from a palette of their own. */
import { connectionStates, operations } from "../../analyses/redis/keys.ts";
import type { ViewStyle } from "../contract.ts";

const colors: Readonly<Record<string, string>> = {
  [operations.eventLoop]: "#8b95a5",
  [operations.reading]: "#3b82f6",
  [operations.writing]: "#16a34a",
  [operations.runningTask]: "#0891b2",
  [operations.beforeSleep]: "#64748b",
  [operations.cron]: "#a16207",
  [operations.clusterRead]: "#7c3aed",
  [operations.clusterSend]: "#c026d3",
  [operations.freeing]: "#991b1b",
  [operations.fork]: "#dc2626",
  [connectionStates.queuedForRead]: "#fb923c",
  [connectionStates.queuedForExecution]: "#c2410c",
  [connectionStates.queuedForWrite]: "#fde047",
  [connectionStates.blocked]: "#ef4444",
};

const housekeeping = ["AOF WRITE", "AOF FSYNC", "EXPIRE CYCLE", "EVICTION", "ACTIVE DEFRAG", "LAZY FREE"];

const sslStyle = "Reading SSL";

/** Styles that do not depend on the trace, by state. */
export const fixedStyles: Readonly<Record<string, ViewStyle>> = {
  ...Object.fromEntries(Object.entries(colors).map(([text, color]) => [text, { text, color }])),
  ...Object.fromEntries(housekeeping.map((text) => [text, { text, color: "#b45309" }])),
  [sslStyle]: { text: sslStyle, color: "#0ea5e9" },
  "bus publish": { text: "bus: publish", color: "#c026d3" },
  "bus gossip": { text: "bus: gossip", color: "#94a3b8" },
};

const palette = [
  "#e11d48",
  "#ea580c",
  "#ca8a04",
  "#65a30d",
  "#059669",
  "#0d9488",
  "#0284c7",
  "#4f46e5",
  "#9333ea",
  "#db2777",
  "#be123c",
  "#4d7c0f",
];

/** The commands seen most, kept apart from each other by hand. */
const common: Readonly<Record<string, string>> = {
  get: "#0d9488",
  set: "#e11d48",
  publish: "#84cc16",
  lpush: "#ea580c",
  rpush: "#9a3412",
  lrange: "#4f46e5",
  subscribe: "#db2777",
  incr: "#65a30d",
  hset: "#be123c",
  hget: "#0284c7",
  mget: "#0f766e",
  mset: "#881337",
  eval: "#7c2d12",
  exec: "#4d7c0f",
  info: "#ca8a04",
};

/** A command's style: its colour depends on its name alone, so that it is the same in every trace. */
export function commandStyle(command: string): ViewStyle {
  let hash = 0;
  for (let i = 0; i < command.length; i++) hash = (hash * 31 + command.charCodeAt(i)) >>> 0;
  return { text: command, color: common[command] ?? (palette[hash % palette.length] as string) };
}

/** Style key of a state: states that differ only in a number share one. */
export function styleOf(text: string): string {
  return text.startsWith(sslStyle) ? sslStyle : text;
}
