/**
 * Storescope's own endpoints under `/api`: what the Trace Server Protocol has no words for (requests with their phases, statistics, progress) and one hot
 * path in a compact form (`TimeGraphWindow`). The same exact-integer JSON; absolute times unless a name says relative.
 *
 *     GET  /api/experiments                                  ExperimentSummary[]
 *     GET  /api/experiments/:id                              ExperimentSummary
 *     GET  /api/experiments/:id/analysis                     AnalysisStatus
 *     POST /api/experiments/:id/analysis                     AnalysisStatus; starts the analysis when it has not run
 *     POST /api/experiments/:id/views/:view/window           WindowParameters -> TimeGraphWindow
 *     GET  /api/experiments/:id/requests                     ?sort &filter &from &to &limit -> RequestList
 *     GET  /api/experiments/:id/requests/:request            RequestWire, waits attributed to holders
 *     GET  /api/experiments/:id/requests/:request/events     EventRowWire[]
 *     GET  /api/experiments/:id/request-at                   ?entry &time -> { request: RequestWire | null }
 *     GET  /api/experiments/:id/flows                        ?sort &filter &from &to &limit -> FlowList
 *     GET  /api/experiments/:id/flows/:flow                  FlowWire: its spans over all processes, and what was waited for
 *     GET  /api/experiments/:id/flow-at                      ?entry &time -> { flow | null, span | null }
 *     GET  /api/experiments/:id/stats                        ?from &to -> StatsWire
 *     GET  /api/experiments/:id/diagnosis                    DiagnosisWire
 *     GET  /api/experiments/:id/events                       ?index &count -> EventPage
 *     GET  /api/experiments/:id/events/index-at              ?time -> { index }
 *     GET  /api/experiments/:id/events/find                  ?index &direction &node &thread &event &fields -> { index | null }
 *
 * Errors are `{ title, detail }`, as in the protocol.
 */
import { type Decoded, type Decoder, flag, index, int64, list, number, numbers, object, oneOf, optional, record, text } from "./decode.ts";

const analysisStatusShape = object({
  state: oneOf("idle", "running", "completed", "failed"),
  done: optional(number),
  total: optional(number),
  code: optional(text),
  message: optional(text),
});
export type AnalysisStatusWire = Decoded<typeof analysisStatusShape>;
export const decodeAnalysisStatus = analysisStatusShape;

const viewShape = object({
  id: text,
  outputId: text,
  type: oneOf("time-graph", "xy", "data-tree"),
  title: text,
  description: text,
});

/** The view that shows first, and in which requests and rows are found. */
export function mainView<T extends { readonly id: string; readonly type: string }>(views: readonly T[]): T | undefined {
  return views.find((view) => view.id === "netflow") ?? views.find((view) => view.type === "time-graph");
}

const summaryShape = object({
  id: text,
  name: text,
  origin: int64,
  start: int64,
  end: int64,
  status: analysisStatusShape,
  views: list(viewShape),
  /** 0 until the analysis is done. */
  eventCount: number,
  discardedEvents: number,
  warnings: list(object({ file: text, offset: number, message: text })),
  traces: list(object({ name: text, format: text, bytes: number })),
});
export type ExperimentSummary = Decoded<typeof summaryShape>;
export const decodeExperiments = list(summaryShape);
export const decodeExperiment = summaryShape;

const windowParameters = object({ from: int64, to: int64, columns: index, entries: list(index), arrows: optional(flag) });
export type WindowParameters = Decoded<typeof windowParameters>;
export const decodeWindowParameters = windowParameters;

/**
 * What a time graph needs to draw one range, in columns instead of an object per state: about ten bytes a state, and the browser's own JSON parser
 * reads it. Times are ns relative to the experiment's origin. In a row, state i starts at `gaps[0] + ... ` as drawn:
 *
 *     |--gaps[0]--|==lengths[0]==|--gaps[1]--|==lengths[1]==|      from `base`
 *
 * `styles` and `labels` index the window's own dictionaries; `counts` says how many states one stands for. A gap is negative where states overlap.
 */
const windowShape = object({
  base: number,
  styles: list(text),
  labels: list(text),
  rows: list(object({ entry: index, gaps: numbers, lengths: numbers, styles: numbers, labels: numbers, counts: numbers })),
  arrows: list(object({ source: index, target: index, start: number, end: number, label: text, style: text })),
});
export type TimeGraphWindow = Decoded<typeof windowShape>;
export const decodeWindow = windowShape;

const holderShape = object({ label: text, request: optional(index), start: int64, end: int64 });
const phaseShape = object({ name: text, start: int64, end: int64, thread: number, holders: optional(list(holderShape)) });
const deliveryShape = object({
  node: text,
  connection: number,
  connectionLabel: text,
  received: optional(int64),
  queued: int64,
  written: optional(int64),
});
export type DeliveryWire = Decoded<typeof deliveryShape>;
const hopShape = object({
  request: index,
  node: text,
  connectionLabel: text,
  start: int64,
  end: int64,
  asking: optional(index),
  redirect: optional(object({ kind: oneOf("moved", "ask"), slot: number, target: text })),
});
const redirectedShape = object({
  hops: list(hopShape),
  durationNs: number,
  lostNs: number,
  evidence: oneOf("nothing", "stream-offset", "order", "context"),
});
export type RedirectedWire = Decoded<typeof redirectedShape>;
const requestShape = object({
  id: index,
  node: text,
  connection: number,
  connectionLabel: text,
  command: text,
  type: oneOf("read", "write", "other"),
  start: int64,
  end: int64,
  durationNs: number,
  requestBytes: optional(number),
  replyBytes: optional(number),
  failed: flag,
  complete: flag,
  phases: list(phaseShape),
  deliveries: optional(list(deliveryShape)),
  redirected: optional(redirectedShape),
});
export type HolderWire = Decoded<typeof holderShape>;
export type PhaseWire = Decoded<typeof phaseShape>;
export type RequestWire = Decoded<typeof requestShape>;
export const decodeRequest = requestShape;
export const decodeRequestList = object({ total: number, requests: list(requestShape) });
export type RequestList = Decoded<typeof decodeRequestList>;
export const decodeRequestAt = object({ request: optional(requestShape) });

const spanShape = object({
  id: index,
  parent: optional(index),
  depth: index,
  kind: oneOf("served", "http", "store", "database", "message"),
  process: text,
  name: text,
  start: int64,
  end: int64,
  durationNs: number,
  waitedNs: number,
  status: number,
  grpc: optional(text),
  evidence: oneOf("nothing", "stream-offset", "order", "context", "stream-id"),
  broken: flag,
  cancelled: flag,
  failed: flag,
  complete: flag,
  request: optional(index),
  redirected: optional(object({ repeat: optional(index), lostNs: optional(number) })),
  repeats: optional(index),
  retries: optional(index),
});
export type SpanWire = Decoded<typeof spanShape>;
export const decodeFlowList = object({ total: number, flows: list(spanShape) });
/** `path` covers the root without gap: whose own work it waited for, when. */
export const decodeFlow = object({
  root: spanShape,
  spans: list(spanShape),
  path: list(object({ span: index, start: int64, end: int64 })),
});
export type FlowWire = Decoded<typeof decodeFlow>;
export const decodeFlowAt = object({ flow: optional(index), span: optional(index) });

const pair: Decoder<readonly [string, string]> = (value, where) => {
  const both = list(text)(value, where);
  return [both[0] ?? "", both[1] ?? ""];
};
const eventRowShape = object({ index, time: int64, node: text, thread: number, name: text, fields: list(pair) });
export type EventRowWire = Decoded<typeof eventRowShape>;
export const decodeEventRows = list(eventRowShape);
export const decodeEventPage = object({ size: index, rows: list(eventRowShape) });
export const decodeEventIndex = object({ index: optional(index) });

/** Columns of the events table that can be searched by regular expression, by the name the engine gives them. */
export const eventColumns = ["time", "node", "thread", "event", "fields"] as const;
export type EventColumn = (typeof eventColumns)[number];

const distribution = object({ count: number, mean: number, p50: number, p95: number, p99: number, max: number });
const commandStats = object({
  command: text,
  calls: number,
  requestBytes: number,
  replyBytes: number,
  failed: number,
  whole: distribution,
  phases: record(distribution),
});
const nodeStats = object({
  node: text,
  flavor: text,
  version: text,
  pid: number,
  requests: number,
  bytesIn: number,
  bytesOut: number,
  commands: list(commandStats),
});
export type CommandStatsWire = Decoded<typeof commandStats>;
export const decodeStats = object({ start: int64, end: int64, events: number, lostEvents: number, nodes: list(nodeStats) });
export type StatsWire = Decoded<typeof decodeStats>;

const measure = object({ name: text, value: number, unit: oneOf("ns", "bytes", "count", "ratio", "per-second") });
const finding = object({
  id: text,
  title: text,
  severity: oneOf("info", "warning", "critical"),
  confidence: oneOf("low", "medium", "high"),
  node: text,
  start: int64,
  end: int64,
  prose: text,
  advice: text,
  evidence: list(measure),
  requests: list(index),
  link: object({ view: text }),
});
const unanswered = object({ id: text, reason: text });
export type MeasureWire = Decoded<typeof measure>;
export type FindingWire = Decoded<typeof finding>;
export const decodeDiagnosis = object({ findings: list(finding), notFound: list(unanswered), cannotTell: list(unanswered) });

export const decodeError = object({ title: text, detail: optional(text) });
