/**
 * The cluster bus: links, and messages matched end to end.
 *
 * Each end of a message is one row in the part's spool; the join reads all parts' rows by time and matches what was sent with what was received, by link
 * stream and offset. So the two ends may be seen by different threads, and memory holds only messages under way:
 *
 *     part 0   sent, sent, received, ...  \
 *                                           merged by time -> match (stream, end offset, length) -> a row of the messages table
 *     part 1   received, sent, ...        /
 *
 * A stream is one direction of one TCP connection, named alike by both ends: `local>remote`.
 */
import type { RareEvent } from "../../environments/redis/index.ts";
import type { Quark, StateBuilder, TableBuilder } from "../../state/contract.ts";
import type { Spool, SpoolRows } from "../contract.ts";
import { deliveryColumns, linkTypes, messageColumns, noRequest } from "./keys.ts";

const unknownProcess = 0xffff;
const unknownTime = Number.POSITIVE_INFINITY;
const isSent = 0;
const isReceived = 1;

/** Message types that a node sends to all others at once (Redis' CLUSTERMSG_TYPE_*): FAIL, PUBLISH, FAILOVER_AUTH_REQUEST. */
const broadcastTypes: ReadonlySet<number> = new Set([3, 4, 5]);

/** Numbers of a spool row: stream (of the part), direction, end offset, process, time, type, length, request (of the part), deliveries it caused. */
export const endWidth = 9;
/** Numbers of a row of deliveries: written, process, connection, request (of the part), stream (of the part; -1: published here), end offset, received, queued. */
export const deliveryWidth = 8;

/** Sums of one peer. */
export interface BusTotals {
  readonly type: string;
  messagesSent: number;
  bytesSent: number;
  messagesReceived: number;
  bytesReceived: number;
}

export interface Link {
  readonly peer: string;
  /** Numbers of the link's two streams; undefined until it says who it is. */
  outgoing: number | undefined;
  incoming: number | undefined;
  readonly sent: Quark;
  readonly received: Quark;
  readonly backlog: Quark;
  readonly type: Quark;
  readonly totals: BusTotals;
}

/** The links of one process. */
export interface ProcessBus {
  readonly process: number;
  readonly quark: Quark;
  readonly links: Map<number, Link>;
  /** Links that carry the replication stream, by name. */
  readonly replication: Map<string, Pick<Link, "sent" | "received" | "totals">>;
  readonly totals: Map<string, BusTotals>;
}

/** What the join needs to know of a part's streams, by their numbers. */
export interface PartStreams {
  readonly names: readonly string[];
  /** Whether the part holds the end that sends, or receives. */
  readonly sends: readonly boolean[];
  readonly receives: readonly boolean[];
}

/** The bus side of one part's model. */
export class Bus {
  private readonly state: StateBuilder;
  private readonly ends: Spool;
  private readonly delivered: Spool;
  private deliveries = 0;
  private readonly deliveryRow = new Float64Array(deliveryWidth);
  /** The message being processed, by process: how many it was delivered to is known when the next step comes. */
  private readonly processed = new Map<number, Processed>();
  private readonly numbers = new Map<string, number>();
  private readonly sends: boolean[] = [];
  private readonly receives: boolean[] = [];
  private readonly row = new Float64Array(endWidth);
  private readonly nodeToNode: number;
  private readonly broadcast: number;

  constructor(state: StateBuilder, ends: Spool, delivered: Spool) {
    this.state = state;
    this.ends = ends;
    this.delivered = delivered;
    this.nodeToNode = state.intern(linkTypes.nodeToNode);
    this.broadcast = state.intern(linkTypes.broadcast);
  }

  get streams(): PartStreams {
    return { names: [...this.numbers.keys()], sends: this.sends, receives: this.receives };
  }

  /** Link of this number; `peer` names it, or renames it once it is known. */
  link(bus: ProcessBus, id: number, peer?: string): Link {
    const known = bus.links.get(id);
    if (known !== undefined && (peer === undefined || known.peer === peer)) return known;
    const name = peer ?? `link ${id}`;
    const quark = this.state.child(bus.quark, name);
    const totals = this.totals(bus, name, linkTypes.nodeToNode);
    const link: Link = {
      peer: name,
      outgoing: known?.outgoing,
      incoming: known?.incoming,
      sent: this.state.child(quark, "Sent"),
      received: this.state.child(quark, "Received"),
      backlog: this.state.child(quark, "Backlog"),
      type: this.state.child(quark, "Type"),
      totals,
    };
    bus.links.set(id, link);
    return link;
  }

  private totals(bus: ProcessBus, name: string, type: string): BusTotals {
    let totals = bus.totals.get(name);
    if (totals === undefined) {
      totals = { type, messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 };
      bus.totals.set(name, totals);
    }
    return totals;
  }

  /** A write of the replication stream, or what was read of it. `name` says who is at the other end. */
  replicated(bus: ProcessBus, time: number, name: string, isSender: boolean, bytes: number): void {
    let link = bus.replication.get(name);
    if (link === undefined) {
      const quark = this.state.child(bus.quark, name);
      const totals = this.totals(bus, name, linkTypes.primaryToReplica);
      link = { sent: this.state.child(quark, "Sent"), received: this.state.child(quark, "Received"), totals };
      bus.replication.set(name, link);
      this.state.set(time, this.state.child(quark, "Type"), linkTypes.primaryToReplica);
    }
    const { totals } = link;
    if (isSender) {
      totals.messagesSent++;
      totals.bytesSent += bytes;
      this.state.setNumber(time, link.sent, totals.bytesSent);
    } else {
      totals.messagesReceived++;
      totals.bytesReceived += bytes;
      this.state.setNumber(time, link.received, totals.bytesReceived);
    }
  }

  /** `link_open`: who the link connects. */
  open(bus: ProcessBus, event: RareEvent): void {
    const { fields } = event;
    const local = `${fields["laddr"]}:${fields["lport"]}`;
    const remote = `${fields["raddr"]}:${fields["rport"]}`;
    const nodeId = String(fields["node_id"] ?? "");
    const link = this.link(bus, Number(fields["link"]), nodeId !== "" ? nodeId : remote);
    link.outgoing = this.stream(`${local}>${remote}`);
    link.incoming = this.stream(`${remote}>${local}`);
    this.sends[link.outgoing] = true;
    this.receives[link.incoming] = true;
  }

  private stream(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(name, number);
      this.sends[number] = false;
      this.receives[number] = false;
    }
    return number;
  }

  sent(bus: ProcessBus, time: number, link: Link, type: number, length: number, endOffset: number, request: number): void {
    link.totals.messagesSent++;
    link.totals.bytesSent += length;
    this.state.setText(time, link.type, broadcastTypes.has(type) ? this.broadcast : this.nodeToNode);
    this.state.setNumber(time, link.sent, link.totals.bytesSent);
    this.settle(bus);
    this.end(bus, link.outgoing, isSent, time, type, length, endOffset, request, 0);
  }

  received(bus: ProcessBus, time: number, link: Link, type: number, length: number, endOffset: number): void {
    link.totals.messagesReceived++;
    link.totals.bytesReceived += length;
    this.state.setText(time, link.type, broadcastTypes.has(type) ? this.broadcast : this.nodeToNode);
    this.state.setNumber(time, link.received, link.totals.bytesReceived);
    this.settle(bus);
    this.processed.set(bus.process, { stream: link.incoming, time, type, length, endOffset, deliveries: 0 });
  }

  /** A message was put into a subscriber's output: for `request`, or else for the message being processed. */
  deliver(bus: ProcessBus, connection: number, request: number, time: number): Delivery {
    const message = request === noRequest ? this.processed.get(bus.process) : undefined;
    if (message?.stream === undefined) return { connection, request, stream: -1, endOffset: -1, received: unknownTime, queued: time };
    message.deliveries++;
    return { connection, request, stream: message.stream, endOffset: message.endOffset, received: message.time, queued: time };
  }

  /** What a subscriber was sent; `time` is infinite when it never was. Returns the delivery's number in this part. */
  written(bus: ProcessBus, { connection, request, stream, endOffset, received, queued }: Delivery, time: number): number {
    this.settle(bus);
    const row = this.deliveryRow;
    row[0] = time;
    row[1] = bus.process;
    row[2] = connection;
    row[3] = request;
    row[4] = stream;
    row[5] = endOffset;
    row[6] = received;
    row[7] = queued;
    this.delivered.append(row);
    return this.deliveries++;
  }

  /** The message being processed is over. */
  settle(bus: ProcessBus): void {
    const message = this.processed.get(bus.process);
    if (message === undefined) return;
    this.processed.delete(bus.process);
    const { stream, time, type, length, endOffset, deliveries } = message;
    this.end(bus, stream, isReceived, time, type, length, endOffset, noRequest, deliveries);
  }

  private end(
    bus: ProcessBus,
    stream: number | undefined,
    direction: number,
    time: number,
    type: number,
    length: number,
    endOffset: number,
    request: number,
    deliveries: number,
  ): void {
    if (stream === undefined) return;
    const { row } = this;
    row[0] = stream;
    row[1] = direction;
    row[2] = endOffset;
    row[3] = bus.process;
    row[4] = time;
    row[5] = type;
    row[6] = length;
    row[7] = request;
    row[8] = deliveries;
    this.ends.append(row);
  }
}

/** A bus message between its arrival and the next step. */
interface Processed {
  readonly stream: number | undefined;
  readonly time: number;
  readonly type: number;
  readonly length: number;
  readonly endOffset: number;
  deliveries: number;
}

/** A message in a subscriber's output. */
export interface Delivery {
  /** Row of the connections table. */
  readonly connection: number;
  readonly request: number;
  readonly stream: number;
  readonly endOffset: number;
  readonly received: number;
  readonly queued: number;
}

/** One part's ends and deliveries, as the join gets them. */
export interface PartEnds {
  readonly streams: PartStreams;
  readonly rows: SpoolRows;
  readonly deliveries: SpoolRows;
  /** Connections of earlier parts: what to add to this part's rows. */
  readonly firstConnection: number;
  /** Requests of earlier parts: what to add to this part's ids. */
  readonly firstRequest: number;
}

/** One end of a message. */
interface End {
  readonly process: number;
  readonly time: number;
  readonly type: number;
  readonly length: number;
  readonly request: number;
  /** Of the end that received: deliveries that have not been told of yet. */
  deliveries: number;
}

/** Who published a message: of those whose deliveries are not all told of. */
interface Published {
  readonly request: number;
  readonly from: number;
  left: number;
}

/** Both ends of one stream that wait for their other end, by offset. */
interface Stream {
  /** Whether that end is in the trace at all. */
  sends: boolean;
  receives: boolean;
  readonly sent: Map<number, End>;
  readonly received: Map<number, End>;
  readonly published: Map<number, Published>;
}

/** Matches the ends of all parts into rows of the messages table, and deliveries with them. Returns the request behind each delivery, by part and number. */
export function joinMessages(parts: readonly PartEnds[], table: TableBuilder, deliveries: TableBuilder): readonly (readonly number[])[] {
  const streams = new Map<string, Stream>();
  const byPart = parts.map((part) =>
    part.streams.names.map((name, i) => {
      const stream = streams.get(name) ?? {
        sends: false,
        receives: false,
        sent: new Map<number, End>(),
        received: new Map<number, End>(),
        published: new Map<number, Published>(),
      };
      stream.sends ||= part.streams.sends[i] === true;
      stream.receives ||= part.streams.receives[i] === true;
      streams.set(name, stream);
      return stream;
    }),
  );
  const row = new Float64Array(messageColumns.length);
  const add = (sent: End | undefined, received: End | undefined): void => {
    const some = sent ?? received;
    if (some === undefined) return;
    row[0] = sent?.process ?? unknownProcess;
    row[1] = received?.process ?? unknownProcess;
    row[2] = some.type;
    row[3] = some.length;
    row[4] = sent?.time ?? unknownTime;
    row[5] = received?.time ?? unknownTime;
    row[6] = sent?.request ?? noRequest;
    table.append(row);
  };
  const match = (stream: Stream, offset: number, sent: End | undefined, received: End): void => {
    add(sent, received);
    if (received.deliveries > 0)
      stream.published.set(offset, {
        request: sent?.request ?? noRequest,
        from: sent?.process ?? unknownProcess,
        left: received.deliveries,
      });
  };
  /** Deliveries of messages whose sent end has not come yet. */
  const early: { readonly row: Float64Array; readonly stream: Stream | undefined; readonly part: number; readonly number: number }[] = [];
  const causes = parts.map((): number[] => []);
  const deliveryRow = new Float64Array(deliveryColumns.length);
  /** Columns as in deliveryWidth, with ids of the whole trace. Returns false when the message's other end may still come. */
  const deliver = (part: number, number: number, from: Float64Array, stream: Stream | undefined, isLast: boolean): boolean => {
    const offset = from[5] as number;
    const published = stream?.published.get(offset);
    if (stream !== undefined && published === undefined && !isLast) return false;
    deliveryRow[0] = from[1] as number;
    deliveryRow[1] = from[2] as number;
    deliveryRow[2] = stream === undefined ? (from[3] as number) : (published?.request ?? noRequest);
    deliveryRow[3] =
      stream === undefined ? (from[3] === noRequest ? unknownProcess : (from[1] as number)) : (published?.from ?? unknownProcess);
    deliveryRow[4] = from[6] as number;
    deliveryRow[5] = from[7] as number;
    deliveryRow[6] = from[0] as number;
    deliveries.append(deliveryRow);
    (causes[part] as number[])[number] = deliveryRow[2] as number;
    if (published !== undefined && --published.left === 0) stream?.published.delete(offset);
    return true;
  };
  const cursors = parts.flatMap((part, number): readonly Cursor[] => [
    { number, rows: part.rows, time: 4, isDelivery: false, count: 0 },
    { number, rows: part.deliveries, time: 0, isDelivery: true, count: 0 },
  ]);
  const open = new Set(cursors.filter(({ rows }) => rows.next()));
  while (open.size > 0) {
    const cursor = earliest(open);
    const part = parts[cursor.number] as PartEnds;
    const from = cursor.rows.row;
    if (cursor.isDelivery) {
      const stream = (from[4] as number) < 0 ? undefined : byPart[cursor.number]?.[from[4] as number];
      const own = Float64Array.from(from);
      own[2] = (from[2] as number) + part.firstConnection;
      if (from[3] !== noRequest) own[3] = (from[3] as number) + part.firstRequest;
      const number = cursor.count++;
      if (!deliver(cursor.number, number, own, stream, false)) early.push({ row: own, stream, part: cursor.number, number });
    } else {
      const stream = byPart[cursor.number]?.[from[0] as number] as Stream;
      const direction = from[1] as number;
      const offset = from[2] as number;
      const length = from[6] as number;
      const request = from[7] as number;
      const end: End = {
        process: from[3] as number,
        time: from[4] as number,
        type: from[5] as number,
        length,
        request: request === noRequest ? noRequest : request + part.firstRequest,
        deliveries: from[8] as number,
      };
      const own = direction === isSent ? stream.sent : stream.received;
      const others = direction === isSent ? stream.received : stream.sent;
      const hasOther = direction === isSent ? stream.receives : stream.sends;
      const other = others.get(offset);
      if (other !== undefined && other.length === length) {
        others.delete(offset);
        if (direction === isSent) match(stream, offset, end, other);
        else match(stream, offset, other, end);
      } else if (hasOther) own.set(offset, end);
      else if (direction === isSent) add(end, undefined);
      else match(stream, offset, undefined, end);
    }
    if (!cursor.rows.next()) open.delete(cursor);
  }
  for (const { sent, received } of streams.values()) {
    for (const end of sent.values()) add(end, undefined);
    for (const end of received.values()) add(undefined, end);
  }
  for (const { row, stream, part, number } of early) deliver(part, number, row, stream, true);
  return causes;
}

/** Rows of one part, of ends or of deliveries. */
interface Cursor {
  readonly number: number;
  readonly rows: SpoolRows;
  /** Column of the row's time. */
  readonly time: number;
  readonly isDelivery: boolean;
  /** Rows taken of it. */
  count: number;
}

/** Of those with rows left, the one whose next row is the earliest; the first of them where several are: an end before a delivery. */
function earliest(open: ReadonlySet<Cursor>): Cursor {
  let best: Cursor | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const cursor of open) {
    const time = cursor.rows.row[cursor.time] as number;
    if (best !== undefined && time >= bestTime) continue;
    best = cursor;
    bestTime = time;
  }
  return best as Cursor;
}
