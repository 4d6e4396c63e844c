/** The Redis environment: front door. */
import type { Environment } from "../contract.ts";
import { eventNames } from "./events.ts";
import { readMessageEnds } from "./messages.ts";

export * from "./describe.ts";
export * from "./events.ts";
export * from "./recorded.ts";
export * from "./steps.ts";

const redis: Environment = {
  id: "redis",
  title: "Redis",
  detect: (source) => source.eventClasses.some((eventClass) => eventClass.name.startsWith("redis:")),
  messageEnds: readMessageEnds,
  eventSets: { light: eventNames("light"), full: eventNames("full"), classic: eventNames("classic") },
};

export default redis;
