/** An ordinary cache, with nothing to find. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2, medium: 10, large: 60 };

const healthy: Scenario = {
  id: "healthy",
  title: "A healthy server",
  description: "Twenty clients read and write small values, one request at a time: no diagnosis has anything to say.",
  run: (context) =>
    recordServer(context, {
      load: ({ port }) => underLoad(context, port, { clients: 20, thinkMs: 2 }, () => pause(context, seconds[context.size] * 1000)),
    }),
};

export default healthy;
