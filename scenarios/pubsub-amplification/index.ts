/** Publishers on one node of a cluster, a subscriber on another: what a PUBLISH becomes on the cluster bus, for messages of several sizes and clusters of 3, 4 and 6 nodes. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { encode, withClients } from "../lib/client.ts";
import { random } from "../lib/random.ts";
import type { Cluster } from "../lib/redis-cluster.ts";
import { recordClusters } from "../lib/traced-cluster.ts";

/** Publishes of each message size by each client, in each cluster. */
const publishes: Readonly<Record<ScenarioSize, number>> = { small: 100, medium: 1_000, large: 5_000 };
const clusterSizes = [3, 4, 6];
const messageBytes = [32, 100, 250, 1024];
/** Each publishes to a channel of its own. */
const publishers = 5;
/** Publishes that it sends at once. */
const batch = 20;

const pubsubAmplification: Scenario = {
  id: "pubsub-amplification",
  title: "Publishing in a cluster",
  description:
    "Clients publish messages of 32 to 1 024 bytes on the first node of a cluster; one subscriber sits on the second. Every message goes to every node, with 2 264 bytes around it: in a cluster of three nodes, then of four, then of six.",
  finds: "pubsub-amplification",
  run: (context) =>
    recordClusters(context, clusterSizes, async (clusters, processes) => {
      const publishOn = ({ ports }: Cluster): Promise<void> =>
        withClients(ports[1] ?? 0, 1, async ([subscriber]) => {
          await subscriber?.ask("psubscribe", "channel:*");
          await withClients(ports[0] ?? 0, publishers, async (clients) => {
            for (const size of messageBytes) {
              const publish = async (number: number): Promise<void> => {
                const letter = String.fromCharCode(97 + Math.floor(random(context.seed * 1000 + number)() * 26));
                const some = Buffer.concat(
                  Array.from({ length: batch }, () => encode(["publish", `channel:${number}`, letter.repeat(size)])),
                );
                for (let done = 0; done < publishes[context.size]; done += batch) await clients[number]?.send(some, batch);
              };
              await Promise.all(clients.map((_client, number) => publish(number)));
              processes.check();
            }
          });
        });
      for (const cluster of clusters) await context.step(`publishing in a cluster of ${cluster.ports.length}`, () => publishOn(cluster));
    }),
};

export default pubsubAmplification;
