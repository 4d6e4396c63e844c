/** The instrumented Redis against the contract (src/environments/redis/events.ts) and against its own counters, with babeltrace2 as the reader. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExperiment } from "../../src/engine/index.ts";
import { callFlags, type EventSet, eventNames, events } from "../../src/environments/redis/events.ts";
import { buildStore, type StoreBuild } from "../../src/record/store/index.ts";
import { type Batch, batches, readTrace, type TextEvent } from "./batch-decoder.ts";
import { PrivateLttng } from "./private-lttng.ts";

let store: StoreBuild;
let lttng: PrivateLttng;
let directory: string;
let traces = 0;
const running: ChildProcess[] = [];
const handOverMs = 250;

beforeAll(async () => {
  store = await buildStore({ flavor: "redis" });
  lttng = await PrivateLttng.open();
  directory = mkdtempSync(join(tmpdir(), "storescope-instrumentation-"));
}, 300_000);

afterAll(async () => {
  await lttng?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A server, and how to talk to it. `tls` has the options of its clients. */
class Redis {
  readonly process: ChildProcess;
  readonly port: number;
  private readonly tls: readonly string[];
  private readonly store: StoreBuild;
  constructor(store: StoreBuild, process: ChildProcess, port: number, tls: readonly string[]) {
    this.store = store;
    this.process = process;
    this.port = port;
    this.tls = tls;
  }
  static async start(options: readonly string[] = [], tls: readonly string[] = [], of = store): Promise<Redis> {
    const port = await freePort();
    const ports = tls.length > 0 ? ["--port", "0", "--tls-port", `${port}`] : ["--port", `${port}`];
    const common = ["--bind", "127.0.0.1", "--save", "", "--dir", directory, "--logfile", join(directory, `redis-${port}.log`)];
    const redis = new Redis(of, lttng.start(of.server, [...ports, ...common, ...options]), port, tls);
    running.push(redis.process);
    for (let tries = 0; tries < 100; tries++) {
      try {
        redis.cli("ping");
        return redis;
      } catch {
        await sleep(50);
      }
    }
    throw new Error(`redis on port ${port} does not answer`);
  }
  cli(...args: readonly string[]): string {
    return execFileSync(this.store.cli, ["-p", `${this.port}`, ...this.tls, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
  benchmark(...args: readonly string[]): void {
    execFileSync(this.store.benchmark, ["-p", `${this.port}`, ...this.tls, "-q", ...args], { stdio: "ignore" });
  }
  /** Calls per command and bytes read, as the server counts them. */
  counters(): { readonly calls: ReadonlyMap<string, number>; readonly bytesIn: number } {
    const info = this.cli("info", "everything");
    const calls = new Map([...info.matchAll(/^cmdstat_(.+?):calls=(\d+)/gm)].map((match) => [match[1] as string, Number(match[2])]));
    return { calls, bytesIn: Number(/^total_net_input_bytes:(\d+)/m.exec(info)?.[1]) };
  }
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGTERM");
      await once(this.process, "exit");
    }
  }
}

/** Records `work` with a set, and reads the trace. */
async function record(
  set: EventSet,
  work: () => void | Promise<void>,
  trace = join(directory, `trace-${traces++}`),
): Promise<readonly TextEvent[]> {
  const session = lttng.record(trace, eventNames(set));
  await work();
  // A server that goes idle keeps its last batch until its timer wakes it, ten times a second.
  await sleep(handOverMs);
  session.stop();
  const { events: found, warnings } = readTrace(trace);
  expect(warnings).toBe("");
  return found;
}

function difference(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Record<string, number> {
  const changed = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const).filter(([, count]) => count !== 0);
  return Object.fromEntries(changed.sort());
}

function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries([...counts].sort());
}

const signed = (word: number | undefined) => (word ?? 0) | 0;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const commandNames = (found: readonly TextEvent[]) =>
  new Map(
    found.filter(({ name }) => name === "command_table").map(({ fields }) => [Number(fields.get("command")), fields.get("name") ?? ""]),
  );
const allRecords = (found: readonly Batch[]) => found.flatMap((batch) => batch.records);

function countedCalls(found: readonly TextEvent[], kind: "call" | "call_end"): Record<string, number> {
  const names = commandNames(found);
  const calls = allRecords(batches(found)).filter((item) => item.name === kind && (item.flags & callFlags.counted) !== 0);
  const parked = found.filter(({ name }) => name === "call_counted").map(({ fields }) => Number(fields.get("command")));
  return tally([...calls.map(({ aux }) => aux), ...parked].map((command) => names.get(command) ?? `unknown ${command}`));
}

/** On each thread, starts and ends of one kind alternate or nest; all are closed at the end. */
function expectPairs(names: readonly { readonly thread: number; readonly name: string }[], starts: ReadonlyMap<string, string>): void {
  const ends = new Map([...starts].map(([start, end]) => [end, start]));
  const open = new Map<string, number>();
  const wrong: string[] = [];
  for (const { thread, name } of names) {
    if (starts.has(name)) open.set(`${thread} ${name}`, (open.get(`${thread} ${name}`) ?? 0) + 1);
    const start = ends.get(name);
    if (start === undefined) continue;
    const depth = (open.get(`${thread} ${start}`) ?? 0) - 1;
    if (depth < 0) wrong.push(`${name} without ${start} on thread ${thread}`);
    open.set(`${thread} ${start}`, depth);
  }
  expect(wrong).toEqual([]);
  expect([...open].filter(([, depth]) => depth !== 0)).toEqual([]);
}

/** What the running server offers is the contract, field by field. */
function expectContract(): void {
  const listed = lttng.run("lttng", ["list", "--userspace", "--fields"]);
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of listed.split("\n")) {
    const name = /^\s+redis:(\w+) \(loglevel/.exec(line)?.[1];
    const field = /^\s+field: (\w+) \((\w+)\)/.exec(line);
    if (name !== undefined) {
      current = [];
      found.set(name, current);
    } else if (/\(loglevel/.test(line)) current = [];
    else if (field !== null) current.unshift(`${field[2]} ${field[1]}`);
  }
  const declared = events.map(({ name, fields }) => {
    const texts = fields.flatMap((field) => {
      if (field.type === "string") return [`string ${field.name}`];
      return field.type === "u32[]" ? [`integer _${field.name}_length`, `unknown ${field.name}`] : [`integer ${field.name}`];
    });
    return [name, texts] as const;
  });
  expect(Object.fromEntries([...found].sort())).toEqual(Object.fromEntries([...declared].sort()));
}

/** Requests follow each other in each connection's stream, and end where its bytes do. Batches of io threads that work on alone come in their own order. */
function expectTiles(found: readonly TextEvent[], isOrdered: boolean): void {
  const read = new Map<number, number>();
  const parsed = new Map<number, number[]>();
  const wrong: string[] = [];
  for (const { name, connection, words } of allRecords(batches(found))) {
    if (name === "read_done") read.set(connection, (read.get(connection) ?? 0) + Math.max(0, signed(words["nread"])));
    if (name !== "parsed") continue;
    const end = words["end_offset"] ?? 0;
    const ends = parsed.get(connection) ?? [];
    if (isOrdered && (end <= (ends.at(-1) ?? 0) || end > (read.get(connection) ?? 0)))
      wrong.push(`connection ${connection}: ${end} after ${ends.at(-1)}, ${read.get(connection)} read`);
    ends.push(end);
    parsed.set(connection, ends);
  }
  expect(wrong).toEqual([]);
  expect(parsed.size).toBeGreaterThanOrEqual(10);
  for (const [connection, ends] of parsed) {
    expect(new Set(ends).size).toBe(ends.length);
    expect(Math.max(...ends)).toBe(read.get(connection));
  }
}

/** A load with pipelines, errors, transactions, scripts and blocked clients. */
function load(redis: Redis): void {
  redis.benchmark("-n", "3000", "-c", "20", "-t", "set,get,lpush,lrange_100");
  redis.benchmark("-n", "16000", "-c", "20", "-P", "16", "-t", "set,get");
  redis.benchmark("-n", "500", "-c", "5", "publish", "channel", "message");
  redis.benchmark("-n", "200", "-c", "5", "eval", "redis.call('incr','c') return redis.call('incr','d')", "0");
  redis.cli("eval", "redis.pcall('incr','mylist') return 1", "0");
  redis.cli("incr", "mylist");
  redis.cli("blpop", "nothing", "0.05");
  redis.cli("config", "get", "port");
}

describe("the instrumented Redis", () => {
  it("matches every rule of the semantic patches", () => {
    expect(store.rules.length).toBeGreaterThan(60);
    expect(store.rules.filter(({ matched }) => !matched)).toEqual([]);
  });

  it("offers exactly the events of the contract, field by field", async () => {
    const redis = await Redis.start();
    expectContract();
    await redis.stop();
  });

  it("declares every integer with the contract's size and sign", async () => {
    const redis = await Redis.start();
    const trace = join(directory, `trace-${traces++}`);
    const session = lttng.record(trace, ["redis:*"]);
    redis.cli("ping");
    session.stop();
    await redis.stop();
    const folder = execFileSync("find", [trace, "-name", "metadata", "-printf", "%h"], { encoding: "utf8" });
    const metadata = execFileSync("babeltrace2", ["--output-format=ctf-metadata", folder], { encoding: "utf8" });
    const found = new Map<string, string[]>();
    for (const [, name = "", body = ""] of metadata.matchAll(/event \{\s+name = "redis:(\w+)";.*?fields := struct \{(.*?)\n\t\};\n\};/gs)) {
      const types = [...body.matchAll(/integer \{ size = (\d+); align = \d+; signed = (\d);[^}]*\} (\w+)/g)].map(
        ([, size, isSigned, field]) => `${isSigned === "1" ? "s" : "u"}${size} ${field}`,
      );
      found.set(name, types);
    }
    const sizes = { u8: "u8", u16: "u16", u32: "u32", s32: "s32", u64: "u64", s64: "s64", hash: "u64", "u32[]": "u32" };
    for (const { name, fields } of events) {
      const wanted = fields.flatMap((field) => {
        if (field.type === "string") return [];
        return field.type === "u32[]" ? [`u32 __${field.name}_length`, `u32 _${field.name}`] : [`${sizes[field.type]} _${field.name}`];
      });
      expect(found.get(name), name).toEqual(wanted);
    }
  });

  it.each(["light", "full"] as const)("counts calls and bytes as Redis does: %s", async (set) => {
    const redis = await Redis.start();
    const before = redis.counters();
    let after = before;
    const found = await record(set, () => {
      load(redis);
      after = redis.counters();
    });
    await redis.stop();
    const all = allRecords(batches(found));
    expect(countedCalls(found, set === "light" ? "call" : "call_end")).toEqual(difference(after.calls, before.calls));
    const reads = all.filter(({ name }) => name === (set === "light" ? "read" : "read_done"));
    expect(sum(reads.map(({ words }) => Math.max(0, signed(words["nread"]))))).toBe(after.bytesIn - before.bytesIn);
    const kinds = tally(all.map(({ name }) => name));
    if (set === "light") expect(Object.keys(kinds)).toEqual(expect.arrayContaining(["call", "poll", "publish", "read", "write"]));
    else {
      const pairs = ["call", "read", "write", "file_event", "time_events", "before_sleep", "handle_writes"].map(
        (name) => [`${name}_start`, `${name}_end`] as const,
      );
      expectPairs(all, new Map(pairs));
      expect(kinds["parsed"]).toBe(kinds["process_end"]);
    }
  });

  it("counts calls and bytes as Redis does: classic", async () => {
    const redis = await Redis.start();
    const before = redis.counters();
    let after = before;
    const found = await record("classic", () => {
      load(redis);
      after = redis.counters();
    });
    await redis.stop();
    const calls = found.filter(({ name, fields }) => name === "call_command_end" && fields.get("counted") === "1");
    expect(tally(calls.map(({ fields }) => fields.get("name") ?? ""))).toEqual(difference(after.calls, before.calls));
    const reads = found.filter(({ name }) => name === "read_client_query").map(({ fields }) => Number(fields.get("nread")));
    expect(sum(reads.map((nread) => Math.max(0, nread)))).toBe(after.bytesIn - before.bytesIn);
    const pairs = [
      "call_command",
      "read_client_query",
      "write_to_client",
      "file_event",
      "time_events",
      "before_sleep",
      "handle_pending_writes",
    ].map((name) =>
      name === "read_client_query"
        ? (["start_read_client_query", "end_read_client_query"] as const)
        : ([`${name}_start`, `${name}_end`] as const),
    );
    expectPairs(
      found.map(({ name, vtid }) => ({ name, thread: vtid })),
      new Map(pairs),
    );
    const failed = calls.filter(({ fields }) => fields.get("error") === "1").map(({ fields }) => fields.get("name"));
    expect(tally(failed as string[])).toEqual({ incr: 2 });
  });

  it("numbers bytes so that requests tile each connection's stream", async () => {
    const redis = await Redis.start();
    const found = await record("full", () => {
      redis.benchmark("-n", "4000", "-c", "8", "-P", "16", "-t", "set");
      redis.benchmark("-n", "50", "-c", "2", "-d", "60000", "-t", "set");
    });
    await redis.stop();
    expectTiles(found, true);
  });

  it("keeps record times inside their batch, in the order of ends, and batches in order", async () => {
    const redis = await Redis.start();
    const found = batches(await record("full", () => load(redis)));
    await redis.stop();
    const tolerance = 2000;
    let last = 0;
    const wrong: string[] = [];
    for (const [number, batch] of found.entries()) {
      if (batch.baseNs < last - tolerance) wrong.push(`batch ${number} begins ${last - batch.baseNs} ns before the one before it ends`);
      last = batch.endNs;
      let time = batch.baseNs;
      for (const item of batch.records) {
        if (item.name === "context" || item.name === "extend") continue;
        if (item.time < time - tolerance || item.time > batch.endNs + tolerance)
          wrong.push(`batch ${number}: ${item.name} at ${item.time}`);
        time = item.time;
      }
    }
    expect(found.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it("serves two sessions with different sets at once, and introduces itself to the second", async () => {
    const redis = await Redis.start();
    const [light, full] = [join(directory, `trace-${traces++}`), join(directory, `trace-${traces++}`)];
    const first = lttng.record(light, eventNames("light"));
    redis.benchmark("-n", "500", "-t", "set");
    const before = redis.counters();
    const second = lttng.record(full, eventNames("full"));
    redis.benchmark("-n", "4000", "-P", "8", "-t", "set,get");
    const after = redis.counters();
    second.stop();
    first.stop();
    await redis.stop();
    const found = readTrace(full).events;
    expect(countedCalls(found, "call_end")).toEqual(difference(after.calls, before.calls));
    const lightFound = readTrace(light).events;
    expect(countedCalls(lightFound, "call")).toMatchObject({ set: 4500, get: 4000 });
    const clients = new Map(
      [...lightFound, ...found].filter(({ name }) => name.startsWith("connection_")).map(({ fields }) => [fields.get("conn_id"), true]),
    );
    for (const events of [lightFound, found]) {
      for (const { name, connection } of allRecords(batches(events))) {
        if (name === "call" || name === "call_end") expect(clients.has(`${connection}`)).toBe(true);
      }
    }
  });

  it.each(["segfault", "panic"])("leaves its last records when it dies: debug %s", async (how) => {
    const redis = await Redis.start(["--enable-debug-command", "yes"]);
    const found = await record("full", async () => {
      for (let i = 0; i < 20; i++) redis.cli("set", `key${i}`, "value");
      expect(() => redis.cli("debug", how)).toThrow();
      if (redis.process.exitCode === null && redis.process.signalCode === null) await once(redis.process, "exit");
    });
    const names = commandNames(found);
    expect(names.size).toBeGreaterThan(300);
    const last = allRecords(batches(found))
      .filter(({ name }) => name === "call_start" || name === "call_end")
      .at(-1);
    expect([last?.name, names.get(last?.aux ?? -1)]).toEqual(["call_start", "debug"]);
  });

  it("traces TLS and io threads that read", async () => {
    const key = join(directory, "key.pem");
    const certificate = join(directory, "certificate.pem");
    const request = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-keyout",
      key,
      "-out",
      certificate,
    ];
    execFileSync("openssl", request, { stdio: "ignore" });
    const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
    const redis = await Redis.start([...files, "--io-threads", "2", "--io-threads-do-reads", "yes"], ["--tls", "--cacert", certificate]);
    const before = redis.counters();
    let after = before;
    const found = await record("full", () => {
      redis.benchmark("-n", "20000", "-c", "30", "-P", "8", "-t", "set,get");
      after = redis.counters();
    });
    await redis.stop();
    expect(countedCalls(found, "call_end")).toEqual(difference(after.calls, before.calls));
    const all = batches(found);
    const items = allRecords(all);
    expect(sum(items.filter(({ name }) => name === "read_done").map(({ words }) => Math.max(0, signed(words["nread"]))))).toBe(
      after.bytesIn - before.bytesIn,
    );
    const plaintext = items.filter(({ name }) => name === "ssl_read").map(({ words }) => Math.max(0, signed(words["returned"])));
    expect(sum(plaintext)).toBe(after.bytesIn - before.bytesIn);
    const onWorker = items.filter(({ thread }) => thread === 1);
    expect(tally(onWorker.map(({ name }) => name))).toMatchObject({ read_start: expect.any(Number), write_start: expect.any(Number) });
    expectPairs(
      items,
      new Map(["io_run", "handle_reads", "handle_writes", "read", "write"].map((name) => [`${name}_start`, `${name}_end`])),
    );
    const roles = found
      .filter(({ name }) => name === "thread_info")
      .map(({ fields, vtid }) => [fields.get("thread"), fields.get("role"), vtid]);
    expect(roles).toEqual(
      expect.arrayContaining([
        ["0", "main", redis.process.pid],
        ["1", "io", expect.any(Number)],
      ]),
    );

    // Whoever waits for a worker sends its own batch later: the worker's run lies before the main thread's batch in which the wait ended.
    const mainBatches = all.filter(({ thread }) => thread === 0);
    for (const batch of all.filter(({ thread }) => thread === 1)) {
      const waiting = mainBatches.find(({ baseNs, endNs }) => baseNs <= batch.endNs && batch.endNs <= endNs);
      if (waiting === undefined) continue;
      expect(all.indexOf(batch)).toBeLessThan(all.indexOf(waiting));
    }
  });

  it("numbers the bus's bytes alike at both ends of a link", async () => {
    const nodes: Redis[] = [];
    for (let i = 0; i < 2; i++) {
      const port = await freePort();
      nodes.push(
        await Redis.start([
          "--cluster-enabled",
          "yes",
          "--cluster-config-file",
          join(directory, `nodes-${port}.conf`),
          "--cluster-port",
          `${port}`,
        ]),
      );
    }
    const [a, b] = nodes as [Redis, Redis];
    const found = await record("light", async () => {
      const busPort = /cluster-port\n(\d+)/.exec(b.cli("config", "get", "cluster-port"))?.[1] ?? "";
      a.cli("cluster", "meet", "127.0.0.1", `${b.port}`, busPort);
      for (let tries = 0; tries < 100 && !b.cli("cluster", "info").includes("cluster_known_nodes:2"); tries++) await sleep(50);
      await sleep(1500);
      a.benchmark("-n", "300", "-c", "5", "publish", "channel", "message");
      await sleep(300);
    });
    await Promise.all(nodes.map((node) => node.stop()));
    const pids = nodes.map(({ process }) => process.pid);
    const ends = (pid: number | undefined, name: string) => {
      const links = new Map<number, { type: number; end: number }[]>();
      for (const batch of found
        .filter((event) => event.vtid === pid && event.name === "commands")
        .map((event) => batches([event])[0] as Batch)) {
        for (const item of batch.records.filter((candidate) => candidate.name === name)) {
          const link = item.words["link"] ?? 0;
          links.set(link, [...(links.get(link) ?? []), { type: item.aux, end: item.words["end_offset"] ?? 0 }]);
        }
      }
      return links;
    };
    const addresses = (pid: number | undefined) =>
      found
        .filter((event) => event.name === "link_open" && event.vtid === pid)
        .map(({ fields }) => ({
          link: Number(fields.get("link")),
          local: `${fields.get("laddr")}:${fields.get("lport")}`,
          remote: `${fields.get("raddr")}:${fields.get("rport")}`,
        }));
    let compared = 0;
    for (const mine of addresses(pids[0])) {
      const theirs = addresses(pids[1]).find(({ local, remote }) => local === mine.remote && remote === mine.local);
      const sent = ends(pids[0], "cluster_send").get(mine.link) ?? [];
      const received = ends(pids[1], "cluster_packet").get(theirs?.link ?? -1) ?? [];
      if (sent.length === 0 || received.length === 0) continue;
      // The nodes send each other a message now and then. Each keeps its last batch until its own timer, so the recording may end
      // with one end of the last message and without the other, whichever it is.
      const both = Math.min(sent.length, received.length);
      expect(received.slice(0, both)).toEqual(sent.slice(0, both));
      expect(Math.abs(sent.length - received.length)).toBeLessThanOrEqual(1);
      compared += both;
    }
    expect(compared).toBeGreaterThan(300);
  });
});

describe.each([
  ["redis", "8.0", []],
  ["valkey", "9.1", ["--io-threads-always-active", "yes"]],
] as const)("the instrumented %s %s", (flavor, version, always) => {
  it("matches every rule, keeps the contract, counts as the store does, with and without io threads, and gives whole requests", async () => {
    const other = await buildStore({ flavor, version });
    expect(other.rules.length).toBeGreaterThan(60);
    expect(other.rules.filter(({ matched }) => !matched)).toEqual([]);
    for (const set of ["light", "full"] as const) {
      for (const threads of [1, 2]) {
        const redis = await Redis.start(["--io-threads", `${threads}`, ...(threads > 1 ? always : [])], [], other);
        expectContract();
        const before = redis.counters();
        let after = before;
        const trace = join(directory, `trace-${traces++}`);
        const work = () => {
          load(redis);
          after = redis.counters();
        };
        const found = await record(set, work, trace);
        await redis.stop();
        const counted = difference(after.calls, before.calls);
        const all = allRecords(batches(found));
        expect(countedCalls(found, set === "light" ? "call" : "call_end")).toEqual(counted);
        const reads = all.filter(({ name }) => name === (set === "light" ? "read" : "read_done"));
        expect(sum(reads.map(({ words }) => Math.max(0, signed(words["nread"]))))).toBe(after.bytesIn - before.bytesIn);
        expect(reads.some(({ thread }) => thread === 1)).toBe(threads > 1);
        expect(found.find(({ name }) => name === "server_info")?.fields.get("flavor")).toBe(flavor);
        if (set === "full") {
          expectTiles(found, threads === 1);
          const kinds = ["call", "read", "write", "file_event", "time_events", "before_sleep", "handle_writes", "handle_reads"];
          expectPairs(all, new Map(kinds.map((name) => [`${name}_start`, `${name}_end`])));
          expect(all.filter(({ name }) => name === "parsed").length).toBe(all.filter(({ name }) => name === "process_end").length);
        }
        await expectRequests(trace, counted, set, threads);
      }
    }
    // It compiles a store, perhaps while others use the cores, too.
  }, 900_000);
});

// The last one: afterwards there is no daemon.
describe("the instrumented Redis without LTTng", () => {
  it("serves on when the session daemon is killed", async () => {
    const redis = await Redis.start();
    lttng.record(join(directory, `trace-${traces++}`), eventNames("full"));
    redis.benchmark("-n", "5000", "-P", "4", "-t", "set");
    lttng.daemon.kill("SIGKILL");
    await once(lttng.daemon, "exit");
    redis.benchmark("-n", "50000", "-P", "4", "-t", "set,get");
    expect(redis.counters().calls.get("set")).toBe(55_000);
    await redis.stop();
    expect(redis.process.exitCode).toBe(0);
  });
});

/** The analysis gives every request that was executed, its phases in order, and reads of io threads as such. */
async function expectRequests(trace: string, counted: Readonly<Record<string, number>>, set: EventSet, threads: number): Promise<void> {
  const experiment = await openExperiment([trace]);
  try {
    const { requests: total } = await experiment.analyze();
    const [node] = experiment.stats().nodes;
    const calls = (node?.commands ?? []).filter((command) => command.calls > 0).map(({ command, calls }) => [command, calls] as const);
    expect(Object.fromEntries(calls.sort())).toEqual(counted);
    const seen = new Set<string>();
    // Hundreds of thousands of phases: what is wrong is collected, since each expect() costs tens of microseconds.
    const wrong: string[] = [];
    const { requests } = experiment.requests({ sort: "start", limit: total });
    expect(requests.length).toBe(total);
    for (const request of requests) {
      const { id } = request;
      let reached = request.start;
      for (const phase of request.phases) {
        seen.add(phase.name);
        if (phase.start < reached || phase.end <= phase.start) wrong.push(`${set} request ${id} ${request.command}: ${phase.name}`);
        reached = phase.end;
      }
      if (reached !== request.end) wrong.push(`${set} request ${id} ${request.command}: ends at ${request.end}, its phases at ${reached}`);
    }
    expect(wrong).toEqual([]);
    const common = ["queued-for-read", "read", "parse", "execute", "queued-for-write", "write"];
    expect([...seen]).toEqual(expect.arrayContaining(threads > 1 ? [...common, "queued-for-execution"] : common));
    expect(seen.has("queued-for-execution")).toBe(threads > 1);
  } finally {
    experiment.close();
  }
}
