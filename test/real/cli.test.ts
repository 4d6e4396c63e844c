/** The command line as scripts see it: exit codes, what goes where, and every command on a trace that was really recorded. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, start, storescope } from "./support.ts";

let folder: string;
let trace: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "storescope-cli-test-"));
  trace = join(folder, "trace");
  const { code, stderr } = await run(["demo", "--size", "small", "--no-open", "--keep", trace]);
  if (code !== 0) throw new Error(stderr);
}, 900_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run([...args, "--json"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

describe("the command line", () => {
  it("prints this help", async () => {
    const { code, stdout } = await run(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: storescope [options] [command]

      Opens the data store in a trace: from a request into Redis, its threads, its
      event loop and its cluster bus.

      Options:
        -V, --version   output the version number
        -h, --help      display help for command

      Commands:
        demo            run a real Redis cluster under load, trace it, and show what
                        happened
        doctor          say what this machine can do, and the fix for what it can't
        build           build an instrumented Redis
        record          record a trace until a command ends, or Ctrl-C
        info            what a trace holds: streams, events, duration, losses
        events          print events
        analyze         build the state history of a trace
        state           the state of every part at a time, or over a range
        requests        the slowest requests, with every phase of their lives
        spans           the slowest HTTP requests, through every process and into the
                        store
        stats           calls, bytes and latencies by command, connection and bus link
        diagnose        say what is wrong, why, and what to do
        open            analyse a trace and show it in the browser
        serve           serve traces on loopback, without a browser
        clean           show and remove caches
        help [command]  display help for command

      First steps:
        storescope doctor
        storescope demo
        storescope open samples/redis-cluster

      "
    `);
  });

  it.each(["demo", "doctor", "build", "record", "info", "events", "analyze", "state", "requests", "stats", "open", "serve", "clean"])(
    "explains %s with examples",
    async (command) => {
      const { code, stdout } = await run([...(command === "build" ? ["build", "store"] : [command]), "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples:\n {2}storescope /);
    },
  );

  it.each([
    [["inof"], "Did you mean info?"],
    [["info"], "missing required argument"],
    [["info", "--jsn", "x"], "Did you mean --json?"],
    [["record", "--nonsense"], "unknown option"],
    [["build", "store", "memcached"], "the store is one of redis, valkey"],
    [["demo", "nothing"], "the scenario is one of aof-fsync-stall, big-value, cluster,"],
    [["demo", "--size", "huge"], "--size is one of small, medium, large"],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });

  it("fails with 1 and a code where there is no trace", async () => {
    const { code, stderr } = await run(["stats", join(folder, "nothing")]);
    expect(code).toBe(1);
    expect(stderr).toContain("TRACE_NOT_FOUND");
  });

  it.each([
    ["state", ["--at", "noon"], "is not a time"],
    ["state", [], "give a time"],
    ["requests", ["--limit", "-1"], "whole number"],
    ["requests", ["--sort", "colour"], "--sort is one of"],
    ["requests", ["--filter", "duraton > 2ms"], "^"],
    ["events", ["--format", "xml"], "--format is one of"],
    ["serve", ["--port", "70000"], "whole number from 0 to 65535"],
  ])("refuses %s %j as wrong use", async (command, args, message) => {
    const { code, stderr } = await run([command, trace, ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("starts in not much more time than Node.js itself", async () => {
    await run(["info", trace, "--no-counts"]);
    const took = (...args: string[]): number => {
      const started = performance.now();
      execFileSync(process.execPath, args, { stdio: "ignore" });
      return performance.now() - started;
    };
    const rounds = Array.from({ length: 7 }, () => ({ node: took("-e", "0"), info: took(storescope, "info", trace, "--no-counts") }));
    // Side by side, so that a slow machine is slow for both: about 2.4 times; 150 ms where Node.js takes 60.
    expect(Math.min(...rounds.map(({ info }) => info))).toBeLessThan(4 * Math.min(...rounds.map(({ node }) => node)));
  });

  it("stops quietly when the reader of a pipe has seen enough", () => {
    const shell = `"${process.execPath}" "${storescope}" events "${trace}" | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const [line, status] = execFileSync("bash", ["-c", shell], { encoding: "utf8" }).trim().split("\n");
    expect(line).toContain("redis:");
    expect(status).toBe("0");
  });

  it("prints the same bytes as babeltrace2", async () => {
    const { stdout } = await run(["events", trace, "--format", "babeltrace"]);
    expect(stdout).toBe(execFileSync("babeltrace2", [trace], { encoding: "utf8", maxBuffer: 1 << 30 }));
  });

  it("says what a trace holds, and how much of it, the same in info, events and analyze", async () => {
    const info = await json("info", trace);
    expect(info.traces).toHaveLength(1);
    expect(info.traces[0].discardedEvents).toBe(0);
    const total = info.events.reduce((sum: number, event: { count: number }) => sum + event.count, 0);
    expect((await json("events", trace, "--count")).count).toBe(total);
    expect((await json("analyze", trace)).events).toBe(total);
    expect((await json("analyze", trace)).cached).toBe(true);
    expect((await json("analyze", trace, "--force")).cached).toBe(false);
  });

  it("keeps nanoseconds exact in JSON", async () => {
    const { stdout } = await run(["info", trace, "--json", "--no-counts"]);
    const start = /"start": (\d{19})/.exec(stdout)?.[1] ?? "";
    const { stdout: first } = await run(["events", trace, "--format", "babeltrace", "--clock-seconds", "--limit", "1"]);
    expect(BigInt((/\[(\d+)\.(\d{9})\]/.exec(first) ?? []).slice(1).join(""))).toBeGreaterThanOrEqual(BigInt(start));
    const { stdout: none } = await run(["events", trace, "--count", "--to", String(BigInt(start) - 1n)]);
    expect(none).toBe("0\n");
  });

  it("counts the calls that the demo made", async () => {
    const stats = await json("stats", trace);
    const calls: Record<string, number> = {};
    for (const node of stats.nodes)
      for (const command of node.commands) calls[command.command] = (calls[command.command] ?? 0) + command.calls;
    // 100 each at pipeline 1; at pipeline 16 redis-benchmark sends whole pipelines.
    for (const name of ["set", "get", "lpush", "lrange", "publish"]) expect(calls[name]).toBeGreaterThanOrEqual(200);
    expect(stats.lostEvents).toBe(0);
    expect(stats.nodes).toHaveLength(3);
  });

  it("shows one request as it shows it in the list", async () => {
    const { requests } = await json("requests", trace, "--limit", "1", "--filter", 'command == "publish"');
    const request = await json("requests", trace, "--id", String(requests[0].id));
    expect(request).toMatchObject({ id: requests[0].id, command: "publish", start: requests[0].start, durationNs: requests[0].durationNs });
    const { stdout } = await run(["requests", trace, "--id", String(requests[0].id)]);
    expect(stdout).toContain(`request ${requests[0].id}: publish`);
  });

  it("agrees with itself about the state at a time and over a range", async () => {
    const { requests } = await json("requests", trace, "--sort", "execute", "--limit", "1");
    const execute = requests[0].phases.find((phase: { name: string }) => phase.name === "execute");
    const { stdout } = await run(["requests", trace, "--sort", "execute", "--limit", "1", "--json"]);
    // Times between two clock pairs have fractions of a nanosecond, which are cut off: one more is surely inside.
    const start = BigInt(/"name": "execute",\s+"start": (\d+)/.exec(stdout)?.[1] ?? "0") + 1n;
    const glob = `**/Threads/${execute.thread}/Operation`;
    const at = (await run(["state", trace, "--at", String(start), "--path", glob, "--json"])).stdout;
    const range = (await run(["state", trace, "--from", String(start), "--to", String(start + 1n), "--path", glob, "--json"])).stdout;
    expect(JSON.parse(at)).toHaveLength(1);
    expect(JSON.parse(at)[0].value).toBe(requests[0].command);
    expect(range).toBe(at);
  });

  it("serves the UI and the API on loopback until Ctrl-C", async () => {
    const server = start(["open", trace, "--no-browser"]);
    await server.says("Ctrl-C stops");
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(server.stdout())?.[0] ?? "";
    expect(await (await fetch(url)).text()).toContain("<title>Storescope");
    const experiments = (await (await fetch(`${url}tsp/api/experiments`)).json()) as { name: string }[];
    expect(experiments.map(({ name }) => name)).toEqual(["trace"]);
    server.child.kill("SIGINT");
    expect((await server.ended).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("shows caches, and removes them only when told to", async () => {
    const copy = join(folder, "copies", "trace");
    const env = { XDG_CACHE_HOME: join(folder, "xdg") };
    cpSync(trace, copy, { recursive: true });
    await run(["analyze", copy], { env });
    expect(readdirSync(join(folder, "copies"))).toContain(".storescope");
    expect((await run(["clean", copy], { env })).stdout).toContain("--yes removes them");
    expect(existsSync(join(folder, "copies", ".storescope"))).toBe(true);
    expect((await run(["clean", copy, "--yes"], { env })).stdout).toContain("Removed");
    expect(existsSync(join(folder, "copies", ".storescope"))).toBe(false);
  });

  it("doctor finds nothing missing where the tests run, and says so in its exit code", async () => {
    const diagnosis = await json("doctor");
    expect(diagnosis.checks.filter((check: { status: string }) => check.status === "problem")).toEqual([]);
    expect(diagnosis.canRecord).toBe(true);
  });

  it("doctor names the fix where LTTng is missing, and exits with 1", async () => {
    const { code, stdout } = await run(["doctor"], { env: { PATH: folder } });
    expect(code).toBe(1);
    expect(stdout).toContain("apt install lttng-tools");
  });

  it("draws no progress and no colour into pipes", async () => {
    const child = spawn(process.execPath, [storescope, "analyze", trace, "--force"], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await once(child, "close");
    expect(text).not.toContain("\u001b");
  });
});
