/** More io threads than work for them. */
import type { Scenario, ScenarioSize } from "../contract.ts";
import { recordServer } from "../lib/single-server.ts";

const requests: Readonly<Record<ScenarioSize, number>> = { small: 60_000, medium: 400_000, large: 2_000_000 };

const ioThreadsIdleSpin: Scenario = {
  id: "io-threads-idle-spin",
  title: "Io threads with nothing to do",
  description: "Four io threads serve small requests that one thread could serve alone: see them spin between two handfuls of clients.",
  finds: "io-threads-idle-spin",
  run: (context) =>
    recordServer(context, {
      settings: { "io-threads": 4, "io-threads-do-reads": "yes" },
      load: async ({ port, processes }) => {
        await processes.run(context.store.benchmark, [
          "-p",
          String(port),
          "-n",
          String(requests[context.size]),
          "-c",
          "40",
          "-r",
          "1000",
          "-t",
          "get",
          "-q",
        ]);
      },
    }),
};

export default ioThreadsIdleSpin;
