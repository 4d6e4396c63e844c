/** What `--events` says: one of the sets, or a list of event names. */
import { UsageError } from "../base/index.ts";
import { serviceRuntimes } from "../environments/contract.ts";
import { nodeEventNames } from "../environments/node/index.ts";
import { pythonEventNames } from "../environments/python/index.ts";
import { type EventSet, eventNames } from "../environments/redis/index.ts";
import { valkeyEventNames } from "../environments/valkey/index.ts";
import { checkEventName } from "./lttng.ts";

export interface EventSelection {
  /** The set, or the one whose buffers suit a list. */
  readonly set: EventSet;
  /** As asked for: the set's name, or the list. */
  readonly label: string;
  readonly names: readonly string[];
}

const sets: readonly EventSet[] = ["light", "full", "classic"];

/** Events that say who the server is and what the others' numbers mean: without them a trace cannot be understood alone. */
const always = [
  "server_info",
  "thread_info",
  "command_table",
  "connection_open",
  "connection_state",
  "connection_close",
  "link_open",
  "link_close",
];

/** Of services: all with `classic`, what analyses need with the others. */
const serviceEvents = (withDetails: boolean): readonly string[] => [...nodeEventNames(withDetails), ...pythonEventNames(withDetails)];

/** The same of services, for a list with an event of theirs. */
const alwaysOfServices = ["process_info", "tracing_end", "socket_connect", "socket_accept", "socket_state", "socket_close"];

/** What a Valkey built with USE_LTTNG=yes tells by itself, without our probes. */
const valkeySet = "valkey";

/** Parses `light`, `full`, `classic`, `valkey`, or a comma-separated list such as `poll_start,poll_end,myapp:*`; names without a provider are `redis:`. */
export function selectEvents(text: string): EventSelection {
  const set = sets.find((name) => name === text);
  if (set !== undefined) return { set, label: set, names: [...eventNames(set), ...serviceEvents(set === "classic")] };
  if (text === valkeySet) return { set: "classic", label: text, names: [...valkeyEventNames(), ...serviceEvents(false)] };
  const asked = text.split(",").map((name) => checkEventName(name.includes(":") ? name : `redis:${name}`));
  const known = new Set([...sets.flatMap((name) => eventNames(name)), ...serviceEvents(true)]);
  for (const name of asked) {
    if (/^(redis|node|python):/.test(name) && !name.includes("*") && !known.has(name)) {
      throw new UsageError(
        `there is no event ${name}; sets are ${[...sets, valkeySet].join(", ")}; docs/events.md, events-node.md and events-python.md list the events`,
      );
    }
  }
  const described = [
    ...always.map((name) => `redis:${name}`),
    ...serviceRuntimes.flatMap((runtime) =>
      asked.some((name) => name.startsWith(`${runtime}:`)) ? alwaysOfServices.map((name) => `${runtime}:${name}`) : [],
    ),
  ];
  return { set: "classic", label: text, names: [...new Set([...described, ...asked])] };
}
