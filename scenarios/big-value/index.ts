/** Values of many MiB among small ones. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

/** MiB of the values, and how often one is read. */
const sizes: Readonly<Record<ScenarioSize, { readonly mib: number; readonly reads: number }>> = {
  small: { mib: 16, reads: 12 },
  medium: { mib: 32, reads: 40 },
  large: { mib: 64, reads: 120 },
};

const bigValue: Scenario = {
  id: "big-value",
  title: "Big values among small ones",
  description: "One client reads and writes values of many MiB while others read and write values of a hundred bytes.",
  finds: "big-value",
  run: (context) => {
    const { mib, reads } = sizes[context.size];
    const value = Buffer.alloc(mib * 1024 * 1024, "v");
    return recordServer(context, {
      prepare: async ({ admin }) => {
        await admin.ask("set", "big", value);
      },
      load: ({ port, admin }) =>
        underLoad(context, port, { clients: 10, thinkMs: 2 }, async () => {
          for (let read = 0; read < reads; read++) {
            if (read % 4 === 3) await admin.ask("set", "big", value);
            else await admin.ask("get", "big");
            await pause(context, 40);
          }
        }),
    });
  },
};

export default bigValue;
