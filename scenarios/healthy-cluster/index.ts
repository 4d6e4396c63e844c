/** A cluster whose clients know where each key lives: nothing to find. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { recordCluster } from "../lib/traced-cluster.ts";

const requests: Readonly<Record<ScenarioSize, number>> = { small: 5_000, medium: 50_000, large: 500_000 };

const healthyCluster: Scenario = {
  id: "healthy-cluster",
  title: "A healthy cluster",
  description: "redis-benchmark follows the slot map of three nodes: every request reaches the right one at once.",
  run: (context) =>
    recordCluster(context, 3, async ({ ports, processes }) => {
      for (const command of ["set", "get"]) {
        const args = ["--cluster", "-n", String(requests[context.size]), "-c", "12", "-r", "1000", "-q"];
        const key = "key:{tag}:__rand_int__";
        await processes.run(context.store.benchmark, ["-p", String(ports[0]), ...args, command, key, ...(command === "set" ? ["x"] : [])], {
          log: command,
        });
      }
    }),
};

export default healthyCluster;
