/** Names and labels of steps, for everything that shows them. */
import { housekeepingKinds } from "./events.ts";
import { type RareEvent, type RedisProcess, Step, stepTable } from "./steps.ts";

/** Names of cluster-bus message types (cluster.h, CLUSTERMSG_TYPE_*). */
export const busMessageTypes = [
  "ping",
  "pong",
  "meet",
  "fail",
  "publish",
  "failover-auth-request",
  "failover-auth-ack",
  "update",
  "mfstart",
  "module",
  "publish-shard",
] as const;

/** `publish` for 4; `type 99` for what this version does not know. */
export function busMessageType(type: number): string {
  return busMessageTypes[type] ?? `type ${type}`;
}

const table: ({ readonly event: string; readonly args: readonly string[] } | undefined)[] = [];
for (const entry of stepTable) table[entry.kind] = entry;

/** Name of a step's event, with the provider's prefix. */
export function stepName(kind: number, a: number): string {
  if (kind === Step.housekeeping) return `redis:${housekeepingKinds[a] ?? "housekeeping"}`;
  return `redis:${table[kind]?.event ?? `record ${kind}`}`;
}

/** Fields of a step as name and value, in the order of events.ts. */
export function stepFields(process: RedisProcess, kind: number, conn: number, args: readonly number[]): [name: string, value: string][] {
  const fields: [string, string][] = [];
  if (conn >= 0) fields.push(["conn_id", String(conn)]);
  const names = table[kind]?.args ?? [];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = args[i] as number;
    if (name === "what") continue;
    if (name === "command") fields.push(["name", process.commands[value] ?? `command ${value}`]);
    else if (name === "flags") {
      fields.push(["nesting", String(value & 3)]);
      if (kind === Step.callEnd) fields.push(["error", String((value >> 3) & 1)]);
    } else if (name === "type" && kind >= Step.clusterSend && kind <= Step.broadcastEnd) fields.push([name, busMessageType(value)]);
    else if ((name === "argc" || name === "reply_bytes" || name === "left") && value < 0) continue;
    else fields.push([name, String(Math.round(value))]);
  }
  return fields;
}

/** Fields of a rare event. */
export function rareFields(event: RareEvent): [name: string, value: string][] {
  return Object.entries(event.fields).map(([name, value]) => [name, String(value)]);
}
