/** An ordinary load over TLS: small writes by the store's own benchmark. It keeps the io threads awake, who sleep below two replies each. */
import type { ScenarioContext } from "../contract.ts";
import type { Processes } from "./processes.ts";
import type { TlsEndpoint } from "./single-server.ts";

/** More than it gets through: it is stopped with the processes. */
const requests = 2_000_000_000;

export async function startTlsLoad(
  context: ScenarioContext,
  processes: Processes,
  tls: TlsEndpoint,
  { clients = 20, pipeline = 20 }: { readonly clients?: number; readonly pipeline?: number } = {},
): Promise<void> {
  const connection = ["-p", String(tls.port), "--tls", "--cacert", tls.certificateFile];
  const load = ["-t", "set", "-c", String(clients), "-P", String(pipeline), "-r", "10000", "-n", String(requests)];
  await processes.start(context.store.benchmark, [...connection, ...load]);
}
