/**
 * Replication: by how much each replica is behind its primary. A column shows the most there was in it: how long ago the oldest write was sent that the
 * replica has not yet read, or not yet executed. Nothing is outstanding where a curve is 0.
 *
 *            sent                              applied
 *     write 1  |--------------------------------|
 *     write 2        |--------------------------|        the oldest that is outstanding counts; it is later by a column with each column
 *     write 3                                       |---|
 *
 * Entry ids are numbers of links, in the order in which they appear, times three; +1 and +2 are their curves.
 *
 * Cost: rows of the replication table up to the end of the range.
 */
import { type ReplicationColumn, replicationColumns, tables } from "../../analyses/redis/keys.ts";
import type { ViewContext, ViewEntry, ViewRange, ViewSeries, XyView } from "../contract.ts";
import { processes } from "../redis.ts";

/** A replica that follows a primary, both in the trace. */
interface Link {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

const index = Object.fromEntries(replicationColumns.map(({ name }, i) => [name, i])) as Record<ReplicationColumn, number>;
const curves = [
  { column: "received", label: "Until read", isDefault: false },
  { column: "applied", label: "Until executed", isDefault: true },
] as const;

type Chunk = (column: ReplicationColumn) => ArrayLike<number>;

/** Rows of the table whose `sent` lies before `before`, chunk by chunk. */
function* chunks(context: ViewContext, before: number): Generator<{ readonly rowCount: number; readonly at: Chunk }> {
  const table = context.history.table(tables.replication);
  if (table === undefined) return;
  for (const chunk of table.chunks({ column: index.sent, min: Number.NEGATIVE_INFINITY, max: before }))
    yield { rowCount: chunk.rowCount, at: (column) => chunk.columns[index[column]] ?? [] };
}

function links(context: ViewContext): readonly Link[] {
  const names = new Map(processes(context).map(({ index: process, node }) => [process, node]));
  const found = new Map<string, Link>();
  for (const { rowCount, at } of chunks(context, Number.POSITIVE_INFINITY)) {
    for (let row = 0; row < rowCount; row++) {
      const [from, to] = [at("from")[row] as number, at("to")[row] as number];
      const [primary, replica] = [names.get(from), names.get(to)];
      const key = `${from}>${to}`;
      if (primary !== undefined && replica !== undefined && !found.has(key)) found.set(key, { from, to, name: `${primary} to ${replica}` });
    }
  }
  return [...found.values()];
}

function tree(context: ViewContext): readonly (ViewEntry & { readonly isDefault: boolean })[] {
  const { start, end } = context;
  return links(context).flatMap(({ name }, i) => [
    { id: i * 3, parent: -1, labels: [name], start, end, hasData: false, isDefault: false },
    ...curves.map(({ label, isDefault }, c) => ({
      id: i * 3 + c + 1,
      parent: i * 3,
      labels: [label],
      start,
      end,
      hasData: true,
      isDefault,
    })),
  ]);
}

function series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[] {
  if (range.columns < 1 || range.end <= range.start) return [];
  const all = links(context);
  const width = (range.end - range.start) / range.columns;
  const column = (time: number): number => Math.max(0, Math.min(range.columns - 1, Math.floor((time - range.start) / width)));
  const asked = [...new Set(entries)].flatMap((id) => {
    const link = Number.isInteger(id) ? all[Math.floor(id / 3)] : undefined;
    const curve = curves[(id % 3) - 1];
    // `marked` is the column up to which an earlier, so older, write of the link has counted.
    return link === undefined || curve === undefined ? [] : [{ id, link, curve, marked: 0, y: new Float64Array(range.columns) }];
  });
  for (const { rowCount, at } of chunks(context, range.end)) {
    const [from, to, sent] = [at("from"), at("to"), at("sent")];
    for (const each of asked) {
      const ends = at(each.curve.column);
      for (let row = 0; row < rowCount; row++) {
        const start = sent[row] as number;
        if (from[row] !== each.link.from || to[row] !== each.link.to || !(start < range.end)) continue;
        // What was never read or executed is outstanding to the end.
        const end = Math.min(ends[row] as number, context.end);
        if (end <= range.start) continue;
        const last = column(end);
        for (let c = Math.max(column(start), Math.min(each.marked, last)); c <= last; c++) {
          const behind = Math.min(range.start + (c + 1) * width, end) - start;
          each.y[c] = Math.max(each.y[c] as number, behind);
        }
        each.marked = Math.max(each.marked, last);
      }
    }
  }
  const x = Array.from({ length: range.columns }, (_, c) => range.start + c * width);
  return asked.map(({ id, link, curve, y }) => ({ id, name: `${link.name}, ${curve.label.toLowerCase()}`, x, y: Array.from(y) }));
}

const replication: XyView = {
  type: "xy",
  id: "replication",
  title: "Replication",
  description: "By how much each replica is behind its primary: the age of the oldest write that it has not yet read, or executed.",
  needs: ["redis"],
  unit: "ns",
  tree,
  series,
};

export default replication;
