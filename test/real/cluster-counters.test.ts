/**
 * The cluster bus, counted by others. Messages by type: `CLUSTER INFO` of each node, asked twice while recorded; its own calls in the trace bound what it
 * counted between them. Bytes: what the kernel says each process took from its bus sockets, looked at while the processes stand still.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode, withClients } from "../../scenarios/lib/client.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { startCluster } from "../../scenarios/lib/redis-cluster.ts";
import { type DeliveryInfo, type EventRow, type Experiment, openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore } from "../../src/record/store/index.ts";

const publishes = 2_000;
const busOffset = 10_000;

interface Look {
  /** Nanoseconds since the epoch, while no node ran. */
  readonly at: bigint;
  /** Bytes that each process has taken from sockets of the bus. */
  readonly read: ReadonlyMap<number, number>;
}

/** Bytes taken from bus sockets by process, as the kernel has it: received less what nobody has read yet. */
function busBytes(ports: readonly number[]): ReadonlyMap<number, number> {
  const isBus = (address: string | undefined): boolean => ports.some((port) => address?.endsWith(`:${port + busOffset}`));
  const found = new Map<number, number>();
  const lines = execFileSync("ss", ["-tinpOH", "state", "established"]).toString().split("\n");
  for (const line of lines) {
    const [unread, , local, remote] = line.trim().split(/\s+/);
    if (!isBus(local) && !isBus(remote)) continue;
    const pid = Number(/pid=(\d+)/.exec(line)?.[1]);
    const bytes = Number(/bytes_received:(\d+)/.exec(line)?.[1] ?? 0) - Number(unread);
    found.set(pid, (found.get(pid) ?? 0) + bytes);
  }
  return found;
}

/** Looks at the sockets while all processes stand still. */
async function lookAt(ports: readonly number[], pids: readonly number[]): Promise<Look> {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    await delay(20);
    return { at: BigInt(Date.now()) * 1_000_000n, read: busBytes(ports) };
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}

/** Counters of CLUSTER INFO: `ping_sent` and so on. */
function counters(info: string): ReadonlyMap<string, number> {
  return new Map(
    [...info.matchAll(/cluster_stats_messages_((?:[\w-]+_)?(?:sent|received)):(\d+)/g)].map(([, name, n]) => [name as string, Number(n)]),
  );
}

describe.each(["full", "classic"])("messages on the cluster bus, %s", (events) => {
  let directory = "";
  let experiment: Experiment;
  let rows: readonly EventRow[] = [];
  let ports: readonly number[] = [];
  let pids: readonly number[] = [];
  const told: ReadonlyMap<string, number>[][] = [];
  const looks: Look[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-counters-"));
    const store = await buildStore({ flavor: "redis" });
    const processes = new Processes(directory, new AbortController().signal);
    const output = join(directory, "trace");
    try {
      const cluster = await startCluster(processes, store, directory, 3);
      ({ ports, pids } = cluster);
      const recording = await startRecording({ output, events, pids });
      try {
        await processes.waitFor("all nodes being traced", 20, async () => {
          const traced = await recording.processes();
          return pids.every((pid) => traced.some((each) => each.pid === pid));
        });
        await delay(500);
        const ask = async (): Promise<void> => {
          const now: ReadonlyMap<string, number>[] = [];
          for (const port of ports)
            now.push(
              counters(await processes.run(store.cli, ["-p", String(port), "cluster", "info"], { log: `info-${performance.now()}` })),
            );
          told.push(now);
        };
        looks.push(await lookAt(ports, pids));
        await ask();
        const [first = 0, second = 0, third = 0] = ports;
        await withClients(second, 2, ([listener, sharded]) =>
          withClients(first, 1, ([publisher]) =>
            withClients(third, 1, async ([other]) => {
              await listener?.ask("subscribe", "news");
              await sharded?.ask("ping");
              for (let i = 0; i < publishes; i += 10) {
                const some = Array.from({ length: 10 }, (_, k) => encode(["publish", "news", "m".repeat(1 + ((i + k) % 1500))]));
                await publisher?.send(Buffer.concat(some), 10);
                if (i % 100 === 0) await other?.ask("publish", "other", "x");
              }
              // PUBLISH answers before the other nodes have the message.
              await delay(500);
            }),
          ),
        );
        await delay(1_500);
        await ask();
        looks.push(await lookAt(ports, pids));
        await delay(300);
      } finally {
        await recording.stop();
      }
    } finally {
      await processes.stop();
    }
    experiment = await openExperiment([output]);
    await experiment.analyze();
    expect(experiment.stats().lostEvents).toBe(0);
    rows = experiment.eventRows(0, experiment.eventRowCount);
  }, 600_000);

  afterAll(() => {
    experiment?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const field = (row: EventRow, name: string): string => row.fields.find(([key]) => key === name)?.[1] ?? "";
  const ofNode = (port: number): readonly EventRow[] => rows.filter(({ node }) => node.endsWith(`:${port}`));

  it("are as many of each type, sent and received, as every node counted", () => {
    for (const [i, port] of ports.entries()) {
      const own = ofNode(port);
      const isAsked = (row: EventRow, end: string): boolean =>
        row.name === `redis:call_command_${end}` && field(row, "name") === "cluster|info" && field(row, "nesting") === "0";
      const calls = own.flatMap((row, at) => (isAsked(row, "start") ? [at] : []));
      expect(calls).toHaveLength(2);
      const between = own.slice(calls[0], calls[1]);
      const seen = new Map<string, number>();
      for (const row of between) {
        const direction = { "redis:cluster_send": "sent", "redis:cluster_process_packet": "received" }[row.name];
        if (direction === undefined) continue;
        const name = `${field(row, "type").toLowerCase()}_${direction}`;
        for (const key of [name, direction]) seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      const [before, after] = [told[0]?.[i], told[1]?.[i]];
      const counted = new Map<string, number>();
      for (const [name, n] of after ?? []) {
        const more = n - (before?.get(name) ?? 0);
        if (more > 0) counted.set(name, more);
      }
      // `cluster_stats_messages_sent` is the sum of all types.
      expect(Object.fromEntries([...seen].sort())).toEqual(Object.fromEntries([...counted].sort()));
      expect(counted.get(i === 0 ? "publish_sent" : "publish_received") ?? 0).toBeGreaterThanOrEqual(i === 0 ? 2 * publishes : publishes);
    }
  });

  it("are as many bytes as the kernel says each process took from its sockets", () => {
    const [first, last] = looks;
    for (const [i, port] of ports.entries()) {
      const between = ofNode(port).filter(({ time }) => time > (first?.at ?? 0n) && time <= (last?.at ?? 0n));
      const sum = (name: string, of: string): number =>
        between.filter((row) => row.name === name).reduce((all, row) => all + Number(field(row, of)), 0);
      const pid = pids[i] as number;
      const kernel = (last?.read.get(pid) ?? 0) - (first?.read.get(pid) ?? 0);
      expect(kernel).toBeGreaterThan(20_000);
      expect(sum("redis:cluster_read", "nread")).toBe(kernel);
      // Nothing was on its way when the processes were stopped: whole messages.
      expect(sum("redis:cluster_process_packet", "length")).toBe(kernel);
    }
  });

  it("are the same in the messages table: every one sent was received, with all its bytes", () => {
    const nodes = experiment.stats().nodes;
    const total = (
      pick: (bus: {
        readonly messagesSent: number;
        readonly bytesSent: number;
        readonly messagesReceived: number;
        readonly bytesReceived: number;
      }) => number,
    ): number => nodes.reduce((sum, node) => sum + node.bus.reduce((own, bus) => own + pick(bus), 0), 0);
    const count = (name: string): number => rows.filter((row) => row.name === name).length;
    const bytes = (name: string): number =>
      rows.filter((row) => row.name === name).reduce((sum, row) => sum + Number(field(row, "length")), 0);
    expect(total((bus) => bus.messagesSent)).toBe(count("redis:cluster_send"));
    expect(total((bus) => bus.bytesSent)).toBe(bytes("redis:cluster_send"));
    expect(total((bus) => bus.messagesReceived)).toBe(count("redis:cluster_process_packet"));
    expect(total((bus) => bus.bytesReceived)).toBe(bytes("redis:cluster_process_packet"));
  });

  it("carry each publish to its subscriber on another node, once, up to the subscriber's socket", () => {
    const [first, second] = ports;
    const { requests } = experiment.requests({ filter: `command == "publish" && node =~ ":${first}$"`, limit: 100_000 });
    expect(requests).toHaveLength(publishes);
    for (const { id } of requests.filter((_, i) => i % 20 === 0)) {
      const { start, deliveries = [] } = experiment.request(id);
      expect(deliveries).toHaveLength(1);
      const [{ node, received, queued, written }] = deliveries as [DeliveryInfo];
      expect(node).toMatch(new RegExp(`:${second}$`));
      const times = [start, received ?? 0n, queued, written ?? 0n];
      expect(times).toEqual([...times].sort((left, right) => (left < right ? -1 : 1)));
    }
    // Nobody listens to what the third node publishes.
    const others = experiment.requests({ filter: `command == "publish" && node =~ ":${ports[2]}$"`, limit: 100 }).requests;
    expect(others).toHaveLength(publishes / 100);
    for (const { id } of others) expect(experiment.request(id).deliveries).toBeUndefined();
    expect(rows.filter(({ name }) => name === "redis:deliver")).toHaveLength(publishes);
  });
});
