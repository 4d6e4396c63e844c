/**
 * Valkey's own tracing, for real: Valkey as its source package has it, built with USE_LTTNG=yes and none of our probes, recorded with `--events valkey`. What the model
 * counts must be what Valkey itself counts.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode, withClients } from "../../scenarios/lib/client.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { findSourcePackages, unpackSourcePackage } from "../../src/record/store/source-package.ts";

const gets = 2_000;
const transactions = 200;
const scripts = 100;

let directory: string;
let experiment: Experiment;
let port = 0;
/** Calls and microseconds by command, as Valkey counts them; subcommands by their own name. */
const counted = new Map<string, { readonly calls: number; readonly us: number }>();

/** Builds the server and its command line in `directory`: about a minute. Returns the folder of the programs. */
async function build(): Promise<string> {
  const log = join(directory, "build.log");
  for await (const source of findSourcePackages("valkey", "9.1", join(directory, "apt"), log, undefined)) {
    const tree = await unpackSourcePackage(source, join(directory, "source"), log, undefined);
    const settings = ["USE_LTTNG=yes", "USE_SYSTEMD=no", "MALLOC=libc", "BUILD_TLS=no"];
    execFileSync("make", ["-j2", "-C", join(tree, "src"), ...settings, "valkey-server", "valkey-cli"], { stdio: "ignore" });
    return join(tree, "src");
  }
  throw new Error("no source package of Valkey 9.1");
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-valkey-"));
  const programs = await build();
  const processes = new Processes(directory, new AbortController().signal);
  const output = join(directory, "trace");
  try {
    [port = 0] = await freePorts(1);
    const folder = join(directory, "data");
    mkdirSync(folder);
    const settings = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", appendfsync: "always", daemonize: "no" };
    const pid = await processes.start(
      join(programs, "valkey-server"),
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    );
    const cli = (...command: readonly string[]): string =>
      execFileSync(join(programs, "valkey-cli"), ["-p", String(port), ...command], { stdio: ["ignore", "pipe", "ignore"] }).toString();
    const answers = (): boolean => {
      try {
        return cli("ping").startsWith("PONG");
      } catch {
        return false;
      }
    };
    for (let tries = 0; tries < 200 && !answers(); tries++) await delay(50);
    const recording = await startRecording({ output, events: "valkey", pids: [pid] });
    cli("config", "resetstat");
    await withClients(port, 2, async ([one, two]) => {
      const load = async (): Promise<void> => {
        for (let i = 0; i < gets; i++) await one!.ask("get", `key${i % 10}`);
      };
      const others = async (): Promise<void> => {
        const transaction = Buffer.concat([["multi"], ["set", "a", "1"], ["get", "a"], ["exec"]].map((each) => encode(each)));
        for (let i = 0; i < transactions; i++) await two!.send(transaction, 4);
        for (let i = 0; i < scripts; i++) await two!.ask("eval", "redis.call('incr', 'n') return redis.call('get', 'n')", "0");
        // A transaction that is refused.
        for (const command of [["multi"], ["set", "one"], ["exec"], ["set", "b", "2"]]) await two!.ask(...command);
        await two!.ask("bgsave");
      };
      await Promise.all([load(), others()]);
    });
    for (const [, name = "", calls, us] of cli("info", "commandstats").matchAll(/cmdstat_(?:\w+\|)?([\w-]+):calls=(\d+),usec=(\d+)/g))
      counted.set(name, { calls: Number(calls), us: Number(us) });
    expect((await recording.stop()).lostEvents).toBe(0);
  } finally {
    await processes.stop();
  }
  experiment = await openExperiment([output]);
  await experiment.analyze();
}, 600_000);

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe("Valkey built with USE_LTTNG=yes", () => {
  it("has as many calls of each command in the model as it counted itself, in transactions and scripts as well", () => {
    const [node] = experiment.stats().nodes;
    const found = Object.fromEntries((node?.commands ?? []).map(({ command, calls }) => [command, calls]));
    const expected = Object.fromEntries([...counted].map(([name, { calls }]) => [name, calls]));
    expect(expected).toMatchObject({
      get: gets + transactions + scripts,
      set: transactions + 1,
      exec: transactions + 1,
      eval: scripts,
      incr: scripts,
    });
    // INFO itself is counted after it was answered.
    expect(found).toEqual({ ...expected, info: 1 });
  });

  it("has requests as long as their calls took, on the connections that sent them", () => {
    const { requests } = experiment.requests({ filter: 'command == "get"', sort: "start", limit: 10_000 });
    expect(requests).toHaveLength(gets);
    expect(new Set(requests.map(({ connection }) => connection)).size).toBe(1);
    expect(requests[0]?.node.split(":").at(-1)).toBe(String(port));
    const execs = experiment.requests({ filter: 'command == "exec"', limit: 10_000 }).requests;
    // Each has what it executed inside it.
    const sets = experiment.requests({ filter: 'command == "set"', limit: 10_000 });
    expect(sets.total).toBe(1);
    const tookUs = execs.reduce((sum, { durationNs }) => sum + durationNs, 0) / 1000;
    expect(execs).toHaveLength(transactions + 1);
    // A tracepoint may come late; never is a call shorter than counted, but for a rounded microsecond.
    expect(tookUs).toBeGreaterThanOrEqual((counted.get("exec")?.us ?? 0) - 2 * transactions);
  });

  it("says which diagnoses cannot tell, and what would let them", async () => {
    const { findings, notFound, cannotTell } = await experiment.diagnose();
    expect(findings).toEqual([]);
    expect(notFound).toEqual([]);
    expect(cannotTell.find(({ id }) => id === "slow-command")?.reason).toMatch(
      /^Valkey's own tracing does not tell of poll_end, .*: run the instrumented Valkey/,
    );
  });

  it("shows forks and file work among what the main thread did", () => {
    const { context } = experiment.view("threads");
    const { state } = context.history;
    const names = new Set<unknown>();
    for (let quark = 0; quark < state.attributes.count; quark++) {
      const path = state.attributes.path(quark);
      if (path[2] !== "Threads" || path.at(-1) !== "Operation") continue;
      state.range([quark], context.start, context.end, (_quark, _start, _end, value) => {
        names.add(value);
        return true;
      });
    }
    expect([...names]).toEqual(expect.arrayContaining(["get", "eval", "FORK", "AOF WRITE", "AOF FSYNC"]));
  });
});
