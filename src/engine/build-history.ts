/**
 * One pass over an experiment: every analysis gets every event; what they write becomes a history.
 *
 * Large traces are shared with other threads (team.ts): all read everything, each does its own parts. Threads that are left over pack what the first ones
 * collect (packing.ts), which helps with a single server, too. The history is the same, bit for bit.
 */

import type { Analysis } from "../analyses/contract.ts";
import { StorescopeError, type TaskOptions } from "../base/index.ts";
import { createHistoryPart } from "../state/index.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";
import { PackingThread } from "./packing.ts";
import { joinShares, Share } from "./share.ts";
import { divide, type SharedState, type SharingOptions, Team } from "./team.ts";
import type { TraceFile } from "./thread.ts";

/** How long the pass runs before it lets others (a server, a Ctrl-C) have a turn, in ms. */
const turnMs = 20;
const eventsPerLook = 64;
/** How often progress is told while waiting for the other threads. */
const waitMs = 100;

export interface BuildOptions extends TaskOptions {
  /** Other threads that may help, and the paths by which each can open the traces again. */
  readonly workers?: (SharingOptions & { readonly traces: readonly TraceFile[] }) | undefined;
}

/** Builds the history in `directory`. Throws CANCELLED when told to stop: nothing is left behind then. */
export async function buildHistory(
  source: TraceSource,
  analyses: readonly Analysis[],
  directory: string,
  identity: string,
  options: BuildOptions,
): Promise<void> {
  const { workers } = options;
  const { count, packing } = divide(source, analyses, workers);
  const task = { traces: workers?.traces ?? [], analyses: analyses.map(({ id }) => id), directory, count };
  const team = workers === undefined || count === 1 ? undefined : await Team.start(source, task, workers.entry, packing);
  const packingThread = packing && new PackingThread(packing.entry);
  const rest = createHistoryPart(directory, packingThread?.part);
  const cursor = source.cursor();
  const share = new Share({ analyses, source, cursor, directory, index: 0, count: team?.count ?? 1, rest, packerOf: packingThread?.part });
  try {
    team?.go();
    const end = await pass(source, cursor, share, team, options);
    const own = share.finish(end);
    const others = team === undefined ? [] : await waitFor(team, source, options);
    options.onProgress?.({ label: "Analysing", done: source.totalBytes, total: source.totalBytes });
    joinShares([own, ...others], { analyses, source, directory, rest, identity }, end);
    await team?.end();
  } catch (error) {
    await team?.abort();
    share.abort();
    rest.abort();
    throw error;
  } finally {
    packingThread?.end();
    cursor.close();
  }
}

/** Reads all events; the time of the last. */
async function pass(source: TraceSource, cursor: EventCursor, share: Share, team: Team | undefined, options: TaskOptions): Promise<number> {
  let end = 0;
  let turn = performance.now();
  let events = 0;
  while (cursor.next()) {
    share.handle();
    end = cursor.time;
    if (++events % eventsPerLook !== 0 || performance.now() - turn < turnMs) continue;
    team?.shared.setPassed(0, cursor.bytesRead);
    report(source, team?.shared, cursor.bytesRead, options);
    await new Promise((resume) => setImmediate(resume));
    if (options.signal?.aborted) throw cancelled();
    if (team?.shared.isStopped) return team.failure();
    turn = performance.now();
  }
  team?.shared.setPassed(0, source.totalBytes);
  return end;
}

async function waitFor(team: Team, source: TraceSource, options: TaskOptions): ReturnType<Team["results"]> {
  const { signal } = options;
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
  const timer = setInterval(() => report(source, team.shared, source.totalBytes, options), waitMs);
  try {
    return await Promise.race([team.results(), stopped]);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function report(source: TraceSource, shared: SharedState | undefined, own: number, options: TaskOptions): void {
  options.onProgress?.({ label: "Analysing", done: shared === undefined ? own : shared.passedByAll, total: source.totalBytes });
}

function cancelled(): StorescopeError {
  return new StorescopeError("CANCELLED", "the analysis was cancelled");
}
