/**
 * Histogram: how many logical events happen when. Exact down to the buckets that the analyses keep (1 ms, wider for traces over a minute);
 * closer than that a bucket's events are spread evenly over it.
 */
import { type EventSummary, documents as eventDocuments } from "../../analyses/event-counts/keys.ts";
import { documents as redisDocuments, type StepSummary } from "../../analyses/redis/keys.ts";
import type { ViewContext, ViewRange, ViewSeries, XyView } from "../contract.ts";

interface Counts {
  readonly widthNs: number;
  readonly counts: readonly number[];
}

/** Adds the part of each bucket that lies in each column. Cost: buckets in range + columns. */
function addColumns(y: number[], buckets: Counts, range: ViewRange): void {
  const width = (range.end - range.start) / range.columns;
  const first = Math.max(0, Math.floor(range.start / buckets.widthNs));
  const last = Math.min(buckets.counts.length - 1, Math.floor(range.end / buckets.widthNs));
  for (let i = first; i <= last; i++) {
    const count = buckets.counts[i] as number;
    if (count === 0) continue;
    const start = i * buckets.widthNs;
    const end = start + buckets.widthNs;
    const from = Math.max(0, Math.floor((start - range.start) / width));
    const to = Math.min(range.columns - 1, Math.floor((end - range.start) / width));
    for (let c = from; c <= to; c++) {
      const columnStart = range.start + c * width;
      const overlap = Math.min(end, columnStart + width) - Math.max(start, columnStart);
      if (overlap > 0) y[c] = (y[c] as number) + (count * overlap) / buckets.widthNs;
    }
  }
}

function series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[] {
  if (!entries.includes(0) || range.columns < 1 || range.end <= range.start) return [];
  const y = new Array<number>(range.columns).fill(0);
  const events = context.history.document(eventDocuments.events) as EventSummary | undefined;
  const steps = context.history.document(redisDocuments.steps) as StepSummary | undefined;
  if (events !== undefined) addColumns(y, events.foreign, range);
  if (steps !== undefined) addColumns(y, steps.buckets, range);
  const width = (range.end - range.start) / range.columns;
  const x = y.map((_, c) => range.start + c * width);
  return [{ id: 0, name: "Events", x, y }];
}

const histogram: XyView = {
  type: "xy",
  id: "histogram",
  title: "Histogram",
  description: "Logical events over time.",
  needs: ["event-counts"],
  unit: "events",
  tree: (context) => [{ id: 0, parent: -1, labels: ["Events"], start: context.start, end: context.end, hasData: true, isDefault: true }],
  series,
};

export default histogram;
