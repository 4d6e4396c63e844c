/**
 * A service that is recorded for a long time, under load over connections that are kept: it must not hang, and its memory must stay what it is. A table with a
 * row a minute: requests answered, latencies, resident memory. Fails when a minute has less than half of its requests.
 *
 *     npm run bench -- node-soak [MINUTES [REQUESTS-A-SECOND [NODE]]]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { nodeEventNames } from "../../src/environments/node/index.ts";
import { buildNode, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildPlainStore } from "../../src/record/store/index.ts";
import { PrivateLttng } from "../../test/real/private-lttng.ts";
import { Customers, type Sample, Service } from "../node-overhead/service.ts";

const connections = 32;

/** Resident memory, bytes. */
function resident(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kib) * 1024;
}

export async function run({ args }: { readonly json: boolean; readonly args: readonly string[] }): Promise<void> {
  const [minutes, rate] = [Number(args[0] ?? 30), Number(args[1] ?? 500)];
  const node = args[2] ?? process.execPath;
  const directory = mkdtempSync(join(tmpdir(), "storescope-node-soak-"));
  const { preload } = await buildNode();
  const store = await buildPlainStore({ flavor: "redis" });
  const lttng = await PrivateLttng.open();
  try {
    const [port = 0] = await freePorts(1);
    lttng.start("taskset", ["--cpu-list", "1", store.server, "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory]);
    const environment = [`NODE_OPTIONS=${preloadEnvironment(preload, "").NODE_OPTIONS}`, "NODE_ENV=production"];
    const service = await Service.start(lttng, node, port, environment, directory);
    const customers = new Customers(lttng, service);
    const session = lttng.record(join(directory, "trace"), nodeEventNames(false));
    console.log(
      `${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}, ${connections} connections, ${rate} requests a second, the events that analyses need`,
    );
    console.log("minute  requests  p50 us  p99 us  resident MiB");
    for (let minute = 1; minute <= minutes; minute++) {
      const load = { name: "soak", path: "/calls/2", connections, rate };
      const [{ p50Us, p99Us, rate: reached }] = (await customers.ask(load, 60_000)) as [Sample];
      const memory = resident(service.app.pid ?? 0) / 2 ** 20;
      const columns = [minute, Math.round(reached * 60), Math.round(p50Us), Math.round(p99Us), memory.toFixed(1)];
      console.log(columns.map((value, i) => String(value).padStart([6, 10, 8, 8, 14][i] ?? 8)).join(""));
      if (reached < rate / 2) process.exitCode = 1;
    }
    session.stop();
    await customers.stop();
    await service.stop();
  } finally {
    await lttng.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
