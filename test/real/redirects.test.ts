/**
 * Redirects joined, against the truth: clients of a real cluster follow MOVED and, while a slot moves, ASK, and write down which of their requests followed
 * which. One client alone has every redirect joined; of several at once, each join must be right.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, encode, withClients } from "../../scenarios/lib/client.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { pick, random } from "../../scenarios/lib/random.ts";
import { startCluster } from "../../scenarios/lib/redis-cluster.ts";
import { type Experiment, openExperiment, type RequestInfo } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore } from "../../src/record/store/index.ts";

/** Enough for any slot on its way: more are a circle. */
const mostHops = 16;

/** A request, as its client knows it: which on which connection. */
interface Place {
  readonly port: number;
  readonly number: number;
}
interface Followed {
  readonly kind: "moved" | "ask";
  readonly slot: number;
  readonly from: Place;
  readonly to: Place;
}

/** A cluster client without a slot map: one connection to each node. */
class Follower {
  readonly followed: Followed[] = [];
  private readonly clients: readonly Client[];
  private readonly ports: readonly number[];
  private readonly sent: number[];

  constructor(clients: readonly Client[], ports: readonly number[]) {
    this.clients = clients;
    this.ports = ports;
    this.sent = ports.map(() => 0);
  }

  async ask(first: number, command: readonly string[]): Promise<void> {
    let { place, reply } = await this.send(first, command, false);
    for (let hops = 0; ; hops++) {
      const [, kind, slot, port] = /^-(MOVED|ASK) (\d+) .*:(\d+)$/.exec(reply) ?? [];
      if (kind === undefined) break;
      expect(hops, `${command.join(" ")}: ${reply}`).toBeLessThan(mostHops);
      const from = place;
      ({ place, reply } = await this.send(this.ports.indexOf(Number(port)), command, kind === "ASK"));
      this.followed.push({ kind: kind === "ASK" ? "ask" : "moved", slot: Number(slot), from, to: place });
    }
    expect(reply).not.toMatch(/^-/);
  }

  private async send(
    node: number,
    command: readonly string[],
    asking: boolean,
  ): Promise<{ readonly place: Place; readonly reply: string }> {
    const client = this.clients[node]!;
    const replies = asking ? 2 : 1;
    const bytes = asking ? Buffer.concat([encode(["asking"]), encode(command)]) : encode(command);
    const number = this.sent[node]! + replies - 1;
    this.sent[node] = number + 1;
    return { place: { port: client.socket.localPort!, number }, reply: await client.send(bytes, replies) };
  }
}

const say = ({ port, number }: Place): string => `${port}/${number}`;

describe.each(["full", "light", "classic"])("redirects, %s", (events) => {
  let directory = "";
  let experiment: Experiment;
  let alone: readonly Followed[] = [];
  let together: readonly Followed[] = [];
  let crowd: readonly Followed[] = [];
  /** By place. */
  const requests = new Map<string, RequestInfo>();

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-redirects-"));
    const store = await buildStore({ flavor: "redis" });
    const processes = new Processes(directory, new AbortController().signal);
    const output = join(directory, "trace");
    try {
      const { ports, pids } = await startCluster(processes, store, directory, 3);
      const recording = await startRecording({ output, events, pids });
      try {
        await processes.waitFor("all nodes being traced", 20, async () => {
          const traced = await recording.processes();
          return pids.every((pid) => traced.some((each) => each.pid === pid));
        });
        const cli: Cli = async (port, ...command) =>
          (
            await processes.run(store.cli, ["-p", String(port), ...command], { log: `cli-${command.join("-")}-${performance.now()}` })
          ).trim();
        const some = async (follower: Follower, seed: number): Promise<void> => {
          const next = random(seed);
          for (let i = 0; i < 300; i++) {
            const key = `key${pick(next, 1000)}`;
            await follower.ask(pick(next, 3), next() < 0.5 ? ["get", key] : ["set", key, "value"]);
          }
        };
        const load = async (seed: number, movesSlot: boolean): Promise<readonly Followed[]> =>
          withEach(ports, async (clients) => {
            const follower = new Follower(clients, ports);
            await some(follower, seed);
            if (!movesSlot) return follower.followed;
            await moveSlot(cli, ports, `slot-${seed}`, async (tag, source) => {
              for (let i = 0; i < 20; i++) {
                const key = `{${tag}}${i}`;
                // From the third node it is two redirects: to where the slot is, and to where it goes.
                await follower.ask(i % 4 === 0 ? (source + 2) % 3 : source, i % 2 === 0 ? ["get", key] : ["set", key, "value"]);
              }
            });
            return follower.followed;
          });
        alone = await load(1, true);
        together = (await Promise.all([2, 3, 4, 5].map((seed) => load(seed, seed === 2)))).flat();
        crowd = await withEach(ports, async (clients) => {
          const follower = new Follower(clients, ports);
          await Promise.all([6, 7, 8, 9].map((seed) => some(follower, seed)));
          return follower.followed;
        });
        processes.check();
      } finally {
        await recording.stop();
      }
    } finally {
      await processes.stop();
    }
    experiment = await openExperiment([output]);
    await experiment.analyze();
    const counts = new Map<number, number>();
    for (const { id } of experiment.requests({ sort: "start", limit: 1_000_000 }).requests.toSorted((left, right) => left.id - right.id)) {
      const request = experiment.request(id);
      const port = Number(request.connectionLabel.split(":").at(-1));
      const number = counts.get(port) ?? 0;
      counts.set(port, number + 1);
      requests.set(say({ port, number }), request);
    }
  }, 90_000);

  afterAll(() => {
    experiment?.close();
    if (directory !== "") rmSync(directory, { recursive: true, force: true });
  });

  /** What the trace says that the request at this place was followed by. */
  const repeatOf = (place: Place): RequestInfo | undefined => {
    const request = requests.get(say(place))!;
    const hops = request.redirected?.hops ?? [];
    const next = hops[hops.findIndex((hop) => hop.request === request.id) + 1];
    return next === undefined ? undefined : experiment.request(next.request);
  };

  it("are all joined to what followed them, where one client is at work", () => {
    expect(alone.filter(({ kind }) => kind === "moved").length).toBeGreaterThan(100);
    expect(alone.filter(({ kind }) => kind === "ask").length).toBeGreaterThan(5);
    for (const { kind, slot, from, to } of alone) {
      const request = requests.get(say(from))!;
      expect(repeatOf(from)?.id, `${kind} ${say(from)}`).toBe(requests.get(say(to))?.id);
      const hop = request.redirected?.hops.find((each) => each.request === request.id);
      expect(hop?.redirect).toMatchObject({ kind, slot });
    }
  });

  it("are joined rightly or not at all, where several are, or one that does not wait for answers", () => {
    for (const { from, to } of [...together, ...crowd]) {
      const repeat = repeatOf(from);
      if (repeat !== undefined) expect(repeat.id, say(from)).toBe(requests.get(say(to))?.id);
    }
    const joined = together.filter(({ from }) => repeatOf(from) !== undefined).length;
    expect(joined).toBeGreaterThan(together.length / 2);
  });

  it("are as many as the clients were answered", () => {
    const redirected = [...requests.values()].filter(({ id, redirected }) =>
      redirected?.hops.some(({ request, redirect }) => request === id && redirect !== undefined),
    );
    expect(redirected.length).toBe(alone.length + together.length + crowd.length);
  });
});

/** Opens a client of each port for the length of `task`. */
function withEach<T>(ports: readonly number[], task: (clients: readonly Client[]) => Promise<T>, made: readonly Client[] = []): Promise<T> {
  const port = ports[made.length];
  return port === undefined ? task(made) : withClients(port, 1, ([client]) => withEach(ports, task, [...made, client!]));
}

type Cli = (port: number, ...command: readonly string[]) => Promise<string>;

/** Moves a slot without keys from its node to the next; `task` is called while it moves, and once more after, with a hash tag of it and its first node. */
async function moveSlot(
  cli: Cli,
  ports: readonly number[],
  name: string,
  task: (tag: string, source: number) => Promise<void>,
): Promise<void> {
  const ids = await Promise.all(ports.map((port) => cli(port, "cluster", "myid")));
  for (let i = 0; ; i++) {
    const tag = `${name}-${i}`;
    const slot = await cli(ports[0]!, "cluster", "keyslot", `{${tag}}`);
    // redis-cli gives each of three nodes a third of the slots, in order.
    const source = Math.min(2, Math.floor(Number(slot) / 5461));
    const target = (source + 1) % 3;
    if ((await cli(ports[source]!, "cluster", "countkeysinslot", slot)) !== "0") continue;
    await cli(ports[target]!, "cluster", "setslot", slot, "importing", ids[source]!);
    await cli(ports[source]!, "cluster", "setslot", slot, "migrating", ids[target]!);
    await task(tag, source);
    for (const node of [target, source, (source + 2) % 3]) await cli(ports[node]!, "cluster", "setslot", slot, "node", ids[target]!);
    await task(tag, source);
    return;
  }
}
