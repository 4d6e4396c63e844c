/** More io threads than work for them. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2, medium: 8, large: 30 };

const ioThreadsIdleSpin: Scenario = {
  id: "io-threads-idle-spin",
  title: "Io threads with nothing to do",
  description: "Small requests that one thread could serve alone are handed to io threads: see them spin between two handfuls of clients.",
  finds: "io-threads-idle-spin",
  run: (context) =>
    recordServer(context, {
      settings: { "io-threads": 2, "io-threads-do-reads": "yes" },
      load: ({ port }) => underLoad(context, port, { clients: 30, thinkMs: 0 }, () => pause(context, seconds[context.size] * 1000)),
    }),
};

export default ioThreadsIdleSpin;
