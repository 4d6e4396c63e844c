/**
 * Views' data in the shapes of the Trace Server Protocol. Pure functions; the traps that real clients set are handled here and named where they are.
 */
import type { AbsoluteNs } from "../base/index.ts";
import type { EventRow, Experiment } from "../engine/contract.ts";
import {
  type DataProvider,
  type DataType,
  type EventColumn,
  type OutputElementStyle,
  type ProviderType,
  type RowsParameters,
  type TableColumn,
  type TableLine,
  type TimeGraphArrow,
  type TimeGraphEntry,
  type TimeGraphModel,
  type TreeColumnHeader,
  type TreeEntry,
  type TreeModel,
  tags,
  type XyModel,
} from "../tsp/index.ts";
import { outputIdOf, type View, type ViewOf } from "./queries.ts";

type TimeGraphView = ViewOf<"time-graph">;
type XyView = ViewOf<"xy">;
type DataTreeView = ViewOf<"data-tree">;
type Entry = ReturnType<TimeGraphView["tree"]>[number];
type State = ReturnType<TimeGraphView["states"]>[number][number];

export const eventTableOutput = "org.eclipse.tracecompass.internal.provisional.tmf.core.model.events.TmfEventTableDataProvider";

const providerTypes: Readonly<Record<View["type"], ProviderType>> = {
  "time-graph": "TIME_GRAPH",
  xy: "TREE_TIME_XY",
  "data-tree": "DATA_TREE",
};

export function toProvider(view: View): DataProvider {
  return { id: outputIdOf(view), name: view.title, description: view.description, type: providerTypes[view.type] };
}

export const eventTableProvider: DataProvider = {
  id: eventTableOutput,
  name: "Events",
  description: "Every event in time order; records of batch events stand at their own time.",
  type: "TABLE",
};

/** A tree table of one column and one row crashes a known client, so a single header is left out: labels without headers are legal. */
function headersOf(names: readonly string[]): readonly TreeColumnHeader[] {
  return names.length < 2 ? [] : names.map((name) => ({ name, tooltip: "", dataType: "STRING" }));
}

/** As many labels as there are headers. */
function padLabels(labels: readonly string[], count: number): readonly string[] {
  return labels.length >= count ? labels : [...labels, ...Array.from({ length: count - labels.length }, () => "")];
}

function toEntry(entry: Entry, headerCount: number): TreeEntry {
  return { id: entry.id, parentId: entry.parent, labels: padLabels(entry.labels, headerCount), hasData: entry.hasData };
}

export function toTimeGraphTree(
  view: TimeGraphView,
  entries: readonly Entry[],
  expandLevel: number | undefined,
  experiment: Experiment,
): TreeModel<TimeGraphEntry> {
  return {
    entries: entries.map((entry, i) => ({
      ...toEntry(entry, view.headers.length),
      // Clients take the first entry's start as the time base of arrows.
      start: i === 0 ? experiment.start : experiment.absolute(entry.start),
      end: experiment.absolute(entry.end),
      ...(entry.metadata === undefined ? {} : { metadata: entry.metadata }),
    })),
    headers: headersOf(view.headers),
    ...(expandLevel === undefined ? {} : { autoExpandLevel: expandLevel }),
  };
}

/** At least one entry is a default: clients draw only those until the user ticks more. */
export function toXyTree(entries: ReturnType<XyView["tree"]>): TreeModel<TreeEntry> {
  const hasDefault = entries.some((e) => e.isDefault);
  return { entries: entries.map((e) => ({ ...toEntry(e, 0), isDefault: hasDefault ? e.isDefault : e.hasData })), headers: [] };
}

const columnTypes: Readonly<Record<DataTreeView["headers"][number]["type"], DataType>> = {
  text: "STRING",
  number: "NUMBER",
  duration: "DURATION",
  bytes: "BINARY_NUMBER",
  "time-range": "TIME_RANGE",
};

export function toDataTree(view: DataTreeView, entries: readonly Entry[]): TreeModel<TreeEntry> {
  return {
    entries: entries.map((e) => toEntry(e, view.headers.length)),
    headers: view.headers.map((h) => ({ name: h.name, tooltip: h.tooltip, dataType: columnTypes[h.type] })),
  };
}

/** A plain word or phrase, matched without case against a state's label and the name of its style. */
function matches(expression: string, state: State, styleText: string): boolean {
  const wanted = expression.toLowerCase();
  return state.label.toLowerCase().includes(wanted) || styleText.toLowerCase().includes(wanted);
}

/** Tags by the two filter maps: states that match none of "1" are dimmed, those that match none of "4" excluded. */
function tagsOf(state: State, styleText: string, filters: RowsParameters["filter_query_parameters"]): number {
  const map = filters?.filter_expressions_map ?? {};
  const misses = (expressions: readonly string[] | undefined): boolean =>
    expressions !== undefined && expressions.length > 0 && !expressions.some((e) => matches(e, state, styleText));
  return (misses(map["1"]) ? tags.dimmed : 0) | (misses(map["4"]) ? tags.exclude : 0);
}

export function toTimeGraphModel(
  entries: readonly number[],
  rows: ReturnType<TimeGraphView["states"]>,
  styles: ReturnType<TimeGraphView["styles"]>,
  experiment: Experiment,
  filters: RowsParameters["filter_query_parameters"],
): TimeGraphModel {
  return {
    rows: entries.map((entryId, i) => ({
      entryId,
      states: (rows[i] ?? []).map((state) => {
        const bits = tagsOf(state, styles[state.style]?.text ?? "", filters);
        return {
          start: experiment.absolute(state.start),
          end: experiment.absolute(state.end),
          ...(state.label === "" ? {} : { label: state.label }),
          style: { parentKey: state.style, values: {} },
          ...(bits === 0 ? {} : { tags: bits }),
        };
      }),
    })),
  };
}

export function toArrows(arrows: ReturnType<TimeGraphView["arrows"]>, experiment: Experiment): readonly TimeGraphArrow[] {
  return arrows.map((arrow) => ({
    sourceId: arrow.source,
    targetId: arrow.target,
    start: experiment.absolute(arrow.start),
    end: experiment.absolute(arrow.end),
    style: { parentKey: arrow.style, values: {} },
  }));
}

export function toStyles(styles: ReturnType<TimeGraphView["styles"]>): { readonly styles: Readonly<Record<string, OutputElementStyle>> } {
  return {
    styles: Object.fromEntries(
      Object.entries(styles).map(([key, style]) => [key, { values: { "style-name": style.text, "background-color": style.color } }]),
    ),
  };
}

const yTypes: Readonly<Record<string, DataType>> = { bytes: "BINARY_NUMBER", "bytes/s": "BINARY_NUMBER", ns: "DURATION" };

export function toXy(view: XyView, series: ReturnType<XyView["series"]>, experiment: Experiment): XyModel {
  return {
    title: view.title,
    series: series.map((curve) => {
      // A point without a finite value has no place in the protocol's arrays.
      const points = curve.y.flatMap((y, i) => (Number.isFinite(y) ? [{ x: experiment.absolute(curve.x[i] ?? 0), y }] : []));
      return {
        seriesId: curve.id,
        seriesName: curve.name,
        xValues: points.map((p) => p.x),
        yValues: points.map((p) => p.y),
        style: { values: { "series-type": view.draw === "points" ? "scatter" : "line" } },
        xValuesDescription: { label: "Time", unit: "ns", dataType: "TIMESTAMP" },
        yValuesDescription: { label: view.title, unit: view.unit, dataType: yTypes[view.unit] ?? "NUMBER" },
      };
    }),
  };
}

/** The events table's columns, by id. Clients synchronise time through the one called exactly "Timestamp ns", which holds an integer as text. */
const tableColumns: readonly {
  readonly name: string;
  readonly description: string;
  readonly key: EventColumn;
  cell(row: EventRow): string;
}[] = [
  { name: "Timestamp ns", description: "Nanoseconds since 1970", key: "time", cell: (row) => row.time.toString() },
  { name: "Timestamp", description: "Time of day, UTC", key: "time", cell: (row) => formatUtc(row.time) },
  { name: "Node", description: "Data-store node or process", key: "node", cell: (row) => row.node },
  { name: "Thread", description: "Thread id", key: "thread", cell: (row) => String(row.thread) },
  { name: "Event", description: "Name of the event", key: "event", cell: (row) => row.name },
  { name: "Fields", description: "The event's fields", key: "fields", cell: (row) => row.fields.map(([n, v]) => `${n}=${v}`).join(", ") },
];

export const tableColumnModel: readonly TableColumn[] = tableColumns.map((c, id) => ({
  id,
  name: c.name,
  description: c.description,
  type: c.name === "Timestamp ns" ? "TIMESTAMP" : "STRING",
}));

/** The engine's name of a searchable column; undefined for an unknown id. */
export function tableColumnKey(id: number): EventColumn | undefined {
  return tableColumns[id]?.key;
}

export function toTableLine(row: EventRow, columnIds: readonly number[], isMatch: boolean): TableLine {
  return {
    index: row.index,
    cells: columnIds.map((id) => ({ content: tableColumns[id]?.cell(row) ?? "" })),
    ...(isMatch ? { tags: tags.highlight } : {}),
  };
}

/** `2025-11-23 20:09:29.123456789`, in UTC. */
function formatUtc(time: AbsoluteNs): string {
  const second = 1_000_000_000n;
  const fraction = ((time % second) + second) % second;
  const date = new Date(Number((time - fraction) / 1_000_000n));
  return `${date.toISOString().slice(0, 19).replace("T", " ")}.${fraction.toString().padStart(9, "0")}`;
}
