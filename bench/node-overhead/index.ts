/**
 * What tracing costs a Node.js service: express and ioredis over a plain Redis, all in one process that a session records and does not record by turns, so
 * that both sides are the same process, compiled and warm. The service has a core for itself; its customers, the store and LTTng's daemons share the other.
 *
 *     slice      off   on   off   on   ...        each after a moment to settle; a round is one of each
 *     judged by  the service's own CPU time per request (the scheduler's sum), and its customers' median latency: medians over the rounds of on to off
 *
 * Loads: two store commands per request with one connection (latency) and with 32 (saturated), none and twenty commands to tell the cost of an HTTP request from that of
 * a command. Then, as another pair, the preload without any session against no preload at all: four processes, two with and two without, by turns.
 *
 *     npm run bench -- node-overhead [ROUNDS [NODE...]]      NODE: paths of other versions; default: the one that runs this
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { nodeEventNames } from "../../src/environments/node/index.ts";
import { buildNode, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildPlainStore } from "../../src/record/store/index.ts";
import { PrivateLttng } from "../../test/real/private-lttng.ts";
import { median } from "../paired.ts";
import { type Load, loads, type Sample, Service } from "./service.ts";

const sliceMs = 1500;
const settleMs = 400;
/** Without a session, slices of each process in a round, and how long they are. */
const idleSlices = 15;
const idleSliceMs = 200;

interface Row {
  readonly node: string;
  readonly load: string;
  readonly what: "recording" | "idle";
  readonly base: Sample;
  /** Medians of the rounds' ratios, in percent; CPU per request also as a difference, in microseconds. */
  readonly cpuChange: number;
  readonly cpuMoreUs: number;
  readonly p50Change: number;
  readonly rateChange: number;
}

const percent = (value: number): number => Number(((value - 1) * 100).toFixed(1));

function compare(node: string, load: string, what: Row["what"], pairs: readonly { readonly base: Sample; readonly other: Sample }[]): Row {
  const ratio = (of: (sample: Sample) => number): number => percent(median(pairs.map(({ base, other }) => of(other) / of(base))));
  const middle = (of: (sample: Sample) => number): number => Number(median(pairs.map(({ base }) => of(base))).toFixed(1));
  return {
    node,
    load,
    what,
    base: {
      cpuUs: middle(({ cpuUs }) => cpuUs),
      p50Us: middle(({ p50Us }) => p50Us),
      p99Us: middle(({ p99Us }) => p99Us),
      rate: middle(({ rate }) => rate),
    },
    cpuChange: ratio(({ cpuUs }) => cpuUs),
    cpuMoreUs: Number(median(pairs.map(({ base, other }) => other.cpuUs - base.cpuUs)).toFixed(2)),
    p50Change: ratio(({ p50Us }) => p50Us),
    rateChange: ratio(({ rate }) => rate),
  };
}

export async function run({ json, args }: { readonly json: boolean; readonly args: readonly string[] }): Promise<void> {
  const rounds = Number(args[0] ?? 5);
  const nodes = args.length > 1 ? args.slice(1) : [process.execPath];
  const directory = mkdtempSync(join(tmpdir(), "storescope-node-overhead-"));
  const { preload } = await buildNode();
  const store = await buildPlainStore({ flavor: "redis" });
  const traced = [`NODE_OPTIONS=${preloadEnvironment(preload, "").NODE_OPTIONS}`, "NODE_ENV=production"];
  const lttng = await PrivateLttng.open();
  const rows: Row[] = [];
  const loadBefore = loadavg()[0] ?? 0;
  try {
    const [port = 0] = await freePorts(1);
    lttng.start("taskset", ["--cpu-list", "1", store.server, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory]);
    for (const node of nodes) {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      const service = await Service.start(lttng, node, port, traced, directory);
      for (const load of loads) await service.slice(load, 2000);
      const pairs = new Map(loads.map((load) => [load, [] as { base: Sample; other: Sample }[]]));
      for (let round = 0; round < rounds; round++) {
        for (const load of loads) {
          const base = await service.slice(load, sliceMs);
          const session = lttng.record(join(directory, `trace-${version}-${round}-${loads.indexOf(load)}`), nodeEventNames(false));
          await sleep(settleMs);
          await service.slice(load, settleMs);
          const other = await service.slice(load, sliceMs);
          session.stop();
          await sleep(settleMs);
          pairs.get(load)?.push({ base, other });
        }
      }
      await service.stop();
      for (const [load, of] of pairs) rows.push(compare(version, load.name, "recording", of));
      // Without a session, against nothing at all: other processes, two of each, since each is compiled in its own way; all alive and by turns, in short slices.
      const idle: { base: Sample; other: Sample }[] = [];
      const load = loads[1] as Load;
      const services: Service[] = [];
      for (const environment of [[], traced, [], traced])
        services.push(await Service.start(lttng, node, port, ["NODE_ENV=production", ...environment], directory));
      const sliceOfEach = async (ms: number): Promise<Sample[]> => {
        const samples: Sample[] = [];
        for (const each of services) samples.push(await each.slice(load, ms));
        return samples;
      };
      await sliceOfEach(2000);
      for (let slice = 0; slice < idleSlices * rounds; slice++) {
        const [one, two, three, four] = (await sliceOfEach(idleSliceMs)) as [Sample, Sample, Sample, Sample];
        idle.push({ base: one, other: two }, { base: three, other: four });
      }
      for (const each of services) await each.stop();
      rows.push(compare(version, load.name, "idle", idle));
    }
  } finally {
    await lttng.close();
    rmSync(directory, { recursive: true, force: true });
  }
  console.log(`${rounds} rounds; load before ${loadBefore.toFixed(2)}, after ${(loadavg()[0] ?? 0).toFixed(2)}; base without recording`);
  console.log(
    "node       load                          what        base us cpu  base p50 us   base req/s   cpu %   cpu us   p50 %   rate %",
  );
  for (const { node, load, what, base, cpuChange, cpuMoreUs, p50Change, rateChange } of rows)
    console.log(
      `${node.padEnd(11)}${load.padEnd(30)}${what.padEnd(12)}${[base.cpuUs, base.p50Us, Math.round(base.rate), cpuChange, cpuMoreUs, p50Change, rateChange].map((value, i) => String(value).padStart([11, 13, 13, 8, 9, 8, 9][i] ?? 8)).join("")}`,
    );
  for (const node of new Set(rows.map((row) => row.node))) {
    const of = (name: string): number =>
      rows.find((row) => row.node === node && row.load.startsWith(name) && row.what === "recording")?.cpuMoreUs ?? Number.NaN;
    console.log(
      `${node}: ${of("no command").toFixed(1)} us for an HTTP request, ${((of("20 commands") - of("no command")) / 20).toFixed(1)} us for a store command`,
    );
  }
  if (json) console.log(JSON.stringify(rows));
}
