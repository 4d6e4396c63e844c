/** A Redis cluster on loopback, in one folder, nothing kept on disk. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { StorescopeError } from "../../src/base/index.ts";
import type { StorePrograms } from "../contract.ts";
import { certificateSettings, writeCertificate } from "./certificate.ts";
import type { Processes } from "./processes.ts";

/** The cluster bus listens this far above the clients' port. */
const busOffset = 10_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Ports that are free together with their bus ports. Somebody may take one before Redis does; Redis then says so. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let port = 20_000 + (process.pid % 10_000); found.length < count && port < 50_000; port++) {
    if ((await isFree(port)) && (await isFree(port + busOffset))) found.push(port);
  }
  if (found.length < count) throw new StorescopeError("RECORD_FAILED", `no ${count} free ports between 20000 and 50000`);
  return found;
}

export interface Cluster {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  /** Where the nodes speak TLS to clients, besides `ports` where they do not. */
  readonly tls: { readonly ports: readonly number[]; readonly certificateFile: string } | undefined;
}

/** Starts the nodes and joins them; returns once every node says the cluster is whole. With `tls`, for clients only: the bus stays plain. */
export async function startCluster(
  processes: Processes,
  store: StorePrograms,
  directory: string,
  nodes: number,
  options: { readonly tls?: boolean } = {},
): Promise<Cluster> {
  const free = await freePorts(options.tls === true ? 2 * nodes : nodes);
  const ports = free.slice(0, nodes);
  const tlsPorts = free.slice(nodes);
  const certificate = options.tls === true ? writeCertificate(directory) : undefined;
  const pids: number[] = [];
  for (const port of ports) {
    const folder = join(directory, `node-${port}`);
    mkdirSync(folder);
    const settings = {
      port,
      bind: "127.0.0.1",
      dir: folder,
      "cluster-enabled": "yes",
      "cluster-node-timeout": 5000,
      save: "",
      appendonly: "no",
      daemonize: "no",
      ...(certificate === undefined ? {} : certificateSettings(certificate, tlsPorts[pids.length] ?? 0)),
    };
    pids.push(
      await processes.start(
        store.server,
        Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
        { log: `redis-${port}` },
      ),
    );
  }
  const ask = async (port: number, ...command: string[]) => {
    try {
      return await processes.run(store.cli, ["-p", String(port), ...command], { log: `ask-${port}-${performance.now()}` });
    } catch (error) {
      if (error instanceof StorescopeError && error.code === "RECORD_FAILED") return ""; // Not listening yet.
      throw error;
    }
  };
  for (const port of ports)
    await processes.waitFor(`the answer of node ${port}`, 20, async () => (await ask(port, "ping")).startsWith("PONG"));
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await processes.run(store.cli, ["--cluster", "create", ...addresses, "--cluster-replicas", "0", "--cluster-yes"], { log: "create" });
  for (const port of ports) {
    await processes.waitFor(
      `a whole cluster, seen from node ${port},`,
      30,
      async () => /cluster_state:ok[\s\S]*cluster_known_nodes:(\d+)/.exec(await ask(port, "cluster", "info"))?.[1] === String(nodes),
    );
  }
  return { ports, pids, tls: certificate && { ports: tlsPorts, certificateFile: certificate.certificateFile } };
}
