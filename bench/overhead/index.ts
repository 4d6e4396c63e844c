/**
 * What tracing costs the store: redis-benchmark against five variants of the same server, alternating within each round.
 *
 *     plain    the same source and flags, without instrumentation
 *     idle     instrumented, nothing records
 *     light, full, classic    instrumented, recording that set
 *
 * The server has a core for itself; redis-benchmark and LTTng's daemons share the other. A fresh server per run, the variants' order rotates from round to
 * round. The judge is the server's own CPU time per request, as the median over the rounds of its ratio to plain in the same round, it does not
 * depend on how busy the client's core is. On a busy machine the smallest value of all rounds says more: both are printed. Needs root (or user namespaces) and two cores.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../../src/base/index.ts";
import { type EventSet, eventNames } from "../../src/environments/redis/events.ts";
import { buildPlainStore, buildStore, type StoreBuild } from "../../src/record/store/index.ts";
import { PrivateLttng } from "../../test/real/private-lttng.ts";

const variants = ["plain", "idle", "light", "full", "classic"] as const;
type Variant = (typeof variants)[number];

interface Load {
  readonly name: string;
  readonly pipeline: number;
  readonly requests: number;
  readonly arguments: readonly string[];
}

/** Redis' own names of the tests. Requests are chosen for about half a second each: many short rounds even out what else the machine does. */
const shortLoads: readonly Load[] = [
  { name: "set", pipeline: 1, requests: 30_000, arguments: ["-t", "set"] },
  { name: "get", pipeline: 1, requests: 30_000, arguments: ["-t", "get"] },
  { name: "set", pipeline: 16, requests: 300_000, arguments: ["-t", "set"] },
  { name: "get", pipeline: 16, requests: 300_000, arguments: ["-t", "get"] },
];
const longLoads: readonly Load[] = [1, 16].flatMap((pipeline) => [
  { name: "lpush", pipeline, requests: 60_000 * Math.ceil(pipeline / 2), arguments: ["-t", "lpush"] },
  { name: "lrange_100", pipeline, requests: 40_000, arguments: ["-t", "lrange_100"] },
  { name: "publish", pipeline, requests: 60_000 * Math.ceil(pipeline / 2), arguments: ["publish", "channel", "message"] },
]);

interface Sample {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU microseconds of the server per request: seconds per million requests. */
  readonly cpuUs: number;
  readonly requests: number;
}

interface Row {
  readonly load: string;
  readonly pipeline: number;
  readonly variant: Variant;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number;
  /** Against plain, in percent: the median of the rounds' ratios, and the ratio of the smallest values of all rounds. */
  readonly cpuChange: number;
  readonly cpuMinChange: number;
  readonly rateChange: number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("bug: a TCP server has a port");
  return address.port;
}

/** CPU time of the process' threads so far, in microseconds: the scheduler's own sums, in ns, of each thread. */
function cpuTime(pid: number): number {
  const threads = execFileSync("sh", ["-c", `cat /proc/${pid}/task/*/schedstat`], { encoding: "utf8" });
  return threads
    .trim()
    .split("\n")
    .reduce((total, line) => total + Number(line.split(" ")[0]) / 1000, 0);
}

function measure(store: StoreBuild, port: number, pid: number, load: Load): Sample {
  const before = cpuTime(pid);
  const args = ["-p", `${port}`, "-c", "50", "-P", `${load.pipeline}`, "-n", `${load.requests}`, "--csv", ...load.arguments];
  const text = execFileSync(store.benchmark, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const cpu = cpuTime(pid) - before;
  // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
  const values = (text.trim().split("\n").at(-1) ?? "").split(",").map((value) => Number(value.replaceAll('"', "")));
  const [, rate = Number.NaN, , , p50 = Number.NaN, , p99 = Number.NaN] = values;
  if (!(rate > 0)) throw new Error(`redis-benchmark printed ${text}`);
  return { requestsPerSecond: rate, p50Ms: p50, p99Ms: p99, cpuUs: cpu / load.requests, requests: load.requests };
}

async function startServer(
  store: StoreBuild,
  lttng: PrivateLttng,
  core: number,
  directory: string,
): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const port = await freePort();
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory, "--logfile", join(directory, "redis.log")];
  const process = lttng.start("taskset", ["--cpu-list", `${core}`, store.server, ...options]);
  for (let tries = 0; tries < 100; tries++) {
    try {
      execFileSync(store.cli, ["-p", `${port}`, "ping"], { stdio: "ignore" });
      return { process, port };
    } catch {
      await sleep(20);
    }
  }
  throw new Error("the server does not answer");
}

/** One variant's turn: every load against a fresh server. */
async function turn(variant: Variant, store: StoreBuild, lttng: PrivateLttng, loads: readonly Load[]): Promise<readonly Sample[]> {
  const directory = mkdtempSync(join(tmpdir(), "storescope-overhead-"));
  const server = await startServer(store, lttng, 0, directory);
  try {
    const set: EventSet | undefined = variant === "plain" || variant === "idle" ? undefined : variant;
    const session = set === undefined ? undefined : lttng.record(join(directory, "trace"), eventNames(set));
    const pid = server.process.pid ?? 0;
    measure(store, server.port, pid, { name: "warm-up", pipeline: 16, requests: 100_000, arguments: ["-t", "set,get"] });
    const samples = loads.map((load) => measure(store, server.port, pid, load));
    session?.stop();
    return samples;
  } finally {
    server.process.kill("SIGTERM");
    if (server.process.exitCode === null) await once(server.process, "exit");
    rmSync(directory, { recursive: true, force: true });
  }
}

function summarize(loads: readonly Load[], samples: ReadonlyMap<Variant, readonly (readonly Sample[])[]>): readonly Row[] {
  const plain = samples.get("plain") ?? [];
  return loads.flatMap((load, index) =>
    [...samples].map(([variant, rounds]) => {
      const at = (round: readonly Sample[] | undefined, field: keyof Sample) => round?.[index]?.[field] ?? Number.NaN;
      const change = (field: keyof Sample) => (median(rounds.map((round, i) => at(round, field) / at(plain[i], field))) - 1) * 100;
      const middle = (field: keyof Sample) => median(rounds.map((round) => at(round, field)));
      const least = (of: readonly (readonly Sample[])[], field: keyof Sample) => Math.min(...of.map((round) => at(round, field)));
      return {
        load: load.name,
        pipeline: load.pipeline,
        variant,
        requestsPerSecond: Math.round(middle("requestsPerSecond")),
        p50Ms: middle("p50Ms"),
        p99Ms: middle("p99Ms"),
        cpuUs: Number(middle("cpuUs").toFixed(3)),
        cpuChange: Number(change("cpuUs").toFixed(1)),
        cpuMinChange: Number(((least(rounds, "cpuUs") / least(plain, "cpuUs") - 1) * 100).toFixed(1)),
        rateChange: Number(change("requestsPerSecond").toFixed(1)),
      };
    }),
  );
}

function print(rows: readonly Row[]): void {
  console.log(
    "| load | pipeline | variant | requests/s | p50 ms | p99 ms | server CPU us/request | CPU change | by minima | rate change |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const percent = (value: number) => (row.variant === "plain" ? "" : `${value >= 0 ? "+" : ""}${value.toFixed(1)} %`);
    const cells = [
      row.load,
      row.pipeline,
      row.variant,
      row.requestsPerSecond,
      row.p50Ms.toFixed(3),
      row.p99Ms.toFixed(3),
      row.cpuUs.toFixed(3),
    ];
    console.log(`| ${[...cells, percent(row.cpuChange), percent(row.cpuMinChange), percent(row.rateChange)].join(" | ")} |`);
  }
}

/** Arguments: `long` adds lpush, lrange_100 and publish; a number is the count of rounds. The last line is JSON when asked for. */
export async function run(options: { readonly json: boolean; readonly rounds?: number; readonly args?: readonly string[] }): Promise<void> {
  if (cpus().length < 2) throw new UsageError("the overhead benchmark needs two cores");
  const args = options.args ?? [];
  const rounds = options.rounds ?? (args.map(Number).find((value) => value > 0) || 7);
  const loads = args.includes("long") ? [...shortLoads, ...longLoads] : shortLoads;
  const instrumented = await buildStore({ flavor: "redis" });
  const plain = await buildPlainStore({ flavor: "redis" });
  // We, redis-benchmark and LTTng's daemons on core 1; the server gets core 0.
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", "1", `${process.pid}`], { stdio: "ignore" });
  const lttng = await PrivateLttng.open();
  const samples = new Map<Variant, (readonly Sample[])[]>(variants.map((variant) => [variant, []]));
  const loadBefore = loadavg()[0] ?? 0;
  try {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < variants.length; i++) {
        const variant = variants[(i + round) % variants.length] as Variant;
        samples.get(variant)?.push(await turn(variant, variant === "plain" ? plain : instrumented, lttng, loads));
      }
      if (!options.json) console.error(`round ${round + 1} of ${rounds}`);
    }
  } finally {
    await lttng.close();
  }
  const rows = summarize(loads, samples);
  const model = /^model name\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown";
  if (options.json)
    console.log(
      JSON.stringify({ machine: `${model}, ${cpus().length} cores`, rounds, load_before: loadBefore, load_after: loadavg()[0], rows }),
    );
  else {
    console.log(
      `${model}, ${cpus().length} cores; ${rounds} rounds; load average ${loadBefore.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after\n`,
    );
    print(rows);
  }
}
