/**
 * Data volume: bytes per second that enter and leave each node (the paper's Fig. 7 and 8): requests and replies of clients, the replication stream to
 * replicas, and the cluster bus by message type and by peer. Exact at every zoom: a request's bytes count when its reading ended, a reply's when its
 * writing ended, the stream's when their write began, a message's when it was sent or received.
 *
 * Cost: rows of the requests and messages tables in the range.
 */
import { linkTypes, tables, unknownBytes } from "../../analyses/redis/keys.ts";
import type { Table } from "../../state/contract.ts";
import type { ViewContext, ViewEntry, ViewRange, ViewSeries, XyView } from "../contract.ts";
import { messageNames, processes, publishTypes } from "../redis.ts";

type Direction = "clients in" | "clients out" | "replicas" | "bus out" | "bus in";

/** What a curve counts: a direction at a node, on the bus perhaps only messages of one kind or with one peer. */
interface Curve {
  readonly process: number;
  readonly direction: Direction;
  readonly type?: "publish" | "gossip";
  /** Index of the other process. */
  readonly peer?: number;
}

interface Row extends ViewEntry {
  readonly isDefault: boolean;
  readonly curve?: Curve;
}

const titles: Readonly<Record<Direction, string>> = {
  "clients in": "Clients: bytes in",
  "clients out": "Clients: bytes out",
  replicas: "Replicas: bytes sent",
  "bus out": "Bus: bytes sent",
  "bus in": "Bus: bytes received",
};

function rows(context: ViewContext): readonly Row[] {
  const found: Row[] = [];
  const { start, end } = context;
  const all = processes(context);
  const primaries = new Set<number>();
  const written = { start: 0, end: Number.MAX_VALUE };
  scan(context.history.table(tables.replication), "sent", ["from"], written, (_t, [from = 0]) => primaries.add(from));
  const add = (parent: number, label: string, curve: Curve | undefined, isDefault: boolean): number => {
    const id = found.length;
    found.push({
      id,
      parent,
      labels: [label],
      start,
      end,
      hasData: curve !== undefined,
      isDefault,
      ...(curve === undefined ? {} : { curve }),
    });
    return id;
  };
  for (const process of all) {
    const node = add(-1, process.node, undefined, false);
    const own = { process: process.index };
    add(node, titles["clients in"], { ...own, direction: "clients in" }, true);
    add(node, titles["clients out"], { ...own, direction: "clients out" }, false);
    if (primaries.has(process.index)) add(node, titles.replicas, { ...own, direction: "replicas" }, true);
    if (process.bus.every(({ type }) => type === linkTypes.primaryToReplica)) continue;
    for (const direction of ["bus out", "bus in"] as const) {
      const bus = add(node, titles[direction], { ...own, direction }, direction === "bus out");
      add(bus, "publish", { ...own, direction, type: "publish" }, false);
      add(bus, "gossip", { ...own, direction, type: "gossip" }, false);
      for (const peer of all) {
        if (peer.index !== process.index)
          add(bus, `${direction === "bus out" ? "to" : "from"} ${peer.node}`, { ...own, direction, peer: peer.index }, false);
      }
    }
  }
  return found;
}

/** Calls `each` with time and row values of a table's rows whose `time` column lies in the range. */
function scan(
  table: Table | undefined,
  time: string,
  names: readonly string[],
  range: Pick<ViewRange, "start" | "end">,
  each: (time: number, values: readonly number[]) => void,
): void {
  if (table === undefined) return;
  const at = table.column(time);
  const columns = names.map((name) => table.column(name));
  const values = new Array<number>(names.length);
  for (const chunk of table.chunks({ column: at, min: range.start, max: range.end })) {
    const times = chunk.columns[at];
    for (let row = 0; row < chunk.rowCount; row++) {
      const t = times?.[row] as number;
      if (!(t >= range.start && t < range.end)) continue;
      for (let i = 0; i < columns.length; i++) values[i] = chunk.columns[columns[i] as number]?.[row] as number;
      each(t, values);
    }
  }
}

function series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[] {
  if (range.columns < 1 || range.end <= range.start) return [];
  const all = rows(context);
  const names = new Map(processes(context).map((process) => [process.index, process.node]));
  const asked = [...new Set(entries)].flatMap((entry) => {
    const curve = all[entry]?.curve;
    return curve === undefined ? [] : [{ entry, curve, label: all[entry]?.labels[0] ?? "", bytes: new Float64Array(range.columns) }];
  });
  const width = (range.end - range.start) / range.columns;
  const column = (time: number): number => Math.min(range.columns - 1, Math.floor((time - range.start) / width));
  const curvesOf = (direction: Direction) => asked.filter(({ curve }) => curve.direction === direction);
  const { history } = context;

  const clients = (direction: "clients in" | "clients out", time: string, bytes: string): void => {
    const curves = curvesOf(direction);
    if (curves.length === 0) return;
    scan(history.table(tables.requests), time, ["process", bytes], range, (t, [process, count = 0]) => {
      if (count === unknownBytes) return;
      for (const each of curves) if (each.curve.process === process) each.bytes[column(t)] = (each.bytes[column(t)] as number) + count;
    });
  };
  clients("clients in", "readEnd", "requestBytes");
  clients("clients out", "writeEnd", "replyBytes");

  const replicas = curvesOf("replicas");
  if (replicas.length > 0)
    scan(history.table(tables.replication), "sent", ["from", "bytes"], range, (t, [process, count = 0]) => {
      for (const { curve, bytes } of replicas) if (curve.process === process) bytes[column(t)] = (bytes[column(t)] as number) + count;
    });

  const bus = (direction: "bus out" | "bus in", time: string, own: string, other: string): void => {
    const curves = curvesOf(direction);
    if (curves.length === 0) return;
    scan(history.table(tables.messages), time, [own, other, "type", "length"], range, (t, [process, peer, type = 0, length = 0]) => {
      const kind = publishTypes.has(type) ? "publish" : "gossip";
      for (const { curve, bytes } of curves) {
        const isOf = curve.process === process && (curve.type ?? kind) === kind && (curve.peer ?? peer) === peer;
        if (isOf) bytes[column(t)] = (bytes[column(t)] as number) + length;
      }
    });
  };
  bus("bus out", "sent", "from", "to");
  bus("bus in", "received", "to", "from");

  const x = Array.from({ length: range.columns }, (_, c) => range.start + c * width);
  return asked.map(({ entry, curve, label, bytes }) => {
    const of = curve.type !== undefined || curve.peer !== undefined ? `${titles[curve.direction]}, ${label}` : label;
    return { id: entry, name: `${names.get(curve.process) ?? ""} ${of}`, x, y: Array.from(bytes, (sum) => (sum / width) * 1e9) };
  });
}

const dataVolume: XyView = {
  type: "xy",
  id: "data-volume",
  title: "Data volume",
  description: `Bytes per second between clients and nodes, to replicas, and on the cluster bus (publish, and gossip: ${[
    ...Object.entries(messageNames),
  ]
    .filter(([type]) => !publishTypes.has(Number(type)))
    .map(([, name]) => name)
    .join(", ")}).`,
  needs: ["redis"],
  unit: "bytes/s",
  tree: (context) => rows(context),
  series,
};

export default dataVolume;
