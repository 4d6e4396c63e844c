/** TLS and io threads that read, under an ordinary load: busy, and nothing to find. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";
import { startTlsLoad } from "../lib/tls-load.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 1, medium: 8, large: 30 };

/** Without pipelines, most of the work is in TLS: the io thread has enough to do. */
const load = { clients: 100, pipeline: 1 };

const healthyTls: Scenario = {
  id: "healthy-tls",
  title: "A healthy server with TLS and io threads",
  description:
    "A hundred clients write small values over TLS, read by io threads: a healthy server with the settings that tls-double-free breaks.",
  run: (context) =>
    recordServer(context, {
      settings: { "io-threads": 2, "io-threads-do-reads": "yes" },
      tls: true,
      load: async ({ processes, tls }) => {
        if (tls === undefined) return;
        await startTlsLoad(context, processes, tls, load);
        await pause(context, seconds[context.size] * 1000);
      },
    }),
};

export default healthyTls;
