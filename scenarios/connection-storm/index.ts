/** A new connection for every request. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { Client } from "../lib/client.ts";
import { readsAndWrites, underLoad } from "../lib/load.ts";
import { random } from "../lib/random.ts";
import { recordServer } from "../lib/single-server.ts";

const connections: Readonly<Record<ScenarioSize, number>> = { small: 1_500, medium: 10_000, large: 60_000 };
const atOnce = 10;

const connectionStorm: Scenario = {
  id: "connection-storm",
  title: "A connection for every request",
  description: "Clients connect, ask once and leave, over and over, beside others that keep their connection.",
  finds: "connection-storm",
  run: (context) =>
    recordServer(context, {
      load: ({ port }) =>
        underLoad(context, port, { clients: 4, thinkMs: 5 }, async () => {
          let left = connections[context.size];
          const come = async (number: number): Promise<void> => {
            const next = random(context.seed * 1000 + 500 + number);
            while (left-- > 0 && !context.signal.aborted) {
              const client = await Client.open(port);
              try {
                await client.ask(...readsAndWrites(next));
              } finally {
                client.close();
              }
            }
          };
          await Promise.all(Array.from({ length: atOnce }, (_, number) => come(number)));
        }),
    }),
};

export default connectionStorm;
