/**
 * Redis 7 with TLS and io threads that read, whose reads take longer than they would: the build's debug option makes every thread wait between taking a client
 * up and reading from it. So two threads meet on one connection, as they rarely do by themselves.
 */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { sendLargeValues } from "../lib/large-values.ts";
import { hasDied, recordServer } from "../lib/single-server.ts";
import { startTlsLoad } from "../lib/tls-load.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 3, medium: 10, large: 30 };
/** Few, so that the lists are short and a client's two entries come up at about the same time. */
const loadClients = 5;
const delayUs = 100;

const tlsRace: Scenario = {
  id: "tls-race",
  title: "Two threads on one connection",
  description:
    "TLS clients send large values in parts while io threads read, each read delayed by 100 µs: the main thread and an io thread read from one connection at the same time. Redis may or may not die of it.",
  finds: "io-thread-race",
  run: (context) =>
    recordServer(context, {
      settings: { "io-threads": 2, "io-threads-do-reads": "yes", "crash-memcheck-enabled": "no" },
      environment: { STORESCOPE_READ_DELAY_US: String(delayUs) },
      tls: true,
      dies: true,
      load: async (server) => {
        const { processes, tls } = server;
        if (tls === undefined) return;
        await startTlsLoad(context, processes, tls, loadClients);
        const over = new AbortController();
        const largeValues = sendLargeValues({ tls, clients: 5, breaksOff: false, seed: context.seed }, over.signal);
        await hasDied(context, server, seconds[context.size]).finally(() => over.abort());
        await largeValues;
      },
    }),
};

export default tlsRace;
