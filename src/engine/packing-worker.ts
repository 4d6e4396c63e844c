/** The module that a packing thread runs; packing.ts starts it and says what it is told. */
import { parentPort, workerData } from "node:worker_threads";
import { createPartPacker, type Packer, sliceOver } from "../state/index.ts";
import { type PackingMessage, PackingState, type PackingTask } from "./packing.ts";
import { toFailure } from "./thread.ts";

const task = workerData as PackingTask;
const state = new PackingState(task.shared);
const packers: Packer[] = [];

function pack(message: Exclude<PackingMessage, { kind: "end" }>): void {
  if (message.kind === "part") {
    packers[message.part] = createPartPacker(message.path);
    return;
  }
  const packer = packers[message.part];
  if (message.kind === "abort") packer?.abort();
  else if (message.kind === "intervals") packer?.intervals(sliceOver(message.memory, message.count));
  else if (message.kind === "table") packer?.table(message.name, message.columns);
  else if (message.kind === "rows") packer?.rows(message.table, new Float64Array(message.memory), message.count);
  else if (message.kind === "document") packer?.document(message.name, message.json);
  else packer?.finish(message.ending);
}

// Whatever ends this thread: who waits for it hears of it without an event loop.
process.on("exit", () => {
  state.fail();
  state.step();
});

parentPort?.on("message", (message: PackingMessage) => {
  if (message.kind === "end") {
    task.failures.close();
    parentPort?.close();
    return;
  }
  // After a failure nothing is packed any more; what was written is still removed.
  if (!state.hasFailed || message.kind === "abort") {
    try {
      pack(message);
    } catch (error) {
      task.failures.postMessage(toFailure(error));
      state.fail();
    }
  }
  state.step();
});
