/** A background save of a server with much memory. */
import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import type { Scenario, ScenarioContext, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer, type Server } from "../lib/single-server.ts";

/** How long a fork is to take at least, in ms. What a GB makes of that differs from machine to machine, 6 to 30, so data is added until it does. */
const wantedMs: Readonly<Record<ScenarioSize, number>> = { small: 25, medium: 50, large: 100 };

/** What is added at a time: values of 4 KiB, of which fork() copies 8 bytes of page tables each, some 1.2 GB in all. */
const portion = { values: 250_000, valueBytes: 4096, bytes: 1.2e9 };

/** How often a portion is added at most: half of the memory that is free stays so. */
const mostPortions = (): number => Math.max(1, Math.floor(freemem() / 2 / portion.bytes));

/** Ends the processes that the server has forked, as the server itself would. What is shown is the fork, not the disk. */
function endChildren(pid: number): void {
  for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")) {
    if (child !== "") process.kill(Number(child), "SIGUSR1");
  }
}

/** Forks the server once; returns how long it did not answer for that, in ms. */
async function fork(context: ScenarioContext, { admin, pid }: Server): Promise<number> {
  for (;;) {
    const start = performance.now();
    const answer = await admin.ask("bgsave");
    const took = performance.now() - start;
    endChildren(pid);
    if (answer.startsWith("+")) return took;
    // It has not noticed the end of the last child yet.
    await pause(context, 50);
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
      prepare: async (server) => {
        const { values, valueBytes } = portion;
        for (let part = 0, most = mostPortions(); part < most; part++) {
          await server.admin.ask("debug", "populate", String(values), `item:${context.seed}:${part}`, String(valueBytes));
          // What else the machine does makes one longer, never shorter.
          if ((await fork(context, server)) >= wantedMs[context.size] && (await fork(context, server)) >= wantedMs[context.size]) break;
        }
      },
      load: (server) =>
        underLoad(context, server.port, { clients: 20, thinkMs: 1 }, async () => {
          await pause(context, 300);
          // The same fork takes twice as long at one time as at another.
          for (let save = 0; save < 3; save++) {
            await fork(context, server);
            await pause(context, 300);
          }
        }),
    }),
};

export default forkStall;
