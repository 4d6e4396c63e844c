/** An opened experiment: traces, the history of their analyses, and every question one can ask of them. */
import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type EventSummary, documents as eventDocuments } from "../analyses/event-counts/keys.ts";
import { documents as nodeDocuments, type UntracedThread } from "../analyses/node/keys.ts";
import {
  type AbsoluteNs,
  BadInputError,
  compareText,
  type RelativeNs,
  StorescopeError,
  type TaskOptions,
  toAbsolute,
  toRelative,
} from "../base/index.ts";
import { type HistoryReader, type Interval, openHistory, type StateHistory } from "../state/index.ts";
import type { EventCursor, TraceSource, TraceWarning } from "../trace/index.ts";
import type { View, ViewContext } from "../views/contract.ts";
import type { ClockSync } from "./clock-sync.ts";
import type {
  AnalysisSummary,
  ClockInfo,
  DiagnosisReport,
  EventCount,
  EventRow,
  Experiment,
  ExperimentStats,
  ExperimentStatus,
  FlowInfo,
  FlowQuery,
  OpenOptions,
  RequestInfo,
  RequestQuery,
  TraceInfo,
} from "./contract.ts";
import { EventRows } from "./event-rows.ts";
import { eventText } from "./event-text.ts";
import { FlowQueries } from "./flows.ts";
import { compileGlob } from "./glob.ts";
import { experimentId, historyDirectory, historyIdentity } from "./history-cache.ts";
import { analyses } from "./registry/analyses.gen.ts";
import { views } from "./registry/views.gen.ts";
import { RequestQueries } from "./requests.ts";
import { ownModule, ownWorker, type TraceFile } from "./thread.ts";

/** How long a search runs before it lets others have a turn, in ms. */
const searchTurnMs = 25;
const requestEventLimit = 5000;

/** What queries need, once there is a history. */
interface Ready {
  readonly history: HistoryReader;
  readonly context: ViewContext;
  readonly requests: RequestQueries;
  readonly flows: FlowQueries;
  readonly rows: EventRows;
  readonly summary: AnalysisSummary;
  /** Once it was asked for: a history does not change, so neither does what is found in it. */
  report?: DiagnosisReport;
}

type WritableInfo = TraceInfo & { readonly warnings: TraceWarning[] };

export class OpenExperiment implements Experiment {
  readonly id: string;
  readonly name: string;
  readonly traces: readonly WritableInfo[];
  readonly origin: AbsoluteNs;
  readonly start: AbsoluteNs;
  readonly end: AbsoluteNs;
  readonly views: readonly View[];
  status: ExperimentStatus = { state: "idle" };
  private readonly paths: readonly string[];
  private readonly source: TraceSource;
  private readonly sources: readonly TraceSource[];
  private readonly clocks: ClockSync;
  private readonly options: OpenOptions;
  private ready: Ready | undefined;
  private running: Promise<AnalysisSummary> | undefined;
  /** The history turned out damaged while it was read: what `ready` can still read is used until the next analysis. */
  private isDamaged = false;

  constructor(paths: readonly string[], sources: readonly TraceSource[], merged: TraceSource, clocks: ClockSync, options: OpenOptions) {
    this.paths = paths;
    this.sources = sources;
    this.source = merged;
    this.clocks = clocks;
    this.options = options;
    this.id = experimentId(paths);
    this.name = paths.map((path) => basename(resolve(path))).join(" + ");
    const has = (provider: string) => merged.eventClasses.some((eventClass) => eventClass.name.startsWith(`${provider}:`));
    this.views = (views as readonly View[]).filter(({ providers }) => providers === undefined || providers.some(has));
    this.origin = merged.origin;
    this.start = merged.start;
    this.end = merged.end;
    this.traces = sources.map((source) => traceInfo(source, clocks.infos.get(source)));
  }

  /** The trace behind it all, for printing raw events. */
  get rawSource(): TraceSource {
    return this.source;
  }

  analyze(options: TaskOptions & { readonly force?: boolean } = {}): Promise<AnalysisSummary> {
    this.running ??= this.run(options).finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Where there is a history already, the experiment is analysed when this returns: who asks for its status next is told so. */
  private async run(options: TaskOptions & { readonly force?: boolean }): Promise<AnalysisSummary> {
    if (this.ready !== undefined && options.force !== true && !this.isDamaged) return this.ready.summary;
    const started = performance.now();
    const directory = historyDirectory(this.paths, this.options.cacheDirectory);
    try {
      const tracePaths = this.sources.map((source) => source.path);
      const identity = historyIdentity(tracePaths, analyses);
      let ready = options.force === true ? undefined : this.load(directory, identity, true, started);
      if (ready === undefined) {
        this.status = { state: "running", done: 0, total: this.source.totalBytes };
        const onProgress: TaskOptions["onProgress"] = (progress) => {
          this.status = { state: "running", done: progress.done, total: progress.total };
          options.onProgress?.(progress);
        };
        const workers = ownWorker("analysis-worker");
        const { buildHistory } = await import("./build-history.ts");
        await buildHistory(this.source, analyses, directory, identity, {
          ...options,
          onProgress,
          workers: workers && { ...workers, traces: this.traceFiles(), packing: ownModule("packing-worker") },
        });
        ready = this.load(directory, identity, false, started);
        if (ready === undefined) throw new StorescopeError("HISTORY_INVALID", `${directory}: the history just written cannot be read back`);
      }
      this.ready?.history.close();
      this.ready = ready;
      this.isDamaged = false;
      this.status = { state: "completed" };
      return this.ready.summary;
    } catch (error) {
      const code = error instanceof StorescopeError ? error.code : "BUG";
      this.status = { state: "failed", code, message: error instanceof Error ? error.message : String(error) };
      throw error;
    }
  }

  /** How another thread opens the same traces. */
  traceFiles(): readonly TraceFile[] {
    return this.sources.map((source) => ({ path: source.path, correction: this.clocks.corrections.get(source) }));
  }

  /** The directory's history, ready for queries; undefined when there is none, or one that is damaged in what all of them need. */
  private load(directory: string, identity: string, cached: boolean, started: number): Ready | undefined {
    const history = openHistory(directory, { identity }, () => {
      this.isDamaged = true;
      this.status = { state: "idle" };
    });
    if (history === undefined) return undefined;
    try {
      return this.prepare(history, directory, cached, performance.now() - started);
    } catch (error) {
      history.close();
      if (error instanceof BadInputError) return undefined;
      throw error;
    }
  }

  private prepare(history: HistoryReader, directory: string, cached: boolean, wallMs: number): Ready {
    const requests = new RequestQueries(history, this.origin);
    const flows = new FlowQueries(history, this.origin);
    const rows = new EventRows(this.source, history, this.origin);
    const events = history.document(eventDocuments.events) as EventSummary | undefined;
    const summary: AnalysisSummary = {
      cached,
      events: events?.total ?? 0,
      logicalEvents: rows.count,
      requests: requests.count,
      intervals: history.state.intervalCount,
      traceBytes: this.source.totalBytes,
      historyBytes: history.bytes,
      wallMs,
      historyDirectory: directory,
    };
    this.warnOfUntraced(history);
    const context: ViewContext = { history, start: this.relative(this.start), end: this.relative(this.end) };
    return { history, context, requests, flows, rows, summary };
  }

  /** What the trace lacks because something of the tracer's own failed is a warning, as what cannot be read is. */
  private warnOfUntraced(history: HistoryReader): void {
    for (const { stream, name, time, reason } of (history.document(nodeDocuments.untraced) as readonly UntracedThread[] | undefined) ??
      []) {
      const file = this.source.streams[stream]?.file ?? "";
      const seconds = ((time - this.relative(this.start)) / 1e9).toFixed(6);
      const message = `${name} is not traced from +${seconds} s on, though it may run on: the tracer failed in it (${reason})`;
      this.warn({ file, offset: 0, message });
    }
  }

  /** Adds a warning to its trace, once. */
  private warn(warning: TraceWarning): void {
    const { file, offset, message } = warning;
    const trace = this.traces.find(({ path }) => file.startsWith(path));
    if (trace?.warnings.some((known) => known.file === file && known.offset === offset && known.message === message) === false)
      trace.warnings.push(warning);
  }

  private need(): Ready {
    if (this.ready === undefined) throw new StorescopeError("HISTORY_INVALID", `${this.name} has not been analysed yet`);
    return this.ready;
  }

  async eventCounts(options: TaskOptions = {}): Promise<readonly EventCount[]> {
    const summary = this.ready?.history.document(eventDocuments.events) as EventSummary | undefined;
    const counts = summary?.counts ?? (await this.countEvents(options));
    return Object.entries(counts)
      .map(([name, count]) => ({ name, count }))
      .sort((left, right) => right.count - left.count || compareText(left.name, right.name));
  }

  private async countEvents(options: TaskOptions): Promise<Readonly<Record<string, number>>> {
    const counts = new Float64Array(this.source.eventClasses.length);
    const cursor = this.source.cursor();
    try {
      for (let events = 1; this.nextCounted(cursor); events++) {
        counts[cursor.eventClass] = (counts[cursor.eventClass] as number) + 1;
        if (events % 100_000 !== 0) continue;
        options.onProgress?.({ label: "Counting events", done: cursor.bytesRead, total: this.source.totalBytes });
        await new Promise((resume) => setImmediate(resume));
        if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "counting was cancelled");
      }
    } finally {
      cursor.close();
    }
    const byName: Record<string, number> = {};
    for (const { name, index } of this.source.eventClasses) {
      const count = counts[index] as number;
      if (count > 0) byName[name] = (byName[name] ?? 0) + count;
    }
    return byName;
  }

  /** `next`, where a stream that cannot be read further (a tracer may still be writing) becomes a warning of its trace, and the others go on. */
  private nextCounted(cursor: EventCursor): boolean {
    for (;;) {
      try {
        return cursor.next();
      } catch (error) {
        if (!(error instanceof BadInputError)) throw error;
        const { file, offset, what } = error;
        this.warn({ file, offset, message: `${what}; the stream is not read any further` });
      }
    }
  }

  view(id: string): { readonly view: View; readonly context: ViewContext } {
    const view = this.views.find((candidate) => candidate.id === id);
    if (view === undefined)
      throw new StorescopeError("NOT_FOUND", `there is no view "${id}"; there are: ${this.views.map((each) => each.id).join(", ")}`);
    return { view, context: this.need().context };
  }

  get state(): StateHistory {
    return this.need().history.state;
  }

  stateAt(time: AbsoluteNs, glob = "**"): readonly { readonly path: string; readonly interval: Interval }[] {
    const { state } = this.need().history;
    const matches = compileGlob(glob);
    const found: { readonly path: string; readonly interval: Interval }[] = [];
    const at = this.relative(time);
    const all = state.full(at);
    for (let quark = 0; quark < state.attributes.count; quark++) {
      const interval = all[quark];
      if (interval === undefined || interval.value === undefined) continue;
      const path = state.attributes.path(quark).join("/");
      if (matches(path)) found.push({ path, interval });
    }
    return found;
  }

  requests(query: RequestQuery): { readonly total: number; readonly requests: readonly RequestInfo[] } {
    return this.need().requests.find(query, ...this.range(query));
  }

  request(id: number): RequestInfo {
    return this.need().requests.get(id);
  }

  requestAt(entry: number, time: AbsoluteNs): RequestInfo | undefined {
    return this.need().requests.at(entry, this.relative(time));
  }

  requestEvents(id: number): readonly EventRow[] {
    const { requests, rows } = this.need();
    const { process, connection, start, parseStart, callEnd, end } = requests.place(id);
    const events = rows.ofConnection(process, connection, start, end, requestEventLimit);
    // What a pipeline shares (reads, queues, writes) belongs to each of its requests; of the commands only its own, which ran between these two times.
    const from = this.absolute(parseStart);
    const to = this.absolute(callEnd);
    const closing = events.find(({ name, time }) => name === "redis:end_process_command" && time >= to);
    return events.filter((event) => {
      switch (event.name) {
        case "redis:end_process_command":
          return event === closing;
        case "redis:command_parsed":
        case "redis:call_command_start":
          return event.time >= from && (event.time < to || from === to);
        case "redis:call_command_end":
          return event.time > from && event.time <= to;
        default:
          return true;
      }
    });
  }

  flows(query: FlowQuery): ReturnType<Experiment["flows"]> {
    const { flows } = this.need();
    return { ...flows.find(query, ...this.range(query)), summary: flows.summary };
  }

  flow(id: number): FlowInfo {
    return this.need().flows.get(id);
  }

  flowAt(entry: number, time: AbsoluteNs): ReturnType<Experiment["flowAt"]> {
    const { flows, history } = this.need();
    return flows.at(history.state, entry, this.relative(time));
  }

  stats(query: { readonly from?: AbsoluteNs | undefined; readonly to?: AbsoluteNs | undefined } = {}): ExperimentStats {
    const { requests, summary } = this.need();
    return {
      start: query.from ?? this.start,
      end: query.to ?? this.end,
      events: summary.events,
      lostEvents: this.lostEvents,
      nodes: requests.stats(...this.range(query)),
    };
  }

  async diagnose(options: TaskOptions = {}): Promise<DiagnosisReport> {
    const ready = this.need();
    const { context, rows } = ready;
    const { source, lostEvents, id: experiment } = this;
    const { diagnose } = await import("./diagnose.ts");
    ready.report ??= await diagnose({ source, rows, context, lostEvents, experiment, absolute: (time) => this.absolute(time) }, options);
    return ready.report;
  }

  private get lostEvents(): number {
    return this.traces.reduce((sum, trace) => sum + trace.discardedEvents, 0);
  }

  private range(query: { readonly from?: AbsoluteNs | undefined; readonly to?: AbsoluteNs | undefined }): [RelativeNs, RelativeNs] {
    return [
      query.from === undefined ? Number.NEGATIVE_INFINITY : this.relative(query.from),
      query.to === undefined ? Number.POSITIVE_INFINITY : this.relative(query.to),
    ];
  }

  get eventRowCount(): number {
    return this.need().rows.count;
  }

  eventRows(index: number, count: number): readonly EventRow[] {
    return this.need().rows.rows(index, count);
  }

  eventIndexAt(time: AbsoluteNs): number {
    return this.need().rows.indexAt(this.relative(time));
  }

  async findEvent(
    index: number,
    direction: "next" | "previous",
    columns: Readonly<Record<string, RegExp>>,
    options: TaskOptions = {},
  ): Promise<number | undefined> {
    const { rows } = this.need();
    const wanted = Object.entries(columns);
    const matches = (row: EventRow): boolean => wanted.every(([column, pattern]) => pattern.test(eventText(row, column)));
    const blockRows = 512;
    const step = direction === "next" ? 1 : -1;
    let turn = performance.now();
    for (let i = index; i >= 0 && i < rows.count; i += step * blockRows) {
      const first = step > 0 ? i : Math.max(0, i - blockRows + 1);
      const block = rows.rows(first, step > 0 ? blockRows : i - first + 1);
      const found = step > 0 ? block.find(matches) : block.findLast(matches);
      if (found !== undefined) return found.index;
      if (performance.now() - turn < searchTurnMs) continue;
      await new Promise((resume) => setImmediate(resume));
      if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "the search was cancelled");
      turn = performance.now();
    }
    return undefined;
  }

  relative(time: AbsoluteNs): RelativeNs {
    return toRelative(time, this.origin);
  }

  absolute(time: RelativeNs): AbsoluteNs {
    return toAbsolute(time, this.origin);
  }

  close(): void {
    this.ready?.history.close();
    this.ready = undefined;
    this.source.close();
  }
}

/** When a file of the trace was last written to. */
function lastChange(path: string): AbsoluteNs {
  const times = readdirSync(path).map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return BigInt(Math.floor(Math.max(0, ...times))) * 1_000_000n;
}

function traceInfo(source: TraceSource, clock: ClockInfo | undefined): WritableInfo {
  const sum = (pick: (stream: TraceSource["streams"][number]) => number): number =>
    source.streams.reduce((total, stream) => total + pick(stream), 0);
  return {
    path: source.path,
    format: "CTF",
    environment: source.environment,
    start: source.start,
    end: source.end,
    bytes: source.totalBytes,
    streams: source.streams,
    discardedEvents: sum((stream) => stream.discardedEvents),
    discardedPackets: sum((stream) => stream.discardedPackets),
    warnings: [...source.warnings],
    changed: lastChange(source.path),
    ...(clock === undefined ? {} : { clock }),
  };
}
