/** A background save of a server with much memory. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

/** Keys of 200 bytes: fork() copies page tables of some 330 MB for each million. */
const keys: Readonly<Record<ScenarioSize, number>> = { small: 2_500_000, medium: 5_000_000, large: 15_000_000 };

const forkStall: Scenario = {
  id: "fork-stall",
  title: "BGSAVE of a large server",
  description: "A server that holds hundreds of MB saves in the background while clients read and write: the fork stops them all.",
  finds: "fork-stall",
  run: (context) =>
    recordServer(context, {
      // The child sleeps instead of writing: what is shown is the fork, not the disk.
      settings: { "rdb-key-save-delay": 1_000_000 },
      prepare: async ({ admin }) => {
        await admin.ask("debug", "populate", String(keys[context.size]), `item:${context.seed}`, "200");
      },
      load: ({ port, admin }) =>
        underLoad(context, port, { clients: 20, thinkMs: 1 }, async () => {
          await pause(context, 300);
          await admin.ask("bgsave");
          await pause(context, 500);
        }),
    }),
};

export default forkStall;
