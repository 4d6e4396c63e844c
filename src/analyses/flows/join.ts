/**
 * Joins integration events of all runtimes (integration.ts) into spans, by connection and stream offset.
 *
 * The offers' rows are merged by time, so memory holds what is under way: the calls of each connection that are not over, and what the other end said of them.
 * Times of two processes may differ a little and stores tell of a request when it is over, so each side waits for the other:
 *
 *     calls     callStart ----------------------------- over -> a row      over: read up to the reply's end, where the other end told it;
 *     waiting      serveStart, served: no call yet                               else with the last bytes read before the connection's next call
 *
 * A span's parent is told by its process (a context) or found here (the call that a request was received by), so the tree is followed by `parents`, which holds
 * a number for every span of the trace.
 */
import type { RelativeNs } from "../../base/index.ts";
import type { HistoryWriter, Quark, StateBuilder, TableBuilder } from "../../state/contract.ts";
import {
  callEndings,
  callKinds,
  type IntegrationConnection,
  type IntegrationOffer,
  integrationKinds,
  noSpan,
  streamFlag,
} from "../integration.ts";
import {
  branches,
  documents,
  evidences,
  type FlowProcess,
  type FlowSummary,
  none,
  noProcess,
  repeatColumns,
  root,
  spanColumns,
  spanFlags,
  tables,
} from "./keys.ts";

import { type RepeatableCall, Repeats } from "./repeats.ts";

const offsetRange = 0x1_0000_0000;
/** What waits for its call is forgotten when this many more have come on its connection. */
const mostWaiting = 1000;
const deepest = 10_000;
/** Calls that messages may still come of. */
const mostPublishers = 100_000;
const evidence = { nothing: 0, offset: 1, order: 2, streamId: 4 } as const;
const kinds = { served: 0, message: 4 } as const;

/** By how a call ended. */
const endingFlags: Readonly<Record<number, number>> = {
  [callEndings.failed]: spanFlags.failed,
  [callEndings.broken]: spanFlags.broken,
  [callEndings.cancelled]: spanFlags.cancelled,
};

/** gRPC's own status, as in the integration events, is known: all but the first are failures. */
function setGrpc(span: Span, grpc: number): void {
  if (grpc <= 0) return;
  span.grpc = grpc;
  if (grpc > 1) span.flags |= spanFlags.failed;
}

/** A span under way. */
interface Span {
  readonly id: number;
  readonly kind: number;
  readonly process: Process;
  readonly start: RelativeNs;
  readonly lane: number;
  name: number;
  evidence: number;
  status: number;
  /** 1 + the status of gRPC; 0: none. */
  grpc: number;
  flags: number;
  request: number;
  sent: RelativeNs;
  callee: number;
}

interface Call extends Span, RepeatableCall {
  readonly id: number;
  readonly name: number;
  readonly start: RelativeNs;
  request: number;
  /** Low 32 bits of where its bytes begin and end; -1 unknown. */
  readonly from: number;
  readonly to: number;
  isMatched: boolean;
  /** Low 32 bits of where its reply ends; -1 unknown. */
  replyEnd: number;
  /** It is a stream of its connection, beside others: `from` is its number, and its caller says when it is over. */
  readonly isStream: boolean;
  /** Who served it broke off. */
  isBrokenOff: boolean;
  /** Time of the last bytes read that may be its reply's; -1 before. */
  lastRead: RelativeNs;
}

/** Requests received whose call has not come yet. */
type Waiting =
  | { readonly isServed: false; readonly process: number; readonly span: number; readonly offset: number; readonly isStream: boolean }
  | {
      readonly isServed: true;
      readonly process: number;
      readonly request: number;
      readonly from: number;
      readonly to: number;
      readonly replyEnd: number;
      /** Where the reply said to ask; empty where it did not. */
      readonly target: string;
    };

/** Bytes that a store pushed over a connection, and the request that caused it. */
interface Pushed {
  readonly from: number;
  readonly to: number;
  readonly cause: number;
}

/** A connection, as its two ends see it. */
interface Channel {
  readonly calls: Call[];
  readonly waiting: Waiting[];
  /** What was read lately: while calls wait to be matched. */
  readonly reads: { readonly time: RelativeNs; readonly offset: number }[];
  /** Whether both ends are in the trace. */
  isPaired: boolean;
  /** Messages pushed over it: the last, until nothing more can be done for it. */
  message: Message | undefined;
  /** What was pushed and not yet seen to arrive, in order. */
  readonly pushed: Pushed[];
}

/** What was done for pushed bytes: over when the next come, and all that it called is over. */
interface Message extends Span {
  /** Its bytes on the connection, low 32 bits. */
  readonly from: number;
  readonly to: number;
  /** The request that the first of its messages was published by, and how many requests there are. */
  cause: number;
  causes: number;
  end: RelativeNs;
  open: number;
  isLast: boolean;
}

/** Lanes of one process: spans that overlap are in different ones. */
class Lanes {
  private readonly names: Quark[] = [];
  private readonly spans: Quark[] = [];
  private readonly free: number[] = [];
  private readonly state: StateBuilder;
  private readonly quark: Quark;

  constructor(state: StateBuilder, quark: Quark) {
    this.state = state;
    this.quark = quark;
  }

  /** The lowest free one. */
  take(): number {
    if (this.free.length === 0) {
      const lane = this.state.child(this.quark, String(this.names.length).padStart(3, "0"));
      this.names.push(this.state.child(lane, "Name"));
      this.spans.push(this.state.child(lane, "Span"));
      return this.names.length - 1;
    }
    let lowest = 0;
    for (let i = 1; i < this.free.length; i++) if ((this.free[i] as number) < (this.free[lowest] as number)) lowest = i;
    return this.free.splice(lowest, 1)[0] as number;
  }

  give(lane: number, start: RelativeNs, end: RelativeNs, name: string, span: number): void {
    this.state.insertText(start, end, this.names[lane] as number, this.state.intern(name));
    this.state.insertNumber(start, end, this.spans[lane] as number, span);
    this.free.push(lane);
  }
}

interface Process {
  readonly index: number;
  readonly requests: Lanes;
  readonly calls: Lanes;
}

/** An offer, with what its numbers mean here. */
interface Source {
  readonly offer: IntegrationOffer;
  readonly firstSpan: number;
  readonly processes: readonly Process[];
  readonly channels: readonly Channel[];
  /** Of calls that have no connection yet, or whose other end cannot be in the trace. */
  readonly detached: Channel;
  readonly names: Int32Array;
}

/** `a` lies behind `b` in a stream of which the low 32 bits are known. */
function isBehind(a: number, b: number): boolean {
  const difference = (((a - b) % offsetRange) + offsetRange) % offsetRange;
  return difference > 0 && difference < offsetRange / 2;
}
const low = (offset: number): number => (offset < 0 ? -1 : offset % offsetRange);

class Join {
  private readonly table: TableBuilder;
  private readonly row = new Float64Array(spanColumns.length);
  private readonly sources: readonly Source[];
  private readonly parents: Uint32Array;
  /** Undefined where nobody was sent elsewhere. */
  private readonly repeats: Repeats | undefined;
  private readonly open = new Map<number, Span>();
  private readonly messages = new Map<number, Message>();
  private readonly counts = evidences.map(() => 0);
  private readonly nameTexts: string[] = [];
  private calls = 0;
  private spans = 0;
  private strangers = 0;
  private now: RelativeNs = 0;

  constructor(offers: readonly IntegrationOffer[], writer: HistoryWriter, processes: FlowProcess[]) {
    const { state } = writer;
    this.table = writer.table(tables.spans, spanColumns);
    let firstSpan = 0;
    const top = state.child(-1, root);
    const ends: { readonly connection: IntegrationConnection; readonly channel: Channel }[] = [];
    this.sources = offers.map((offer) => {
      const first = firstSpan;
      firstSpan += offer.spans;
      const own = offer.processes.map(({ name, runtime, version, pid }): Process => {
        processes.push({ name, runtime, version, pid });
        const quark = (branch: string): Quark => state.child(state.child(top, name), branch);
        const requests = offer.spans === 0 ? -1 : quark(branches.requests);
        return {
          index: processes.length - 1,
          requests: new Lanes(state, requests),
          calls: new Lanes(state, offer.spans === 0 ? -1 : quark(branches.calls)),
        };
      });
      const newChannel = (): Channel => ({ calls: [], waiting: [], reads: [], isPaired: false, message: undefined, pushed: [] });
      const channels = offer.connections.map((connection) => {
        const channel = newChannel();
        ends.push({ connection, channel });
        return channel;
      });
      const names = new Int32Array(offer.names.length).fill(-1);
      return { offer, firstSpan: first, processes: own, channels: channels.slice(), detached: newChannel(), names };
    });
    this.parents = new Uint32Array(firstSpan).fill(none);
    if (offers.some(({ targets }) => targets !== undefined && targets.length > 0))
      this.repeats = new Repeats(writer.table(tables.repeats, repeatColumns), (span) => this.flow(span));
    this.pair(ends);
  }

  /** Gives the two ends of each connection one channel. A 4-tuple may be used again: of several, those opened closest to each other belong together. */
  private pair(ends: readonly { readonly connection: IntegrationConnection; readonly channel: Channel }[]): void {
    const byKey = new Map<string, number[]>();
    for (const [i, { connection }] of ends.entries()) {
      if (connection.local === "" || connection.remote === "" || connection.calls) continue;
      const key = `${connection.remote}>${connection.local}`;
      byKey.set(key, [...(byKey.get(key) ?? []), i]);
    }
    const replaced = new Map<Channel, Channel>();
    for (const { connection, channel } of ends) {
      if (!connection.calls) continue;
      const others = byKey.get(`${connection.local}>${connection.remote}`) ?? [];
      let best = -1;
      let distance = Number.POSITIVE_INFINITY;
      for (const i of others) {
        const { connection: other, channel: otherChannel } = ends[i] as (typeof ends)[number];
        const overlaps = other.opened <= connection.closed && connection.opened <= other.closed;
        const apart = Math.abs(other.opened - connection.opened);
        if (!overlaps || apart >= distance || replaced.has(otherChannel)) continue;
        best = i;
        distance = apart;
      }
      if (best < 0) continue;
      channel.isPaired = true;
      replaced.set((ends[best] as (typeof ends)[number]).channel, channel);
    }
    for (const { channels } of this.sources)
      for (const [i, channel] of channels.entries()) (channels as Channel[])[i] = replaced.get(channel) ?? channel;
  }

  run(): void {
    const live = new Set(this.sources.filter(({ offer }) => offer.rows.next()));
    while (live.size > 0) {
      let first: Source | undefined;
      for (const source of live)
        if (first === undefined || (source.offer.rows.row[1] as number) < (first.offer.rows.row[1] as number)) first = source;
      if (first === undefined) break;
      this.take(first, first.offer.rows.row);
      if (!first.offer.rows.next()) live.delete(first);
    }
  }

  private take(source: Source, row: Float64Array): void {
    const [kind = 0, time = 0, subject = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = row;
    this.now = Math.max(this.now, time);
    const { channels, offer, firstSpan } = source;
    const channelOf = (connection: number): Channel => channels[connection] as Channel;
    const processOf = (connection: number): Process => source.processes[offer.connections[connection]?.process ?? 0] as Process;
    switch (kind) {
      case integrationKinds.serveStart: {
        const span = this.begin(firstSpan + subject, kinds.served, processOf(a), time, this.name(source, c));
        this.open.set(span.id, span);
        this.received(channelOf(a), { isServed: false, process: processOf(a).index, span: span.id, offset: low(b), isStream: d === 1 });
        break;
      }
      case integrationKinds.serveEnd: {
        const span = this.open.get(firstSpan + subject);
        if (span === undefined) break;
        span.status = a;
        if (c >= 0) span.name = this.name(source, c);
        if (d !== 0) span.flags |= spanFlags.broken;
        setGrpc(span, e);
        this.open.delete(span.id);
        this.end(span, time);
        this.replied(span, low(b), d !== 0);
        break;
      }
      case integrationKinds.pushStart:
        this.pushStart(channelOf(a), firstSpan + subject, processOf(a), time, low(b), low(c), this.name(source, d));
        break;
      case integrationKinds.pushed:
        this.pushed(channelOf(a), { from: low(b), to: low(c), cause: offer.causes?.[subject] ?? noSpan });
        break;
      case integrationKinds.callStart:
        this.called(
          a < 0 ? source.detached : channelOf(a),
          firstSpan + subject,
          a < 0 ? (source.processes[b] as Process) : processOf(a),
          time,
          a < 0 ? -1 : b,
          c,
          this.name(source, d),
          e === noSpan ? none : firstSpan + e,
          f,
          a < 0 ? "" : (offer.connections[a]?.remote ?? ""),
        );
        break;
      case integrationKinds.callEnd:
        this.answered(firstSpan + subject, time, a, b);
        break;
      case integrationKinds.sent: {
        const known = this.callById.get(firstSpan + subject);
        if (known !== undefined) known.call.sent = time;
        break;
      }
      case integrationKinds.callOver: {
        const known = this.callById.get(firstSpan + subject);
        if (known === undefined) break;
        known.call.flags |= endingFlags[a] ?? 0;
        this.over(known.channel, known.call, time);
        break;
      }
      case integrationKinds.read:
        this.read(channelOf(subject), time, low(a));
        break;
      case integrationKinds.closed:
        this.hangUp(channelOf(subject), time, spanFlags.broken);
        break;
      case integrationKinds.served:
        this.received(channelOf(a), {
          isServed: true,
          process: processOf(a).index,
          request: subject + offer.firstRef,
          from: b,
          to: c,
          replyEnd: e,
          target: f > 0 ? (offer.targets?.[f - 1] ?? "") : "",
        });
        break;
      default:
    }
  }

  private name(source: Source, name: number): number {
    const known = source.names[name] ?? -1;
    if (known >= 0) return known;
    const text = source.offer.names[name] ?? "";
    const id = this.table.intern(text);
    this.nameTexts[id] = text;
    source.names[name] = id;
    return id;
  }

  private begin(id: number, kind: number, process: Process, start: RelativeNs, name: number): Span {
    const lanes = kind === kinds.served || kind === kinds.message ? process.requests : process.calls;
    return {
      id,
      kind,
      process,
      start,
      lane: lanes.take(),
      name,
      evidence: evidence.nothing,
      status: 0,
      grpc: 0,
      flags: 0,
      request: none,
      sent: start,
      callee: noProcess,
    };
  }

  // ---- Calls -----------------------------------------------------------------------------------------------------------------------------------------

  private readonly callById = new Map<number, { readonly call: Call; readonly channel: Channel }>();
  /** The call that a span being served was received by. */
  private readonly callOf = new Map<number, number>();

  private called(
    channel: Channel,
    id: number,
    process: Process,
    time: RelativeNs,
    from: number,
    to: number,
    name: number,
    parent: number,
    what: number,
    address: string,
  ): void {
    const kind = what & 0xff;
    const isStream = (what & streamFlag) !== 0;
    // Over HTTP a connection carries one call at a time; whatever its reply was, it has been read.
    for (const earlier of [...channel.calls])
      if (!earlier.isStream && earlier.lastRead >= 0 && (kind === callKinds.http || !channel.isPaired))
        this.over(channel, earlier, earlier.lastRead);
    const span = this.begin(id, kind, process, time, name);
    const call: Call = {
      ...span,
      from: low(from),
      to: low(to),
      isMatched: false,
      replyEnd: -1,
      isStream,
      isBrokenOff: false,
      lastRead: -1,
      parent,
      length: to < 0 ? -1 : to - from,
      address,
      ended: Number.POSITIVE_INFINITY,
      target: "",
    };
    this.calls++;
    this.parents[id] = parent;
    const message = parent === none ? undefined : this.messages.get(parent);
    if (message !== undefined) message.open++;
    channel.calls.push(call);
    this.repeats?.called(call);
    this.callById.set(id, { call, channel });
    for (const [i, waiting] of channel.waiting.entries())
      if (this.match(channel, waiting)) {
        channel.waiting.splice(i, 1);
        break;
      }
  }

  /** Calls by the store's request, lately: what subscribers are sent may have been published by one of them. */
  private readonly publishers = new Map<number, number>();

  private published(request: number, call: number): void {
    this.publishers.set(request, call);
    if (this.publishers.size <= mostPublishers) return;
    for (const oldest of this.publishers.keys()) {
      this.publishers.delete(oldest);
      break;
    }
  }

  private received(channel: Channel, what: Waiting): void {
    if (!channel.isPaired || this.match(channel, what)) return;
    channel.waiting.push(what);
    if (channel.waiting.length > mostWaiting) {
      channel.waiting.shift();
      this.strangers++;
    }
  }

  /** Finds the call of what was received. */
  private match(channel: Channel, what: Waiting): boolean {
    if (what.isServed) {
      const call =
        channel.calls.find((each) => !each.isMatched && each.from === what.from && each.to === what.to) ??
        channel.calls.find((each) => !isBehind(each.from, what.from) && !isBehind(what.to, each.to) && each.to >= 0);
      if (call === undefined) return false;
      call.isMatched = true;
      call.callee = what.process;
      call.evidence = evidence.offset;
      if (call.request === none) call.request = what.request;
      this.published(what.request, call.id);
      if (call.from === what.from && call.to === what.to) call.target = what.target;
      call.replyEnd = low(what.replyEnd);
      const read = channel.reads.find(({ offset }) => call.replyEnd >= 0 && !isBehind(call.replyEnd, offset));
      if (read !== undefined) this.over(channel, call, Math.max(read.time, call.start));
      return true;
    }
    // A request's headers end behind where it begins, and before the connection's next one.
    const fitting = channel.calls.filter((each) =>
      what.isStream
        ? each.isStream && !each.isMatched && each.from === what.offset
        : !each.isStream && !each.isMatched && isBehind(what.offset, each.from),
    );
    const [call] = fitting;
    if (call === undefined) return false;
    call.isMatched = true;
    call.callee = what.process;
    call.evidence = what.isStream ? evidence.streamId : fitting.length === 1 ? evidence.offset : evidence.order;
    this.parents[what.span] = call.id;
    this.callOf.set(what.span, call.id);
    const served = this.open.get(what.span);
    if (served !== undefined) served.evidence = call.evidence;
    return true;
  }

  /** A request was answered: the reply ends there; or (`isBrokenOff`) would have gone on. */
  private replied({ id: span, status, grpc }: Span, replyEnd: number, isBrokenOff: boolean): void {
    const id = this.callOf.get(span);
    this.callOf.delete(span);
    const known = id === undefined ? undefined : this.callById.get(id);
    if (known === undefined) return;
    // The caller tells of the answer's head after it has read it: by then the call may be over.
    if (status !== 0 && !isBrokenOff) {
      known.call.status = status;
      setGrpc(known.call, grpc);
    }
    known.call.isBrokenOff = isBrokenOff;
    if (replyEnd < 0 || isBrokenOff) return;
    known.call.replyEnd = replyEnd;
    const read = known.channel.reads.find(({ offset }) => !isBehind(replyEnd, offset));
    if (read !== undefined) this.over(known.channel, known.call, Math.max(read.time, known.call.start));
  }

  private answered(id: number, time: RelativeNs, status: number, grpc: number): void {
    const known = this.callById.get(id);
    if (known === undefined) return;
    known.call.status = status;
    setGrpc(known.call, grpc);
    known.call.lastRead = Math.max(known.call.lastRead, time);
    if (status !== 0) return;
    known.call.flags |= spanFlags.broken;
    this.over(known.channel, known.call, time);
  }

  private read(channel: Channel, time: RelativeNs, offset: number): void {
    if (channel.calls.length === 0) return;
    channel.reads.push({ time, offset });
    if (channel.reads.length > mostWaiting) {
      const since = channel.calls[0]?.start ?? time;
      channel.reads.splice(
        0,
        Math.max(
          channel.reads.findIndex((each) => each.time >= since),
          channel.reads.length - 10 * mostWaiting,
        ),
      );
    }
    for (const call of [...channel.calls]) {
      if (call.isStream) continue;
      call.lastRead = Math.max(call.lastRead, time);
      if (call.replyEnd >= 0 && !isBehind(call.replyEnd, offset)) this.over(channel, call, time);
    }
  }

  private hangUp(channel: Channel, time: RelativeNs, flag: number): void {
    for (const call of [...channel.calls]) {
      // Of a reply whose end is known that end was not read: when it is, the call is over.
      if (call.lastRead < 0 || call.isStream || call.isBrokenOff || call.replyEnd >= 0) call.flags |= flag;
      this.over(channel, call, call.lastRead < 0 ? time : call.lastRead);
    }
    const { message } = channel;
    channel.message = undefined;
    if (message !== undefined) this.finishMessage(message);
  }

  private over(channel: Channel, call: Call, end: RelativeNs): void {
    const at = channel.calls.indexOf(call);
    if (at < 0) return;
    channel.calls.splice(at, 1);
    this.callById.delete(call.id);
    call.ended = end;
    if (call.target !== "") this.repeats?.redirected(call);
    if (channel.calls.length === 0) channel.reads.length = 0;
    if (call.evidence === evidence.nothing) call.flags |= spanFlags.unmatched;
    this.counts[call.evidence] = (this.counts[call.evidence] as number) + 1;
    const message = this.messages.get(this.parents[call.id] ?? none);
    if (message !== undefined) this.settleMessage(message);
    this.end(call, end);
    if (message === undefined) return;
    message.open--;
    message.end = Math.max(message.end, end);
    if (message.isLast && message.open === 0) this.endMessage(message);
  }

  // ---- Messages --------------------------------------------------------------------------------------------------------------------------------------

  private pushStart(channel: Channel, id: number, process: Process, time: RelativeNs, from: number, to: number, name: number): void {
    if (channel.message !== undefined) this.finishMessage(channel.message);
    const span = this.begin(id, kinds.message, process, time, name);
    const message: Message = { ...span, from, to, cause: noSpan, causes: 0, end: time, open: 0, isLast: false };
    this.messages.set(id, message);
    channel.message = message;
    // All that lies before it has arrived.
    while (channel.pushed.length > 0 && !isBehind((channel.pushed[0] as Pushed).to, from)) channel.pushed.shift();
    for (const pushed of channel.pushed) this.cause(message, pushed);
  }

  /** The store tells of a write when it has returned: the message may be at work by then. */
  private pushed(channel: Channel, pushed: Pushed): void {
    if (!channel.isPaired || pushed.from < 0 || pushed.to < 0) return;
    channel.pushed.push(pushed);
    if (channel.pushed.length > mostWaiting) channel.pushed.shift();
    if (channel.message !== undefined) this.cause(channel.message, pushed);
  }

  private cause(message: Message, { from, to, cause }: Pushed): void {
    if (cause === noSpan || cause === message.cause || !isBehind(to, message.from) || !isBehind(message.to, from)) return;
    if (message.causes++ === 0) message.cause = cause;
  }

  /** Puts a message below the call that published it, where that is known by now. */
  private settleMessage(message: Message): void {
    if (message.cause === noSpan || this.parents[message.id] !== none) return;
    const call = this.publishers.get(message.cause);
    if (call === undefined) return;
    this.parents[message.id] = call;
    message.evidence = message.causes === 1 ? evidence.offset : evidence.order;
  }

  private finishMessage(message: Message): void {
    message.isLast = true;
    if (message.open === 0) this.endMessage(message);
  }

  private endMessage(message: Message): void {
    this.settleMessage(message);
    this.messages.delete(message.id);
    this.end(message, message.end);
  }

  // ---- Spans -----------------------------------------------------------------------------------------------------------------------------------------

  private flow(id: number): number {
    let at = id;
    for (let depth = 0; depth < deepest; depth++) {
      const parent = this.parents[at] ?? none;
      if (parent === none || parent === id) return at;
      at = parent;
    }
    return at;
  }

  private end(span: Span, end: RelativeNs): void {
    const { row, table } = this;
    const last = Math.max(span.start, end);
    const isCall = span.kind !== kinds.served && span.kind !== kinds.message;
    this.spans++;
    row[0] = span.id;
    row[1] = this.parents[span.id] ?? none;
    row[2] = this.flow(span.id);
    row[3] = span.process.index;
    row[4] = span.kind;
    row[5] = span.name;
    row[6] = span.start;
    row[7] = last;
    row[8] = span.status;
    row[9] = span.flags;
    row[10] = span.evidence;
    row[11] = Math.min(span.lane, 0xffff);
    row[12] = span.request;
    row[13] = Math.min(span.sent, last);
    row[14] = span.callee;
    row[15] = span.grpc;
    table.append(row);
    (isCall ? span.process.calls : span.process.requests).give(span.lane, span.start, last, this.nameTexts[span.name] ?? "", span.id);
  }

  /** What the end of the trace cut. */
  finish(end: RelativeNs): FlowSummary {
    const cut = Math.max(end, this.now);
    for (const { channels, detached } of this.sources)
      for (const channel of [...channels, detached]) {
        this.strangers += channel.waiting.length;
        channel.waiting.length = 0;
        this.hangUp(channel, cut, spanFlags.unfinished);
      }
    for (const message of this.messages.values()) {
      this.settleMessage(message);
      this.end(message, message.end);
    }
    for (const span of this.open.values()) {
      span.flags |= spanFlags.unfinished;
      this.end(span, cut);
    }
    this.repeats?.finish();
    const named = Object.fromEntries(evidences.map((name, i) => [name, this.counts[i] ?? 0])) as FlowSummary["evidence"];
    return { spans: this.spans, calls: this.calls, evidence: named, strangers: this.strangers };
  }
}

/** Writes the flows of all offers; `end` is the end of the trace. */
export function joinFlows(offers: readonly IntegrationOffer[], writer: HistoryWriter, end: RelativeNs): void {
  const processes: FlowProcess[] = [];
  const join = new Join(offers, writer, processes);
  join.run();
  writer.document(documents.summary, join.finish(end));
  writer.document(documents.processes, processes);
}
