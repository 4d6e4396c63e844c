/**
 * Experiments and traces as the Trace Server Protocol names them: by UUID, in lists that clients may add to and remove from.
 *
 * The server serves the experiments it was started with and opens nothing else: a path that arrives over HTTP is only ever compared with theirs.
 * `POST` of a known trace or of a known set of traces answers 200 with what is there (a 409 would make clients retry under new names for ever), and
 * `DELETE` takes a thing off the lists until it is posted again. No file is touched, whatever a client asks for.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { StorescopeError } from "../base/index.ts";
import type { Experiment, TraceInfo } from "../engine/contract.ts";
import type { IndexingStatus, TspExperiment, TspTrace } from "../tsp/index.ts";

export interface Catalogue {
  /** All experiments, listed or not, for Storescope's own API. */
  readonly all: readonly Experiment[];
  /** By id; throws NOT_FOUND. */
  experiment(id: string): Experiment;
  listExperiments(): readonly TspExperiment[];
  /** The listed experiment of this id; throws NOT_FOUND. */
  getExperiment(id: string): TspExperiment;
  /** Lists again the experiment made of exactly these traces; throws NOT_FOUND where there is none. */
  addExperiment(traces: readonly string[]): TspExperiment;
  removeExperiment(id: string): TspExperiment;
  listTraces(): readonly TspTrace[];
  getTrace(id: string): TspTrace;
  addTrace(path: string): TspTrace;
  /** The trace, and whether it was taken off the list: it is not while a listed experiment uses it. */
  removeTrace(id: string): { readonly trace: TspTrace; readonly isRemoved: boolean };
}

/** A UUID (version 5 layout, RFC 9562 section 5.5) made from a trace's path: the same path has the same id in every run. */
function traceUuid(path: string): string {
  const hash = createHash("sha1").update("storescope-trace\0").update(path).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function indexingStatus(experiment: Experiment): IndexingStatus {
  return experiment.status.state === "completed" ? "COMPLETED" : experiment.status.state === "failed" ? "CLOSED" : "RUNNING";
}

function eventCount(experiment: Experiment): number {
  return experiment.status.state === "completed" ? experiment.eventRowCount : 0;
}

function toTrace(trace: TraceInfo, experiment: Experiment): TspTrace {
  return {
    UUID: traceUuid(trace.path),
    name: basename(trace.path),
    path: trace.path,
    start: trace.start,
    end: trace.end,
    // Logical events are counted per experiment; where it holds several traces, the share of one is not known.
    nbEvents: experiment.traces.length === 1 ? eventCount(experiment) : 0,
    indexingStatus: indexingStatus(experiment),
    properties: Object.fromEntries(Object.entries(trace.environment).map(([name, value]) => [name, String(value)])),
  };
}

export function createCatalogue(experiments: readonly Experiment[]): Catalogue {
  const hiddenExperiments = new Set<string>();
  const hiddenTraces = new Set<string>();

  const traceIds = (experiment: Experiment): string[] => experiment.traces.map((t) => traceUuid(t.path));
  const toExperiment = (experiment: Experiment): TspExperiment => ({
    UUID: experiment.id,
    name: experiment.name,
    start: experiment.start,
    end: experiment.end,
    nbEvents: eventCount(experiment),
    indexingStatus: indexingStatus(experiment),
    traces: experiment.traces.map((t) => toTrace(t, experiment)),
  });
  const find = (id: string): Experiment => {
    const experiment = experiments.find((e) => e.id === id);
    if (experiment === undefined) throw new StorescopeError("NOT_FOUND", `there is no experiment ${id}`);
    return experiment;
  };
  const listed = (id: string): Experiment => {
    const experiment = find(id);
    if (hiddenExperiments.has(id)) throw new StorescopeError("NOT_FOUND", `there is no experiment ${id}`);
    return experiment;
  };
  /** Every trace once: two experiments may share one. */
  const allTraces = (): TspTrace[] => {
    const byId = new Map<string, TspTrace>();
    for (const experiment of experiments)
      for (const trace of experiment.traces) byId.set(traceUuid(trace.path), toTrace(trace, experiment));
    return [...byId.values()];
  };
  const getTrace = (id: string): TspTrace => {
    const trace = allTraces().find((t) => t.UUID === id && !hiddenTraces.has(id));
    if (trace === undefined) throw new StorescopeError("NOT_FOUND", `there is no trace ${id}`);
    return trace;
  };

  return {
    all: experiments,
    experiment: find,
    listExperiments: () => experiments.filter((e) => !hiddenExperiments.has(e.id)).map(toExperiment),
    getExperiment: (id) => toExperiment(listed(id)),
    addExperiment: (traces) => {
      const wanted = [...new Set(traces)].sort().join();
      const experiment = experiments.find((e) => [...new Set(traceIds(e))].sort().join() === wanted);
      if (experiment === undefined) {
        throw new StorescopeError("NOT_FOUND", "no experiment of this server is made of exactly these traces: start Storescope with them");
      }
      hiddenExperiments.delete(experiment.id);
      for (const id of traceIds(experiment)) hiddenTraces.delete(id);
      return toExperiment(experiment);
    },
    removeExperiment: (id) => {
      const experiment = listed(id);
      hiddenExperiments.add(id);
      return toExperiment(experiment);
    },
    listTraces: () => allTraces().filter((t) => !hiddenTraces.has(t.UUID)),
    getTrace,
    addTrace: (path) => {
      const plain = path.replace(/^file:\/\//, "").replace(/(.)\/+$/, "$1");
      const trace = allTraces().find((t) => t.path === plain);
      if (trace === undefined) throw new StorescopeError("TRACE_NOT_FOUND", "this server serves only the traces it was started with");
      hiddenTraces.delete(trace.UUID);
      return trace;
    },
    removeTrace: (id) => {
      const trace = getTrace(id);
      const isUsed = experiments.some((e) => !hiddenExperiments.has(e.id) && traceIds(e).includes(id));
      if (!isUsed) hiddenTraces.add(id);
      return { trace, isRemoved: !isUsed };
    },
  };
}
