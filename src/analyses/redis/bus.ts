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
import { messageColumns, noRequest } from "./keys.ts";

const unknownProcess = 0xffff;
const unknownTime = Number.POSITIVE_INFINITY;
const isSent = 0;
const isReceived = 1;

/** Numbers of a spool row: stream (of the part), direction, end offset, process, time, type, length, request (of the part). */
export const endWidth = 8;

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
  readonly totals: BusTotals;
}

/** The links of one process. */
export interface ProcessBus {
  readonly process: number;
  readonly quark: Quark;
  readonly links: Map<number, Link>;
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
  private readonly numbers = new Map<string, number>();
  private readonly sends: boolean[] = [];
  private readonly receives: boolean[] = [];
  private readonly row = new Float64Array(endWidth);

  constructor(state: StateBuilder, ends: Spool) {
    this.state = state;
    this.ends = ends;
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
    let totals = bus.totals.get(name);
    if (totals === undefined) {
      totals = { type: "node-to-node", messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 };
      bus.totals.set(name, totals);
    }
    const link: Link = {
      peer: name,
      outgoing: known?.outgoing,
      incoming: known?.incoming,
      sent: this.state.child(quark, "Sent"),
      received: this.state.child(quark, "Received"),
      backlog: this.state.child(quark, "Backlog"),
      totals,
    };
    bus.links.set(id, link);
    return link;
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
    this.state.setNumber(time, link.sent, link.totals.bytesSent);
    this.end(bus, link.outgoing, isSent, time, type, length, endOffset, request);
  }

  received(bus: ProcessBus, time: number, link: Link, type: number, length: number, endOffset: number): void {
    link.totals.messagesReceived++;
    link.totals.bytesReceived += length;
    this.state.setNumber(time, link.received, link.totals.bytesReceived);
    this.end(bus, link.incoming, isReceived, time, type, length, endOffset, noRequest);
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
    this.ends.append(row);
  }
}

/** One part's ends, as the join gets them. */
export interface PartEnds {
  readonly streams: PartStreams;
  readonly rows: SpoolRows;
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
}

/** Both ends of one stream that wait for their other end, by offset. */
interface Stream {
  /** Whether that end is in the trace at all. */
  sends: boolean;
  receives: boolean;
  readonly sent: Map<number, End>;
  readonly received: Map<number, End>;
}

/** Matches the ends of all parts into rows of the messages table. */
export function joinMessages(parts: readonly PartEnds[], table: TableBuilder): void {
  const streams = new Map<string, Stream>();
  const byPart = parts.map((part) =>
    part.streams.names.map((name, i) => {
      const stream = streams.get(name) ?? { sends: false, receives: false, sent: new Map<number, End>(), received: new Map<number, End>() };
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
  const open = new Set(parts.keys());
  for (const i of open) if (parts[i]?.rows.next() !== true) open.delete(i);
  while (open.size > 0) {
    const first = earliest(parts, open);
    const part = parts[first] as PartEnds;
    const from = part.rows.row;
    const stream = byPart[first]?.[from[0] as number] as Stream;
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
    };
    const own = direction === isSent ? stream.sent : stream.received;
    const others = direction === isSent ? stream.received : stream.sent;
    const hasOther = direction === isSent ? stream.receives : stream.sends;
    const other = others.get(offset);
    if (other !== undefined && other.length === length) {
      others.delete(offset);
      if (direction === isSent) add(end, other);
      else add(other, end);
    } else if (hasOther) own.set(offset, end);
    else if (direction === isSent) add(end, undefined);
    else add(undefined, end);
    if (!part.rows.next()) open.delete(first);
  }
  for (const { sent, received } of streams.values()) {
    for (const end of sent.values()) add(end, undefined);
    for (const end of received.values()) add(undefined, end);
  }
}

/** The open part whose next end is the earliest; the first of them where several are. */
function earliest(parts: readonly PartEnds[], open: ReadonlySet<number>): number {
  let best = -1;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const i of open) {
    const time = parts[i]?.rows.row[4] ?? Number.POSITIVE_INFINITY;
    if (best >= 0 && time >= bestTime) continue;
    best = i;
    bestTime = time;
  }
  return best;
}
