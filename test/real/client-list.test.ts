/**
 * The views Connections and Memory against what the store itself says: with a real server and clients that hold memory in every way there is, each
 * connection's query buffer, output buffer and memory in all are what CLIENT LIST says of it at the same moment, and every connection has its kind,
 * its peer and its state.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore, type StoreBuild } from "../../src/record/store/index.ts";
import { answers, freePort } from "./support.ts";

let store: StoreBuild;
let directory = "";
let port = 0;
const children: ChildProcess[] = [];
const sockets: Socket[] = [];

const resp = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;

/** A client that holds memory in one way or another. */
class Client {
  readonly socket: Socket;
  id = 0;
  constructor(socket: Socket) {
    this.socket = socket;
  }
  static async open(): Promise<Client> {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    const client = new Client(socket);
    client.id = Number(/^:(\d+)/.exec(await client.ask("CLIENT", "ID"))?.[1]);
    return client;
  }
  /** Sends without waiting for an answer. */
  send(text: string): void {
    this.socket.write(text);
  }
  async ask(...words: readonly string[]): Promise<string> {
    this.send(resp(...words));
    let text = "";
    for (;;) {
      const [chunk] = (await once(this.socket, "data")) as [Buffer];
      text += chunk.toString("latin1");
      const length = /^\$(\d+)\r\n/.exec(text);
      if (length === null ? text.endsWith("\r\n") : text.length >= length[0].length + Number(length[1]) + 2) return text;
    }
  }
}

/** Many large replies that stay with the server. */
function neverRead(client: Client | undefined): void {
  client?.socket.pause();
  client?.send(resp("GET", "big").repeat(200));
}

type Line = Readonly<Record<string, string>>;

/** CLIENT LIST by id, without the connection that asks. */
async function clientList(asking: Client): Promise<ReadonlyMap<number, Line>> {
  const text = await asking.ask("CLIENT", "LIST");
  const lines = text.split("\n").flatMap((line): [number, Line][] => {
    const fields = Object.fromEntries([...line.matchAll(/(\S+?)=(\S*)/g)].map(([, name, value]) => [name, value])) as Line;
    return fields["id"] === undefined || Number(fields["id"]) === asking.id ? [] : [[Number(fields["id"]), fields]];
  });
  // The store turns its list round and round.
  return new Map(lines.sort(([left], [right]) => left - right));
}

const held = (line: Line | undefined) => ({
  qbuf: Number(line?.["qbuf"]),
  omem: Number(line?.["omem"]),
  total: Number(line?.["tot-mem"]),
});

/** CLIENT LIST once it has said the same for longer than the store takes to look at every client, and when it was asked. */
async function settledList(asking: Client): Promise<{ readonly time: bigint; readonly clients: ReadonlyMap<number, Line> }> {
  const memory = (clients: ReadonlyMap<number, Line>): string => JSON.stringify([...clients].map(([id, line]) => [id, held(line)]));
  let before = await clientList(asking);
  for (let tries = 0; tries < 40; tries++) {
    await delay(2500);
    const time = BigInt(Date.now()) * 1_000_000n;
    const clients = await clientList(asking);
    if (memory(clients) === memory(before)) return { time, clients };
    before = clients;
  }
  throw new Error("the clients' memory never comes to rest");
}

async function startServer(options: readonly string[]): Promise<number> {
  const own = await freePort();
  const args = ["--port", String(own), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory];
  children.push(spawn(store.server, [...args, ...options], { stdio: "ignore" }));
  await answers(store.cli, own);
  return own;
}

let asking: Client;
const clients: Record<string, Client> = {};

beforeAll(async () => {
  store = await buildStore({ flavor: "redis" });
  directory = mkdtempSync(join(tmpdir(), "storescope-client-list-"));
  port = await startServer([]);
  asking = await Client.open();
  for (const name of ["idle", "partial", "transaction", "subscriber", "slow"]) clients[name] = await Client.open();
  const { partial, transaction, subscriber, slow } = clients as Record<string, Client>;
  await asking.ask("SET", "big", "x".repeat(100_000));
  partial?.send(`*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5000\r\n${"y".repeat(1234)}`);
  await transaction?.ask("MULTI");
  for (let i = 0; i < 20; i++) await transaction?.ask("SET", `key-${i}`, "z".repeat(500));
  await subscriber?.ask("SUBSCRIBE", "one");
  await subscriber?.ask("PSUBSCRIBE", "t*");
  neverRead(slow);
  await startServer(["--replicaof", "127.0.0.1", String(port)]);
  for (let tries = 0; tries < 200 && !(await asking.ask("INFO", "replication")).includes("state=online"); tries++) await delay(50);
}, 600_000);

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** Value of the view's curve of this connection. */
function curve(experiment: Experiment, id: number, label: string, time: bigint): number {
  const { view, context } = experiment.view("memory");
  if (view.type !== "xy") throw new Error("memory is a view of curves");
  const tree = view.tree(context);
  const connection = tree.find(({ labels }) => labels[0]?.endsWith(`id ${id}`) === true);
  const entry = label === "" ? connection : tree.find(({ parent, labels }) => parent === connection?.id && labels[0] === label);
  const start = experiment.relative(time);
  // A connection that never had any has no such curve.
  return entry === undefined ? 0 : (view.series(context, [entry.id], { start, end: start + 1, columns: 1 })[0]?.y[0] ?? Number.NaN);
}

function memoryUsed(experiment: Experiment, time: bigint): number {
  const { view, context } = experiment.view("memory");
  if (view.type !== "xy") throw new Error("memory is a view of curves");
  const entry = view.tree(context).find(({ labels }) => labels[0] === "Memory used");
  const start = experiment.relative(time);
  return view.series(context, [entry?.id ?? -1], { start, end: start + 1, columns: 1 })[0]?.y[0] ?? Number.NaN;
}

describe.each(["light", "full", "classic"])("clients recorded with %s", (events) => {
  it("hold what CLIENT LIST says, and have the kind, the peer and the state that it says", async () => {
    const trace = join(directory, events);
    const recording = await startRecording({ output: trace, events, pids: children.slice(0, 1).map(({ pid }) => pid as number) });
    for (let tries = 0; tries < 200 && !(await recording.processes()).some(({ pid }) => pid === children[0]?.pid); tries++) await delay(50);
    // The server looks whether it is traced between two polls, ten times a second when idle.
    await delay(500);
    // What a connection was doing before the recording is not known. These do it now.
    const [blocked, slow] = [await Client.open(), await Client.open()];
    blocked.send(resp("BLPOP", "nothing", "0"));
    neverRead(slow);
    const { time, clients: list } = await settledList(asking);
    const used = Number(/used_memory:(\d+)/.exec(await asking.ask("INFO", "memory"))?.[1]);
    const result = await recording.stop();
    expect(result.problem).toBeUndefined();
    expect(result.lostEvents).toBe(0);

    const experiment = await openExperiment([trace]);
    await experiment.analyze();
    const found = [...list.keys()].map((id) => [
      id,
      {
        qbuf: curve(experiment, id, "Query buffer", time),
        omem: curve(experiment, id, "Output buffer", time),
        total: curve(experiment, id, "", time),
      },
    ]);
    expect(found).toEqual([...list].map(([id, line]) => [id, held(line)]));
    // The store's memory as a whole moves with every command, so it is nearly what INFO says.
    expect(Math.abs(memoryUsed(experiment, time) / used - 1)).toBeLessThan(0.05);
    // That means something: each way of holding memory is among them.
    expect(held(list.get(clients["partial"]?.id ?? -1)).qbuf).toBe(1234);
    expect(held(list.get(clients["slow"]?.id ?? -1)).omem).toBeGreaterThan(1_000_000);
    expect(new Set([...list.values()].map((line) => held(line).total)).size).toBeGreaterThan(3);

    const { view, context } = experiment.view("connections");
    if (view.type !== "time-graph") throw new Error("connections is a view of rows");
    const tree = view.tree(context);
    const ids = new Map(tree.filter(({ hasData }) => hasData).map((row) => [Number(/^id (\d+),/.exec(row.labels[1] ?? "")?.[1]), row]));
    for (const [id, line] of list) {
      const row = ids.get(id);
      const group = tree.find((each) => each.id === row?.parent)?.labels[0];
      expect(row?.labels[0]).toBe(`fd ${line["fd"]} ${line["addr"]}`);
      expect(group).toMatch(line["flags"] === "S" ? /^Replicas/ : /^Clients/);
      const at = experiment.relative(time);
      const [states] = view.states(context, [row?.id ?? -1], { start: at, end: at + 1, columns: 1 });
      const expected = id === blocked.id ? "BLOCKED" : id === slow.id ? "queued for write" : "idle";
      expect(states?.map(({ label }) => label)).toEqual([expected]);
    }
    experiment.close();
    for (const { socket } of [blocked, slow]) socket.destroy();
  }, 180_000);
});
