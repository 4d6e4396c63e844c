/** A server far over its memory limit. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { pick } from "../lib/random.ts";
import { recordServer } from "../lib/single-server.ts";

/** Keys of 100 bytes, and seconds. */
const sizes: Readonly<Record<ScenarioSize, { readonly keys: number; readonly seconds: number }>> = {
  small: { keys: 1_000_000, seconds: 2 },
  medium: { keys: 3_000_000, seconds: 6 },
  large: { keys: 10_000_000, seconds: 20 },
};

const evictionStorm: Scenario = {
  id: "eviction-storm",
  title: "Evicting at the memory limit",
  description: "The memory limit is lowered below what is stored, and clients go on writing: every command waits while keys are evicted.",
  finds: "eviction-storm",
  run: (context) => {
    const { keys, seconds } = sizes[context.size];
    return recordServer(context, {
      settings: { "maxmemory-policy": "allkeys-lru" },
      prepare: async ({ admin }) => {
        await admin.ask("debug", "populate", String(keys), `item:${context.seed}`, "100");
      },
      load: ({ port, admin }) =>
        underLoad(
          context,
          port,
          { clients: 20, thinkMs: 1, command: (next) => ["set", `key:${pick(next, 100_000)}`, "x".repeat(100)] },
          async () => {
            await pause(context, 300);
            // A setting that the server takes at once; it evicts in steps from here on.
            await admin.ask("config", "set", "maxmemory", "20mb");
            await pause(context, seconds * 1000);
          },
        ),
    });
  },
};

export default evictionStorm;
