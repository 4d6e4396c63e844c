/** A cluster client without a slot map. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { type Client, withClients } from "../lib/client.ts";
import { readsAndWrites } from "../lib/load.ts";
import { pick, random } from "../lib/random.ts";
import { recordCluster } from "../lib/traced-cluster.ts";

const requests: Readonly<Record<ScenarioSize, number>> = { small: 600, medium: 6_000, large: 60_000 };
const atOnce = 5;

/** Asks the node at `first`, and where it is sent elsewhere, the node that it is sent to. */
async function askAnywhere(
  clients: readonly Client[],
  ports: readonly number[],
  first: number,
  command: readonly (string | Buffer)[],
): Promise<void> {
  const reply = await clients[first]?.ask(...command);
  const target = /^-MOVED \d+ .*:(\d+)$/.exec(reply ?? "")?.[1];
  if (target !== undefined) await clients[ports.indexOf(Number(target))]?.ask(...command);
}

const redirects: Scenario = {
  id: "redirects",
  title: "A client without a slot map",
  description: "Clients of a cluster of three nodes send every command to a node at random: two of three are redirected, and travel twice.",
  finds: "redirects",
  run: (context) =>
    recordCluster(context, 3, async ({ ports, processes }) => {
      const one = async (number: number): Promise<void> => {
        // One connection to each node.
        const next = random(context.seed * 1000 + number);
        await withEach(ports, async (clients) => {
          for (let i = 0; i < requests[context.size]; i++) {
            processes.check();
            await askAnywhere(clients, ports, pick(next, ports.length), readsAndWrites(next));
          }
        });
      };
      await Promise.all(Array.from({ length: atOnce }, (_, number) => one(number)));
    }),
};

/** A client of each port. */
function withEach(
  ports: readonly number[],
  task: (clients: readonly Client[]) => Promise<void>,
  made: readonly Client[] = [],
): Promise<void> {
  const port = ports[made.length];
  return port === undefined ? task(made) : withClients(port, 1, (clients) => withEach(ports, task, [...made, ...clients]));
}

export default redirects;
