/** `storescope events`: by one thread or several. */
import { createEventPrinter } from "../ctf/index.ts";
import type { TraceSource } from "../trace/index.ts";
import { eventFilter, type PrintOptions, printRange } from "./print-range.ts";
import { type PrintWorkers, printSlices } from "./print-slices.ts";

/** Prints (or counts) the events of a source in time order; returns how many matched. Long traces are cut into slices for other threads (print-slices.ts). */
export async function printEvents(source: TraceSource, options: PrintOptions, workers?: PrintWorkers): Promise<number> {
  const cursor = source.cursor();
  try {
    const matches = eventFilter(source, cursor, options.filter);
    const printer = createEventPrinter(source, cursor, options.format, () => undefined, { clockSeconds: options.clockSeconds === true });
    if (options.countOnly !== true) {
      const header = printer.header();
      if (header.length > 0) await options.write(header);
    }
    const sliced = workers && (await printSlices(source, options, workers));
    const rest = sliced === undefined || sliced.rest !== undefined ? await printRange(source, cursor, matches, options, sliced?.rest) : 0;
    const losses = options.countOnly === true ? "" : printer.lossMessages();
    if (losses !== "") options.notice?.(losses);
    return (sliced?.count ?? 0) + rest;
  } finally {
    cursor.close();
  }
}
