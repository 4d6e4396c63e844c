/**
 * Statistics: per node, command and phase, how many requests and how long: count, least, mean, most, total and standard deviation, in ns. Of the requests under
 * way in the range whose whole life was recorded; phases are those of docs/model.md, `whole` is from readable socket to written reply. One pass over their
 * rows, with the mean and the deviation as B. P. Welford gathers them (Technometrics 4, 1962).
 */
import { type PhaseName, type RequestColumn, requestColumns, requestFlags, requestPhases, tables } from "../../analyses/redis/keys.ts";
import type { DataTreeView, ViewContext, ViewEntry, ViewRange } from "../contract.ts";
import { processes } from "../redis.ts";

const columnOf = Object.fromEntries(requestColumns.map(({ name }, i) => [name, i])) as Record<RequestColumn, number>;

class Moments {
  count = 0;
  private least = Number.POSITIVE_INFINITY;
  private most = Number.NEGATIVE_INFINITY;
  private total = 0;
  private mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
    this.total += value;
    const difference = value - this.mean;
    this.mean += difference / this.count;
    this.squares += difference * (value - this.mean);
  }

  /** As cells of a row. The deviation is that of these requests, not an estimate for others. */
  cells(name: string): string[] {
    const { least, mean, most, total, squares, count } = this;
    return [name, String(count), ...[least, mean, most, total, Math.sqrt(squares / count)].map((ns) => String(Math.round(ns)))];
  }
}

/** One command on one node. */
interface OfCommand {
  readonly whole: Moments;
  readonly phases: Map<PhaseName, Moments>;
}

/** By process, and by number of the command's name within it. */
function collect(context: ViewContext, range: ViewRange): ReadonlyMap<number, ReadonlyMap<number, OfCommand>> {
  const found = new Map<number, Map<number, OfCommand>>();
  const ended = { column: columnOf.writeEnd, min: range.start, max: Number.POSITIVE_INFINITY };
  for (const { rowCount, columns } of context.history.table(tables.requests)?.chunks(ended) ?? []) {
    const value = (column: RequestColumn, row: number): number => columns[columnOf[column]]?.[row] ?? 0;
    for (let row = 0; row < rowCount; row++) {
      const [arrived, end, flags] = [value("arrived", row), value("writeEnd", row), value("flags", row)];
      if (arrived >= range.end || end < range.start || (flags & requestFlags.incomplete) !== 0) continue;
      const ofProcess = getOrMake(found, value("process", row), () => new Map<number, OfCommand>());
      const { whole, phases } = getOrMake(ofProcess, value("command", row), () => ({ whole: new Moments(), phases: new Map() }));
      whole.add(end - arrived);
      for (const [name, from, to] of requestPhases(flags))
        getOrMake(phases, name, () => new Moments()).add(value(to, row) - value(from, row));
    }
  }
  return found;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function tree(context: ViewContext, range: ViewRange): readonly ViewEntry[] {
  const { start, end, history } = context;
  const found: ViewEntry[] = [];
  const put = (parent: number, labels: readonly string[], hasData: boolean): number => {
    found.push({ id: found.length, parent, labels, start, end, hasData });
    return found.length - 1;
  };
  const byProcess = collect(context, range);
  const name = (command: number): string => history.table(tables.requests)?.text(command) ?? "";
  for (const { index, node } of processes(context)) {
    const parent = put(-1, [node, ...headers.slice(1).map(() => "")], false);
    const commands = [...(byProcess.get(index) ?? [])].map(([command, sums]) => ({ command: name(command), ...sums }));
    for (const { command, whole, phases } of commands.sort((left, right) => right.whole.count - left.whole.count)) {
      const row = put(parent, whole.cells(command), true);
      for (const [phase, moments] of phases) put(row, moments.cells(phase), true);
    }
  }
  return found;
}

const headers: DataTreeView["headers"] = [
  { name: "Name", tooltip: "Node, command, phase", type: "text" },
  { name: "Count", tooltip: "Requests under way in the range", type: "number" },
  ...["Minimum", "Mean", "Maximum", "Total", "Standard deviation"].map((name) => ({
    name,
    tooltip: `${name}, ns`,
    type: "duration" as const,
  })),
];

const statistics: DataTreeView = {
  type: "data-tree",
  id: "statistics",
  title: "Statistics",
  description: "Per command and phase: count, minimum, mean, maximum, total and standard deviation.",
  needs: ["redis"],
  headers,
  tree,
};

export default statistics;
