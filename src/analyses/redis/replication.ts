/**
 * The replication stream, from primary to replica.
 *
 * A replica is sent one history of bytes, of which every server counts each byte alike, whatever connection brings it. The probe tells once per connection
 * which of them its next ones are (replication_offset); from there on writes and reads are counted. The two ends of a connection are found by its
 * addresses, and what was written is matched with what was read by offset, since TCP cuts as it likes:
 *
 *     primary, written      |--------- 900 ---------|---- 1250 ----|
 *     replica, read         |---- 512 ----|------ 1024 ------|--- 1250 ---|
 *     replica, executed     |-- 490 --|------- 1000 -------|----- 1250 ----|      (ends of whole commands, one row per read)
 *
 * A write is received with the first read, and applied with the first execution, that reaches its end. One that ends inside a command is applied with it.
 */
import type { TableBuilder } from "../../state/contract.ts";
import type { Spool, SpoolEnd, SpoolRows } from "../contract.ts";
import type { PartStreams } from "./bus.ts";
import { replicationColumns } from "./keys.ts";

const unknownProcess = 0xffff;
const unknownConnection = 0xffff_ffff;
const never = Number.POSITIVE_INFINITY;

/** What a row tells of: written by the primary; read, and executed, by the replica. */
export const replicationSteps = { sent: 0, received: 1, applied: 2 } as const;

/** Numbers of a spool row: step, stream (of the part), end offset in the history, time, process, connection (row of the part), bytes. */
export const replicationWidth = 7;

/** The replication side of one part's model. */
export class Replication {
  private readonly newSpool: () => Spool;
  private spool: Spool | undefined;
  private readonly streams = new Map<string, number>();
  private readonly sends: boolean[] = [];
  private readonly receives: boolean[] = [];
  private readonly row = new Float64Array(replicationWidth);

  constructor(newSpool: () => Spool) {
    this.newSpool = newSpool;
  }

  /** `stream` names the direction from the primary alike for both ends: `local>remote` of the primary. */
  tell(step: number, stream: string, offset: number, time: number, process: number, connection: number, bytes: number): void {
    let number = this.streams.get(stream);
    if (number === undefined) {
      number = this.streams.size;
      this.streams.set(stream, number);
      this.sends[number] = false;
      this.receives[number] = false;
    }
    if (step === replicationSteps.sent) this.sends[number] = true;
    else this.receives[number] = true;
    const { row } = this;
    row[0] = step;
    row[1] = number;
    row[2] = offset;
    row[3] = time;
    row[4] = process;
    row[5] = connection;
    row[6] = bytes;
    this.spool ??= this.newSpool();
    this.spool.append(row);
  }

  end(): ReplicationEnd | undefined {
    const { sends, receives } = this;
    return this.spool && { streams: { names: [...this.streams.keys()], sends, receives }, rows: this.spool.end() };
  }
}

/** What a part leaves to the join. */
export interface ReplicationEnd {
  readonly streams: PartStreams;
  readonly rows: SpoolEnd;
}

/** The same, as the join gets it. */
export interface PartReplication {
  readonly streams: PartStreams;
  readonly rows: SpoolRows;
  /** Connections of earlier parts: what to add to this part's rows. */
  readonly firstConnection: number;
}

/** How far the replica had come, and when. */
interface Progress {
  readonly offset: number;
  readonly time: number;
}

interface Write {
  readonly offset: number;
  readonly bytes: number;
  readonly time: number;
}

/** One connection, as far as its ends have been told and not yet matched. */
interface Stream {
  /** Whether that end is in the trace at all. */
  sends: boolean;
  receives: boolean;
  from: number;
  connection: number;
  to: number;
  toConnection: number;
  readonly sent: Queue<Write>;
  readonly received: Queue<Progress>;
  readonly applied: Queue<Progress>;
}

/** First in, first out, without moving what is left. */
class Queue<T> {
  private items: T[] = [];
  private head = 0;

  get first(): T | undefined {
    return this.items[this.head];
  }

  add(item: T): void {
    this.items.push(item);
  }

  drop(): void {
    this.head++;
    if (this.head < 1024 || this.head * 2 < this.items.length) return;
    this.items = this.items.slice(this.head);
    this.head = 0;
  }
}

/** The first progress that reaches `offset`; those before it serve no later write. */
function reaching(progress: Queue<Progress>, offset: number): Progress | undefined {
  while (progress.first !== undefined && progress.first.offset < offset) progress.drop();
  return progress.first;
}

/** Matches the ends of all parts into rows of the replication table. Memory: what was written and not yet applied, or the other way round where clocks differ. */
export function joinReplication(parts: readonly PartReplication[], table: TableBuilder): void {
  const streams = new Map<string, Stream>();
  const byPart = parts.map(({ streams: { names, sends, receives } }) =>
    names.map((name, i) => {
      const stream = streams.get(name) ?? {
        sends: false,
        receives: false,
        from: unknownProcess,
        connection: unknownConnection,
        to: unknownProcess,
        toConnection: unknownConnection,
        sent: new Queue<Write>(),
        received: new Queue<Progress>(),
        applied: new Queue<Progress>(),
      };
      stream.sends ||= sends[i] === true;
      stream.receives ||= receives[i] === true;
      streams.set(name, stream);
      return stream;
    }),
  );
  const row = new Float64Array(replicationColumns.length);
  const add = (stream: Stream, { offset, bytes, time }: Write, received: number, applied: number): void => {
    row[0] = stream.from;
    row[1] = stream.connection;
    row[2] = stream.to;
    row[3] = stream.toConnection;
    row[4] = bytes;
    row[5] = offset;
    row[6] = time;
    row[7] = received;
    row[8] = applied;
    table.append(row);
  };
  const settle = (stream: Stream): void => {
    for (let write = stream.sent.first; write !== undefined; write = stream.sent.first) {
      const received = reaching(stream.received, write.offset);
      const applied = reaching(stream.applied, write.offset);
      if (received === undefined || applied === undefined) return;
      add(stream, write, received.time, applied.time);
      stream.sent.drop();
    }
  };
  const open = parts.map((part, i) => ({ part, streams: byPart[i] ?? [] })).filter(({ part }) => part.rows.next());
  while (open.length > 0) {
    let earliest = 0;
    for (let i = 1; i < open.length; i++) if (timeOf(open[i]) < timeOf(open[earliest])) earliest = i;
    const { part, streams: own } = open[earliest] as (typeof open)[number];
    const [step, number, offset = 0, time = 0, process = 0, connection = 0, bytes = 0] = part.rows.row;
    const stream = own[number as number] as Stream;
    if (step === replicationSteps.sent) {
      stream.from = process;
      stream.connection = part.firstConnection + connection;
      if (stream.receives) stream.sent.add({ offset, bytes, time });
      else add(stream, { offset, bytes, time }, never, never);
    } else {
      stream.to = process;
      stream.toConnection = part.firstConnection + connection;
      (step === replicationSteps.received ? stream.received : stream.applied).add({ offset, time });
      // Where the primary is not in the trace, a row for what was read at once.
      if (!stream.sends && step === replicationSteps.received) stream.sent.add({ offset, bytes: 0, time: never });
    }
    if (stream.sent.first !== undefined) settle(stream);
    if (!part.rows.next()) open.splice(earliest, 1);
  }
  for (const stream of streams.values()) {
    for (let write = stream.sent.first; write !== undefined; write = stream.sent.first) {
      const { offset } = write;
      add(stream, write, reaching(stream.received, offset)?.time ?? never, reaching(stream.applied, offset)?.time ?? never);
      stream.sent.drop();
    }
  }
}

function timeOf(open: { readonly part: PartReplication } | undefined): number {
  return open?.part.rows.row[3] ?? never;
}
