/** An append-only file that is synced before every reply. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { pause, underLoad } from "../lib/load.ts";
import { pick } from "../lib/random.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2, medium: 10, large: 40 };
/** Large enough for the disk to matter, whatever it is. */
const valueBytes = 256 * 1024;

const aofFsyncStall: Scenario = {
  id: "aof-fsync-stall",
  title: "appendfsync always under large writes",
  description: "Clients write values of 256 KiB to a server that syncs its append-only file before it answers.",
  finds: "aof-fsync-stall",
  run: (context) => {
    const value = Buffer.alloc(valueBytes, "v");
    return recordServer(context, {
      settings: { appendonly: "yes", appendfsync: "always", "auto-aof-rewrite-percentage": 0 },
      load: ({ port }) =>
        underLoad(context, port, { clients: 8, thinkMs: 1, command: (next) => ["set", `key:${pick(next, 100)}`, value] }, () =>
          pause(context, seconds[context.size] * 1000),
        ),
    });
  },
};

export default aofFsyncStall;
