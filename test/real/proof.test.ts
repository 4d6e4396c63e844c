/**
 * The proof on real input: what Storescope says of a recording of redis-benchmark against what Redis itself counted, what babeltrace2 prints, and what
 * is left after kill -9 in the worst places.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore, type StoreBuild } from "../../src/record/store/index.ts";

const storescope = new URL("../../bin/storescope", import.meta.url).pathname;

/** One connection that speaks enough RESP to ask INFO; counts the bytes it sends. */
class Probe {
  sent = 0;
  private readonly socket: Socket;
  constructor(socket: Socket) {
    this.socket = socket;
  }
  async info(section: string): Promise<string> {
    const command = `*2\r\n$4\r\nINFO\r\n$${section.length}\r\n${section}\r\n`;
    this.sent = command.length;
    this.socket.write(command);
    let text = "";
    for (;;) {
      const [chunk] = (await once(this.socket, "data")) as [Buffer];
      text += chunk.toString("latin1");
      const length = /^\$(\d+)\r\n/.exec(text);
      if (length !== null && text.length >= length[0].length + Number(length[1]) + 2) return text;
    }
  }
  close(): void {
    this.socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function connected(port: number): Promise<Socket> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}

function commandCalls(info: string): Map<string, number> {
  return new Map([...info.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map((match) => [match[1] as string, Number(match[2])]));
}

function netInput(info: string): number {
  return Number(/total_net_input_bytes:(\d+)/.exec(info)?.[1]);
}

async function run(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
}

let store: StoreBuild;
let directory = "";
const children: ChildProcess[] = [];

async function startRedis(): Promise<{ child: ChildProcess; port: number; probe: Probe }> {
  const port = await freePort();
  const child = spawn(
    store.server,
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory],
    { stdio: "ignore" },
  );
  children.push(child);
  const socket = await connected(port);
  return { child, port, probe: new Probe(socket) };
}

/** Starts recording and waits until the server is being traced. */
async function startTracing(output: string, events: string, pid: number): Promise<Awaited<ReturnType<typeof startRecording>>> {
  const recording = await startRecording({ output, events, pids: [pid] });
  for (let tries = 0; tries < 200; tries++) {
    if ((await recording.processes()).some((process) => process.pid === pid)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The server looks whether it is traced between two polls, ten times a second when idle.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return recording;
}

async function benchmark(port: number, requests: number): Promise<void> {
  for (const pipeline of ["1", "16"]) {
    const common = ["-h", "127.0.0.1", "-p", String(port), "-n", String(requests), "-c", "50", "-P", pipeline, "-q"];
    await run(store.benchmark, [...common, "-t", "set,get,lpush,lrange_100"]);
    await run(store.benchmark, [...common, "publish", "channel", "message"]);
  }
}

/** The text that a program prints, as a hash and a length: traces print hundreds of megabytes. */
async function digest(file: string, args: readonly string[]): Promise<{ hash: string; bytes: number }> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
  const hash = createHash("sha256");
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  await once(child, "close");
  return { hash: hash.digest("hex"), bytes };
}

/** Small deterministic generator, so that a failure can be seen again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

beforeAll(async () => {
  store = await buildStore({ flavor: "redis" });
  directory = mkdtempSync(join(tmpdir(), "storescope-proof-"));
}, 600_000);

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

describe.each(["light", "full", "classic"])("a recording of redis-benchmark, %s", (events) => {
  const requests = events === "classic" ? 2_000 : 20_000;
  let trace = "";

  it("has exactly the calls and the bytes that Redis counted, and lost nothing", async () => {
    const { child, port, probe } = await startRedis();
    const pid = child.pid as number;
    trace = join(directory, events);
    const before = await probe.info("everything");
    const recording = await startTracing(trace, events, pid);
    await benchmark(port, requests);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const result = await recording.stop();
    const after = await probe.info("everything");
    const bytesOfInfo = probe.sent;
    probe.close();
    child.kill("SIGTERM");
    await once(child, "exit");

    expect(result.problem).toBeUndefined();
    expect(result.lostEvents).toBe(0);
    const experiment = await openExperiment([trace]);
    await experiment.analyze();
    const stats = experiment.stats();
    expect(stats.lostEvents).toBe(0);
    expect(stats.nodes).toHaveLength(1);
    const [node] = stats.nodes;

    const counted = commandCalls(after);
    for (const [command, calls] of commandCalls(before)) counted.set(command, (counted.get(command) ?? 0) - calls);
    counted.set("info", (counted.get("info") ?? 0) - 1);
    const expected = Object.fromEntries([...counted].filter(([, calls]) => calls !== 0).sort());
    const found = Object.fromEntries(
      (node?.commands ?? [])
        .filter(({ calls }) => calls !== 0)
        .map(({ command, calls }) => [command, calls] as const)
        .sort(),
    );
    expect(found).toEqual(expected);
    expect(found["set"]).toBe(2 * requests);
    expect(node?.bytesIn).toBe(netInput(after) - netInput(before) - bytesOfInfo);

    // Request bytes, parsed command by parsed command, are the same bytes.
    const parsed = (node?.commands ?? []).reduce((sum, { requestBytes }) => sum + requestBytes, 0);
    expect(parsed).toBe(node?.bytesIn);
    experiment.close();
  });

  it("has phases in order that do not overlap and add up, with their waits wholly attributed, for 1000 random requests", async () => {
    const experiment = await openExperiment([trace]);
    const { requests: total } = await experiment.analyze();
    const pick = random(42);
    for (let i = 0; i < 1000; i++) {
      const request = experiment.request(Math.floor(pick() * total));
      let sum = 0;
      let reached = request.start;
      for (const phase of request.phases) {
        expect(phase.start >= reached).toBe(true);
        expect(phase.end > phase.start).toBe(true);
        reached = phase.end;
        if (phase.holders === undefined) sum += Number(phase.end - phase.start);
        else {
          let held = phase.start;
          for (const holder of phase.holders) {
            expect(holder.start).toBe(held);
            held = holder.end;
            sum += Number(holder.end - holder.start);
          }
        }
      }
      expect(reached).toBe(request.end);
      expect(Math.abs(sum - request.durationNs)).toBeLessThanOrEqual(request.phases.length);
    }
    experiment.close();
  });

  it("prints as babeltrace2 prints it", async () => {
    const theirs = await digest("babeltrace2", [trace]);
    const ours = await digest(storescope, ["events", trace, "--format", "babeltrace"]);
    expect(ours).toEqual(theirs);
    expect(ours.bytes).toBeGreaterThan(100_000);
  });

  it("gives the events table every logical event once, in time order, wherever one looks", async () => {
    const experiment = await openExperiment([trace]);
    await experiment.analyze();
    const total = experiment.eventRowCount;
    const pick = random(7);
    for (let i = 0; i < 20; i++) {
      const index = Math.floor(pick() * (total - 200));
      const rows = experiment.eventRows(index, 200);
      expect(rows.map((row) => row.index)).toEqual(Array.from({ length: 200 }, (_, k) => index + k));
      for (let k = 1; k < rows.length; k++) expect((rows[k]?.time ?? 0n) >= (rows[k - 1]?.time ?? 0n)).toBe(true);
      const at = rows[100]?.time ?? 0n;
      const first = experiment.eventIndexAt(at);
      expect(experiment.eventRows(first, 1)[0]?.time).toBe(at);
      expect(first).toBeLessThanOrEqual(index + 100);
    }
    experiment.close();
  });
});

describe("kill -9", () => {
  it("of the traced server leaves a trace that opens up to its end", async () => {
    const { child, port, probe } = await startRedis();
    const trace = join(directory, "killed");
    const recording = await startTracing(trace, "full", child.pid as number);
    const load = spawn(store.benchmark, ["-h", "127.0.0.1", "-p", String(port), "-n", "10000000", "-c", "20", "-t", "set", "-q"], {
      stdio: "ignore",
    });
    children.push(load);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const at = BigInt(Date.now()) * 1_000_000n;
    child.kill("SIGKILL");
    await once(child, "exit");
    load.kill("SIGKILL");
    probe.close();
    const result = await recording.stop();
    expect(result.lostEvents).toBe(0);
    const experiment = await openExperiment([trace]);
    const { requests } = await experiment.analyze();
    expect(requests).toBeGreaterThan(1000);
    // The last thing recorded lies within 100 ms of the kill: nothing of the ring was lost with the process.
    const last = experiment.eventRows(experiment.eventRowCount - 1, 1)[0]?.time ?? 0n;
    expect(Math.abs(Number(last - at))).toBeLessThan(100_000_000);
    expect(experiment.stats().nodes[0]?.commands.find(({ command }) => command === "set")?.calls).toBeGreaterThan(1000);
    experiment.close();
  });

  it("of storescope analyze half way does not hurt the next run", async () => {
    const trace = join(directory, "full");
    const reference = execFileSync(storescope, ["stats", trace, "--json", "--cache", join(directory, "cache-a")], {
      maxBuffer: 1e9,
    }).toString();
    const cache = join(directory, "cache-b");
    for (const delay of [150, 300, 600]) {
      const child = spawn(storescope, ["analyze", trace, "--cache", cache], { stdio: "ignore" });
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const after = execFileSync(storescope, ["stats", trace, "--json", "--cache", cache], { maxBuffer: 1e9 }).toString();
    expect(JSON.parse(after)).toEqual(JSON.parse(reference));
  });
});
