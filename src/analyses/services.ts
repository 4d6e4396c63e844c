/**
 * What runtimes of services tell alike (environments/services.ts), as integration events (integration.ts): sockets, HTTP requests in and out, commands to stores.
 *
 * Ids in events are `environment << 40 | number`, counted from 1 by each environment (a thread of JavaScript, a Python process), so what an id stands for is looked
 * up in an array per environment: contexts and client requests become spans of the offer, numbered in order of appearance.
 */
import type { RelativeNs } from "../base/index.ts";
import type { EventClass, EventCursor, FieldReader, TraceSource } from "../trace/index.ts";
import type { Spool, SpoolEnd } from "./contract.ts";
import {
  callKinds,
  endpoint,
  type IntegrationConnection,
  type IntegrationProcess,
  integrationKinds,
  integrationWidth,
  noSpan,
} from "./integration.ts";
import { TimeOrdered } from "./time-ordered.ts";

export const idsPerThread = 2 ** 40;
/** Of texts from a trace, as many as this are kept; paths with ids in them may be without end. */
const mostNames = 50_000;
/** Threads tell what they did when their event loop turns, or after twice 0.2 s. */
const mostLate: RelativeNs = 1e9;

interface Connection {
  readonly process: number;
  local: string;
  remote: string;
  opened: RelativeNs;
  closed: RelativeNs;
  calls: boolean;
  readonly index: number;
}

/** A JavaScript thread: its own ids, its own event loop. */
export interface Thread {
  readonly process: number;
  /** Span by the number of a context or client request; 0: none, else the span + 1. */
  spans: Uint32Array;
  readonly connections: Map<number, Connection>;
  /** Methods of requests being served, by context. */
  readonly methods: Map<number, string>;
  /** When what it told last happened. */
  time: RelativeNs;
}

interface MutableProcess {
  name: string;
  readonly runtime: string;
  version: string;
  readonly pid: number;
}

export interface ServiceOutcome {
  readonly processes: readonly IntegrationProcess[];
  readonly connections: readonly IntegrationConnection[];
  readonly names: readonly string[];
  readonly spans: number;
  readonly rows: SpoolEnd;
}

/** Reads one event's fields; those it lacks are 0 and empty. */
export interface Fields {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
}

/** What the runtimes of services tell alike. A runtime of its own extends it by `handlerOf`. */
export class ServiceModel {
  protected readonly source: TraceSource;
  protected readonly cursor: EventCursor;
  private readonly spool: TimeOrdered;
  private readonly row = new Float64Array(integrationWidth);
  private readonly handlers: ((() => void) | undefined)[] = [];
  private readonly threads = new Map<string, Thread>();
  protected readonly processes: MutableProcess[] = [];
  private readonly connections: Connection[] = [];
  private readonly names = new Map<string, number>();
  private readonly pids: (FieldReader | undefined)[] = [];
  /** Of events that say themselves when they happened: CLOCK_MONOTONIC, in ns. */
  private readonly happened: (FieldReader | undefined)[] = [];
  /** When the event happened. */
  protected time: RelativeNs = 0;
  protected spans = 0;

  private readonly runtime: string;
  private readonly happenedField: string | undefined;

  /** `runtime` is the name of the LTTng-UST provider, too; `happenedField` the field by which its events say when they happened, where they are told later. */
  constructor(source: TraceSource, cursor: EventCursor, spool: Spool, runtime: string, happenedField?: string) {
    this.source = source;
    this.cursor = cursor;
    this.spool = new TimeOrdered(spool, integrationWidth, 1, mostLate);
    this.runtime = runtime;
    this.happenedField = happenedField;
  }

  /** Makes ready for the events that the trace has. */
  start(): this {
    const { source, cursor, runtime, happenedField } = this;
    for (const eventClass of source.eventClasses) {
      if (!eventClass.name.startsWith(`${runtime}:`)) continue;
      const handler = this.handler(eventClass);
      if (handler === undefined) continue;
      this.handlers[eventClass.index] = handler;
      this.pids[eventClass.index] = cursor.field(eventClass, "vpid");
      if (happenedField !== undefined && eventClass.payload.some(({ name }) => name === happenedField))
        this.happened[eventClass.index] = cursor.field(eventClass, happenedField);
    }
    return this;
  }

  handle(): void {
    const { time, eventClass } = this.cursor;
    const handler = this.handlers[eventClass];
    if (handler === undefined) return;
    const happened = this.happened[eventClass];
    this.time = happened === undefined ? time : Math.min(time, this.monotonic(happened.number()));
    handler();
  }

  /** A time of CLOCK_MONOTONIC, in ns, as the trace's. */
  protected monotonic(ns: number): RelativeNs {
    const stream = this.source.streams[this.cursor.stream];
    return Math.round((stream?.clockZero ?? 0) + ns * (stream?.clockRate ?? 1));
  }

  private handler(eventClass: EventClass): (() => void) | undefined {
    const readers = new Map(eventClass.payload.map(({ name }) => [name, this.cursor.field(eventClass, name)]));
    const fields: Fields = { number: (name) => readers.get(name)?.number() ?? 0, text: (name) => readers.get(name)?.text() ?? "" };
    const name = eventClass.name.slice(this.runtime.length + 1);
    switch (name) {
      case "process_info":
        return () => this.processInfo(fields);
      case "socket_connect":
        return () => this.opened(fields, true);
      case "socket_accept":
      case "socket_state":
        return () => this.opened(fields, false);
      case "socket_close":
        return () => this.closed(fields);
      case "socket_read":
        return () => {
          const connection = this.connection(fields);
          if (connection.calls) this.tell(integrationKinds.read, connection.index, fields.number("offset") + fields.number("length"));
        };
      case "http_server_receive":
        return () => this.receive(fields, fields.number("read_offset"), 0);
      case "http_server_response":
        return () => this.response(fields, fields.number("end_offset"));
      case "http_client_request":
        return () => {
          const name = `${fields.text("method")} ${fields.text("host")}${fields.text("path")}`;
          this.call(fields, this.begin(fields, "request"), fields.number("write_offset"), -1, name, callKinds.http | (1 << 8));
        };
      case "http_client_response": {
        return () => {
          const span = this.span(this.thread(fields.number("request")), fields.number("request"));
          if (span !== noSpan) this.tell(integrationKinds.callEnd, span, fields.number("status"));
        };
      }
      case "store_command":
        return () => {
          const [start, end] = [fields.number("start_offset"), fields.number("end_offset")];
          this.call(fields, this.spans++, start, end, fields.text("name"), callKinds.store | (fields.number("how") << 8));
        };
      default:
        return this.handlerOf(name, fields);
    }
  }

  /** Handler of an event that only this runtime has. */
  protected handlerOf(_name: string, _fields: Fields): (() => void) | undefined {
    return undefined;
  }

  // ---- Who -------------------------------------------------------------------------------------------------------------------------------------------

  protected thread(id: number): Thread {
    const stream = this.source.streams[this.cursor.stream];
    const pid = this.pids[this.cursor.eventClass]?.number() ?? 0;
    const number = Math.floor(id / idsPerThread);
    const key = `${stream?.traceUid ?? ""}/${pid}/${number}`;
    let thread = this.threads.get(key);
    if (thread === undefined) {
      thread = {
        process: this.processes.length,
        spans: new Uint32Array(1024),
        connections: new Map(),
        methods: new Map(),
        time: 0,
      };
      this.threads.set(key, thread);
      this.processes.push({
        name: this.uniqueName(`pid ${pid}${number === 0 ? "" : ` thread ${number}`}`),
        runtime: this.runtime,
        version: "",
        pid,
      });
    }
    // What a thread tells is in order, whatever a damaged trace says.
    this.time = thread.time = Math.max(thread.time, this.time);
    return thread;
  }

  private uniqueName(name: string): string {
    const taken = (candidate: string): boolean => this.processes.some((process) => process.name === candidate);
    if (!taken(name)) return name;
    let number = 2;
    while (taken(`${name} #${number}`)) number++;
    return `${name} #${number}`;
  }

  private processInfo(fields: Fields): void {
    const process = this.processes[this.thread(fields.number("environment") * idsPerThread).process];
    if (process === undefined || process.version !== "") return;
    process.version = fields.text(`${this.runtime}_version`);
    const script = fields.text("script");
    const name = fields.text("service") || script.slice(script.lastIndexOf("/") + 1);
    if (name === "") return;
    const thread = fields.number("thread");
    process.name = this.uniqueName(thread === 0 ? name : `${name} thread ${thread}`);
  }

  private hostname(): string {
    const name = (this.source.streams[this.cursor.stream]?.traceEnvironment ?? this.source.environment)["hostname"];
    return typeof name === "string" && name !== "" ? name : "localhost";
  }

  protected connection(fields: Fields): Connection {
    const id = fields.number("conn_id");
    const thread = this.thread(id);
    let connection = thread.connections.get(id);
    if (connection === undefined) {
      const closed = Number.POSITIVE_INFINITY;
      connection = {
        process: thread.process,
        local: "",
        remote: "",
        opened: this.time,
        closed,
        calls: false,
        index: this.connections.length,
      };
      thread.connections.set(id, connection);
      this.connections.push(connection);
    }
    return connection;
  }

  private opened(fields: Fields, calls: boolean): void {
    const connection = this.connection(fields);
    const hostname = this.hostname();
    connection.local = endpoint(hostname, fields.text("laddr"), fields.number("lport"));
    connection.remote = endpoint(hostname, fields.text("raddr"), fields.number("rport"));
    connection.calls ||= calls;
  }

  private closed(fields: Fields): void {
    const connection = this.connection(fields);
    connection.closed = this.time;
    this.thread(fields.number("conn_id")).connections.delete(fields.number("conn_id"));
    this.tell(integrationKinds.closed, connection.index);
  }

  // ---- What ------------------------------------------------------------------------------------------------------------------------------------------

  protected tell(kind: number, subject: number, a = -1, b = -1, c = -1, d = -1, e = -1, f = -1): void {
    const { row } = this;
    row[0] = kind;
    row[1] = this.time;
    row[2] = subject;
    row[3] = a;
    row[4] = b;
    row[5] = c;
    row[6] = d;
    row[7] = e;
    row[8] = f;
    this.spool.append(row);
  }

  protected name(text: string): number {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    if (this.names.size >= mostNames && !text.endsWith("...")) return this.name(`${text.slice(0, text.search(/[/ ]/) + 1)}...`);
    const number = this.names.size;
    this.names.set(text, number);
    return number;
  }

  /** A new span for the context or request of this field. */
  protected begin(fields: Fields, field: "context" | "request"): number {
    const id = fields.number(field);
    const thread = this.thread(id);
    const number = id % idsPerThread;
    // Ids are counted: one far beyond all others is damage, and not worth the memory.
    if (number >= thread.spans.length && number < 64 * (thread.spans.length + this.spans)) {
      const grown = new Uint32Array(Math.max(number + 1, 2 * thread.spans.length));
      grown.set(thread.spans);
      thread.spans = grown;
    }
    const span = this.spans++;
    if (number < thread.spans.length) thread.spans[number] = span + 1;
    return span;
  }

  protected span(thread: Thread, id: number): number {
    const span = thread.spans[id % idsPerThread] ?? 0;
    return span === 0 ? noSpan : span - 1;
  }

  /** `what` as in callStart. */
  protected call(fields: Fields, span: number, start: number, end: number, name: string, what: number): void {
    const connection = this.connection(fields);
    connection.calls = true;
    const context = fields.number("context");
    const parent = context === 0 ? noSpan : this.span(this.thread(context), context);
    this.tell(integrationKinds.callStart, span, connection.index, start, end, this.name(name), parent, what);
  }

  protected ofRequest(fields: Fields, task: (span: number) => void): void {
    const span = this.span(this.thread(fields.number("request")), fields.number("request"));
    if (span !== noSpan) task(span);
  }

  /** A request was received: it ends at this offset, or (`stream` 1) is this stream. */
  protected receive(fields: Fields, offset: number, stream: number): void {
    const context = fields.number("context");
    const method = fields.text("method");
    this.thread(context).methods.set(context, method);
    const name = this.name(`${method} ${fields.text("path")}`);
    this.tell(integrationKinds.serveStart, this.begin(fields, "context"), this.connection(fields).index, offset, name, stream);
  }

  /** It was answered, up to this offset; -1 where that is not known. */
  protected response(fields: Fields, end: number): void {
    const context = fields.number("context");
    const thread = this.thread(context);
    const span = this.span(thread, context);
    const method = thread.methods.get(context);
    if (span === noSpan || method === undefined) return;
    thread.methods.delete(context);
    const route = fields.text("route");
    const name = route === "" ? -1 : this.name(`${method} ${route}`);
    this.tell(integrationKinds.serveEnd, span, fields.number("status"), end, name, fields.number("aborted"), fields.number("grpc"));
  }

  finish(): ServiceOutcome {
    const { processes, connections, names, spans, spool } = this;
    return {
      processes,
      connections: connections.map(({ process, local, remote, opened, closed, calls }) => ({
        process,
        local,
        remote,
        opened,
        closed,
        calls,
      })),
      names: [...names.keys()],
      spans,
      rows: spool.end(),
    };
  }
}
