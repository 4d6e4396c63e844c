/** Front door of the CTF reader: opens what LTTng and other tracers write in the Common Trace Format (1.8 and 2). */
import { allSteps } from "../base/index.ts";
import type { TraceSource, TraceWarning } from "../trace/index.ts";
import { FilePool, findTraceDirectories, openStreamFiles, readMetadataFile, sizeNow } from "./file-source.ts";
import { parseMetadata } from "./metadata/index.ts";
import { type CtfOptions, makeTraceSourceInSteps } from "./trace.ts";

export { FilePool } from "./file-source.ts";
export type { CtfOptions } from "./trace.ts";

export interface OpenCtfOptions extends Omit<CtfOptions, "windowBytes"> {
  /** Shared by traces that are read together, so that all of them keep few files open and little in memory. Default: one of its own. */
  readonly pool?: FilePool | undefined;
  /** What is known to be missing already. */
  readonly warnings?: readonly TraceWarning[] | undefined;
}

/**
 * Opens the trace in this directory (one that holds a file `metadata`). Reads metadata and packet headers.
 * Throws TRACE_NOT_FOUND, or a BadInputError where metadata or a file's first packet break the format.
 *
 * Of a trace that is still being written this is a consistent picture: a tracer describes a class of events before it writes the first one, so files have the
 * size that they had before the metadata was read.
 */
export function openCtf(path: string, options: OpenCtfOptions = {}): TraceSource {
  return allSteps(openCtfInSteps(path, options));
}

/** The same in steps of some milliseconds, so that others have their turn between two. Who stops before the end calls `return`. */
export function* openCtfInSteps(path: string, options: OpenCtfOptions = {}): Generator<void, TraceSource> {
  const pool = options.pool ?? new FilePool();
  const files = openStreamFiles(path, pool);
  const metadata = readMetadataFile(path);
  const warnings: TraceWarning[] = [...(options.warnings ?? [])];
  const schema = parseMetadata(metadata.bytes, metadata.path);
  for (const { offset, message } of schema.warnings) warnings.push({ file: metadata.path, offset, message });
  for (const file of files) {
    const now = sizeNow(file.path);
    if (now !== file.size) {
      const how = now === undefined ? "gone" : `of ${now} bytes`;
      warnings.push({
        file: file.path,
        offset: file.size,
        message: `the trace is still being written: this file is ${how} by now; what was here is read`,
      });
    }
  }
  let isOpen = false;
  try {
    yield;
    const source = yield* makeTraceSourceInSteps(path, schema, files, warnings, { ...options, windowBytes: () => pool.windowBytes });
    isOpen = true;
    return source;
  } finally {
    if (!isOpen) for (const file of files) file.close();
  }
}

/** Directories of all CTF traces at or below `path`, sorted: an LTTng session's output holds one per domain, buffering scheme, process and chunk. */
export function findCtfTraces(path: string): string[] {
  return findTraceDirectories(path);
}

export {
  createEventPrinter,
  deltaText,
  type EventFormat,
  type EventPrinter,
  type EventPrinterOptions,
  eventFormats,
} from "./text/index.ts";
