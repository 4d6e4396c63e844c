/** Storescope's own endpoints at `/api`; tsp/api.ts lists them. Thin: decode, ask the experiment, encode. */
import { basename } from "node:path";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { UsageError } from "../base/index.ts";
import type { Experiment, RequestQuery } from "../engine/contract.ts";
import {
  type AnalysisStatusWire,
  decodeWindowParameters,
  type EventColumn,
  type ExperimentSummary,
  eventColumns,
  int64,
  maxSamples,
  parseExact,
} from "../tsp/index.ts";
import { abandoned, sendJson } from "./http.ts";
import { openView, outputIdOf, startAnalysis } from "./queries.ts";
import { compilePattern, type RouteOptions } from "./tsp-routes.ts";
import { packWindow } from "./window.ts";

const maxRequests = 10_000;
const maxEvents = 2_000;
const sorts: readonly NonNullable<RequestQuery["sort"]>[] = ["duration", "start", "wait", "execute"];

function toStatus(experiment: Experiment): AnalysisStatusWire {
  const status = experiment.status;
  return {
    state: status.state,
    done: status.state === "running" ? status.done : undefined,
    total: status.state === "running" ? status.total : undefined,
    code: status.state === "failed" ? status.code : undefined,
    message: status.state === "failed" ? status.message : undefined,
  };
}

function toSummary(experiment: Experiment): ExperimentSummary {
  const { id, name, origin, start, end, traces } = experiment;
  return {
    id,
    name,
    origin,
    start,
    end,
    status: toStatus(experiment),
    views: experiment.views.map((v) => ({ id: v.id, outputId: outputIdOf(v), type: v.type, title: v.title, description: v.description })),
    eventCount: experiment.status.state === "completed" ? experiment.eventRowCount : 0,
    discardedEvents: traces.reduce((sum, t) => sum + t.discardedEvents, 0),
    warnings: traces.flatMap((t) => t.warnings),
    traces: traces.map((t) => ({ name: basename(t.path), format: t.format, bytes: t.bytes })),
  };
}

/** One value of the query string; the first, where it is repeated. */
function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" ? first : undefined;
}

function queryTime(request: FastifyRequest, name: string): bigint | undefined {
  const value = queryText(request, name);
  return value === undefined ? undefined : int64(/^-?[0-9]{1,19}$/.test(value) ? parseExact(value) : undefined, name);
}

function queryInteger(request: FastifyRequest, name: string, fallback?: number): number {
  const value = queryText(request, name);
  if (value === undefined && fallback !== undefined) return fallback;
  if (value === undefined || !/^[0-9]{1,15}$/.test(value)) throw new UsageError(`${name}: expected a non-negative integer`);
  return Number(value);
}

function needTime(request: FastifyRequest, name: string): bigint {
  const time = queryTime(request, name);
  if (time === undefined) throw new UsageError(`${name}: expected a time in ns`);
  return time;
}

export function registerApiRoutes(app: FastifyInstance, { catalogue, rowIds, onBug }: RouteOptions): void {
  const base = "/api/experiments";
  const pathParam = (request: FastifyRequest, name: string): string => (request.params as Readonly<Record<string, string>>)[name] ?? "";
  const experimentOf = (request: FastifyRequest): Experiment => catalogue.experiment(pathParam(request, "experiment"));
  const requestId = (request: FastifyRequest): number => {
    const id = pathParam(request, "request");
    if (!/^[0-9]{1,15}$/.test(id)) throw new UsageError("a request's id is a non-negative integer");
    return Number(id);
  };

  app.get(base, async (_request, reply) => sendJson(reply, catalogue.all.map(toSummary)));
  app.get(`${base}/:experiment`, async (request, reply) => sendJson(reply, toSummary(experimentOf(request))));
  app.get(`${base}/:experiment/analysis`, async (request, reply) => sendJson(reply, toStatus(experimentOf(request))));
  app.post(`${base}/:experiment/analysis`, async (request, reply) => {
    const experiment = experimentOf(request);
    startAnalysis(experiment, onBug);
    return sendJson(reply, toStatus(experiment));
  });

  app.post(`${base}/:experiment/views/:view/window`, async (request, reply) => {
    const experiment = experimentOf(request);
    const { view, context } = openView(experiment, pathParam(request, "view"), "time-graph");
    const { from, to, columns, entries, arrows } = decodeWindowParameters(request.body, "");
    const start = experiment.relative(from);
    const range = { start, end: Math.max(start + 1, experiment.relative(to)), columns: Math.min(maxSamples, Math.max(1, columns)) };
    const rows = rowIds.select(context.history, view.id, () => view.tree(context), entries);
    return sendJson(reply, packWindow(start, rows, view.states(context, rows, range), arrows === false ? [] : view.arrows(context, range)));
  });

  app.get(`${base}/:experiment/requests`, async (request, reply) => {
    const given = queryText(request, "sort") ?? "duration";
    const sort = sorts.find((s) => s === given);
    if (sort === undefined) throw new UsageError(`sort: expected one of ${sorts.join(", ")}`);
    const query: RequestQuery = {
      sort,
      filter: queryText(request, "filter"),
      from: queryTime(request, "from"),
      to: queryTime(request, "to"),
      limit: Math.min(maxRequests, queryInteger(request, "limit", 200)),
    };
    return sendJson(reply, experimentOf(request).requests(query));
  });
  app.get(`${base}/:experiment/requests/:request`, async (request, reply) =>
    sendJson(reply, experimentOf(request).request(requestId(request))),
  );
  app.get(`${base}/:experiment/requests/:request/events`, async (request, reply) =>
    sendJson(reply, experimentOf(request).requestEvents(requestId(request))),
  );
  app.get(`${base}/:experiment/request-at`, async (request, reply) => {
    const found = experimentOf(request).requestAt(queryInteger(request, "entry"), needTime(request, "time"));
    return sendJson(reply, { request: found ?? null });
  });
  app.get(`${base}/:experiment/flows`, async (request, reply) => {
    const given = queryText(request, "sort") ?? "duration";
    if (given !== "duration" && given !== "start") throw new UsageError("sort: expected duration or start");
    const query = {
      sort: given,
      filter: queryText(request, "filter"),
      from: queryTime(request, "from"),
      to: queryTime(request, "to"),
      limit: Math.min(maxRequests, queryInteger(request, "limit", 200)),
    } as const;
    const { total, flows } = experimentOf(request).flows(query);
    return sendJson(reply, { total, flows });
  });
  app.get(`${base}/:experiment/flows/:flow`, async (request, reply) => {
    const id = pathParam(request, "flow");
    if (!/^[0-9]{1,15}$/.test(id)) throw new UsageError("a flow's id is a non-negative integer");
    return sendJson(reply, experimentOf(request).flow(Number(id)));
  });
  app.get(`${base}/:experiment/flow-at`, async (request, reply) => {
    const found = experimentOf(request).flowAt(queryInteger(request, "entry"), needTime(request, "time"));
    return sendJson(reply, { flow: found?.flow ?? null, span: found?.span ?? null });
  });
  app.get(`${base}/:experiment/stats`, async (request, reply) =>
    sendJson(reply, experimentOf(request).stats({ from: queryTime(request, "from"), to: queryTime(request, "to") })),
  );

  app.get(`${base}/:experiment/diagnosis`, async (request, reply) =>
    sendJson(reply, await experimentOf(request).diagnose({ signal: abandoned(reply) })),
  );

  app.get(`${base}/:experiment/events`, async (request, reply) => {
    const experiment = experimentOf(request);
    const size = experiment.eventRowCount;
    const index = Math.min(size, queryInteger(request, "index"));
    const count = Math.min(maxEvents, size - index, queryInteger(request, "count", 200));
    return sendJson(reply, { size, rows: count === 0 ? [] : experiment.eventRows(index, count) });
  });
  app.get(`${base}/:experiment/events/index-at`, async (request, reply) =>
    sendJson(reply, { index: experimentOf(request).eventIndexAt(needTime(request, "time")) }),
  );
  app.get(`${base}/:experiment/events/find`, async (request, reply) => {
    const experiment = experimentOf(request);
    const columns: Partial<Record<EventColumn, RegExp>> = {};
    for (const name of eventColumns) {
      const pattern = queryText(request, name);
      if (pattern !== undefined && pattern !== "") columns[name] = compilePattern(pattern);
    }
    if (Object.keys(columns).length === 0) throw new UsageError(`expected a search expression for one of ${eventColumns.join(", ")}`);
    const direction = queryText(request, "direction") ?? "next";
    if (direction !== "next" && direction !== "previous") throw new UsageError("direction: expected next or previous");
    const index = queryInteger(request, "index");
    const isInside = index < experiment.eventRowCount;
    return sendJson(reply, {
      index: (isInside ? await experiment.findEvent(index, direction, columns, { signal: abandoned(reply) }) : undefined) ?? null,
    });
  });
}
