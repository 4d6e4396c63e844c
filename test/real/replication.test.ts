/**
 * The replication stream against what the servers count themselves: every byte of the history that went to a real replica is in one row, across a link that
 * was cut and came back, each row is read and executed after it was sent, and a replica that was stopped is behind for as long as it was.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, encode, withClients } from "../../scenarios/lib/client.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { pick, random } from "../../scenarios/lib/random.ts";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { replicationColumns, tables } from "../../src/analyses/redis/keys.ts";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { type BuildOptions, buildStore } from "../../src/record/store/index.ts";
import { answers } from "./support.ts";

const stoppedMs = 300;

type Row = Readonly<Record<(typeof replicationColumns)[number]["name"], number>>;

const cases: readonly (BuildOptions & { readonly events: string })[] = [
  { flavor: "redis", events: "full" },
  { flavor: "redis", events: "light" },
  { flavor: "redis", events: "classic" },
  { flavor: "redis", version: "8.0", events: "full" },
  { flavor: "valkey", version: "9.1", events: "full" },
];

describe.each(cases)("replication, $flavor $version $events", ({ events, ...build }) => {
  let directory = "";
  let experiment: Experiment;
  let rows: readonly Row[] = [];
  /** Bytes of history before the recording and after all load, as the primary counts them. */
  let before = 0;
  let after = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-replication-"));
    const store = await buildStore(build);
    const processes = new Processes(directory, new AbortController().signal);
    const [primary = 0, replica = 0] = await freePorts(2);
    const ask = (port: number, ...command: readonly string[]): string =>
      execFileSync(store.cli, ["-p", String(port), ...command], { encoding: "utf8" });
    const info = (port: number, name: string): string =>
      new RegExp(`^${name}:(.*?)\r?$`, "m").exec(ask(port, "info", "replication"))?.[1] ?? "";
    const inStep = async (): Promise<void> =>
      processes.waitFor("the replica being in step", 20, async () => {
        const [written, read] = [info(primary, "master_repl_offset"), info(replica, "slave_repl_offset")];
        return info(replica, "master_link_status") === "up" && written === read;
      });
    const server = async (port: number, ...settings: readonly string[]): Promise<number> => {
      const folder = join(directory, String(port));
      mkdirSync(folder);
      const pid = processes.start(
        store.server,
        // The primary's PINGs to replicas would go on after the last count.
        [
          "--dir",
          folder,
          "--port",
          String(port),
          "--bind",
          "127.0.0.1",
          "--save",
          "",
          "--repl-ping-replica-period",
          "3600",
          "--repl-diskless-sync-delay",
          "0",
          ...settings,
        ],
        { log: `server-${port}` },
      );
      await answers(store.cli, port);
      return pid;
    };
    const output = join(directory, "trace");
    try {
      const pids = [await server(primary), await server(replica, "--replicaof", "127.0.0.1", String(primary))];
      await inStep();
      ask(primary, "set", "first", "value");
      await inStep();
      const recording = await startRecording({ output, events, pids });
      try {
        await processes.waitFor("both servers being traced", 20, async () => {
          const traced = await recording.processes();
          return pids.every((pid) => traced.some((each) => each.pid === pid));
        });
        before = Number(info(primary, "master_repl_offset"));
        await withClients(primary, 2, async ([one, two]) => {
          await Promise.all([load(one, 1, 300), load(two, 2, 300)]);
          // The link is cut: what the replica has missed it asks for when it comes again.
          ask(primary, "client", "kill", "type", "replica");
          await load(one, 3, 100);
          await inStep();
          process.kill(pids[1] ?? 0, "SIGSTOP");
          await one?.ask("set", "late", "value");
          await delay(stoppedMs);
          process.kill(pids[1] ?? 0, "SIGCONT");
          await inStep();
        });
        after = Number(info(primary, "master_repl_offset"));
        processes.check();
      } finally {
        await recording.stop();
      }
    } finally {
      await processes.stop();
    }
    experiment = await openExperiment([output]);
    await experiment.analyze();
    const table = experiment.view("netflow").context.history.table(tables.replication);
    rows = Array.from({ length: table?.rowCount ?? 0 }, (_, i) => {
      const values = table?.row(i) ?? [];
      return Object.fromEntries(replicationColumns.map(({ name }, c) => [name, values[c]])) as unknown as Row;
    });
  }, 600_000);

  afterAll(() => {
    experiment?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("has every byte of the history once, in order", () => {
    expect(after - before).toBeGreaterThan(100_000);
    let at = before;
    for (const { bytes, offset } of rows) {
      expect(offset - bytes).toBe(at);
      at = offset;
    }
    expect(at).toBe(after);
  });

  it("has each write received and applied by the other server, never before it was sent", () => {
    const ends = new Set(rows.map(({ from, to }) => `${from}>${to}`));
    expect(ends.size).toBe(1);
    expect(new Set(rows.flatMap(({ from, to }) => [from, to]))).toEqual(new Set([0, 1]));
    // Two connections: before and after the cut.
    expect(new Set(rows.map(({ connection }) => connection)).size).toBe(2);
    expect(new Set(rows.map(({ toConnection }) => toConnection)).size).toBe(2);
    for (const row of rows) {
      expect(row.received).toBeGreaterThanOrEqual(row.sent);
      expect(row.applied).toBeGreaterThanOrEqual(row.received);
      expect(row.applied).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });

  it("sees for how long a replica that stood still was behind", () => {
    const lag = Math.max(...rows.map(({ sent, applied }) => applied - sent));
    expect(lag).toBeGreaterThanOrEqual((stoppedMs - 2) * 1e6);
  });
});

/** Writes of all sizes, alone and in transactions. */
async function load(client: Client | undefined, seed: number, count: number): Promise<void> {
  const next = random(seed);
  for (let i = 0; i < count; i++) {
    const key = `key${pick(next, 100)}`;
    const value = "v".repeat(pick(next, i % 50 === 0 ? 200_000 : 500));
    if (i % 10 === 0)
      await client?.send(Buffer.concat([["multi"], ["set", key, value], ["incr", "n"], ["exec"]].map((each) => encode(each))), 4);
    else await client?.ask("set", key, value);
  }
}
