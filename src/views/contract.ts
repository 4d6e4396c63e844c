/**
 * Views: data providers from state to something a viewer can draw. One folder each; `id` equals the folder's name.
 *
 * A view says *what* there is (rows, states, arrows, curves, cells), never how it is drawn: the web and other people's viewers draw by `type`.
 * To add one, copy `netflow/` (time graph) or `histogram/` (xy), rename, run `npm run gen`.
 */
import type { RelativeNs } from "../base/index.ts";
import type { HistoryReader } from "../state/contract.ts";

/** What a view reads from. Times are relative to the experiment's origin. */
export interface ViewContext {
  /** The history with the state and the tables that the view's `needs` wrote. */
  readonly history: HistoryReader;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
}

/** Half-open range [start, end), and how many columns (pixels) the viewer has for it. */
export interface ViewRange {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly columns: number;
}

interface ViewBase {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Analyses whose state it reads. */
  readonly needs: readonly string[];
  /** The LTTng-UST providers that it is about: listed only where the trace has events of one. Absent: always. */
  readonly providers?: readonly string[];
}

/** A row of a time graph, or a curve of an xy chart. */
export interface ViewEntry {
  /** Unique in the view, >= 0, stable for one history. */
  readonly id: number;
  /** -1 for roots. Parents come before their children. */
  readonly parent: number;
  /** First label is the name; further ones fill the tree's columns. */
  readonly labels: readonly string[];
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  /** False for rows that only group others. */
  readonly hasData: boolean;
  /** Free key-value pairs for filters and tooltips. */
  readonly metadata?: Readonly<Record<string, readonly (string | number)[]>>;
}

/** One state of a row. `style` is a key of the view's `styles`. `id` names the request it belongs to, where there is one. */
export interface ViewState {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly label: string;
  readonly style: string;
  /** How many states this one stands for: more than 1 where several were too short for the column and the longest was kept. */
  readonly count: number;
}

export interface ViewArrow {
  readonly source: number;
  readonly target: number;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly label: string;
  readonly style: string;
}

/** Colours are CSS hex, chosen to be told apart in both themes; `text` names the state in the legend. */
export interface ViewStyle {
  readonly text: string;
  readonly color: string;
}

/** Rows of states over time. */
export interface TimeGraphView extends ViewBase {
  readonly type: "time-graph";
  /** Titles of the tree's columns. A last one named `Value` is filled by the viewer: each row's state at the selected time. */
  readonly headers: readonly string[];
  tree(context: ViewContext): readonly ViewEntry[];
  /** Depth down to which the tree starts out unfolded: 0 shows the roots only, 1 their children too; undefined unfolds everything. */
  expandLevel?(context: ViewContext): number | undefined;
  /** States of the asked rows, in the asked order; nothing shorter than a column is dropped silently (`count`). */
  states(context: ViewContext, entries: readonly number[], range: ViewRange): readonly (readonly ViewState[])[];
  /** Arrows that touch the range, at most a few thousand (the longest ones when there are more). */
  arrows(context: ViewContext, range: ViewRange): readonly ViewArrow[];
  tooltip(context: ViewContext, entry: number, time: RelativeNs): Readonly<Record<string, string>>;
  styles(context: ViewContext): Readonly<Record<string, ViewStyle>>;
}

/** A curve: one y per column of the range, or, in a view of points, as many as there are. `x` never decreases. */
export interface ViewSeries {
  readonly id: number;
  readonly name: string;
  readonly x: readonly RelativeNs[];
  readonly y: readonly number[];
}

/** Curves over time. */
export interface XyView extends ViewBase {
  readonly type: "xy";
  /** Of y: `ns`, `bytes` and `bytes/s` are shown in units that suit. */
  readonly unit: string;
  /** How the curves are meant; lines where absent. */
  readonly draw?: "lines" | "points";
  tree(context: ViewContext): readonly (ViewEntry & { readonly isDefault: boolean })[];
  series(context: ViewContext, entries: readonly number[], range: ViewRange): readonly ViewSeries[];
}

/** One column of a data tree. */
export interface DataColumn {
  readonly name: string;
  readonly tooltip: string;
  readonly type: "text" | "number" | "duration" | "bytes" | "time-range";
}

/** A tree of numbers, such as statistics: `labels` holds one cell per column. */
export interface DataTreeView extends ViewBase {
  readonly type: "data-tree";
  readonly headers: readonly DataColumn[];
  tree(context: ViewContext, range: ViewRange): readonly ViewEntry[];
}

export type View = TimeGraphView | XyView | DataTreeView;
