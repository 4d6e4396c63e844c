/** Recording with a real LTTng and a real Redis: what is written, what is counted as lost, and that nothing stays behind on any way out. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buildStore, type StoreBuild } from "../../src/record/store/index.ts";
import { answers, freePort, idleDaemons, processesWith, run, sessions, sessionsOf, start } from "./support.ts";

interface Result {
  readonly directory: string;
  readonly lostEvents: number;
  readonly bytes: number;
  readonly command?: { readonly exitCode?: number; readonly signal?: string };
}

let folder: string;
let store: StoreBuild;
let servers: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "storescope-record-test-"));
  store = await buildStore({ flavor: "redis" });
}, 600_000);

afterEach(async () => {
  for (const server of servers) {
    if (server.exitCode !== null || server.signalCode !== null) continue;
    server.kill("SIGKILL");
    await once(server, "close");
  }
  servers = [];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let outputs = 0;
const newOutput = () => join(folder, `trace-${outputs++}`);
const settings = (port: number) => ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];

async function startServer(): Promise<{ readonly port: number; readonly server: ChildProcess }> {
  const port = await freePort();
  const server = spawn(store.server, settings(port), { stdio: "ignore" });
  servers.push(server);
  await answers(store.cli, port);
  return { port, server };
}

const benchmark = (port: number, ...args: string[]) =>
  execFileSync(store.benchmark, ["-p", String(port), "-q", "-c", "20", "-P", "16", ...args], { stdio: "ignore" });
const babeltrace = (trace: string) =>
  execFileSync("babeltrace2", [trace], { encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "ignore"] });

/** Waits until the recording sees the server: LTTng registers a process that already ran a moment after the daemon appears. */
async function registered(server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (execFileSync("lttng", ["list", "--userspace"], { encoding: "utf8" }).includes(`PID: ${server.pid} `)) return;
    await delay(50);
  }
  throw new Error("the server never registered with LTTng");
}

describe("storescope record", () => {
  it("records a command from its first event to its end, with the instrumented server, and loses nothing", async () => {
    const output = newOutput();
    const port = await freePort();
    const recording = start(["record", "--json", "--events", "full", "--output", output, "--", "redis-server", ...settings(port)]);
    await answers(store.cli, port);
    benchmark(port, "-n", "20000", "-t", "set,get");
    const [, pid] = /process_id:(\d+)/.exec(execFileSync(store.cli, ["-p", String(port), "info", "server"], { encoding: "utf8" })) ?? [];
    execFileSync(store.cli, ["-p", String(port), "shutdown", "nosave"], { stdio: "ignore" });
    const { code, stdout } = await recording.ended;
    expect(code).toBe(0);
    const result = JSON.parse(stdout.slice(stdout.indexOf("{\n"))) as Result;
    expect(result).toMatchObject({ directory: output, lostEvents: 0, command: { exitCode: 0 } });
    const own = babeltrace(output)
      .split("\n")
      .filter((line) => line.includes(`vpid = ${pid},`));
    const events = own.join("\n");
    expect(events).toContain("redis:server_info");
    expect(events.match(/name = "set"/g)).toHaveLength(1);
    expect(events.split("redis:connection_open").length - 1).toBeGreaterThanOrEqual(40);
    expect(JSON.parse(readFileSync(join(output, "recording.json"), "utf8"))).toMatchObject({
      events: "full",
      finished: true,
      lostEvents: 0,
    });
    expect(sessionsOf(recording.child.pid)).toEqual([]);
    expect(idleDaemons()).toEqual([]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends properly on %s, with a whole trace and nothing left behind", async (signal) => {
    const { port, server } = await startServer();
    const output = newOutput();
    const recording = start(["record", "--json", "--output", output]);
    await recording.says("Ctrl-C ends");
    await registered(server);
    benchmark(port, "-n", "1000", "-t", "ping_mbulk");
    recording.child.kill(signal);
    const { code, stdout } = await recording.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Result).lostEvents).toBe(0);
    expect(babeltrace(output)).toContain("redis:commands");
    expect(sessionsOf(recording.child.pid)).toEqual([]);
    expect(idleDaemons()).toEqual([]);
  });

  it("passes Ctrl-C on to the command and waits for its end", async () => {
    const output = newOutput();
    const port = await freePort();
    const recording = start(["record", "--json", "--output", output, "--", "redis-server", ...settings(port)]);
    await answers(store.cli, port);
    expect(processesWith(`redis-server 127.0.0.1:${port}`)).toHaveLength(1);
    recording.child.kill("SIGINT");
    const { code, stdout } = await recording.ended;
    expect(code).toBe(0);
    expect((JSON.parse(stdout.slice(stdout.indexOf("{\n"))) as Result).command).toMatchObject({ exitCode: 0 });
    expect(processesWith(`redis-server 127.0.0.1:${port}`)).toEqual([]);
    expect(sessionsOf(recording.child.pid)).toEqual([]);
  });

  it("keeps a trace that opens when the server is killed with SIGKILL", async () => {
    const { port, server } = await startServer();
    const output = newOutput();
    const recording = start(["record", "--json", "--events", "full", "--output", output]);
    await recording.says("Ctrl-C ends");
    await registered(server);
    const load = spawn(store.benchmark, ["-p", String(port), "-q", "-l", "-P", "16", "-t", "set"], { stdio: "ignore" });
    servers.push(load);
    await delay(500);
    server.kill("SIGKILL");
    await once(server, "close");
    recording.child.kill("SIGINT");
    expect((await recording.ended).code).toBe(0);
    expect(babeltrace(output).split("redis:steps").length - 1).toBeGreaterThan(100);
    const { code, stdout } = await run(["events", output, "--format", "babeltrace"]);
    expect(code).toBe(0);
    expect(stdout).toBe(babeltrace(output));
  });

  it("says how many events were lost when the buffers are too small", async () => {
    const { port, server } = await startServer();
    const output = newOutput();
    const recording = start(["record", "--json", "--events", "classic", "--subbuf-size", "4K", "--num-subbuf", "2", "--output", output]);
    await recording.says("Ctrl-C ends");
    await registered(server);
    benchmark(port, "-n", "20000", "-t", "set");
    recording.child.kill("SIGINT");
    const result = JSON.parse((await recording.ended).stdout) as Result;
    expect(result.lostEvents).toBeGreaterThan(1000);
    const info = JSON.parse((await run(["info", output, "--json", "--no-counts"])).stdout) as { traces: { discardedEvents: number }[] };
    expect(info.traces.map(({ discardedEvents }) => discardedEvents)).toEqual([result.lostEvents]);
  });

  it("removes what a recorder killed with SIGKILL left, at the next recording", async () => {
    const killed = start(["record", "--output", newOutput()]);
    await killed.says("Ctrl-C ends");
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(sessionsOf(killed.child.pid)).toHaveLength(1);
    const output = newOutput();
    expect((await run(["record", "--output", output, "--", "true"])).code).toBe(0);
    expect(sessionsOf(killed.child.pid)).toEqual([]);
    expect(idleDaemons()).toEqual([]);
  });

  it("lets two recordings share a daemon", async () => {
    const first = start(["record", "--output", newOutput()]);
    await first.says("Ctrl-C ends");
    expect((await run(["record", "--output", newOutput(), "--", "true"])).code).toBe(0);
    expect(sessionsOf(first.child.pid)).toHaveLength(1);
    first.child.kill("SIGINT");
    expect((await first.ended).code).toBe(0);
    expect(idleDaemons()).toEqual([]);
  });

  it("exits with 1 when the command fails, keeping the trace", async () => {
    const output = newOutput();
    const { code, stdout } = await run(["record", "--json", "--output", output, "--", "sh", "-c", "exit 3"]);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as Result).command).toMatchObject({ exitCode: 3 });
    expect(existsSync(join(output, "recording.json"))).toBe(true);
  });

  it("leaves nothing when the command cannot be started", async () => {
    const output = newOutput();
    const { code, stderr } = await run(["record", "--output", output, "--", "no-such-program"]);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot run no-such-program: there is no such program");
    expect(existsSync(output)).toBe(false);
    expect(idleDaemons()).toEqual([]);
  });

  it.each([
    [["--events", "no_such_event"], "there is no event redis:no_such_event"],
    [["--events", "--help;x"], "is not an event name"],
    [["--subbuf-size", "5000"], "power of two"],
    [["--num-subbuf", "1"], "whole number from 2"],
  ])("refuses %j as wrong use, before anything is started", async (args, message) => {
    const before = sessions();
    const { code, stderr } = await run(["record", ...args, "--output", newOutput()]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(sessions()).toEqual(before);
  });

  it("never writes into a folder that holds something", async () => {
    const output = newOutput();
    mkdirSync(output);
    writeFileSync(join(output, "mine"), "");
    const { code, stderr } = await run(["record", "--output", output, "--", "true"]);
    expect(code).toBe(2);
    expect(stderr).toContain("not empty");
  });
});
