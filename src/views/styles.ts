/** Colours of everything that shows the Redis model: reading and writing in blue and green, waiting in warm tones, commands from a palette of their own. */
import { connectionStates, operations } from "../analyses/redis/keys.ts";
import type { ViewStyle } from "./contract.ts";

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
  delivery: { text: "message to a subscriber", color: "#65a30d" },
  redirect: { text: "redirected request, to its repeat", color: "#dc2626" },
  replication: { text: "replication, to a replica", color: "#0d9488" },
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

/** Style of a command, or of any text without one of its own: its colour depends on the text alone, so that it is the same in every trace. */
export function commandStyle(command: string): ViewStyle {
  let hash = 0;
  for (let i = 0; i < command.length; i++) hash = (hash * 31 + command.charCodeAt(i)) >>> 0;
  return { text: command, color: common[command] ?? (palette[hash % palette.length] as string) };
}

/** How an operation or a connection's state is shown: those that differ only in a number share a style. */
export function stateLook(value: number | string): { readonly label: string; readonly style: string } {
  const label = String(value);
  return { label, style: label.startsWith(sslStyle) ? sslStyle : label };
}

/** Key and style of numbers, whatever they count. */
export const numberStyle = { key: "number", style: { text: "a number", color: "#7b8ba1" } } as const;

/** How an arbitrary value is shown: texts by one of a few colours, so that styles do not grow with the trace; numbers all alike. */
export function valueLook(value: number | string): { readonly label: string; readonly style: string } {
  if (typeof value === "number") return { label: String(value), style: numberStyle.key };
  return { label: value, style: value in fixedStyles ? value : commandStyle(value).color };
}

/** The styles that `valueLook` names. */
export const valueStyles: Readonly<Record<string, ViewStyle>> = {
  ...fixedStyles,
  ...Object.fromEntries([...palette, ...Object.values(common)].map((color) => [color, { text: "text", color }])),
  [numberStyle.key]: numberStyle.style,
};
