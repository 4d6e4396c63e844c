/** A server that keeps an append-only file, synced by a background thread, with nothing to find. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2, medium: 10, large: 60 };

const healthyAof: Scenario = {
  id: "healthy-aof",
  title: "A healthy server that keeps a log",
  description: "Clients read and write small values; what they write goes to an append-only file that is synced once a second.",
  run: (context) =>
    recordServer(context, {
      settings: { appendonly: "yes", appendfsync: "everysec" },
      load: ({ port }) => underLoad(context, port, { clients: 20, thinkMs: 2 }, () => pause(context, seconds[context.size] * 1000)),
    }),
};

export default healthyAof;
