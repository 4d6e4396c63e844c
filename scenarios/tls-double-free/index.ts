/** Redis 7 with TLS and io threads that read: a client is put on their lists twice and freed twice, and the server aborts. */
import { StorescopeError } from "../../src/base/index.ts";
import type { Scenario, ScenarioSize } from "../contract.ts";
import { sendLargeValues } from "../lib/large-values.ts";
import { pause } from "../lib/load.ts";
import { hasDied, recordServer } from "../lib/single-server.ts";
import { startTlsLoad } from "../lib/tls-load.ts";

/** How long only the ordinary load runs. */
const quietSeconds: Readonly<Record<ScenarioSize, number>> = { small: 0.3, medium: 3, large: 15 };
/** It mostly takes less than one. */
const patienceSeconds = 60;

const tlsDoubleFree: Scenario = {
  id: "tls-double-free",
  title: "A connection freed twice",
  description:
    "TLS clients break off in the middle of large values while io threads read. Redis 7 puts one of them on the threads' lists twice, frees it twice and aborts; the trace holds everything up to there.",
  finds: "io-thread-race",
  run: (context) =>
    recordServer(context, {
      // The crash report's memory test takes seconds, and tests the machine's memory.
      settings: { "io-threads": 2, "io-threads-do-reads": "yes", "crash-memcheck-enabled": "no" },
      tls: true,
      dies: true,
      load: async (server) => {
        const { processes, tls } = server;
        if (tls === undefined) return;
        await startTlsLoad(context, processes, tls);
        await pause(context, quietSeconds[context.size] * 1000);
        const over = new AbortController();
        const largeValues = sendLargeValues({ tls, clients: 10, breaksOff: true, seed: context.seed }, over.signal);
        const isDead = await hasDied(context, server, patienceSeconds).finally(() => over.abort());
        await largeValues;
        if (!isDead) throw new StorescopeError("RECORD_FAILED", `Redis did not abort within ${patienceSeconds} s`);
      },
    }),
};

export default tlsDoubleFree;
