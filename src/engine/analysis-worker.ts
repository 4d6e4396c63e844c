/** The module that a thread of an analysis runs; team.ts starts it and says what it is told and tells. */
import { parentPort, workerData } from "node:worker_threads";
import type { Analysis } from "../analyses/contract.ts";
import { assert, StorescopeError } from "../base/index.ts";
import type { TraceSource } from "../trace/index.ts";
import { PackingThread } from "./packing.ts";
import { analyses } from "./registry/analyses.gen.ts";
import { Share } from "./share.ts";
import { SharedState, type WorkerMessage, type WorkerTask } from "./team.ts";
import { openedAs, openTraces, toFailure } from "./thread.ts";

const eventsPerLook = 1024;

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function work(task: WorkerTask, source: TraceSource): void {
  const shared = new SharedState(task.shared);
  const cursor = source.cursor();
  const wanted = (analyses as readonly Analysis[]).filter(({ id }) => task.analyses.includes(id));
  assert(wanted.length === task.analyses.length, "a worker knows the analyses it is asked for");
  const packing = task.packing === undefined ? undefined : new PackingThread(new URL(task.packing));
  const onPart = (path: string): void => tell({ kind: "part", path });
  const share = new Share({ ...task, analyses: wanted, source, cursor, packerOf: packing?.part, onPart });
  try {
    let end = 0;
    for (let events = 1; cursor.next(); events++) {
      share.handle();
      end = cursor.time;
      if (events % eventsPerLook !== 0) continue;
      shared.setPassed(task.index, cursor.bytesRead);
      if (shared.isStopped) throw new StorescopeError("CANCELLED", "the analysis was cancelled");
    }
    shared.setPassed(task.index, source.totalBytes);
    tell({ kind: "done", result: share.finish(end) });
  } catch (error) {
    share.abort();
    throw error;
  } finally {
    packing?.end();
    cursor.close();
  }
}

function tellFailure(error: unknown): void {
  tell({ kind: "failed", failure: toFailure(error) });
}

try {
  const task = workerData as WorkerTask;
  const source = openTraces(task.traces);
  parentPort?.once("message", () => {
    try {
      work(task, source);
    } catch (error) {
      tellFailure(error);
    } finally {
      source.close();
    }
  });
  tell({ kind: "ready", opened: openedAs(source) });
} catch (error) {
  tellFailure(error);
}
