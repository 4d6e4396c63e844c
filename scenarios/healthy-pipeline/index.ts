/** Long pipelines of equal, quick commands: what pipelines are for. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { recordServer } from "../lib/single-server.ts";

const requests: Readonly<Record<ScenarioSize, number>> = { small: 60_000, medium: 600_000, large: 6_000_000 };

const healthyPipeline: Scenario = {
  id: "healthy-pipeline",
  title: "A healthy server under pipelines",
  description: "redis-benchmark reads and writes small values with pipelines of 32: requests queue behind each other, each for a moment.",
  run: (context) =>
    recordServer(context, {
      load: async ({ port, processes }) => {
        for (const test of ["set", "get"]) {
          const args = ["-n", String(requests[context.size]), "-c", "20", "-P", "32", "-r", "1000", "-t", test, "-q"];
          await processes.run(context.store.benchmark, ["-p", String(port), ...args], { log: test });
        }
      },
    }),
};

export default healthyPipeline;
