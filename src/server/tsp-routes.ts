/**
 * The Trace Server Protocol 0.6 at `/tsp/api`. Thin: decode, ask the experiment, encode (to-tsp.ts).
 *
 * An output that waits for the analysis answers RUNNING with no model and starts the analysis, so a viewer that polls gets there; states and annotations
 * always have a model, because viewers dereference it without looking.
 */
import { arch, cpus, platform, release } from "node:os";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { StorescopeError, UsageError } from "../base/index.ts";
import type { EventRow, Experiment } from "../engine/contract.ts";
import { eventText } from "../engine/index.ts";
import {
  type DataProvider,
  decodeAnnotationsParameters,
  decodeArrowsParameters,
  decodeExperimentParameters,
  decodeLinesParameters,
  decodeRowsParameters,
  decodeTooltipParameters,
  decodeTraceParameters,
  decodeTreeParameters,
  type EventColumn,
  type GenericResponse,
  type LinesParameters,
  type ServerInfo,
  type TableModel,
  tspVersion,
} from "../tsp/index.ts";
import type { Catalogue } from "./catalogue.ts";
import { abandoned, HttpError, sendJson } from "./http.ts";
import { findView, type OpenView, openView, type RowIds, startAnalysis, type View } from "./queries.ts";
import {
  eventTableOutput,
  eventTableProvider,
  tableColumnKey,
  tableColumnModel,
  toArrows,
  toDataTree,
  toProvider,
  toStyles,
  toTableLine,
  toTimeGraphModel,
  toTimeGraphTree,
  toXy,
  toXyTree,
} from "./to-tsp.ts";

/** Most lines of the events table in one answer. */
const maxLines = 10_000;
/** Longest regular expression accepted from a client. */
const maxPatternLength = 1_000;

export interface RouteOptions {
  readonly catalogue: Catalogue;
  readonly rowIds: RowIds;
  readonly version: string;
  readonly onBug: (error: unknown) => void;
}

/** Path parameters. Fastify has matched the route, so those that it names are there. */
function param(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? "";
}

function completed<T>(model: T): GenericResponse<T> {
  return { model, status: "COMPLETED", statusMessage: "" };
}

/** A user's regular expression; throws USAGE with the engine's own words. */
export function compilePattern(pattern: string): RegExp {
  if (pattern.length > maxPatternLength) throw new UsageError(`a search expression may have at most ${maxPatternLength} characters`);
  try {
    return new RegExp(pattern, "i");
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export function registerTspRoutes(app: FastifyInstance, { catalogue, rowIds, version, onBug }: RouteOptions): void {
  const base = "/tsp/api";
  const experimentOf = (request: FastifyRequest): Experiment => {
    catalogue.getExperiment(param(request, "experiment"));
    return catalogue.experiment(param(request, "experiment"));
  };

  /** Answers with the model, or with where the analysis stands and `unfinished` for a model. */
  function whenAnalysed<T>(experiment: Experiment, unfinished: T | undefined, model: () => T): GenericResponse<T> {
    switch (experiment.status.state) {
      case "completed":
        return completed(model());
      case "failed":
        return { model: unfinished, status: "FAILED", statusMessage: experiment.status.message };
      case "idle":
      case "running":
        startAnalysis(experiment, onBug);
        return { model: unfinished, status: "RUNNING", statusMessage: "The analysis is running" };
    }
  }

  function viewRoute<T extends View["type"], P, M>(
    path: string,
    type: T,
    decode: (body: unknown) => P,
    unfinished: M | undefined,
    answer: (open: OpenView<T>, parameters: P, experiment: Experiment) => M,
  ): void {
    app.post(`${base}/experiments/:experiment/outputs/${path}`, async (request, reply) => {
      const experiment = experimentOf(request);
      const view = findView(experiment, param(request, "output"), type);
      const parameters = decode(request.body);
      return sendJson(
        reply,
        whenAnalysed<M>(experiment, unfinished, () => answer(openView(experiment, view.id, type), parameters, experiment)),
      );
    });
  }

  // Diagnostic and identity
  app.get(`${base}/health`, async (_request, reply) => sendJson(reply, { status: "UP" }));
  app.get(`${base}/identifier`, async (_request, reply) => {
    const info: ServerInfo = {
      version,
      os: platform(),
      osArch: arch(),
      osVersion: release(),
      cpuCount: cpus().length,
      productId: "storescope",
      tspVersion,
    };
    return sendJson(reply, info);
  });

  // Traces and experiments
  app.get(`${base}/traces`, async (_request, reply) => sendJson(reply, catalogue.listTraces()));
  app.post(`${base}/traces`, async (request, reply) => sendJson(reply, catalogue.addTrace(decodeTraceParameters(request.body).uri)));
  app.get(`${base}/traces/:trace`, async (request, reply) => sendJson(reply, catalogue.getTrace(param(request, "trace"))));
  app.delete(`${base}/traces/:trace`, async (request, reply) => {
    const { trace, isRemoved } = catalogue.removeTrace(param(request, "trace"));
    if (!isRemoved) throw new HttpError(409, "Trace in use", "An experiment uses this trace: remove that first.", { trace });
    return sendJson(reply, trace);
  });
  app.get(`${base}/experiments`, async (_request, reply) => sendJson(reply, catalogue.listExperiments()));
  app.post(`${base}/experiments`, async (request, reply) =>
    sendJson(reply, catalogue.addExperiment(decodeExperimentParameters(request.body).traces)),
  );
  app.get(`${base}/experiments/:experiment`, async (request, reply) => {
    const experiment = experimentOf(request);
    // Viewers poll an experiment while its indexing runs; this is what makes it run.
    startAnalysis(experiment, onBug);
    return sendJson(reply, catalogue.getExperiment(experiment.id));
  });
  app.delete(`${base}/experiments/:experiment`, async (request, reply) =>
    sendJson(reply, catalogue.removeExperiment(param(request, "experiment"))),
  );

  // Outputs
  const providersOf = (experiment: Experiment): DataProvider[] => [...experiment.views.map(toProvider), eventTableProvider];
  /** For routes of any output: throws NOT_FOUND unless it exists. */
  const providerOf = (request: FastifyRequest): DataProvider => {
    const experiment = experimentOf(request);
    const id = param(request, "output");
    const viewId = experiment.views.find((v) => v.id === id);
    const provider = viewId === undefined ? providersOf(experiment).find((p) => p.id === id) : toProvider(viewId);
    if (provider === undefined) throw new StorescopeError("NOT_FOUND", `there is no output ${id}`);
    return provider;
  };
  app.get(`${base}/experiments/:experiment/outputs`, async (request, reply) => sendJson(reply, providersOf(experimentOf(request))));
  app.get(`${base}/experiments/:experiment/outputs/markerSets`, async (request, reply) => {
    experimentOf(request);
    return sendJson(reply, completed([]));
  });
  app.get(`${base}/experiments/:experiment/outputs/:output`, async (request, reply) => sendJson(reply, providerOf(request)));
  app.get(`${base}/experiments/:experiment/outputs/:output/configTypes`, async (request, reply) => {
    providerOf(request);
    return sendJson(reply, []);
  });
  app.get(`${base}/experiments/:experiment/outputs/:output/annotations`, async (request, reply) => {
    providerOf(request);
    return sendJson(reply, completed({ annotationCategories: [] }));
  });
  app.post(`${base}/experiments/:experiment/outputs/:output/annotations`, async (request, reply) => {
    providerOf(request);
    decodeAnnotationsParameters(request.body);
    return sendJson(reply, completed({ annotations: {} }));
  });
  app.post(`${base}/experiments/:experiment/outputs/:output/style`, async (request, reply) => {
    const experiment = experimentOf(request);
    if (providerOf(request).type !== "TIME_GRAPH") return sendJson(reply, completed({ styles: {} }));
    return sendJson(
      reply,
      whenAnalysed(experiment, { styles: {} }, () => {
        const { view, context } = openView(experiment, param(request, "output"), "time-graph");
        return toStyles(view.styles(context));
      }),
    );
  });
  app.get(`${base}/config/types`, async (_request, reply) => sendJson(reply, []));

  // Time graphs
  viewRoute("timeGraph/:output/tree", "time-graph", decodeTreeParameters, undefined, ({ view, context }, _parameters, experiment) =>
    toTimeGraphTree(view, rowIds.remember(context.history, view.id, view.tree(context)), view.expandLevel?.(context), experiment),
  );
  viewRoute("timeGraph/:output/states", "time-graph", decodeRowsParameters, { rows: [] }, ({ view, context }, parameters, experiment) => {
    const { start, end, nbTimes } = parameters.requested_timerange;
    const entries = rowIds.select(context.history, view.id, () => view.tree(context), parameters.requested_items);
    const range = { start: experiment.relative(start), end: experiment.relative(end), columns: nbTimes };
    const rows = view.states(context, entries, range);
    return toTimeGraphModel(entries, rows, view.styles(context), experiment, parameters.filter_query_parameters);
  });
  viewRoute("timeGraph/:output/arrows", "time-graph", decodeArrowsParameters, [], ({ view, context }, parameters, experiment) => {
    const { start, end, nbTimes } = parameters.requested_timerange;
    return toArrows(
      view.arrows(context, { start: experiment.relative(start), end: experiment.relative(end), columns: nbTimes }),
      experiment,
    );
  });
  viewRoute("timeGraph/:output/tooltip", "time-graph", decodeTooltipParameters, {}, ({ view, context }, parameters, experiment) => {
    const time = parameters.requested_times[0];
    const entry = rowIds.select(context.history, view.id, () => view.tree(context), parameters.requested_items)[0];
    return time === undefined || entry === undefined ? {} : view.tooltip(context, entry, experiment.relative(time));
  });

  // Curves
  viewRoute("XY/:output/tree", "xy", decodeTreeParameters, undefined, ({ view, context }) =>
    toXyTree(rowIds.remember(context.history, view.id, view.tree(context))),
  );
  viewRoute("XY/:output/xy", "xy", decodeRowsParameters, undefined, ({ view, context }, parameters, experiment) => {
    const { start, end, nbTimes } = parameters.requested_timerange;
    const entries = rowIds.select(context.history, view.id, () => view.tree(context), parameters.requested_items);
    const range = { start: experiment.relative(start), end: experiment.relative(end), columns: nbTimes };
    return toXy(view, view.series(context, entries, range), experiment);
  });

  // Data trees
  viewRoute("data/:output/tree", "data-tree", decodeTreeParameters, undefined, ({ view, context }, parameters, experiment) => {
    const asked = parameters.requested_timerange;
    const start = experiment.relative(asked?.start ?? experiment.start);
    const end = experiment.relative(asked?.end ?? experiment.end);
    return toDataTree(view, view.tree(context, { start, end, columns: 1 }));
  });

  // Events table
  const isEventTable = (request: FastifyRequest): void => {
    const id = param(request, "output");
    if (id !== eventTableOutput) throw new StorescopeError("NOT_FOUND", `there is no table ${id}`);
  };
  app.post(`${base}/experiments/:experiment/outputs/table/:output/columns`, async (request, reply) => {
    isEventTable(request);
    experimentOf(request);
    return sendJson(reply, completed(tableColumnModel));
  });
  app.post(`${base}/experiments/:experiment/outputs/table/:output/lines`, async (request, reply) => {
    isEventTable(request);
    const experiment = experimentOf(request);
    const parameters = decodeLinesParameters(request.body);
    const columnIds = parameters.requested_table_column_ids ?? tableColumnModel.map((c) => c.id);
    const none: TableModel = { lowIndex: 0, size: 0, columnIds, lines: [] };
    if (experiment.status.state !== "completed")
      return sendJson(
        reply,
        whenAnalysed(experiment, none, () => none),
      );
    return sendJson(reply, completed(await linesOf(experiment, parameters, columnIds, abandoned(reply))));
  });
}

function isMatch(row: EventRow, columns: ReadonlyMap<EventColumn, RegExp>): boolean {
  for (const [key, pattern] of columns) if (!pattern.test(eventText(row, key))) return false;
  return true;
}

/** Lines from an index or a time; with a search direction, from the first match in that direction, or none where there is no match. */
async function linesOf(
  experiment: Experiment,
  parameters: LinesParameters,
  columnIds: readonly number[],
  signal: AbortSignal,
): Promise<TableModel> {
  const size = experiment.eventRowCount;
  const time = parameters.requested_times?.[0];
  if (time === undefined && parameters.requested_table_index === undefined) {
    throw new UsageError("parameters: one of requested_table_index and requested_times is needed");
  }
  let lowIndex = Math.max(0, Math.trunc(time === undefined ? (parameters.requested_table_index ?? 0) : experiment.eventIndexAt(time)));
  const columns = new Map<EventColumn, RegExp>();
  for (const [id, pattern] of Object.entries(parameters.table_search_expressions ?? {})) {
    const key = tableColumnKey(Number(id));
    if (key === undefined) throw new UsageError(`parameters.table_search_expressions: there is no column ${id}`);
    columns.set(key, compilePattern(pattern));
  }
  if (columns.size > 0 && parameters.table_search_direction !== undefined) {
    const direction = parameters.table_search_direction === "NEXT" ? "next" : "previous";
    const found = lowIndex < size ? await experiment.findEvent(lowIndex, direction, Object.fromEntries(columns), { signal }) : undefined;
    if (found === undefined) return { lowIndex, size, columnIds, lines: [] };
    lowIndex = found;
  }
  const count = Math.min(maxLines, Math.max(0, Math.trunc(parameters.requested_table_count)), Math.max(0, size - lowIndex));
  const rows = count === 0 ? [] : experiment.eventRows(lowIndex, count);
  return { lowIndex, size, columnIds, lines: rows.map((row) => toTableLine(row, columnIds, columns.size > 0 && isMatch(row, columns))) };
}
