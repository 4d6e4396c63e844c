/** KEYS and a long script among quick commands. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

/** Keys to walk, and how often. 400 000 keys take KEYS some 30 ms. */
const sizes: Readonly<Record<ScenarioSize, { readonly keys: number; readonly calls: number }>> = {
  small: { keys: 800_000, calls: 6 },
  medium: { keys: 2_000_000, calls: 15 },
  large: { keys: 5_000_000, calls: 40 },
};

const slowCommand: Scenario = {
  id: "slow-command",
  title: "A slow command among quick ones",
  description:
    "One client walks the whole key space with KEYS, again and again, while others read and write single keys: see what each of them waits for.",
  finds: "slow-command",
  run: (context) => {
    const { keys, calls } = sizes[context.size];
    return recordServer(context, {
      prepare: async ({ admin }) => {
        await admin.ask("debug", "populate", String(keys), "item", "8");
      },
      load: ({ port, admin }) =>
        underLoad(context, port, { clients: 20, thinkMs: 2 }, async () => {
          for (let call = 0; call < calls; call++) {
            await pause(context, 100);
            await admin.ask("keys", `nothing:${context.seed}:*`);
          }
        }),
    });
  },
};

export default slowCommand;
