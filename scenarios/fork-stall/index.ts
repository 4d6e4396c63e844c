/** A background save of a server with much memory. */
import { readFileSync } from "node:fs";
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

/** Values of 4 KiB: fork() copies 8 bytes of page tables for each. */
const values: Readonly<Record<ScenarioSize, number>> = { small: 250_000, medium: 500_000, large: 1_500_000 };

/** Ends the processes that the server has forked, as the server itself would. What is shown is the fork, not the disk. */
function endChildren(pid: number): void {
  for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")) {
    if (child !== "") process.kill(Number(child), "SIGUSR1");
  }
}

const forkStall: Scenario = {
  id: "fork-stall",
  title: "BGSAVE of a large server",
  description: "A server that holds a GB or more saves in the background while clients read and write: the fork stops them all.",
  finds: "fork-stall",
  run: (context) =>
    recordServer(context, {
      // The child sleeps instead of writing.
      settings: { "rdb-key-save-delay": 1_000_000 },
      prepare: async ({ admin }) => {
        await admin.ask("debug", "populate", String(values[context.size]), `item:${context.seed}`, "4096");
      },
      load: ({ port, pid, admin }) =>
        underLoad(context, port, { clients: 20, thinkMs: 1 }, async () => {
          await pause(context, 300);
          await admin.ask("bgsave");
          await pause(context, 500);
          endChildren(pid);
          await pause(context, 200);
        }),
    }),
};

export default forkStall;
