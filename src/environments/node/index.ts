/** The Node.js environment: front door. */
import type { Environment } from "../contract.ts";
import { nodeEventNames } from "./events.ts";

export { type EventDefinition, evidence, idFields } from "../services.ts";
export * from "./events.ts";

const node: Environment = {
  id: "node",
  title: "Node.js",
  detect: (source) => source.eventClasses.some((eventClass) => eventClass.name.startsWith("node:")),
  eventSets: { lean: nodeEventNames(false), all: nodeEventNames() },
};

export default node;
