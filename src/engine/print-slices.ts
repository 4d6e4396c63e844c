/**
 * Printing by several threads: the trace is cut into slices of time, each thread prints one after the other, and the main thread writes them out in order.
 *
 *     time      |---- slice 0 ----|---- slice 1 ----|---- slice 2 ----|---- slice 3 ----|
 *     worker 0   prints 0                            prints 2
 *     worker 1   prints 1                                              prints 3
 *     main                         writes 0          writes 1          writes 2, ...
 *
 * Text travels in blocks of shared memory, a few for each thread, which are used again once they have been written: a thread that is far ahead waits.
 *
 * A slice is what lies between two times, and `seekTime` finds where that begins: in an orderly trace. In one whose packets say less or more than what they hold,
 * or whose events go back in time, the next slice may begin elsewhere than the one before ended. So both tell their positions, and where they differ the
 * rest is printed by the main thread alone, from where the last good slice ended. What is printed is the same as what one thread prints, to the byte.
 */
import { Worker } from "node:worker_threads";
import { defined, type RelativeNs, StorescopeError, toRelative } from "../base/index.ts";
import { deltaText } from "../ctf/index.ts";
import type { CursorPosition, TraceSource } from "../trace/index.ts";
import type { PrintOptions } from "./print-range.ts";
import { type Failure, fromFailure, isSame, type Opened, openedAs, type TraceFile, type WorkerOptions } from "./thread.ts";

/** Bytes of trace in a slice, about: as much as takes some 20 ms. */
const defaultSliceBytes = 4 << 20;
/** Blocks of text of each thread, and their bytes: more than the text of a slice, so that none waits while it prints the next. */
const blockCount = 40;
const blockBytes = 1 << 20;

/** The blocks of one thread: 1 in `taken` while a block holds text that has not been written. */
export class TextBlocks {
  readonly data: SharedArrayBuffer;
  private readonly taken: Int32Array;
  private block = -1;
  private length = 0;

  constructor(data: SharedArrayBuffer = new SharedArrayBuffer(blockCount * blockBytes + 4 * blockCount)) {
    this.data = data;
    this.taken = new Int32Array(data, blockCount * blockBytes, blockCount);
  }

  /** Appends text; calls `full` with each block that is. Waits for a free one. */
  append(bytes: Uint8Array, full: (piece: TextPiece) => void): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.length === 0) this.take();
      const part = bytes.subarray(at, at + blockBytes - this.length);
      new Uint8Array(this.data, this.block * blockBytes + this.length, part.length).set(part);
      at += part.length;
      this.length += part.length;
      if (this.length === blockBytes) this.end(full);
    }
  }

  /** Gives away the block that is not full. */
  end(full: (piece: TextPiece) => void): void {
    if (this.length > 0) full({ block: this.block, length: this.length });
    this.length = 0;
  }

  /** What a block holds. */
  text({ block, length }: TextPiece): Uint8Array {
    return new Uint8Array(this.data, block * blockBytes, length);
  }

  /** The block has been written. */
  release({ block }: TextPiece): void {
    Atomics.store(this.taken, block, 0);
    Atomics.notify(this.taken, block);
  }

  private take(): void {
    this.block = (this.block + 1) % blockCount;
    while (Atomics.load(this.taken, this.block) !== 0) Atomics.wait(this.taken, this.block, 1);
    Atomics.store(this.taken, this.block, 1);
  }
}

export interface TextPiece {
  readonly block: number;
  readonly length: number;
}

export interface PrintWorkers extends WorkerOptions {
  readonly traces: readonly TraceFile[];
  readonly sliceBytes?: number;
}

/** What a worker is given when it starts. */
export interface PrintTask {
  readonly traces: readonly TraceFile[];
  readonly text: SharedArrayBuffer;
  readonly options: Pick<PrintOptions, "format" | "filter" | "countOnly" | "clockSeconds" | "noDelta">;
}

/** A slice: events with from <= time < to. The first begins at the trace's first event, whatever its time. */
export interface SliceTask {
  readonly slice: number;
  readonly from: RelativeNs;
  readonly to: RelativeNs;
}

/** What became of a slice. */
export interface SliceResult {
  readonly count: number;
  /** Where it ended; undefined where reading failed before. */
  readonly end: CursorPosition | undefined;
  /** Time of the last event printed. */
  readonly last: RelativeNs | undefined;
  readonly failure: Failure | undefined;
}

/** Where in a slice's first piece of text, and at which time, the difference to the event before belongs. */
export interface Gap {
  readonly offset: number;
  readonly time: RelativeNs;
}

export type PrintMessage =
  | { readonly kind: "ready"; readonly opened: Opened }
  /** Where the slice begins: before anything else of it. */
  | { readonly kind: "begin"; readonly slice: number; readonly begin: CursorPosition }
  | { readonly kind: "text"; readonly slice: number; readonly piece: TextPiece; readonly gap: Gap | undefined }
  | { readonly kind: "end"; readonly slice: number; readonly result: SliceResult }
  | { readonly kind: "failed"; readonly failure: Failure };

/** How many events were printed, and where and after what the rest begins that has to be printed by one thread. */
export interface Sliced {
  readonly count: number;
  readonly rest: { readonly position: CursorPosition; readonly last: RelativeNs | undefined } | undefined;
}

/** Prints what `options` ask for; undefined, with nothing printed, where one thread is better or several are not possible. */
export async function printSlices(source: TraceSource, options: PrintOptions, workers: PrintWorkers): Promise<Sliced | undefined> {
  // Counting alone is done before other threads have started.
  const isCounting = options.countOnly === true && options.filter === undefined;
  if (workers.threads < 2 || isCounting || options.limit !== undefined || source.totalBytes < workers.smallestBytes) return undefined;
  const from = options.from === undefined ? Number.NEGATIVE_INFINITY : toRelative(options.from, source.origin);
  // `options.to` is inclusive.
  const to = options.to === undefined ? Number.POSITIVE_INFINITY : toRelative(options.to, source.origin) + 1;
  const slices = cut(source, from, to, workers.sliceBytes ?? defaultSliceBytes);
  if (slices === undefined || slices.length < 2) return undefined;
  const { format, filter, countOnly, clockSeconds, noDelta } = options;
  const desk = new Desk(slices);
  const threads = Array.from({ length: Math.min(workers.threads, slices.length) }, () => {
    const text = new TextBlocks();
    const workerData: PrintTask = {
      traces: workers.traces,
      text: text.data,
      options: { format, filter, countOnly, clockSeconds, noDelta },
    };
    return { text, worker: new Worker(workers.entry, { workerData }) };
  });
  const stop = (): void => desk.fail(new StorescopeError("CANCELLED", "printing was cancelled"));
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    if (options.signal?.aborted) stop();
    for (const thread of threads) desk.employ(thread);
    const opened = openedAs(source);
    for (const other of await desk.opened(threads.length)) if (!isSame(other, opened)) return undefined;
    return await desk.write(source, options);
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}

/** Slices of about `sliceBytes`, cut where packets begin; undefined where that is not known. */
function cut(source: TraceSource, from: RelativeNs, to: RelativeNs, sliceBytes: number): readonly SliceTask[] | undefined {
  const packets = source.packetStarts?.();
  if (packets === undefined) return undefined;
  const ordered = packets.filter(({ time }) => time < to).sort((left, right) => left.time - right.time);
  const times: RelativeNs[] = [];
  let bytes = 0;
  for (const packet of ordered) {
    if (packet.time > from && bytes >= sliceBytes && packet.time > (times.at(-1) ?? Number.NEGATIVE_INFINITY)) {
      times.push(packet.time);
      bytes = 0;
    } else if (packet.time <= from) bytes = 0;
    bytes += packet.bytes;
  }
  return [from, ...times].map((start, slice) => ({ slice, from: start, to: times[slice] ?? to }));
}

interface Thread {
  readonly worker: Worker;
  readonly text: TextBlocks;
}

/** What has arrived of a slice and not been written. */
interface Arrived {
  begin?: CursorPosition;
  readonly texts: { readonly thread: Thread; readonly piece: TextPiece; readonly gap: Gap | undefined }[];
  result?: SliceResult;
}

/** Hands slices to threads, and takes what they bring. */
class Desk {
  private readonly slices: readonly SliceTask[];
  private readonly arrived: Arrived[];
  private readonly ready: Opened[] = [];
  private readonly threads: Thread[] = [];
  private next = 0;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(slices: readonly SliceTask[]) {
    this.slices = slices;
    this.arrived = slices.map(() => ({ texts: [] }));
  }

  employ(thread: Thread): void {
    this.threads.push(thread);
    thread.worker.on("message", (message: PrintMessage) => this.take(thread, message));
    thread.worker.on("error", (cause) => this.fail(new Error(`a printing thread broke down: ${cause.message}`, { cause })));
    thread.worker.on("exit", () => this.fail(new Error("a printing thread ended by itself")));
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  /** What each thread opened, once all have. */
  async opened(count: number): Promise<readonly Opened[]> {
    await this.until(() => this.ready.length === count);
    return this.ready;
  }

  /** Writes all slices in order, up to the first that does not begin where the one before ended. */
  async write(source: TraceSource, options: PrintOptions): Promise<Sliced> {
    for (const thread of this.threads) this.assign(thread);
    const total = source.totalBytes;
    let count = 0;
    let last: RelativeNs | undefined;
    let end: CursorPosition | undefined;
    for (const [i, slice] of this.arrived.entries()) {
      await this.until(() => slice.begin !== undefined || slice.result !== undefined);
      if (end !== undefined && slice.begin !== undefined && !samePosition(end, slice.begin))
        return { count, rest: { position: end, last } };
      for (let isDone = false; !isDone; ) {
        await this.until(() => slice.texts.length > 0 || slice.result !== undefined);
        // What comes after the result is of another slice.
        isDone = slice.result !== undefined;
        for (const { thread, piece, gap } of slice.texts.splice(0)) {
          await writePiece(thread.text.text(piece), gap, last, options);
          thread.text.release(piece);
        }
      }
      const result = defined(slice.result, "a slice's result");
      count += result.count;
      last = result.last ?? last;
      if (result.failure !== undefined) throw fromFailure(result.failure);
      end = result.end;
      options.onProgress?.({ label: "Reading", done: (total * (i + 1)) / this.slices.length, total });
    }
    return { count, rest: undefined };
  }

  private take(thread: Thread, message: PrintMessage): void {
    if (message.kind === "failed") this.fail(fromFailure(message.failure));
    else if (message.kind === "ready") this.ready.push(message.opened);
    else {
      const slice = defined(this.arrived[message.slice], "a slice");
      if (message.kind === "begin") slice.begin = message.begin;
      else if (message.kind === "text") slice.texts.push({ thread, piece: message.piece, gap: message.gap });
      else {
        slice.result = message.result;
        this.assign(thread);
      }
    }
    this.wake();
  }

  private assign({ worker }: Thread): void {
    if (this.next < this.slices.length) worker.postMessage(this.slices[this.next++]);
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds() && this.failure === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure !== undefined) throw this.failure;
  }
}

async function writePiece(text: Uint8Array, gap: Gap | undefined, last: RelativeNs | undefined, options: PrintOptions): Promise<void> {
  if (gap === undefined) await options.write(text);
  else {
    await options.write(text.subarray(0, gap.offset));
    await options.write(deltaText(gap.time, last));
    await options.write(text.subarray(gap.offset));
  }
}

function samePosition(a: CursorPosition, b: CursorPosition): boolean {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}
