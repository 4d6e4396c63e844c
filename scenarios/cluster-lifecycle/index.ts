/** The paper's use case 2: the life of requests through a cluster, and one read on the cluster bus that is slower than all others. */
import { setTimeout as delay } from "node:timers/promises";
import type { Scenario, ScenarioSize } from "../contract.ts";
import { type Client, encode, withClients } from "../lib/client.ts";
import { pick, random } from "../lib/random.ts";
import { recordCluster } from "../lib/traced-cluster.ts";

/** Requests of each kind: get, set, subscribe, publish. */
const requests: Readonly<Record<ScenarioSize, number>> = { small: 4_000, medium: 20_000, large: 100_000 };
const clients = 20;
const subscribers = 10;
/** Commands that a client sends at once. */
const batch = 10;
/** What the paper's report of the problem published: 10 KB a message. */
const messageBytes = 10 * 1024;
/** The third node stands still for so long, as on a machine that gives it no processor; its socket fills meanwhile. */
const stallMs = 400;
/** The stall begins when this part of the publishes has been sent. */
const stallAt = 0.25;
const channels = 50;

/** Sends `total` commands over the clients, some at once; `sent` hears how many have been answered. */
async function send(
  context: { readonly seed: number },
  all: readonly Client[],
  total: number,
  command: (next: () => number) => readonly (string | Buffer)[],
  sent: (count: number) => void = () => undefined,
): Promise<void> {
  let left = total;
  let answered = 0;
  const loop = async (client: Client, number: number): Promise<void> => {
    const next = random(context.seed * 1000 + number);
    while (left > 0) {
      const some = Math.min(batch, left);
      left -= some;
      await client.send(Buffer.concat(Array.from({ length: some }, () => encode(command(next)))), some);
      answered += some;
      sent(answered);
    }
  };
  await Promise.all(all.map(loop));
}

const clusterLifecycle: Scenario = {
  id: "cluster-lifecycle",
  title: "The life of requests in a cluster",
  description:
    "get, set, subscribe and publish, 20 000 each (small: 4 000, large: 100 000), on three nodes. While 10 KB messages are published on the first, the third stands still for 400 ms: its socket is full, and messages to it wait in the first node.",
  finds: "bus-backlog",
  run: (context) =>
    recordCluster(context, 3, async ({ ports, pids, processes }) => {
      const [first = 0, second = 0, third = 0] = ports;
      const total = requests[context.size];
      const message = Buffer.alloc(messageBytes, "m");
      await withClients(first, clients, async (load) => {
        // The first node's keys only: this is about the bus, not about redirects.
        const tag = await tagOf(load[0] as Client);
        const key = (next: () => number): string => `key:${tag}:${pick(next, 1000)}`;
        await context.step(`${total} set`, () => send(context, load, total, (next) => ["set", key(next), "x".repeat(100)]));
        await context.step(`${total} get`, () => send(context, load, total, (next) => ["get", key(next)]));
        await withClients(second, subscribers, (onSecond) =>
          withClients(third, subscribers, async (onThird) => {
            const listeners = [...onSecond, ...onThird];
            let number = 0;
            await context.step(`${total} subscribe`, () => send(context, listeners, total, () => ["subscribe", `channel:${number++}`]));
            let hasStalled = false;
            let stalled: Promise<void> = Promise.resolve();
            await context.step(`${total} publish, the third node stands still for ${stallMs} ms`, () =>
              send(
                context,
                load,
                total,
                (next) => ["publish", `channel:${pick(next, channels)}`, message],
                (count) => {
                  if (hasStalled || count < total * stallAt) return;
                  hasStalled = true;
                  stalled = stall(pids[2] as number);
                },
              ),
            );
            await stalled;
            processes.check();
            // What waits is sent, and comes in.
            await delay(500, undefined, { signal: context.signal });
          }),
        );
      });
    }),
};

/** A hash tag of the client's node: keys that hold it live there. */
async function tagOf(client: Client): Promise<string> {
  for (let i = 0; ; i++) {
    const tag = `{${i}}`;
    if (!(await client.ask("get", tag)).startsWith("-")) return tag;
  }
}

/** Takes the processor from a process for a while; gives it back whatever happens. */
async function stall(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await delay(stallMs);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

export default clusterLifecycle;
