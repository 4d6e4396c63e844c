/** Very many keys that expire at the same moment. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { encode } from "../lib/client.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const keys: Readonly<Record<ScenarioSize, number>> = { small: 300_000, medium: 1_000_000, large: 4_000_000 };
const batch = 10_000;

const expireStorm: Scenario = {
  id: "expire-storm",
  title: "Hundreds of thousands of keys expire at once",
  description:
    "A cache was filled in one go, and all its keys get the same expiry time: Redis spends a quarter of its time removing them, 25 ms at once.",
  finds: "expire-storm",
  run: (context) =>
    recordServer(context, {
      prepare: async ({ admin }) => {
        // None expires before the recording has begun: the server is told not to look for them until then.
        await admin.ask("debug", "set-active-expire", "0");
        for (let done = 0; done < keys[context.size]; done += batch) {
          const sets = Array.from({ length: batch }, (_, i) => encode(["set", `item:${context.seed}:${done + i}`, "x", "px", "100"]));
          await admin.send(Buffer.concat(sets), batch);
        }
      },
      load: ({ port, admin }) =>
        underLoad(context, port, { clients: 20, thinkMs: 1 }, async () => {
          await pause(context, 300);
          await admin.ask("debug", "set-active-expire", "1");
          await pause(context, 1500);
        }),
    }),
};

export default expireStorm;
