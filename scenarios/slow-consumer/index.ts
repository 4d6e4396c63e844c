/** A subscriber that reads more slowly than is published. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { withClients } from "../lib/client.ts";
import { pause, underLoad } from "../lib/load.ts";
import { recordServer } from "../lib/single-server.ts";

const seconds: Readonly<Record<ScenarioSize, number>> = { small: 2.5, medium: 8, large: 30 };
const messageBytes = 32 * 1024;
/** The subscriber reads for a moment, then not for this long. */
const idleMs = 200;

const slowConsumer: Scenario = {
  id: "slow-consumer",
  title: "A subscriber that does not keep up",
  description:
    "Messages of 32 KiB are published faster than one of two subscribers reads them: its socket is full, and its output buffer grows.",
  finds: "slow-consumer",
  run: (context) => {
    const message = Buffer.alloc(messageBytes, "m");
    return recordServer(context, {
      // Without a limit, so that it grows instead of being cut off.
      settings: { "client-output-buffer-limit": "pubsub 0 0 0" },
      load: ({ port }) =>
        withClients(port, 2, async ([quick, slow]) => {
          await quick?.ask("subscribe", "news");
          await slow?.ask("subscribe", "news");
          let isOver = false;
          const readNowAndThen = async (): Promise<void> => {
            while (!isOver) {
              slow?.socket.pause();
              await pause(context, idleMs);
              slow?.socket.resume();
              await pause(context, 1);
            }
          };
          const reading = readNowAndThen();
          await underLoad(context, port, { clients: 4, thinkMs: 2, command: () => ["publish", "news", message] }, () =>
            pause(context, seconds[context.size] * 1000),
          );
          isOver = true;
          await reading;
        }),
    });
  },
};

export default slowConsumer;
