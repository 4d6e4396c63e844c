/** The environment of Valkey's own tracing: front door. Where our probes are in the trace as well, they say more, and these events are left alone. */
import type { Environment } from "../contract.ts";
import { valkeyEventNames } from "./events.ts";

export * from "./events.ts";
export * from "./reader.ts";

const valkey: Environment = {
  id: "valkey",
  title: "Valkey's own tracing",
  detect: (source) => source.eventClasses.some((eventClass) => eventClass.name.startsWith("valkey_")),
  eventSets: { all: valkeyEventNames() },
};

export default valkey;
