/** TLS and io threads that read: called for in a rush, asleep between. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";
import { tlsRush } from "../lib/tls-load.ts";

const rushes: Readonly<Record<ScenarioSize, number>> = { small: 1, medium: 4, large: 15 };
const pauseMs = 2500;
/** No pipelines: most of the work is in TLS, which is what io threads are for. */
const rush = { clients: 100, pipeline: 1, requests: 500 };

const healthyTls: Scenario = {
  id: "healthy-tls",
  title: "A healthy server with TLS and io threads",
  description:
    "Every few seconds a hundred clients come for five small writes each over TLS, read by io threads: a healthy server with the settings that tls-double-free breaks.",
  run: (context) =>
    recordServer(context, {
      settings: { "io-threads": 2, "io-threads-do-reads": "yes" },
      tls: true,
      load: async ({ processes, tls }) => {
        if (tls === undefined) return;
        for (let i = 0; i < rushes[context.size]; i++) {
          await tlsRush(context, processes, tls, rush);
          await pause(context, pauseMs);
        }
      },
    }),
};

export default healthyTls;
