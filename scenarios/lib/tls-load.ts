/** An ordinary load over TLS: small writes by the store's own benchmark. In pipelines it keeps the io threads awake, who sleep below two replies each. */
import type { ScenarioContext } from "../contract.ts";
import type { Processes } from "./processes.ts";
import type { TlsEndpoint } from "./single-server.ts";

interface Load {
  readonly clients: number;
  readonly pipeline: number;
  readonly requests: number;
}

function benchmark({ port, certificateFile }: TlsEndpoint, { clients, pipeline, requests }: Load): readonly string[] {
  const load = ["-t", "set", "-c", String(clients), "-P", String(pipeline), "-r", "10000", "-n", String(requests)];
  return ["-p", String(port), "--tls", "--cacert", certificateFile, ...load];
}

/** Runs until the processes are stopped. */
export async function startTlsLoad(context: ScenarioContext, processes: Processes, tls: TlsEndpoint, clients = 20): Promise<void> {
  const load: Load = { clients, pipeline: 20, requests: 2_000_000_000 };
  await processes.start(context.store.benchmark, benchmark(tls, load));
}

/** A rush of so many clients, from connecting to leaving. */
export async function tlsRush(context: ScenarioContext, processes: Processes, tls: TlsEndpoint, load: Load): Promise<void> {
  await processes.run(context.store.benchmark, benchmark(tls, load), { log: `rush-${performance.now()}` });
}
