/**
 * Latency heat map: how many requests took how long, over time. A row per band of latency, the slowest on top; a cell is as hot as it has requests, compared with
 * the fullest cell in view, by logarithm: a few slow ones beside a hundred thousand fast ones are seen. A request counts where it arrived; every one of the
 * range is in exactly one cell.
 *
 *     5 to 10 ms   |      .                    |
 *     ...
 *     50 to 100 us |...:::..:::::::.....:::::..|
 *
 * Entry ids: of a node its index times `idsPerNode`; of a band that + 1 + the band.
 *
 * Cost: rows of the requests table in the range; once per history, all of them (which bands there are).
 */
import { tables } from "../../analyses/redis/keys.ts";
import { duration } from "../../base/index.ts";
import type { HistoryReader } from "../../state/contract.ts";
import type { TimeGraphView, ViewContext, ViewEntry, ViewRange, ViewState, ViewStyle } from "../contract.ts";
import { processes } from "../redis.ts";

/** Lower ends of the bands, ns: 0, then 1, 2, 5 to each power of ten from a microsecond to ten seconds. */
const bands: readonly number[] = [0, ...[1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].flatMap((unit) => [unit, 2 * unit, 5 * unit]), 1e10];
const idsPerNode = 32;
/** Columns of the screen that share a cell. */
const columnsPerCell = 4;
const colors = ["#93c5fd", "#60a5fa", "#3b82f6", "#6366f1", "#8b5cf6", "#c026d3", "#e11d48", "#f97316"] as const;

function bandOf(ns: number): number {
  let band = 0;
  while (band + 1 < bands.length && ns >= (bands[band + 1] as number)) band++;
  return band;
}

function bandName(band: number): string {
  const from = bands[band] as number;
  const to = bands[band + 1];
  return to === undefined
    ? `${duration(from)} and more`
    : from === 0
      ? `less than ${duration(to)}`
      : `${duration(from)} to ${duration(to)}`;
}

/** Calls `each` for every request that arrived in [start, end). */
function scan(context: ViewContext, start: number, end: number, each: (process: number, arrived: number, band: number) => void): void {
  const table = context.history.table(tables.requests);
  if (table === undefined) return;
  const [arrived, written, process] = ["arrived", "writeEnd", "process"].map((name) => table.column(name)) as [number, number, number];
  for (const chunk of table.chunks({ column: arrived, min: start, max: end })) {
    const [times, ends, whose] = [chunk.columns[arrived] ?? [], chunk.columns[written] ?? [], chunk.columns[process] ?? []];
    for (let row = 0; row < chunk.rowCount; row++) {
      const time = times[row] as number;
      if (time >= start && time < end) each(whose[row] as number, time, bandOf((ends[row] as number) - time));
    }
  }
}

/** First and last band of each process. */
const found = new WeakMap<HistoryReader, ReadonlyMap<number, readonly [number, number]>>();

function bandsOf(context: ViewContext): ReadonlyMap<number, readonly [number, number]> {
  const known = found.get(context.history);
  if (known !== undefined) return known;
  const made = new Map<number, readonly [number, number]>();
  scan(context, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, (process, _time, band) => {
    const [low, high] = made.get(process) ?? [band, band];
    if (band <= low || band >= high) made.set(process, [Math.min(low, band), Math.max(high, band)]);
  });
  found.set(context.history, made);
  return made;
}

function tree(context: ViewContext): readonly ViewEntry[] {
  const { start, end } = context;
  const own = bandsOf(context);
  return processes(context).flatMap(({ index, node }) => {
    const [low, high] = own.get(index) ?? [0, -1];
    const id = index * idsPerNode;
    const rows: ViewEntry[] = [{ id, parent: -1, labels: [node], start, end, hasData: false }];
    for (let band = high; band >= low; band--)
      rows.push({ id: id + 1 + band, parent: id, labels: [bandName(band)], start, end, hasData: true });
    return rows;
  });
}

function states(context: ViewContext, entries: readonly number[], range: ViewRange): readonly (readonly ViewState[])[] {
  if (range.columns < 1 || range.end <= range.start) return entries.map(() => []);
  const cells = Math.max(1, Math.ceil(range.columns / columnsPerCell));
  const width = (range.end - range.start) / cells;
  const counts = new Map(entries.map((entry) => [entry, new Uint32Array(cells)]));
  let most = 1;
  scan(context, range.start, range.end, (process, time, band) => {
    const row = counts.get(process * idsPerNode + 1 + band);
    if (row === undefined) return;
    const cell = Math.min(cells - 1, Math.floor((time - range.start) / width));
    const count = (row[cell] as number) + 1;
    row[cell] = count;
    if (count > most) most = count;
  });
  return entries.map((entry) =>
    Array.from(counts.get(entry) ?? [], (count, cell): ViewState | undefined => {
      if (count === 0) return undefined;
      const heat = Math.max(1, Math.ceil((colors.length * Math.log1p(count)) / Math.log1p(most)));
      const start = range.start + cell * width;
      const label = `${count} ${count === 1 ? "request" : "requests"}`;
      return { start, end: start + width, label, style: `heat ${heat}`, count };
    }).filter((state) => state !== undefined),
  );
}

const styles: Readonly<Record<string, ViewStyle>> = Object.fromEntries(
  colors.map((color, i) => {
    const text = i === 0 ? "fewest requests" : i === colors.length - 1 ? "most requests" : `${i + 1} of ${colors.length}`;
    return [`heat ${i + 1}`, { text, color }];
  }),
);

const latencyHeatMap: TimeGraphView = {
  type: "time-graph",
  id: "latency-heat-map",
  title: "Latency heat map",
  description: "How many requests took how long, over time: bands of latency by node, hotter where there are more.",
  needs: ["redis"],
  headers: ["Latency"],
  tree,
  states,
  arrows: () => [],
  tooltip(context, entry) {
    const node = processes(context).find(({ index }) => index === Math.floor(entry / idsPerNode))?.node;
    const band = (entry % idsPerNode) - 1;
    return node === undefined || band < 0 || band >= bands.length ? {} : { Latency: bandName(band), Node: node };
  },
  styles: () => styles,
};

export default latencyHeatMap;
