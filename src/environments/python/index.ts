/** The Python environment: front door. */
import type { Environment } from "../contract.ts";
import { pythonEventNames } from "./events.ts";

export * from "./events.ts";

const python: Environment = {
  id: "python",
  title: "Python",
  detect: (source) => source.eventClasses.some((eventClass) => eventClass.name.startsWith("python:")),
  eventSets: { lean: pythonEventNames(false), all: pythonEventNames() },
};

export default python;
