/**
 * The front door: histories in directories and in memory.
 *
 *     createHistory -> HistoryWriter --finish--> <directory>/history -> openHistory -> HistoryReader
 */
import { BadInputError, type TaskOptions } from "../base/index.ts";
import type { HistoryKey, HistoryReader, HistoryWriter, VerifyHistory } from "./contract.ts";
import { FileSink, openFile, removeDirectory } from "./file-pages.ts";
import { History, HistoryFile } from "./history.ts";
import { MemoryStore } from "./store.ts";

export * from "./contract.ts";

/** Starts a history in the directory, which is created when missing; a history already there is removed. Not visible to `openHistory` before `finish`. */
export function createHistory(directory: string, key: HistoryKey): HistoryWriter {
  return new History(new FileSink(directory), key);
}

/**
 * The directory's history. Undefined when there is none, or it is unfinished, of another version or key, or damaged in what every use needs (header, footer,
 * index, texts, attributes): build it anew. Damage in a leaf, a chunk or a document is found when it is read, as a BadInputError of code HISTORY_INVALID.
 */
export function openHistory(directory: string, key: HistoryKey): HistoryReader | undefined {
  const history = open(directory);
  if (history === undefined) return undefined;
  if (history.identity === key.identity) return history;
  history.close();
  return undefined;
}

function open(directory: string): HistoryFile | undefined {
  try {
    return openOrThrow(directory);
  } catch (error) {
    if (error instanceof BadInputError) return undefined;
    throw error;
  }
}

function openOrThrow(directory: string): HistoryFile | undefined {
  const source = openFile(directory);
  if (source === undefined) return undefined;
  try {
    return new HistoryFile(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Throws BadInputError at the first damage, also when the directory holds no history. */
export const verifyHistory: VerifyHistory = (directory: string, options: TaskOptions = {}): void => {
  const history = openOrThrow(directory);
  if (history === undefined) throw new BadInputError("HISTORY_INVALID", directory, 0, "there is no finished history here");
  try {
    history.verify(options);
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
  const history = new History(store, { identity: "" });
  return {
    state: history.state,
    table: (name, columns) => history.table(name, columns),
    document: (name, value) => history.document(name, value),
    finish: (end) => history.finish(end),
    abort: () => history.abort(),
    reader: () => new HistoryFile(store),
  };
}
