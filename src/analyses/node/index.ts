/**
 * The `node` analysis: what holds the event loops of Node.js processes, calls to databases, and with what all services tell (services.ts) the integration events of
 * what they serve and call.
 */
import type { RelativeNs } from "../../base/index.ts";
import { databaseKinds, databaseSystems, happenedField, requestEnds } from "../../environments/node/index.ts";
import type { Quark, StateBuilder } from "../../state/contract.ts";
import type { EventCursor, TraceSource } from "../../trace/index.ts";
import type { SharedAnalysis, Spool } from "../contract.ts";
import { callEndings, callKinds, integrationKinds, integrationWidth, noSpan, streamFlag } from "../integration.ts";
import { type Fields, idsPerThread, ServiceModel, type ServiceOutcome, type Thread } from "../services.ts";
import { documents, gcKinds, resources, root, type UntracedThread } from "./keys.ts";

/** How a call ended, by `end` of the events. */
const endings: Readonly<Record<number, number>> = {
  [requestEnds.whole]: callEndings.answered,
  [requestEnds.broken]: callEndings.broken,
  [requestEnds.cancelled]: callEndings.cancelled,
};

/** What the state shows of a thread of JavaScript. */
interface Loop {
  eventLoop: Quark;
  gc: Quark;
  /** End of the last interval of each. */
  loopEnd: RelativeNs;
  gcEnd: RelativeNs;
}

interface Outcome extends ServiceOutcome {
  readonly untraced: readonly UntracedThread[];
}

/** Fields of the brief iterations before the one that ended, the first of them first. */
const briefIterations = [3, 2, 1].map((i) => [`poll${i}_ns`, `busy${i}_ns`] as const);

class NodeModel extends ServiceModel {
  private readonly state: StateBuilder;
  private readonly loops = new Map<Thread, Loop>();
  /** Spans of calls that wait for a connection of a pool. */
  private readonly pooled = new Set<number>();
  private readonly ends: { readonly thread: Thread; readonly stream: number; readonly time: RelativeNs; readonly reason: string }[] = [];

  constructor(source: TraceSource, cursor: EventCursor, state: StateBuilder, spool: Spool) {
    super(source, cursor, spool, "node", happenedField);
    this.state = state;
  }

  protected override handlerOf(name: string, fields: Fields): (() => void) | undefined {
    switch (name) {
      case "database_query":
        return () => this.query(fields);
      case "database_send":
        return () => {
          const connection = this.connection(fields);
          connection.calls = true;
          this.ofRequest(fields, (span) => this.tell(integrationKinds.sent, span, connection.index, fields.number("write_offset")));
        };
      case "database_result":
        return () =>
          this.ofRequest(fields, (span) => {
            // All of the time until a connection is got is waiting for one.
            if (this.pooled.delete(span)) this.tell(integrationKinds.sent, span);
            this.tell(integrationKinds.callOver, span, fields.number("failed") === 0 ? callEndings.answered : callEndings.failed);
          });
      case "http_client_cut":
        return () => this.ofRequest(fields, (span) => this.tell(integrationKinds.callOver, span, endings[fields.number("end")]));
      case "http2_server_receive":
        return () => this.receive(fields, fields.number("stream"), 1);
      case "http2_server_response":
        return () => this.response(fields, -1);
      case "http2_client_request":
        return () => {
          const name = `${fields.text("method")} ${fields.text("host")}${fields.text("path")}`;
          this.call(fields, this.begin(fields, "request"), fields.number("stream"), -1, name, callKinds.http | (1 << 8) | streamFlag);
        };
      case "http2_client_end":
        return () =>
          this.ofRequest(fields, (span) => {
            if (fields.number("status") !== 0) this.tell(integrationKinds.callEnd, span, fields.number("status"), fields.number("grpc"));
            this.tell(integrationKinds.callOver, span, endings[fields.number("end")]);
          });
      case "context_start":
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
      case "loop_iteration":
        return () => this.iteration(fields);
      case "gc":
        return () => this.collection(fields);
      case "tracing_end":
        return () => {
          const thread = this.thread(fields.number("environment") * idsPerThread);
          this.ends.push({ thread, stream: this.cursor.stream, time: this.time, reason: fields.text("reason") });
        };
      default:
        return undefined;
    }
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

  private loop(thread: Thread): Loop {
    let loop = this.loops.get(thread);
    if (loop === undefined) {
      loop = { eventLoop: -1, gc: -1, loopEnd: 0, gcEnd: 0 };
      this.loops.set(thread, loop);
    }
    return loop;
  }

  private attribute(thread: Thread, name: string): Quark {
    return this.state.child(this.state.child(this.state.child(-1, root), this.processes[thread.process]?.name ?? ""), name);
  }

  private iteration(fields: Fields): void {
    const thread = this.thread(fields.number("environment") * idsPerThread);
    const loop = this.loop(thread);
    if (loop.eventLoop < 0) loop.eventLoop = this.attribute(thread, resources.eventLoop);
    const { time } = this;
    let end = time - fields.number("poll_ns") - fields.number("busy_ns");
    for (const [poll, busy] of briefIterations) end -= fields.number(poll) + fields.number(busy);
    for (const [poll, busy] of briefIterations) {
      end += fields.number(poll) + fields.number(busy);
      this.busy(loop, end, fields.number(busy));
    }
    this.busy(loop, time, fields.number("busy_ns"));
  }

  /** The loop was busy for so long until `end`. */
  private busy(loop: Loop, end: number, busy: number): void {
    const start = Math.max(loop.loopEnd, end - busy);
    if (busy > 0 && end > start) this.state.insertNumber(start, end, loop.eventLoop, busy);
    loop.loopEnd = Math.max(loop.loopEnd, end);
  }

  private collection(fields: Fields): void {
    const thread = this.thread(fields.number("environment") * idsPerThread);
    const loop = this.loop(thread);
    if (loop.gc < 0) loop.gc = this.attribute(thread, resources.gc);
    const begun = this.monotonic(fields.number("start_ns"));
    const start = Math.max(loop.gcEnd, begun);
    const end = Math.min(this.time, this.monotonic(fields.number("start_ns") + fields.number("duration_ns")));
    if (end <= start) return;
    this.state.insertText(start, end, loop.gc, this.state.intern(gcKinds[fields.number("kind")] ?? "collection"));
    loop.gcEnd = end;
  }

  override finish(): Outcome {
    const untraced = this.ends.map(({ thread, stream, time, reason }) => {
      return { stream, name: this.processes[thread.process]?.name ?? "", time, reason };
    });
    return { ...super.finish(), untraced };
  }
}

const node: SharedAnalysis<Outcome> = {
  id: "node",
  version: 8,
  needs: [],
  usefulShares: () => 1,
  startShare({ source, cursor, owns, writer, spool }) {
    if (!source.eventClasses.some(({ name }) => name.startsWith("node:"))) return undefined;
    // All of it is one part: joining needs processes together, and they are read fast.
    if (!owns(0)) return undefined;
    const model = new NodeModel(source, cursor, writer(0).state, spool(integrationWidth)).start();
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
