/**
 * Packing in another thread: a share's parts are collected in one thread (share.ts) and packed, slice by slice of the trace's time, in another while the next
 * slices are collected. The same calls in the same order reach the same packer, so the history is the same, bit for bit.
 *
 *     share's thread                                     packing thread (packing-worker.ts)
 *     RemotePacker --PackingMessage, in order----------> HistoryPacker per part
 *                  <--shared memory: how many are done-- (or that one failed, and why, by a port)
 *
 * Slices lie in shared memory and are reused once they are packed; who collects faster than it can be packed waits. Nobody needs an event loop on the
 * collecting side, as shares are worked off without returning to it.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import {
  type ColumnSpec,
  chunkRows,
  defaultRunIntervals,
  type Ending,
  type IntervalSlice,
  type Packer,
  sliceBytes,
  sliceOver,
} from "../state/index.ts";
import { type Failure, fromFailure } from "./thread.ts";

/** Slices of one size that may wait to be packed. */
const mostWaiting = 3;
/** How often a waiting share looks whether anything goes on, and after how many such looks without it gives up: a minute. */
const lookMs = 100;
const mostLooks = 600;

/** What a packing thread is given. */
export interface PackingTask {
  readonly shared: SharedArrayBuffer;
  readonly failures: MessagePort;
}

/** Which calls of `Packer` it makes, for which part. */
export type PackingMessage =
  | { readonly kind: "part"; readonly part: number; readonly path: string }
  | { readonly kind: "intervals"; readonly part: number; readonly memory: SharedArrayBuffer; readonly count: number }
  | { readonly kind: "table"; readonly part: number; readonly name: string; readonly columns: readonly ColumnSpec[] }
  | { readonly kind: "rows"; readonly part: number; readonly table: number; readonly memory: SharedArrayBuffer; readonly count: number }
  | { readonly kind: "document"; readonly part: number; readonly name: string; readonly json: Uint8Array }
  | { readonly kind: "finish"; readonly part: number; readonly ending: Ending }
  | { readonly kind: "abort"; readonly part: number }
  | { readonly kind: "end" };

/** The shared memory: how many messages are done with, and whether one failed. */
export class PackingState {
  private readonly words: Int32Array;

  static readonly bytes = 8;

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared);
  }

  get done(): number {
    return Atomics.load(this.words, 0);
  }

  get hasFailed(): boolean {
    return Atomics.load(this.words, 1) !== 0;
  }

  fail(): void {
    Atomics.store(this.words, 1, 1);
  }

  step(): void {
    Atomics.add(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }

  /** Waits for a step after `done`, not for long. */
  wait(done: number): void {
    Atomics.wait(this.words, 0, done, lookMs);
  }
}

/** A thread that packs the parts of one share. */
export class PackingThread {
  private readonly worker: Worker;
  private readonly state: PackingState;
  private readonly failures: MessagePort;
  /** Memory that was handed over, by its size: the oldest first, with the number of its message. */
  private readonly handed = new Map<number, { readonly memory: SharedArrayBuffer; readonly message: number }[]>();
  private told = 0;
  private parts = 0;
  /** Why it failed. */
  private failure: Error | undefined;
  /** The thread has ended: it does not even remove what it wrote. */
  private isGone = false;

  constructor(entry: URL) {
    const shared = new SharedArrayBuffer(PackingState.bytes);
    const { port1, port2 } = new MessageChannel();
    this.state = new PackingState(shared);
    this.failures = port1;
    const task: PackingTask = { shared, failures: port2 };
    this.worker = new Worker(entry, { workerData: task, transferList: [port2] });
    this.worker.on("error", (cause) => {
      this.isGone = true;
      this.failure ??= new Error(`a packing thread broke down: ${cause.message}`, { cause });
    });
  }

  /** A packer of a part, written to this file. */
  readonly part = (path: string): Packer => {
    const part = this.parts++;
    this.tell({ kind: "part", part, path });
    return remotePacker(this, part);
  };

  /** Hands a message over, and the memory it speaks of. Throws what went wrong with an earlier one. Returns the message's number. */
  tell(message: PackingMessage): number {
    this.check();
    const number = this.post(message);
    if ("memory" in message) {
      const { memory } = message;
      const others = this.handed.get(memory.byteLength) ?? [];
      others.push({ memory, message: number });
      this.handed.set(memory.byteLength, others);
    }
    return number;
  }

  /** Memory to fill: new, or some that has been packed. Waits for it where too much waits already. */
  take(bytes: number): SharedArrayBuffer {
    const handed = this.handed.get(bytes) ?? [];
    const [oldest] = handed;
    if (oldest === undefined || (handed.length < mostWaiting && this.state.done < oldest.message)) return new SharedArrayBuffer(bytes);
    this.waitFor(oldest.message);
    handed.shift();
    return oldest.memory;
  }

  /** Waits until a message is done with. Throws what went wrong with it, or with an earlier one. */
  waitFor(message: number): void {
    if (!this.isDoneInTime(message)) throw this.failure ?? new Error("a packing thread does not answer");
    this.check();
  }

  /** Removes a part, also after a failure. */
  abort(part: number): void {
    if (!this.isGone) this.isDoneInTime(this.post({ kind: "abort", part }));
  }

  /** No more parts come: the thread ends when it is done. */
  end(): void {
    this.post({ kind: "end" });
    this.failures.close();
  }

  private post(message: PackingMessage): number {
    this.worker.postMessage(message);
    return ++this.told;
  }

  /** Waits until a message is done with, as long as there is something to wait for: false where there is not. */
  private isDoneInTime(message: number): boolean {
    let seen = -1;
    for (let looks = 0; !this.isGone && looks < mostLooks; looks++) {
      const { done } = this.state;
      if (done >= message) return true;
      if (done !== seen) looks = 0;
      seen = done;
      this.state.wait(done);
    }
    return false;
  }

  private check(): void {
    if (this.failure === undefined && this.state.hasFailed) {
      const received = receiveMessageOnPort(this.failures) as { readonly message: Failure } | undefined;
      this.isGone = received === undefined;
      this.failure = received === undefined ? new Error("a packing thread ended by itself") : fromFailure(received.message);
    }
    if (this.failure !== undefined) throw this.failure;
  }
}

function remotePacker(thread: PackingThread, part: number): Packer {
  const newRows = (columns: number): Float64Array => new Float64Array(thread.take(8 * chunkRows * columns));
  const newSlice = (): IntervalSlice => sliceOver(thread.take(sliceBytes(defaultRunIntervals)));
  const widths: number[] = [];
  return {
    slice: newSlice,
    intervals: (slice) => {
      thread.tell({ kind: "intervals", part, memory: shared(slice.memory), count: slice.count });
      return newSlice();
    },
    table: (name, columns) => {
      thread.tell({ kind: "table", part, name, columns });
      widths.push(columns.length);
      return newRows(columns.length);
    },
    rows: (table, rows, count) => {
      thread.tell({ kind: "rows", part, table, memory: shared(rows.buffer), count });
      return newRows(widths[table] ?? 0);
    },
    document: (name, json) => void thread.tell({ kind: "document", part, name, json }),
    finish: (ending) => thread.waitFor(thread.tell({ kind: "finish", part, ending })),
    abort: () => thread.abort(part),
  };
}

function shared(memory: ArrayBufferLike): SharedArrayBuffer {
  if (memory instanceof SharedArrayBuffer) return memory;
  throw new Error("bug: memory that no other thread can see");
}
