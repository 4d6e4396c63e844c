/**
 * What tracing costs a Node.js service, by builds of the instrumentation side by side: the service of bench/node-overhead once for each, all under one session,
 * whose tracing is switched off and on by signal. So the buffers are in use already, slices can be short, and there are many: on a machine that is not steady this
 * tells two builds apart where bench/node-overhead cannot. It says which is cheaper; what a session costs says the other one.
 *
 *     npm run bench -- node-compare SECONDS NODE PRELOAD...      PRELOAD: preload.cjs of other builds (`storescope build node` says where they are); ours comes last
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { nodeEventNames } from "../../src/environments/node/index.ts";
import { buildNode, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildPlainStore } from "../../src/record/store/index.ts";
import { PrivateLttng } from "../../test/real/private-lttng.ts";
import { type Load, loads, type Sample, Service } from "../node-overhead/service.ts";

const sliceMs = 250;
const settleMs = 15;
const off = "SIGHUP";
const on = "SIGUSR2";

interface Pair {
  readonly base: Sample;
  readonly traced: Sample;
}

/** What a tenth of the slices stays below: what others do on the machine only ever adds. */
function quiet(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const sorted = samples.map(of).sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 10)] ?? Number.NaN;
}

/** Median and quartiles over the pairs. */
function spread(pairs: readonly Pair[], of: (pair: Pair) => number): string {
  const values = pairs.map(of).sort((left, right) => left - right);
  const at = (part: number): string => (values[Math.floor(values.length * part)] ?? Number.NaN).toFixed(1);
  return `${at(0.5)} [${at(0.25)} ${at(0.75)}]`;
}

export async function run({ args }: { readonly args: readonly string[] }): Promise<void> {
  const [seconds = "120", node = process.execPath, ...others] = args;
  const directory = mkdtempSync(join(tmpdir(), "storescope-node-compare-"));
  const preloads = [...others, (await buildNode()).preload];
  const store = await buildPlainStore({ flavor: "redis" });
  const lttng = await PrivateLttng.open();
  const flip = `--require=${fileURLToPath(new URL("flip.cjs", import.meta.url))}`;
  try {
    const [port = 0] = await freePorts(1);
    lttng.start("taskset", ["--cpu-list", "1", store.server, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory]);
    const services: Service[] = [];
    for (const preload of preloads) {
      const options = `NODE_OPTIONS=${preloadEnvironment(preload, flip).NODE_OPTIONS}`;
      services.push(await Service.start(lttng, node, port, [options, "NODE_ENV=production"], directory));
    }
    const session = lttng.record(join(directory, "trace"), nodeEventNames(false));
    await sleep(400);
    const slice = async (service: Service, load: Load, signal: NodeJS.Signals, ms: number): Promise<Sample> => {
      service.app.kill(signal);
      await sleep(settleMs);
      return service.slice(load, ms);
    };
    for (let i = 0; i < 2; i++)
      for (const load of loads)
        for (const service of services) for (const signal of [off, on] as const) await slice(service, load, signal, 800);
    const pairs = loads.map(() => services.map((): Pair[] => []));
    const end = performance.now() + Number(seconds) * 1000;
    for (let round = 0; performance.now() < end; round++) {
      const order = [...services.keys()];
      if (round % 2 === 1) order.reverse();
      for (const [which, load] of loads.entries())
        for (const each of order) {
          const service = services[each] as Service;
          const isOffFirst = (round >> 1) % 2 === 0;
          const first = await slice(service, load, isOffFirst ? off : on, sliceMs);
          const second = await slice(service, load, isOffFirst ? on : off, sliceMs);
          pairs[which]?.[each]?.push(isOffFirst ? { base: first, traced: second } : { base: second, traced: first });
        }
    }
    session.stop();
    for (const service of services) await service.stop();
    console.log(`load ${(loadavg()[0] ?? 0).toFixed(2)}; medians [quartiles] of ${pairs[0]?.[0]?.length} rounds`);
    for (const [which, load] of loads.entries())
      for (const each of services.keys()) {
        const own = pairs[which]?.[each] ?? [];
        const percent = (of: (sample: Sample) => number): string => spread(own, ({ base, traced }) => (of(traced) / of(base) - 1) * 100);
        const [bases, traced] = [own.map((pair) => pair.base), own.map((pair) => pair.traced)];
        const [cpu, cpuTraced] = [quiet(bases, ({ cpuUs }) => cpuUs), quiet(traced, ({ cpuUs }) => cpuUs)];
        const latency = quiet(traced, ({ p50Us }) => p50Us) / quiet(bases, ({ p50Us }) => p50Us);
        console.log(
          `${load.name.padEnd(28)} build ${each}, quiet slices: base ${cpu.toFixed(1)} us CPU, cost ${(cpuTraced - cpu).toFixed(1)} us, ${((cpuTraced / cpu - 1) * 100).toFixed(1)} %, median latency ${((latency - 1) * 100).toFixed(1)} %`,
        );
        console.log(
          `${load.name.padEnd(28)} build ${each}: base ${spread(own, ({ base }) => base.cpuUs)} us CPU, cost ${spread(own, ({ base, traced }) => traced.cpuUs - base.cpuUs)} us, ${percent(({ cpuUs }) => cpuUs)} %, median latency ${percent(({ p50Us }) => p50Us)} %, rate ${percent(({ rate }) => rate)} %`,
        );
      }
  } finally {
    await lttng.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
