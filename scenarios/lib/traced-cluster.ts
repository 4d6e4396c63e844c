/** A cluster on loopback, traced. */
import type { RecordResult } from "../../src/record/index.ts";
import type { ScenarioContext } from "../contract.ts";
import { Processes } from "./processes.ts";
import { type Cluster, startCluster } from "./redis-cluster.ts";

/** Starts the nodes, records `load`, and stops everything. */
export async function recordCluster(
  context: ScenarioContext,
  nodes: number,
  load: (cluster: Cluster & { readonly processes: Processes }) => Promise<void>,
): Promise<RecordResult> {
  const processes = new Processes(context.directory, context.signal);
  try {
    const cluster = await context.step(`starting a cluster of ${nodes} nodes`, () =>
      startCluster(processes, context.store, context.directory, nodes),
    );
    const { pids } = cluster;
    const recording = await context.step("starting to record", () =>
      context.startRecording({ output: context.output, events: context.events, pids }),
    );
    try {
      await processes.waitFor(
        "all nodes being traced",
        20,
        async () => (await recording.processes()).filter(({ pid }) => pids.includes(pid)).length === pids.length,
      );
      await load({ ...cluster, processes });
      processes.check();
    } finally {
      await context.step("writing the trace", () => recording.stop());
    }
    return await recording.stop();
  } finally {
    await processes.stop();
  }
}
