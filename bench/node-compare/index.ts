/**
 * What tracing costs a Node.js service, by builds of the instrumentation side by side: the service of bench/node-overhead once without any and once for each, all
 * under one session, whose tracing is switched off and on by signal. So the buffers are in use already, slices can be short, and there are many: on a machine that
 * is not steady this tells builds apart where bench/node-overhead cannot.
 *
 *     round     without | build 0 off, on | build 1 off, on | ...       every second one in reverse
 *     off       hooks are installed, but do nothing: a session has ended; told beside the service without any
 *     on        told beside off, in the same process
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

/** A kind of slice: `signal` is sent before it. */
interface Kind {
  readonly name: string;
  readonly service: Service;
  readonly signal: NodeJS.Signals | undefined;
}

const cpuOf = ({ cpuUs }: Sample): number => cpuUs;

/** CPU time that a tenth of the slices stays below: what others do on the machine only ever adds. */
function quiet(samples: readonly Sample[]): number {
  const sorted = samples.map(cpuOf).sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 10)] ?? Number.NaN;
}

/** Median and quartiles. */
function spread(numbers: readonly number[]): string {
  const values = [...numbers].sort((left, right) => left - right);
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
    const traced = preloads.map((preload) => `NODE_OPTIONS=${preloadEnvironment(preload, flip).NODE_OPTIONS}`);
    const services: Service[] = [];
    for (const options of [[], ...traced.map((each) => [each])])
      services.push(await Service.start(lttng, node, port, [...options, "NODE_ENV=production"], directory));
    const session = lttng.record(join(directory, "trace"), nodeEventNames(false));
    await sleep(400);
    const kinds = services.flatMap((service, i): Kind[] =>
      i === 0
        ? [{ name: "without", service, signal: undefined }]
        : [
            { name: `build ${i - 1} off`, service, signal: off },
            { name: `build ${i - 1} on`, service, signal: on },
          ],
    );
    const slice = async ({ service, signal }: Kind, load: Load, ms: number): Promise<Sample> => {
      if (signal !== undefined) service.app.kill(signal);
      await sleep(settleMs);
      return service.slice(load, ms);
    };
    for (let i = 0; i < 2; i++) for (const load of loads) for (const kind of kinds) await slice(kind, load, 800);
    const samples = loads.map(() => kinds.map((): Sample[] => []));
    const end = performance.now() + Number(seconds) * 1000;
    for (let round = 0; performance.now() < end; round++) {
      const order = [...kinds.keys()];
      if (round % 2 === 1) order.reverse();
      for (const [which, load] of loads.entries())
        for (const each of order) samples[which]?.[each]?.push(await slice(kinds[each] as Kind, load, sliceMs));
    }
    session.stop();
    for (const service of services) await service.stop();
    console.log(`load ${(loadavg()[0] ?? 0).toFixed(2)}; medians [quartiles] of ${samples[0]?.[0]?.length} rounds, and the quietest tenth`);
    for (const [which, load] of loads.entries()) {
      const slices = samples[which] as Sample[][];
      for (const [k, { name, signal }] of kinds.entries()) {
        const title = `${load.name.padEnd(28)} ${name.padEnd(12)}`;
        const own = slices[k] as Sample[];
        if (signal === undefined) {
          console.log(`${title} ${spread(own.map(cpuOf))} us CPU, quiet ${quiet(own).toFixed(1)}`);
          continue;
        }
        // Two processes of the same kind differ by as much as tracing costs.
        const bases = slices[signal === on ? k - 1 : 0] as Sample[];
        const change = (of: (sample: Sample) => number): string =>
          spread(own.map((sample, i) => (of(sample) / of(bases[i] as Sample) - 1) * 100));
        const more = spread(own.map((sample, i) => cpuOf(sample) - cpuOf(bases[i] as Sample)));
        const quietBase = quiet(bases);
        const quietMore = quiet(own) - quietBase;
        console.log(
          `${title} ${more} us CPU, ${change(cpuOf)} %, median latency ${change(({ p50Us }) => p50Us)} %, rate ${change(({ rate }) => rate)} %; quiet ${quietMore.toFixed(1)} us, ${((quietMore / quietBase) * 100).toFixed(1)} %`,
        );
      }
    }
  } finally {
    await lttng.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
