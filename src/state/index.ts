/**
 * The front door: histories in directories and in memory.
 *
 *     createHistory -> HistoryWriter --finish--> <directory>/history -> openHistory -> HistoryReader
 */
import { BadInputError, StorescopeError, type TaskOptions } from "../base/index.ts";
import { ContainerReader } from "./container.ts";
import type { HistoryKey, HistoryPart, HistoryReader, HistoryWriter, VerifyHistory } from "./contract.ts";
import {
  FileSink,
  type FileSource,
  openFile,
  openFinished,
  partPath,
  partSink,
  removeDirectory,
  removeFinished,
  removePart,
} from "./file-pages.ts";
import { History, HistoryFile } from "./history.ts";
import { HistoryPacker } from "./history-packer.ts";
import { isJoined, JoinedHistory, joinParts } from "./joined-history.ts";
import type { Packer } from "./packer.ts";
import { MemoryStore } from "./store.ts";

export * from "./contract.ts";
export { removePart } from "./file-pages.ts";
export { chunkRows, defaultRunIntervals, type Ending, type IntervalSlice, type Packer, sliceBytes, sliceOver } from "./packer.ts";

/** Starts a history in the directory, which is created when missing; a history already there is removed. Not visible to `openHistory` before `finish`. */
export function createHistory(directory: string, key: HistoryKey): HistoryWriter {
  return new History(new HistoryPacker(new FileSink(directory)), key);
}

/**
 * Starts a part of a history that will be joined in this directory; see `HistoryPart`. Needs about 5 MB of memory, 20 MB with states of very different lengths.
 * A part that is not joined is removed by the next build once its process is gone. `packerOf` may have it packed in another thread.
 */
export function createHistoryPart(directory: string, packerOf: (path: string) => Packer = createPartPacker): HistoryPart {
  const path = partPath(directory);
  const history = new History(packerOf(path), { identity: "part" });
  const abort = (): void => {
    history.abort();
    removePart(path);
  };
  return { ...writerOf(history), abort, path };
}

/** Packs a part, at once, into this file, whose name `createHistoryPart` gave. */
export function createPartPacker(path: string): Packer {
  return new HistoryPacker(partSink(path));
}

function writerOf(history: History): HistoryWriter {
  return {
    state: history.state,
    table: (name, columns) => history.table(name, columns),
    document: (name, value) => history.document(name, value),
    idSpace: (name, count) => history.idSpace(name, count),
    finish: (end) => history.finish(end),
    abort: () => history.abort(),
  };
}

/**
 * Makes the directory's history of finished parts, given by their paths in an order that must not depend on who was ready first, and removes them, also when
 * it fails. Costs one copy of their bytes.
 */
export function joinHistoryParts(directory: string, key: HistoryKey, parts: readonly string[]): void {
  const sources: FileSource[] = [];
  try {
    for (const path of parts) {
      const source = openFile(path);
      if (source === undefined) throw new BadInputError("HISTORY_INVALID", path, 0, "the part is missing");
      sources.push(source);
    }
    const sink = new FileSink(directory);
    try {
      joinParts(sink, key.identity, sources);
    } catch (error) {
      sink.abort();
      throw error;
    }
  } finally {
    for (const source of sources) source.close();
    for (const path of parts) removePart(path);
  }
}

/**
 * The directory's history. Undefined when there is none, or it is unfinished, of another version or key, or damaged in what every use needs (header, footer,
 * index, texts, attributes): build it anew. Nothing else is read, so that opening is quick however large it is.
 *
 * Damage in a leaf, a chunk or a document is found when it is read. Then the file is removed, so that it is built anew when it is opened next; `onDamage` is
 * called; and BadInputError of code HISTORY_INVALID thrown. The rest of the history can still be read.
 */
export function openHistory(directory: string, key: HistoryKey, onDamage?: () => void): HistoryReader | undefined {
  const history = open(directory, () => {
    removeFinished(directory);
    onDamage?.();
  });
  if (history === undefined) return undefined;
  if (history.identity === key.identity) return history;
  history.close();
  return undefined;
}

function open(directory: string, onDamage: () => void): HistoryFile | JoinedHistory | undefined {
  try {
    return openOrThrow(directory, onDamage);
  } catch (error) {
    if (error instanceof BadInputError) return undefined;
    throw error;
  }
}

function openOrThrow(directory: string, onDamage?: () => void): HistoryFile | JoinedHistory | undefined {
  const source = openFinished(directory);
  if (source === undefined) return undefined;
  try {
    const container = new ContainerReader(source, onDamage);
    return isJoined(container.footer) ? new JoinedHistory(container) : new HistoryFile(container);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Throws BadInputError at the first damage, also when the directory holds no history. */
export const verifyHistory: VerifyHistory = (directory: string, options: TaskOptions = {}): void => {
  const history = openOrThrow(directory);
  if (history === undefined) throw new BadInputError("HISTORY_INVALID", directory, 0, "there is no finished history here");
  let done = 0;
  try {
    history.verify((bytes) => {
      done += bytes;
      if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "verifying the history was cancelled");
      options.onProgress?.({ label: "verify history", done, total: history.bytes });
    });
  } finally {
    history.close();
  }
};

/** Removes the directory's history, finished or not, and the directory when nothing else is in it. Does nothing when there is none. */
export function removeHistory(directory: string): void {
  removeDirectory(directory);
}

/** A history in memory. `reader` works once `finish` has been called. */
export interface MemoryHistoryWriter extends HistoryWriter {
  reader(): HistoryReader;
}

/** For tests of what writes and reads histories: the same code as on disk, without a disk. */
export function createMemoryHistory(): MemoryHistoryWriter {
  const store = new MemoryStore("memory");
  const history = new History(new HistoryPacker(store), { identity: "" });
  return {
    ...writerOf(history),
    reader: () => new HistoryFile(new ContainerReader(store)),
  };
}
