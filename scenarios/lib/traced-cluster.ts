/** Clusters on loopback, traced. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RecordResult } from "../../src/record/index.ts";
import type { ScenarioContext } from "../contract.ts";
import { Processes } from "./processes.ts";
import { type Cluster, startCluster } from "./redis-cluster.ts";

/** Starts the nodes, records `load`, and stops everything. */
export function recordCluster(
  context: ScenarioContext,
  nodes: number,
  load: (cluster: Cluster & { readonly processes: Processes }) => Promise<void>,
): Promise<RecordResult> {
  return recordClusters(context, [nodes], ([cluster], processes) => load({ ...(cluster as Cluster), processes }));
}

/** The same with several clusters, of so many nodes each, in one recording. */
export async function recordClusters(
  context: ScenarioContext,
  sizes: readonly number[],
  load: (clusters: readonly Cluster[], processes: Processes) => Promise<void>,
): Promise<RecordResult> {
  const processes = new Processes(context.directory, context.signal);
  try {
    const clusters: Cluster[] = [];
    for (const nodes of sizes) {
      clusters.push(
        await context.step(`starting a cluster of ${nodes} nodes`, () => {
          const directory = join(context.directory, `cluster-${clusters.length}`);
          mkdirSync(directory);
          return startCluster(processes, context.store, directory, nodes);
        }),
      );
    }
    const pids = clusters.flatMap((cluster) => cluster.pids);
    const recording = await context.step("starting to record", () =>
      context.startRecording({ output: context.output, events: context.events, pids }),
    );
    try {
      await processes.waitFor(
        "all nodes being traced",
        20,
        async () => (await recording.processes()).filter(({ pid }) => pids.includes(pid)).length === pids.length,
      );
      await load(clusters, processes);
      processes.check();
    } finally {
      await context.step("writing the trace", () => recording.stop());
    }
    return await recording.stop();
  } finally {
    await processes.stop();
  }
}
