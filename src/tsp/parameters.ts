/**
 * Bodies of the protocol's POST requests: `{"parameters": {...}}`, decoded. A missing `parameters` counts as an empty one (the Python client sends `{}`).
 * Each decoder throws UsageError (HTTP 400) when a member that the call cannot do without is missing or of the wrong type.
 */
import { type Decoder, int64, list, number, object, oneOf, optional, record, text } from "./decode.ts";

/** The most samples a client may ask for (`TimeRange.nbTimes` in the specification). */
export const maxSamples = 65_536;

export interface TimeRangeParameter {
  readonly start: bigint;
  readonly end: bigint;
  /** 1 to `maxSamples`. */
  readonly nbTimes: number;
}

const rawRange = object({ start: int64, end: int64, nbTimes: optional(number) });

const timeRange: Decoder<TimeRangeParameter> = (value, where) => {
  const { start, end, nbTimes } = rawRange(value, where);
  const samples = Number.isNaN(nbTimes ?? 1) ? 1 : Math.trunc(nbTimes ?? 1);
  return { start, end: end > start ? end : start + 1n, nbTimes: Math.min(maxSamples, Math.max(1, samples)) };
};

/** Entry ids. Negative ones name nothing and are passed on: the provider's tree decides what exists. */
const items = list(number);

const filters = object({ filter_expressions_map: optional(record(list(text))) });

const treeShape = object({ requested_timerange: optional(timeRange) });
const rowsShape = object({
  requested_timerange: timeRange,
  requested_items: items,
  filter_query_parameters: optional(filters),
});
const arrowsShape = object({ requested_timerange: timeRange });
const tooltipShape = object({
  requested_times: list(int64),
  requested_items: items,
  requested_element: optional(object({ elementType: text })),
});
/** Direction, in either case: clients differ. */
const direction: Decoder<"NEXT" | "PREVIOUS"> = (value, where) =>
  oneOf("NEXT", "PREVIOUS")(typeof value === "string" ? value.toUpperCase() : value, where);
const linesShape = object({
  requested_table_index: optional(number),
  requested_times: optional(list(int64)),
  requested_table_count: number,
  requested_table_column_ids: optional(list(number)),
  table_search_expressions: optional(record(text)),
  table_search_direction: optional(direction),
});
const annotationsShape = object({ requested_marker_categories: optional(list(text)) });
const traceShape = object({ uri: text, name: optional(text), typeID: optional(text) });
const experimentShape = object({ name: text, traces: list(text) });

function inParameters<T>(shape: Decoder<T>): (body: unknown) => T {
  const wrapper = object({ parameters: optional((value) => value) });
  return (body) => shape(wrapper(body ?? {}, "").parameters ?? {}, "parameters");
}

export const decodeTreeParameters = inParameters(treeShape);
export const decodeRowsParameters = inParameters(rowsShape);
export const decodeArrowsParameters = inParameters(arrowsShape);
export const decodeTooltipParameters = inParameters(tooltipShape);
export const decodeLinesParameters = inParameters(linesShape);
export const decodeAnnotationsParameters = inParameters(annotationsShape);
export const decodeTraceParameters = inParameters(traceShape);
export const decodeExperimentParameters = inParameters(experimentShape);

export type RowsParameters = ReturnType<typeof decodeRowsParameters>;
export type LinesParameters = ReturnType<typeof decodeLinesParameters>;
