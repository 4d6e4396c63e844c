/**
 * Wire types of the Trace Server Protocol 0.6.0, as far as Storescope speaks it. Names and nesting are the specification's (`components/schemas` of its
 * API.yaml); `bigint` marks an int64 that does not fit a number. Optional members are optional in the specification too.
 */
export const tspVersion = "0.6.0";

export interface TspError {
  readonly title: string;
  readonly detail?: string;
}

export type ResponseStatus = "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";

/** Every model comes in one of these. `model` is absent while nothing can be said yet, but never where clients dereference it (states, annotations). */
export interface GenericResponse<T> {
  readonly model: T | undefined;
  readonly status: ResponseStatus;
  readonly statusMessage: string;
}

export interface ServerInfo {
  readonly version: string;
  readonly os: string;
  readonly osArch: string;
  readonly osVersion: string;
  readonly cpuCount: number;
  readonly productId: string;
  readonly tspVersion: string;
}

export type IndexingStatus = "RUNNING" | "COMPLETED" | "CLOSED";

export interface TspTrace {
  readonly UUID: string;
  readonly name: string;
  readonly path: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly nbEvents: number;
  readonly indexingStatus: IndexingStatus;
  readonly properties: Readonly<Record<string, string>>;
}

export interface TspExperiment {
  readonly UUID: string;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly nbEvents: number;
  readonly indexingStatus: IndexingStatus;
  readonly traces: readonly TspTrace[];
}

export type ProviderType = "TABLE" | "TREE_TIME_XY" | "TIME_GRAPH" | "DATA_TREE";

/** An output: what Storescope calls a view. */
export interface DataProvider {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: ProviderType;
}

export type DataType = "NUMBER" | "BINARY_NUMBER" | "TIMESTAMP" | "DURATION" | "STRING" | "TIME_RANGE";

export interface TreeColumnHeader {
  readonly name: string;
  readonly tooltip: string;
  readonly dataType?: DataType;
}

export interface TreeEntry {
  readonly id: number;
  /** -1: a root. */
  readonly parentId: number;
  readonly labels: readonly string[];
  readonly hasData: boolean;
  readonly isDefault?: boolean;
}

export interface TimeGraphEntry extends TreeEntry {
  readonly start: bigint;
  readonly end: bigint;
  readonly metadata?: Readonly<Record<string, readonly (string | number)[]>>;
}

export interface TreeModel<E extends TreeEntry> {
  readonly entries: readonly E[];
  readonly headers: readonly TreeColumnHeader[];
  /** Levels that start out unfolded: 1 the roots, 2 their children too; all when absent. */
  readonly autoExpandLevel?: number;
}

/** Style values have the keys of Trace Compass' StyleProperties: `background-color`, `style-name`, `series-type`. */
export interface OutputElementStyle {
  readonly parentKey?: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Bits of `tags` (the specification's CoreFilterProperty). */
export const tags = { dimmed: 1, bound: 2, exclude: 4, highlight: 8 } as const;

export interface TimeGraphState {
  readonly start: bigint;
  readonly end: bigint;
  readonly label?: string;
  readonly style?: OutputElementStyle;
  readonly tags?: number;
}

export interface TimeGraphModel {
  readonly rows: readonly { readonly entryId: number; readonly states: readonly TimeGraphState[] }[];
}

export interface TimeGraphArrow {
  readonly sourceId: number;
  readonly targetId: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly style?: OutputElementStyle;
}

export interface XyAxis {
  readonly label: string;
  readonly unit: string;
  readonly dataType: DataType;
}

export interface XySeries {
  readonly seriesId: number;
  readonly seriesName: string;
  readonly xValues: readonly bigint[];
  readonly yValues: readonly number[];
  readonly style: OutputElementStyle;
  readonly xValuesDescription: XyAxis;
  readonly yValuesDescription: XyAxis;
}

export interface XyModel {
  readonly title: string;
  readonly series: readonly XySeries[];
}

export interface TableColumn {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly type: string;
}

export interface TableLine {
  readonly index: number;
  readonly cells: readonly { readonly content: string; readonly tags?: number }[];
  readonly tags?: number;
}

export interface TableModel {
  readonly lowIndex: number;
  readonly size: number;
  readonly columnIds: readonly number[];
  readonly lines: readonly TableLine[];
}
