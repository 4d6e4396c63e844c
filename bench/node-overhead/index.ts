/**
 * What tracing costs a Node.js service: express and ioredis over a plain Redis, a session that records, and processes whose tracing is switched on and off by signal (flip.cjs: what the
 * preload does when a session begins and ends). Two processes of the same build share one core and are asked at the same time, one recorded and the other not:
 *
 *     round      A on, B off | A off, B on          cost = sqrt(A on / A off * B on / B off)
 *     judged by  the services' own CPU time per request (the scheduler's sum); with one connection, asked by turns, their customers' median latency, too
 *
 * So each process is compared with itself, and what others do on the machine strikes both sides alike: a shared cache that comes and goes within some tens of milliseconds made the same
 * process twice as dear, and slices one after the other told 3 % from nothing only after an hour. The services' core is theirs alone; customers, store and LTTng's daemons have another.
 *
 * Loads: two store commands per request with one connection (latency) and with 32 (saturated), none and twenty commands to tell the cost of an HTTP request from that of a command.
 * Before that, without a session: processes with the preload and without, also asked at the same time. Those are different processes, which differ by themselves, so there are several.
 *
 *     npm run bench -- node-overhead [SECONDS [NODE...] [PRELOAD...]]
 *         SECONDS: for each Node; default 120. NODE: paths of other versions; default: the one that runs this.
 *         PRELOAD: preload.cjs of other builds (`storescope build node` says where they are), compared beside ours, which comes last
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { nodeEventNames } from "../../src/environments/node/index.ts";
import { buildNode, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildPlainStore } from "../../src/record/store/index.ts";
import { PrivateLttng } from "../../test/real/private-lttng.ts";
import { median } from "../paired.ts";
import { Customers, type Load, loads, type Sample, Service } from "./service.ts";

const sliceMs = 800;
/** Load after each switch that is not measured: V8 compiles anew what looked at whether anybody listens. With one connection the same number of requests takes longer. */
const settleMs = ({ connections }: Load): number => (connections === 1 ? 1000 : 200);
const warmMs = 1500;
/** Without a session: pairs of processes, and rounds. */
const idlePairs = 3;
const idleRounds = 12;

interface Row {
  readonly node: string;
  readonly load: string;
  readonly build: string;
  /** CPU of a request without recording, us. */
  readonly baseUs: number;
  readonly costUs: number;
  /** Parts by which it is more, of each round. */
  readonly cpu: readonly number[];
  /** The same of the median latency; none where there is more than one connection. */
  readonly p50: readonly number[];
}

type Pair = readonly [Sample, Sample];

/** How much dearer `on` is than `off`, of two samples each, as a part. */
const change = (on: Pair, off: Pair, of: (sample: Sample) => number): number =>
  Math.sqrt((of(on[0]) / of(off[0])) * (of(on[1]) / of(off[1]))) - 1;
const cpuOf = ({ cpuUs }: Sample): number => cpuUs;

/** Median [quartiles], and the mean of the middle half with its standard error, in percent. */
function spread(parts: readonly number[]): string {
  const values = [...parts].sort((left, right) => left - right);
  const percent = (part: number): string => (part * 100).toFixed(1);
  const at = (part: number): string => percent(values[Math.floor(values.length * part)] ?? Number.NaN);
  const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const middle = mean(values.slice(Math.floor(values.length / 4), Math.ceil((values.length * 3) / 4)));
  const deviation = Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
  return `${at(0.5)} [${at(0.25)} ${at(0.75)}], mid-mean ${percent(middle)} +- ${percent(deviation / Math.sqrt(values.length))}`;
}

/** Two processes of a build. */
class Twins {
  private readonly services: readonly [Service, Service];
  private readonly customers: Customers;

  private constructor(lttng: PrivateLttng, services: readonly [Service, Service]) {
    this.services = services;
    this.customers = new Customers(lttng, ...services);
  }

  static async start(lttng: PrivateLttng, start: () => Promise<Service>): Promise<Twins> {
    return new Twins(lttng, [await start(), await start()]);
  }

  /** One recorded, the other not. */
  private async half(load: Load, recorded: 0 | 1, ms: number): Promise<readonly Sample[]> {
    for (const [i, { app }] of this.services.entries()) app.kill(i === recorded ? "SIGUSR2" : "SIGHUP");
    await sleep(15);
    await this.customers.ask(load, settleMs(load));
    return this.customers.ask(load, ms);
  }

  async round(load: Load, ms: number): Promise<{ readonly on: Pair; readonly off: Pair }> {
    const [onA, offB] = (await this.half(load, 0, ms)) as [Sample, Sample];
    const [offA, onB] = (await this.half(load, 1, ms)) as [Sample, Sample];
    return { on: [onA, onB], off: [offA, offB] };
  }

  async stop(): Promise<void> {
    await this.customers.stop();
    for (const service of this.services) await service.stop();
  }
}

/** The preload without any session beside none at all: of each pair of processes, and of each round, how much dearer it is. */
async function idle(lttng: PrivateLttng, start: (isPreloaded: boolean) => Promise<Service>): Promise<readonly (readonly number[])[]> {
  const services: Service[] = [];
  for (let i = 0; i < 2 * idlePairs; i++) services.push(await start(i % 2 === 1));
  const customers = new Customers(lttng, ...services);
  const load = loads[1] as Load;
  await customers.ask(load, warmMs * idlePairs);
  const changes = Array.from({ length: idlePairs }, (): number[] => []);
  for (let round = 0; round < idleRounds; round++) {
    const samples = await customers.ask(load, sliceMs * idlePairs);
    for (const [i, of] of changes.entries()) of.push(cpuOf(samples[2 * i + 1] as Sample) / cpuOf(samples[2 * i] as Sample) - 1);
  }
  await customers.stop();
  for (const service of services) await service.stop();
  return changes;
}

export async function run({ json, args }: { readonly json: boolean; readonly args: readonly string[] }): Promise<void> {
  const [seconds = "120", ...given] = args;
  // The services run in a folder of their own.
  const paths = given.map((path) => resolve(path));
  const isPreload = (path: string): boolean => path.endsWith("preload.cjs");
  const directory = mkdtempSync(join(tmpdir(), "storescope-node-overhead-"));
  const preloads = [...paths.filter(isPreload), (await buildNode()).preload];
  const nodes = paths.filter((path) => !isPreload(path));
  const store = await buildPlainStore({ flavor: "redis" });
  const lttng = await PrivateLttng.open();
  const flip = `--require=${fileURLToPath(new URL("flip.cjs", import.meta.url))}`;
  const optionsOf = (preload: string, more: string): string => `NODE_OPTIONS=${preloadEnvironment(preload, more).NODE_OPTIONS}`;
  const rows: Row[] = [];
  const loadBefore = loadavg()[0] ?? 0;
  try {
    const [port = 0] = await freePorts(1);
    lttng.start("taskset", ["--cpu-list", "1", store.server, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory]);
    for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      const start = (...environment: readonly string[]): Promise<Service> =>
        Service.start(lttng, node, port, ["NODE_ENV=production", ...environment], directory);
      const unrecorded = await idle(lttng, (isPreloaded) => (isPreloaded ? start(optionsOf(preloads.at(-1) ?? "", "")) : start()));
      console.log(`${version}, ${loads[1]?.name}, preload without a session beside none, %: ${unrecorded.map(spread).join("; ")}`);
      const session = lttng.record(join(directory, `trace-${version}`), nodeEventNames(false));
      const builds: Twins[] = [];
      for (const preload of preloads) builds.push(await Twins.start(lttng, () => start(optionsOf(preload, flip))));
      await sleep(400);
      const cases = loads.flatMap((load) =>
        builds.map((twins, build) => ({ load, twins, build, rounds: [] as { on: Pair; off: Pair }[] })),
      );
      for (const { load, twins } of cases) await twins.round(load, warmMs);
      const end = performance.now() + Number(seconds) * 1000;
      while (performance.now() < end) for (const { load, twins, rounds } of cases) rounds.push(await twins.round(load, sliceMs));
      session.stop();
      for (const twins of builds) await twins.stop();
      for (const { load, build, rounds } of cases) {
        const baseUs = median(rounds.flatMap(({ off }) => off.map(cpuOf)));
        const cpu = rounds.map(({ on, off }) => change(on, off, cpuOf));
        const p50 = load.connections === 1 ? rounds.map(({ on, off }) => change(on, off, ({ p50Us }) => p50Us)) : [];
        const name = build === builds.length - 1 ? "ours" : `build ${build}`;
        rows.push({ node: version, load: load.name, build: name, baseUs, costUs: baseUs * median(cpu), cpu, p50 });
      }
    }
  } finally {
    await lttng.close();
    rmSync(directory, { recursive: true, force: true });
  }
  console.log(`load before ${loadBefore.toFixed(2)}, after ${(loadavg()[0] ?? 0).toFixed(2)}; base: without recording`);
  for (const { node, load, build, baseUs, costUs, cpu, p50 } of rows) {
    const title = `${node.padEnd(10)} ${load.padEnd(28)} ${build.padEnd(8)} ${cpu.length} rounds`;
    const latency = p50.length > 0 ? `; median latency, %: ${spread(p50)}` : "";
    console.log(`${title}  base ${baseUs.toFixed(1)} us CPU, cost ${costUs.toFixed(1)} us; %: ${spread(cpu)}${latency}`);
  }
  for (const node of new Set(rows.map((row) => row.node))) {
    const of = (name: string): number =>
      rows.find((row) => row.node === node && row.load.startsWith(name) && row.build === "ours")?.costUs ?? Number.NaN;
    console.log(
      `${node}: ${of("no command").toFixed(1)} us for an HTTP request, ${((of("20 commands") - of("no command")) / 20).toFixed(1)} us for a store command`,
    );
  }
  if (json) console.log(JSON.stringify(rows));
}
