/** The module that a printing thread runs; print-slices.ts starts it and says what it is told and tells. */
import { parentPort, workerData } from "node:worker_threads";
import { createEventPrinter, type EventPrinter } from "../ctf/index.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";
import { eventFilter } from "./print-range.ts";
import {
  type Gap,
  type PrintMessage,
  type PrintTask,
  type SliceResult,
  type SliceTask,
  TextBlocks,
  type TextPiece,
} from "./print-slices.ts";
import { openedAs, openTraces, toFailure } from "./thread.ts";

function tell(message: PrintMessage): void {
  parentPort?.postMessage(message);
}

/** Prints one slice after the other, with one cursor and one printer: their generated code stays. */
class SlicePrinter {
  private readonly cursor: EventCursor;
  private readonly matches: (() => boolean) | undefined;
  private readonly printer: EventPrinter | undefined;
  private readonly blocks: TextBlocks;
  private slice = 0;
  /** Where the slice's first piece of text has a gap, until that is given away. */
  private gap: Gap | undefined;

  constructor(source: TraceSource, { text, options }: PrintTask) {
    const { format, filter, countOnly, clockSeconds, noDelta } = options;
    const cursor = source.cursor();
    this.cursor = cursor;
    this.blocks = new TextBlocks(text);
    this.matches = eventFilter(source, cursor, filter);
    if (countOnly === true) return;
    const write = (bytes: Uint8Array): void => this.blocks.append(bytes, this.give);
    const onGap = (offset: number): void => {
      this.gap = { offset, time: cursor.time };
    };
    this.printer = createEventPrinter(source, cursor, format, write, { clockSeconds, noDelta, onGap });
  }

  private readonly give = (piece: TextPiece): void => {
    tell({ kind: "text", slice: this.slice, piece, gap: this.gap });
    this.gap = undefined;
  };

  print({ slice, from, to }: SliceTask): SliceResult {
    const { cursor, matches, printer } = this;
    this.slice = slice;
    this.gap = undefined;
    printer?.restart();
    let count = 0;
    let last: number | undefined;
    let end: SliceResult["end"];
    let failure: SliceResult["failure"];
    try {
      cursor.seekTime(from);
      let isMore = cursor.next();
      tell({ kind: "begin", slice, begin: cursor.saveCurrent() });
      for (; isMore && cursor.time < to; isMore = cursor.next()) {
        if (matches !== undefined && !matches()) continue;
        printer?.event();
        last = cursor.time;
        count++;
      }
      end = cursor.saveCurrent();
    } catch (error) {
      failure = toFailure(error);
    }
    printer?.end();
    this.blocks.end(this.give);
    return { count, end, last, failure };
  }
}

try {
  const task = workerData as PrintTask;
  const source = openTraces(task.traces);
  const printer = new SlicePrinter(source, task);
  parentPort?.on("message", (slice: SliceTask) => tell({ kind: "end", slice: slice.slice, result: printer.print(slice) }));
  tell({ kind: "ready", opened: openedAs(source) });
} catch (error) {
  tell({ kind: "failed", failure: toFailure(error) });
}
