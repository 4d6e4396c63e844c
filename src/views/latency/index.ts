/**
 * Latency: every request as a point, when it arrived and how long it took, one curve per node and command. Where points share a place on the screen the
 * slowest stands for them; so what is drawn is always a real request, and none that is slower than its neighbours is hidden.
 *
 * Cost: rows of the requests table in the range.
 */
import { tables } from "../../analyses/redis/keys.ts";
import type { ViewContext, ViewEntry, ViewRange, ViewSeries, XyView } from "../contract.ts";
import { processes } from "../redis.ts";

/** Columns of the screen that share a point. */
const columnsPerPoint = 3;
/** Places per factor of two in duration. */
const placesPerOctave = 4;
const places = 40 * placesPerOctave;

interface Row extends ViewEntry {
  readonly isDefault: boolean;
  readonly process?: number;
  readonly command?: string;
}

function rows(context: ViewContext): readonly Row[] {
  const found: Row[] = [];
  const { start, end } = context;
  for (const process of processes(context)) {
    const node = found.length;
    const commands = Object.keys(process.calls).sort();
    found.push({ id: node, parent: -1, labels: [process.node], start, end, hasData: false, isDefault: false });
    for (const command of commands) {
      found.push({
        id: found.length,
        parent: node,
        labels: [command],
        start,
        end,
        hasData: true,
        isDefault: true,
        process: process.index,
        command,
      });
    }
  }
  return found;
}

/** The slowest request of each place of one curve. */
interface Points {
  readonly row: Row;
  readonly arrived: Map<number, number>;
  readonly slowest: Map<number, number>;
}

function series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[] {
  const table = context.history.table(tables.requests);
  if (table === undefined || range.columns < 1 || range.end <= range.start) return [];
  const all = rows(context);
  const names = new Map(processes(context).map((process) => [process.index, process.node]));
  const asked = new Map<string, Points>();
  for (const entry of entries) {
    const row = all[entry];
    if (row?.command !== undefined) asked.set(`${row.process} ${row.command}`, { row, arrived: new Map(), slowest: new Map() });
  }
  if (asked.size === 0) return [];
  const [arrived, end, process, command] = ["arrived", "writeEnd", "process", "command"].map((name) => table.column(name)) as [
    number,
    number,
    number,
    number,
  ];
  const width = ((range.end - range.start) / range.columns) * columnsPerPoint;
  const curves = new Map<number, Points | undefined>();
  for (const chunk of table.chunks({ column: arrived, min: range.start, max: range.end })) {
    const value = (column: number, row: number): number => chunk.columns[column]?.[row] as number;
    for (let row = 0; row < chunk.rowCount; row++) {
      const time = value(arrived, row);
      if (!(time >= range.start && time < range.end)) continue;
      const key = value(process, row) * 0x1_0000_0000 + value(command, row);
      let points = curves.get(key);
      if (points === undefined && !curves.has(key)) {
        points = asked.get(`${value(process, row)} ${table.text(value(command, row))}`);
        curves.set(key, points);
      }
      if (points === undefined) continue;
      const duration = value(end, row) - time;
      const height = Math.min(places - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, duration)) * placesPerOctave)));
      const place = Math.floor((time - range.start) / width) * places + height;
      if (duration < (points.slowest.get(place) ?? -1)) continue;
      points.slowest.set(place, duration);
      points.arrived.set(place, time);
    }
  }
  return Array.from(asked.values(), ({ row, arrived: at, slowest }) => {
    const points = Array.from(slowest, ([place, duration]) => ({ time: at.get(place) ?? 0, duration })).sort((a, b) => a.time - b.time);
    return {
      id: row.id,
      name: `${names.get(row.process ?? -1) ?? ""} ${row.command}`,
      x: points.map((p) => p.time),
      y: points.map((p) => p.duration),
    };
  });
}

const latency: XyView = {
  type: "xy",
  id: "latency",
  title: "Latency",
  description: "Every request by when it arrived and how long it took, from readable socket to written reply.",
  needs: ["redis"],
  unit: "ns",
  draw: "points",
  tree: (context) => rows(context),
  series,
};

export default latency;
