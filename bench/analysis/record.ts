/**
 * Records the traces that the analysis benchmark reads: a cluster of three nodes under redis-benchmark, once per event set, and beside each trace what the
 * servers themselves counted (INFO commandstats) over the recording: the oracle.
 *
 *     <directory>/trace          the CTF trace
 *     <directory>/recorded.json  { "calls": { "get": 60000, ... } }, written last: without it the recording is not whole and made again
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Processes } from "../../scenarios/lib/processes.ts";
import { startCluster } from "../../scenarios/lib/redis-cluster.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore } from "../../src/record/store/index.ts";

/** Requests of each command at each pipeline depth. */
const requests = 60_000;
const pipelines = [1, 16];
const commands: readonly (readonly string[])[] = [
  ["set", "string:{tag}:__rand_int__", "xxx"],
  ["get", "string:{tag}:__rand_int__"],
  ["lpush", "list:{tag}", "xxx"],
  ["lrange", "list:{tag}", "0", "9"],
  ["publish", "news:__rand_int__", "xxx"],
];

export interface Recorded {
  readonly trace: string;
  /** Calls by command, of those that redis-benchmark sent. */
  readonly calls: Readonly<Record<string, number>>;
}

/** The recording of an event set in `directory`, made when it is not there. */
export async function recordedTrace(directory: string, events: string): Promise<Recorded> {
  const trace = join(directory, "trace");
  const file = join(directory, "recorded.json");
  if (!existsSync(file)) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const calls = await record(trace, events);
    writeFileSync(file, `${JSON.stringify({ calls })}\n`);
  }
  return { trace, ...(JSON.parse(readFileSync(file, "utf8")) as { readonly calls: Record<string, number> }) };
}

async function record(output: string, events: string): Promise<Readonly<Record<string, number>>> {
  const store = await buildStore({ flavor: "redis" });
  const servers = mkdtempSync(join(tmpdir(), "storescope-bench-"));
  const processes = new Processes(servers, new AbortController().signal);
  let question = 0;
  const ask = (port: number, ...command: string[]): Promise<string> =>
    processes.run(store.cli, ["-p", String(port), ...command], { log: `ask-${question++}` });
  try {
    const { ports, pids } = await startCluster(processes, store, servers, 3);
    const recording = await startRecording({ output, events, pids });
    try {
      await processes.waitFor("all nodes being traced", 20, async () => {
        const traced = (await recording.processes()).map(({ pid }) => pid);
        return pids.every((pid) => traced.includes(pid));
      });
      for (const port of ports) await ask(port, "config", "resetstat");
      for (const depth of pipelines) {
        for (const command of commands) {
          const target = command[0] === "publish" ? [] : ["--cluster"];
          const common = ["-n", String(requests), "-c", "50", "-P", String(depth), "-r", "1000", "-q"];
          await processes.run(store.benchmark, ["-p", String(ports[0]), ...target, ...common, ...command], {
            log: `${command[0]}-${depth}`,
          });
        }
      }
      const calls: Record<string, number> = {};
      for (const port of ports) {
        const counted = await ask(port, "info", "commandstats");
        for (const [name = ""] of commands) {
          const found = new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(counted)?.[1];
          calls[name] = (calls[name] ?? 0) + Number(found ?? 0);
        }
      }
      for (const [name = ""] of commands) {
        const asked = requests * pipelines.length;
        if (calls[name] !== asked) throw new Error(`redis-benchmark was asked for ${asked} ${name}, the servers counted ${calls[name]}`);
      }
      const { lostEvents } = await recording.stop();
      if (lostEvents !== 0) throw new Error(`LTTng lost ${lostEvents ?? "an unknown number of"} events: the machine is too busy`);
      return calls;
    } finally {
      await recording.stop();
    }
  } finally {
    await processes.stop();
    rmSync(servers, { recursive: true, force: true });
  }
}
