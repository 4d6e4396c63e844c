/** A slow command at the head of pipelines of quick ones. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { Client, encode } from "../lib/client.ts";
import { pause, underLoad } from "../lib/load.ts";
import { pick, random } from "../lib/random.ts";
import { recordServer } from "../lib/single-server.ts";

/** Elements to sort, quick commands behind each, and pipelines. */
const sizes: Readonly<Record<ScenarioSize, { readonly elements: number; readonly behind: number; readonly pipelines: number }>> = {
  small: { elements: 30_000, behind: 100, pipelines: 12 },
  medium: { elements: 30_000, behind: 200, pipelines: 60 },
  large: { elements: 30_000, behind: 200, pipelines: 400 },
};

const headOfLinePipeline: Scenario = {
  id: "head-of-line-pipeline",
  title: "A slow command at the head of a pipeline",
  description:
    "One connection pipelines a SORT and many GETs: the GETs wait for the SORT, though the server could have answered them at once.",
  finds: "head-of-line-pipeline",
  run: (context) => {
    const { elements, behind, pipelines } = sizes[context.size];
    return recordServer(context, {
      prepare: async ({ admin }) => {
        const next = random(context.seed);
        for (let done = 0; done < elements; done += 1000) {
          await admin.ask("rpush", "scores", ...Array.from({ length: 1000 }, () => String(pick(next, 1_000_000))));
        }
        for (let i = 0; i < behind; i++) await admin.ask("set", `key:${i}`, "x".repeat(16));
      },
      load: ({ port }) =>
        underLoad(context, port, { clients: 2, thinkMs: 5 }, async () => {
          const commands = [encode(["sort", "scores", "limit", "0", "1"])];
          for (let i = 0; i < behind; i++) commands.push(encode(["get", `key:${i}`]));
          const pipeline = Buffer.concat(commands);
          const client = await Client.open(port);
          try {
            for (let i = 0; i < pipelines; i++) {
              await client.send(pipeline, commands.length);
              await pause(context, 30);
            }
          } finally {
            client.close();
          }
        }),
    });
  },
};

export default headOfLinePipeline;
