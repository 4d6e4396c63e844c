/** Publishers, and subscribers that keep up: nothing to find. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { withClients } from "../lib/client.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2, medium: 10, large: 60 };

const healthyPubsub: Scenario = {
  id: "healthy-pubsub",
  title: "A healthy publisher with quick subscribers",
  description: "Messages of a hundred bytes reach five subscribers that read them at once.",
  run: (context) =>
    recordServer(context, {
      load: ({ port }) =>
        withClients(port, 5, async (subscribers) => {
          for (const subscriber of subscribers) await subscriber.ask("subscribe", "news");
          await underLoad(context, port, { clients: 4, thinkMs: 2, command: () => ["publish", "news", "m".repeat(100)] }, () =>
            pause(context, seconds[context.size] * 1000),
          );
        }),
    }),
};

export default healthyPubsub;
