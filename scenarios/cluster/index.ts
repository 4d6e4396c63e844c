/** Three nodes on loopback under redis-benchmark: each command without and with pipelining, and publishes whose subscribers sit on another node. */
import type { RecordResult } from "../../src/record/index.ts";
import type { Scenario, ScenarioContext, ScenarioSize } from "../contract.ts";
import type { Processes } from "../lib/processes.ts";
import { recordCluster } from "../lib/traced-cluster.ts";

/** Requests of each kind at each pipeline depth. `small` makes a trace of a few hundred kB, to ship. */
const requests: Readonly<Record<ScenarioSize, number>> = { small: 100, medium: 20_000, large: 200_000 };
const pipelines = [1, 16];
const clients = 50;
const subscribers = 3;

/** Keys spread over a thousand names per node: redis-benchmark puts a hash tag of the node it sends to in place of {tag}. */
const key = (kind: string) => `${kind}:{tag}:__rand_int__`;
const commands: readonly (readonly string[])[] = [
  ["set", key("string"), "xxx"],
  ["get", key("string")],
  ["lpush", "list:{tag}", "xxx"],
  ["lrange", "list:{tag}", "0", "9"],
];

async function driveLoad(context: ScenarioContext, processes: Processes, ports: readonly number[]): Promise<void> {
  const [first = 0] = ports;
  const count = String(requests[context.size]);
  const concurrency = String(context.size === "small" ? 10 : clients);
  for (const depth of pipelines) {
    const common = ["-n", count, "-c", concurrency, "-P", String(depth), "-r", "1000", "-q"];
    for (const command of commands) {
      await context.step(`${count} ${command[0]}, pipeline ${depth}`, () =>
        processes.run(context.store.benchmark, ["-p", String(first), "--cluster", ...common, ...command], {
          log: `${command[0]}-${depth}`,
        }),
      );
    }
    await context.step(`${count} publish, pipeline ${depth}, ${subscribers} subscribers on another node`, () =>
      processes.run(context.store.benchmark, ["-p", String(first), ...common, "publish", "news:__rand_int__", "xxx"], {
        log: `publish-${depth}`,
      }),
    );
    processes.check();
  }
  // Redis states its own counters once a second: wait for the last statement.
  const statement = performance.now() + 1_100;
  await processes.waitFor("the last statement of the counters", 5, async () => performance.now() >= statement);
}

const run = (context: ScenarioContext): Promise<RecordResult> =>
  recordCluster(context, 3, async ({ ports, processes }) => {
    for (let i = 0; i < subscribers; i++) {
      await processes.start(context.store.cli, ["-p", String(ports[1]), "psubscribe", "news:*"], { log: `subscriber-${i}` });
    }
    await processes.waitFor(
      "the subscriptions",
      10,
      async () =>
        (
          await processes.run(context.store.cli, ["-p", String(ports[1]), "client", "list", "type", "pubsub"], {
            log: `subscriptions-${performance.now()}`,
          })
        ).split("psub=1").length > subscribers,
    );
    await driveLoad(context, processes, ports);
  });

const cluster: Scenario = {
  id: "cluster",
  title: "Redis cluster under redis-benchmark",
  description:
    "Three nodes on loopback; redis-benchmark sends set, get, lpush, lrange and publish, with pipelines of 1 and 16. See requests queue behind each other, and each publish travel over the cluster bus to subscribers on another node.",
  run,
};

export default cluster;
