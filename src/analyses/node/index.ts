/**
 * The `node` analysis: what holds the event loops of Node.js processes, and the integration events (integration.ts) of what they serve and call.
 *
 * Ids in events are `thread << 40 | number`, counted from 1 by each JavaScript thread (environments/node/events.ts), so what an id stands for is looked up in an
 * array per thread: contexts and client requests become spans of the offer, numbered in order of appearance.
 */
import type { RelativeNs } from "../../base/index.ts";
import { databaseKinds, databaseSystems } from "../../environments/node/index.ts";
import type { Quark, StateBuilder } from "../../state/contract.ts";
import type { EventClass, EventCursor, FieldReader, TraceSource } from "../../trace/index.ts";
import type { SharedAnalysis, Spool, SpoolEnd } from "../contract.ts";
import {
  callKinds,
  endpoint,
  type IntegrationConnection,
  type IntegrationProcess,
  integrationKinds,
  integrationWidth,
  noSpan,
} from "../integration.ts";
import { documents, gcKinds, resources, root, type UntracedThread } from "./keys.ts";

const idsPerThread = 2 ** 40;
/** Of texts from a trace, as many as this are kept; paths with ids in them may be without end. */
const mostNames = 50_000;

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
interface Thread {
  readonly process: number;
  /** Span by the number of a context or client request; 0: none, else the span + 1. */
  spans: Uint32Array;
  readonly connections: Map<number, Connection>;
  /** Methods of requests being served, by context. */
  readonly methods: Map<number, string>;
  eventLoop: Quark;
  gc: Quark;
  /** End of the last interval of each. */
  loopEnd: RelativeNs;
  gcEnd: RelativeNs;
}

interface MutableProcess {
  name: string;
  readonly runtime: string;
  version: string;
  readonly pid: number;
}

interface Outcome {
  readonly processes: readonly IntegrationProcess[];
  readonly connections: readonly IntegrationConnection[];
  readonly names: readonly string[];
  readonly spans: number;
  readonly untraced: readonly UntracedThread[];
  readonly rows: SpoolEnd;
}

/** Reads one event's fields; those it lacks are 0 and empty. */
interface Fields {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
}

class NodeModel {
  private readonly source: TraceSource;
  private readonly cursor: EventCursor;
  private readonly state: StateBuilder;
  private readonly spool: Spool;
  private readonly row = new Float64Array(integrationWidth);
  private readonly handlers: ((() => void) | undefined)[] = [];
  private readonly threads = new Map<string, Thread>();
  private readonly processes: MutableProcess[] = [];
  private readonly connections: Connection[] = [];
  private readonly names = new Map<string, number>();
  private readonly pids: (FieldReader | undefined)[] = [];
  /** Spans of calls that wait for a connection of a pool. */
  private readonly pooled = new Set<number>();
  private spans = 0;
  private readonly ends: { readonly thread: Thread; readonly stream: number; readonly time: RelativeNs; readonly reason: string }[] = [];

  constructor(source: TraceSource, cursor: EventCursor, state: StateBuilder, spool: Spool) {
    this.source = source;
    this.cursor = cursor;
    this.state = state;
    this.spool = spool;
    for (const eventClass of source.eventClasses) {
      const handler = this.handler(eventClass);
      if (handler === undefined) continue;
      this.handlers[eventClass.index] = handler;
      this.pids[eventClass.index] = cursor.field(eventClass, "vpid");
    }
  }

  handle(): void {
    this.handlers[this.cursor.eventClass]?.();
  }

  private handler(eventClass: EventClass): (() => void) | undefined {
    const readers = new Map(eventClass.payload.map(({ name }) => [name, this.cursor.field(eventClass, name)]));
    const fields: Fields = { number: (name) => readers.get(name)?.number() ?? 0, text: (name) => readers.get(name)?.text() ?? "" };
    switch (eventClass.name) {
      case "node:process_info":
        return () => this.processInfo(fields);
      case "node:socket_connect":
        return () => this.opened(fields, true);
      case "node:socket_accept":
      case "node:socket_state":
        return () => this.opened(fields, false);
      case "node:socket_close":
        return () => this.closed(fields);
      case "node:socket_read":
        return () => {
          const connection = this.connection(fields);
          if (connection.calls) this.tell(integrationKinds.read, connection.index, fields.number("offset") + fields.number("length"));
        };
      case "node:http_server_receive":
        return () => this.receive(fields);
      case "node:http_server_response":
        return () => this.response(fields);
      case "node:http_client_request":
        return () => {
          const name = `${fields.text("method")} ${fields.text("host")}${fields.text("path")}`;
          this.call(fields, this.begin(fields, "request"), fields.number("write_offset"), -1, name, callKinds.http, 1);
        };
      case "node:http_client_response": {
        return () => {
          const span = this.span(this.thread(fields.number("request")), fields.number("request"));
          if (span !== noSpan) this.tell(integrationKinds.callEnd, span, fields.number("status"));
        };
      }
      case "node:store_command":
        return () => {
          const [start, end] = [fields.number("start_offset"), fields.number("end_offset")];
          this.call(fields, this.spans++, start, end, fields.text("name"), callKinds.store, fields.number("how"));
        };
      case "node:database_query":
        return () => this.query(fields);
      case "node:database_send":
        return () => {
          const connection = this.connection(fields);
          connection.calls = true;
          this.ofRequest(fields, (span) => this.tell(integrationKinds.sent, span, connection.index, fields.number("write_offset")));
        };
      case "node:database_result":
        return () =>
          this.ofRequest(fields, (span) => {
            // All of the time until a connection is got is waiting for one.
            if (this.pooled.delete(span)) this.tell(integrationKinds.sent, span);
            this.tell(integrationKinds.callOver, span, fields.number("failed"));
          });
      case "node:context_start":
        return () => {
          const start = fields.number("offset");
          const span = this.begin(fields, "context");
          // Whoever subscribes is the one that connected, though it may have asked nothing since.
          this.connection(fields).calls = true;
          this.tell(
            integrationKinds.pushStart,
            span,
            this.connection(fields).index,
            start,
            start + fields.number("length"),
            this.name("message"),
          );
        };
      case "node:loop_iteration":
        return () => this.iteration(fields);
      case "node:gc":
        return () => this.collection(fields);
      case "node:tracing_end":
        return () => {
          const thread = this.thread(fields.number("environment") * idsPerThread);
          this.ends.push({ thread, stream: this.cursor.stream, time: this.cursor.time, reason: fields.text("reason") });
        };
      default:
        return undefined;
    }
  }

  // ---- Who -------------------------------------------------------------------------------------------------------------------------------------------

  private thread(id: number): Thread {
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
        eventLoop: -1,
        gc: -1,
        loopEnd: 0,
        gcEnd: 0,
      };
      this.threads.set(key, thread);
      this.processes.push({
        name: this.uniqueName(`pid ${pid}${number === 0 ? "" : ` thread ${number}`}`),
        runtime: "node",
        version: "",
        pid,
      });
    }
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
    process.version = fields.text("node_version");
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

  private connection(fields: Fields): Connection {
    const id = fields.number("conn_id");
    const thread = this.thread(id);
    let connection = thread.connections.get(id);
    if (connection === undefined) {
      const closed = Number.POSITIVE_INFINITY;
      connection = {
        process: thread.process,
        local: "",
        remote: "",
        opened: this.cursor.time,
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
    connection.closed = this.cursor.time;
    this.thread(fields.number("conn_id")).connections.delete(fields.number("conn_id"));
    this.tell(integrationKinds.closed, connection.index);
  }

  // ---- What ------------------------------------------------------------------------------------------------------------------------------------------

  private tell(kind: number, subject: number, a = -1, b = -1, c = -1, d = -1, e = -1, f = -1): void {
    const { row } = this;
    row[0] = kind;
    row[1] = this.cursor.time;
    row[2] = subject;
    row[3] = a;
    row[4] = b;
    row[5] = c;
    row[6] = d;
    row[7] = e;
    row[8] = f;
    this.spool.append(row);
  }

  private name(text: string): number {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    if (this.names.size >= mostNames && !text.endsWith("...")) return this.name(`${text.slice(0, text.search(/[/ ]/) + 1)}...`);
    const number = this.names.size;
    this.names.set(text, number);
    return number;
  }

  /** A new span for the context or request of this field. */
  private begin(fields: Fields, field: "context" | "request"): number {
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

  private span(thread: Thread, id: number): number {
    const span = thread.spans[id % idsPerThread] ?? 0;
    return span === 0 ? noSpan : span - 1;
  }

  private call(fields: Fields, span: number, start: number, end: number, name: string, kind: number, how: number): void {
    const connection = this.connection(fields);
    connection.calls = true;
    const context = fields.number("context");
    const parent = context === 0 ? noSpan : this.span(this.thread(context), context);
    this.tell(integrationKinds.callStart, span, connection.index, start, end, this.name(name), parent, kind | (how << 8));
  }

  private query(fields: Fields): void {
    const span = this.begin(fields, "request");
    const library = fields.number("library");
    const name = `${databaseSystems[library] ?? "database"} ${fields.text("name")}`;
    const context = fields.number("context");
    const parent = context === 0 ? noSpan : this.span(this.thread(context), context);
    const { process } = this.thread(fields.number("request"));
    if (fields.number("kind") === databaseKinds.connection) this.pooled.add(span);
    this.tell(integrationKinds.callStart, span, -1, process, -1, this.name(name), parent, callKinds.database | (fields.number("how") << 8));
  }

  private ofRequest(fields: Fields, task: (span: number) => void): void {
    const span = this.span(this.thread(fields.number("request")), fields.number("request"));
    if (span !== noSpan) task(span);
  }

  private receive(fields: Fields): void {
    const context = fields.number("context");
    const method = fields.text("method");
    this.thread(context).methods.set(context, method);
    const name = this.name(`${method} ${fields.text("path")}`);
    this.tell(
      integrationKinds.serveStart,
      this.begin(fields, "context"),
      this.connection(fields).index,
      fields.number("read_offset"),
      name,
    );
  }

  private response(fields: Fields): void {
    const context = fields.number("context");
    const thread = this.thread(context);
    const span = this.span(thread, context);
    const method = thread.methods.get(context);
    if (span === noSpan || method === undefined) return;
    thread.methods.delete(context);
    const route = fields.text("route");
    const name = route === "" ? -1 : this.name(`${method} ${route}`);
    this.tell(integrationKinds.serveEnd, span, fields.number("status"), fields.number("end_offset"), name, fields.number("aborted"));
  }

  private attribute(thread: Thread, name: string): Quark {
    return this.state.child(this.state.child(this.state.child(-1, root), this.processes[thread.process]?.name ?? ""), name);
  }

  private iteration(fields: Fields): void {
    const thread = this.thread(fields.number("environment") * idsPerThread);
    if (thread.eventLoop < 0) thread.eventLoop = this.attribute(thread, resources.eventLoop);
    const end = this.cursor.time;
    const busy = fields.number("busy_ns");
    const start = Math.max(thread.loopEnd, end - busy);
    if (busy > 0 && end > start) this.state.insertNumber(start, end, thread.eventLoop, busy);
    thread.loopEnd = Math.max(thread.loopEnd, end);
  }

  private collection(fields: Fields): void {
    const thread = this.thread(fields.number("environment") * idsPerThread);
    if (thread.gc < 0) thread.gc = this.attribute(thread, resources.gc);
    const stream = this.source.streams[this.cursor.stream];
    const begun = (stream?.clockZero ?? 0) + fields.number("start_ns") * (stream?.clockRate ?? 1);
    const start = Math.round(Math.max(thread.gcEnd, begun));
    const end = Math.round(Math.min(this.cursor.time, begun + fields.number("duration_ns")));
    if (end <= start) return;
    this.state.insertText(start, end, thread.gc, this.state.intern(gcKinds[fields.number("kind")] ?? "collection"));
    thread.gcEnd = end;
  }

  finish(): Outcome {
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
      untraced: this.ends.map(({ thread, stream, time, reason }) => ({
        stream,
        name: processes[thread.process]?.name ?? "",
        time,
        reason,
      })),
      rows: spool.end(),
    };
  }
}

const node: SharedAnalysis<Outcome> = {
  id: "node",
  version: 4,
  needs: [],
  usefulShares: () => 1,
  startShare({ source, cursor, owns, writer, spool }) {
    if (!source.eventClasses.some(({ name }) => name.startsWith("node:"))) return undefined;
    // All of it is one part: joining needs processes together, and they are read fast.
    if (!owns(0)) return undefined;
    const model = new NodeModel(source, cursor, writer(0).state, spool(integrationWidth));
    return { handle: () => model.handle(), finish: () => model.finish() };
  },
  join([outcome], { rows, offers, writer }) {
    if (outcome === undefined) return;
    const { untraced, ...offer } = outcome;
    if (untraced.length > 0) writer.document(documents.untraced, untraced);
    offers.push({ ...offer, firstRef: 0, rows: rows(outcome.rows) });
  },
};

export default node;
