/**
 * The other threads of an analysis: started with a share each, asked to stop, waited for. Share 0 stays with the caller.
 *
 *     main                                  worker (analysis-worker.ts)
 *     new Worker  ------ WorkerTask ------> opens the trace again
 *                 <----- "ready" ---------- what it opened
 *     same trace? ------ "go" ------------>
 *                 <----- "part" ----------- a file it began, so that it can be removed whatever happens
 *                 <----- "done" ----------- ShareResult          (or "failed", or the thread is gone: both end the analysis)
 *
 * Shared memory carries what must be told while nobody listens for messages: stop, and how far each share is.
 */
import { Worker } from "node:worker_threads";
import type { Analysis } from "../analyses/contract.ts";
import { removePart } from "../state/index.ts";
import type { TraceSource } from "../trace/index.ts";
import type { ShareResult } from "./share.ts";
import { closeSpool } from "./spool.ts";
import { type Failure, fromFailure, isSame, type Opened, openedAs, type TraceFile, type WorkerOptions } from "./thread.ts";

/** What a worker is given. */
export interface WorkerTask {
  readonly traces: readonly TraceFile[];
  readonly analyses: readonly string[];
  readonly directory: string;
  readonly index: number;
  readonly count: number;
  readonly shared: SharedArrayBuffer;
  /** The module of a packing thread, where this share has one. */
  readonly packing: string | undefined;
}

/** Packing threads: their module, and how many shares have one, the first ones. */
export interface Packing {
  readonly entry: URL;
  readonly shares: number;
}

export type WorkerMessage =
  | { readonly kind: "ready"; readonly opened: Opened }
  | { readonly kind: "part"; readonly path: string }
  | { readonly kind: "done"; readonly result: ShareResult }
  | { readonly kind: "failed"; readonly failure: Failure };

/** The shared memory: one flag, and the bytes of trace each share has passed. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  private readonly flag: Int32Array;
  private readonly passed: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.flag = new Int32Array(buffer, 0, 1);
    this.passed = new Float64Array(buffer, 8);
  }

  static forShares(count: number): SharedState {
    return new SharedState(new SharedArrayBuffer(8 + 8 * count));
  }

  get isStopped(): boolean {
    return Atomics.load(this.flag, 0) !== 0;
  }

  stop(): void {
    Atomics.store(this.flag, 0, 1);
  }

  setPassed(index: number, bytes: number): void {
    this.passed[index] = bytes;
  }

  /** Bytes that every share has passed. */
  get passedByAll(): number {
    return Math.min(...this.passed);
  }
}

export interface SharingOptions extends WorkerOptions {
  /** The module of packing threads. */
  readonly packing?: URL | undefined;
}

/** How many threads should share this trace: no more than have something to do. Those that are left over pack, unless there are none. */
export function divide(
  source: TraceSource,
  analyses: readonly Analysis[],
  options: SharingOptions | undefined,
): { readonly count: number; readonly packing?: Packing | undefined } {
  if (options === undefined || options.threads < 2 || source.totalBytes < options.smallestBytes) return { count: 1 };
  const useful = analyses.map((analysis) => ("start" in analysis ? 1 : analysis.usefulShares(source)));
  const count = Math.min(options.threads, Math.max(1, ...useful));
  const shares = options.threads - count;
  return { count, packing: options.packing && shares > 0 ? { entry: options.packing, shares } : undefined };
}

/** One worker and what became of it. */
class Member {
  readonly ready: Promise<Opened>;
  readonly done: Promise<ShareResult>;
  readonly exited: Promise<void>;
  /** Files it began, and the result once it is there. */
  readonly parts: string[] = [];
  result: ShareResult | undefined;
  private readonly worker: Worker;

  constructor(entry: URL, task: WorkerTask, onFailure: () => void) {
    // Spools are read by the main thread after the worker is gone: their files must stay open.
    this.worker = new Worker(entry, { workerData: task, trackUnmanagedFds: false });
    this.exited = new Promise((resolve) => this.worker.once("exit", () => resolve()));
    const ready = deferred<Opened>();
    const done = deferred<ShareResult>();
    const fail = (error: Error): void => {
      ready.reject(error);
      done.reject(error);
      onFailure();
    };
    this.worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "ready") ready.resolve(message.opened);
      else if (message.kind === "part") this.parts.push(message.path);
      else if (message.kind === "done") {
        this.result = message.result;
        done.resolve(message.result);
      } else fail(fromFailure(message.failure));
    });
    this.worker.on("error", (cause) => fail(new Error(`an analysis thread broke down: ${cause.message}`, { cause })));
    this.worker.on("exit", (code) => {
      if (this.result === undefined) fail(new Error(`an analysis thread ended by itself (exit code ${code})`));
    });
    this.ready = ready.promise;
    this.done = done.promise;
    // Whoever waits hears of it; when the main thread fails first, nobody does.
    this.ready.catch(() => undefined);
    this.done.catch(() => undefined);
  }

  go(): void {
    this.worker.postMessage("go");
  }

  async end(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = () => undefined;
  let reject: Deferred<T>["reject"] = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

export class Team {
  readonly shared: SharedState;
  readonly count: number;
  private readonly members: readonly Member[];

  private constructor(count: number, members: (shared: SharedState) => readonly Member[]) {
    this.count = count;
    this.shared = SharedState.forShares(count);
    this.members = members(this.shared);
  }

  /** Starts the workers for shares 1 .. count - 1. Undefined when they did not open the same trace as `source`: it has changed meanwhile. */
  static async start(
    source: TraceSource,
    task: Omit<WorkerTask, "index" | "shared" | "packing">,
    entry: URL,
    packing?: Packing,
  ): Promise<Team | undefined> {
    const team = new Team(task.count, (shared) =>
      Array.from({ length: task.count - 1 }, (_, i) => {
        const index = i + 1;
        const packed = packing !== undefined && index < packing.shares ? packing.entry.href : undefined;
        return new Member(entry, { ...task, index, shared: shared.buffer, packing: packed }, () => shared.stop());
      }),
    );
    try {
      const own = openedAs(source);
      const opened = await Promise.all(team.members.map((member) => member.ready));
      if (opened.every((each) => isSame(each, own))) return team;
      await team.abort();
      return undefined;
    } catch (error) {
      await team.abort();
      throw error;
    }
  }

  go(): void {
    for (const member of this.members) member.go();
  }

  /** What all have done. Rejects as soon as one fails. */
  results(): Promise<readonly ShareResult[]> {
    return Promise.all(this.members.map((member) => member.done));
  }

  /** Why the others stopped; waits for it. Only when `shared.isStopped`, and not by the caller. */
  async failure(): Promise<never> {
    await Promise.all(this.members.map((member) => member.done));
    throw new Error("bug: the analysis threads were stopped, but none failed");
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end()));
  }

  /** Ends the threads and removes what they wrote. */
  async abort(): Promise<void> {
    this.shared.stop();
    await this.end();
    for (const { parts, result } of this.members) {
      for (const path of parts) removePart(path);
      for (const spool of result?.spools ?? []) closeSpool(spool);
    }
  }
}
