/** Publishers on one node of a cluster, a subscriber on another: what a PUBLISH becomes on the cluster bus. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { encode, withClients } from "../lib/client.ts";
import { random } from "../lib/random.ts";
import { recordCluster } from "../lib/traced-cluster.ts";

/** Nodes, and publishes of each message size by each client. */
const sizes: Readonly<Record<ScenarioSize, { readonly nodes: number; readonly publishes: number }>> = {
  small: { nodes: 3, publishes: 100 },
  medium: { nodes: 4, publishes: 1_000 },
  large: { nodes: 6, publishes: 10_000 },
};
const messageBytes = [32, 100, 250, 1024];
/** Each publishes to a channel of its own. */
const publishers = 5;
/** Publishes that it sends at once. */
const batch = 20;

const pubsubAmplification: Scenario = {
  id: "pubsub-amplification",
  title: "Publishing in a cluster",
  description:
    "Clients publish messages of 32 to 1 024 bytes on the first of three (medium: four, large: six) nodes; one subscriber sits on the second. Every message goes to every node, with 2 264 bytes around it.",
  finds: "pubsub-amplification",
  run: (context) => {
    const { nodes, publishes } = sizes[context.size];
    return recordCluster(context, nodes, ({ ports, processes }) =>
      withClients(ports[1] ?? 0, 1, async ([subscriber]) => {
        await subscriber?.ask("psubscribe", "channel:*");
        await withClients(ports[0] ?? 0, publishers, async (clients) => {
          for (const size of messageBytes) {
            const publish = async (number: number): Promise<void> => {
              const letter = String.fromCharCode(97 + Math.floor(random(context.seed * 1000 + number)() * 26));
              const some = Buffer.concat(
                Array.from({ length: batch }, () => encode(["publish", `channel:${number}`, letter.repeat(size)])),
              );
              for (let done = 0; done < publishes; done += batch) await clients[number]?.send(some, batch);
            };
            await Promise.all(clients.map((_client, number) => publish(number)));
            processes.check();
          }
        });
      }),
    );
  },
};

export default pubsubAmplification;
