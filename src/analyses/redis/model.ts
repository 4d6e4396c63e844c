/**
 * The resource-driven model of the paper (section III.C, Fig. 3): Connections, Requests, Bus, Threads and Event loop of every traced Redis process,
 * and a row for every request with the times of each phase of its life.
 *
 * It is an automaton over steps (environments/redis). Per process steps come in time order; processes are independent of each other but for bus
 * messages, which are matched by link and stream offset in whatever order their two ends arrive.
 *
 * A request's life, and where each time comes from:
 *
 *     poll returns  socket read     command parsed            the reply is written
 *     arrived       readStart/End   parseStart  callStart/End writeStart/End
 *        |--queued for read--|--read--|--queued behind--|--parse--|--execute--|--queued for write--|--write--|
 *
 * With a pipeline several requests share arrived, readStart and readEnd, and one write answers them all. A request that needs several reads has arrived
 * with its first byte; its read phase lasts to the last one. On io threads the time from readEnd to the main thread taking over is "queued for execution".
 */
import type { RelativeNs } from "../../base/index.ts";
import { TimeBuckets, TimeReach } from "../../base/time-buckets.ts";
import { connectionKinds, type RareEvent, type RedisProcess, Step, type StepSink, stepName } from "../../environments/redis/index.ts";
import type { HistoryWriter, Quark, StateBuilder, TableBuilder } from "../../state/contract.ts";
import type { TraceSource } from "../../trace/index.ts";
import type { Spool, SpoolEnd } from "../contract.ts";
import { endpoint, type IntegrationConnection, integrationKinds, integrationWidth } from "../integration.ts";
import { Bus, type Delivery, type PartStreams, type ProcessBus } from "./bus.ts";
import {
  branches,
  conflictColumns,
  conflictKinds,
  connectionColumns,
  connectionStates,
  idSpaces,
  nestedCallColumns,
  noRequest,
  operations,
  type ProcessSummary,
  redirectKinds,
  requestColumns,
  requestFlags,
  root,
  type StepSummary,
  tables,
  unknownBytes,
} from "./keys.ts";
import { hopAnswered, hopWidth, isSetup, type RedirectTarget } from "./redirects.ts";
import { Replication, type ReplicationEnd, replicationSteps } from "./replication.ts";
import { replyUntold } from "./valkey.ts";

const noConnection = 0xffff_ffff;
/** Two threads' reads of one connection overlap when it is by more than the counters of two processors lag behind each other. */
const overlapNs = 1000;
const forever = Number.POSITIVE_INFINITY;
/** `list` of a client taken off a pending list without going onto an io thread's; `to` of one that is put on the queue of all io threads. */
const noList = 0xffff;
/** Purposes of a hand-over. */
const toRead = 0;
const toWrite = 1;
const toExecute = 2;
/** Command flags of the command_table event. */
const readFlag = 1;
const writeFlag = 2;
/** Bits of call steps' flags (events.ts, callFlags). */
const countedBit = 4;
const errorBit = 8;
const blockedBit = 16;

/** Steps that belong to a connection. Calls may do without: what a script or a timer calls. */
const ofConnection: boolean[] = [];
for (const kind of [
  Step.readStart,
  Step.readDone,
  Step.readEnd,
  Step.parsed,
  Step.processEnd,
  Step.writeStart,
  Step.writeEnd,
  Step.writeQueueAdd,
  Step.writeQueueRemove,
  Step.readQueueAdd,
  Step.readQueueRemove,
  Step.readQueueDone,
  Step.handOver,
  Step.takeOver,
  Step.deliver,
])
  ofConnection[kind] = true;

/** Steps of the main thread after which no bus message is being processed any more. */
const endsMessage: boolean[] = [];
for (const kind of [
  Step.pollStart,
  Step.callStart,
  Step.readStart,
  Step.writeStart,
  Step.clusterRead,
  Step.beforeSleepStart,
  Step.timeEventsStart,
])
  endsMessage[kind] = true;

/** A request under way. */
interface Request {
  readonly id: number;
  readonly arrived: number;
  readonly readStart: number;
  readonly readEnd: number;
  readonly readThread: number;
  parseStart: number;
  callStart: number;
  callEnd: number;
  writeStart: number;
  command: number;
  flags: number;
  requestBytes: number;
  replyBytes: number;
  /** Low 32 bits of where it ends in the request stream; -1 while unknown. */
  endOffset: number;
  /** The join of redirects has been told of it. */
  isTold: boolean;
  /** It was sent elsewhere. */
  redirect: Redirect | undefined;
  /** The ASKING it stands behind; -1 for none. */
  readonly asking: number;
}

/** What `cluster_redirect` says. Numbers are -1 where it does not say. */
interface Redirect {
  readonly kind: number;
  readonly slot: number;
  /** Number of the target, of the part's. */
  readonly target: number;
  readonly command: number;
}

interface Connection {
  readonly row: number;
  readonly id: number;
  label: string;
  local: string;
  remote: string;
  kind: string;
  opened: number;
  closed: number;
  bytesIn: number;
  bytesOut: number;
  requests: number;
  readonly state: Quark;
  readonly type: Quark;
  readonly memory: Quark;
  /** Of memory that few connections ever have: made when first needed; -1 before. */
  outputBuffer: Quark;
  totalMemory: Quark;
  /** Bytes last told by client_memory. */
  held: number;
  readonly dataStructure: Quark;
  readonly thread: Quark;
  readonly request: Quark;
  readonly requestType: Quark;
  readonly requestData: Quark;
  /** Time of the last change of `state`. */
  changed: number;
  /** Low 32 bits of the request stream's offset up to which bytes were read, and parsed; -1 while unknown. */
  readOffset: number;
  parsedOffset: number;
  /** Low 32 bits of the reply stream's offset up to which was written; -1 while unknown. */
  writeOffset: number;
  arrived: number;
  readStart: number;
  readEnd: number;
  readThread: number;
  /** What was just read will be executed only when the main thread comes to it (io threads). */
  isDeferred: boolean;
  /** The turn (Process.turns) after which it was last put on the list of pending reads, and in which it was last handed to which io list. */
  queuedTurn: number;
  listedTurn: number;
  list: number;
  /** The thread that is reading from it and the turn it began in; and one that came meanwhile, and when. */
  reader: Thread | undefined;
  readerTurn: number;
  second: Thread | undefined;
  secondStart: number;
  /** Where the request at hand was sent, if elsewhere. */
  redirect: Redirect | undefined;
  /** Bytes of the replication history that went over it so far; -1 while unknown, and where it carries none. */
  replicated: number;
  /** When the write under way began; -1 before the first. */
  writeStart: number;
  /** Up to where of the history what it brought was executed, and when; -1 when that has been told. */
  applied: number;
  appliedAt: number;
  /** Parked by BLPOP and the like (client_blocked), and not yet released. */
  isBlocked: boolean;
  /** The previous request, where that was ASKING; -1. */
  asking: number;
  /** End of the previous request's processing. */
  processed: number;
  /** Parsed and not yet called, or being called. */
  current: Request | undefined;
  /** Executed, reply not yet written. */
  readonly unanswered: Request[];
  /** Published messages in its output, and up to where the reply stream was written when the first of them was put there; -1 while unknown. */
  readonly deliveries: Delivery[];
  deliveryOffset: number;
}

interface Thread {
  readonly tid: number;
  readonly operation: Quark;
  readonly request: Quark;
  readonly stack: number[];
  current: number;
  /** Time of the last step on the thread. */
  last: number;
  /** One of the store's io threads. A thread that never introduced itself counts as the main one. */
  readonly isIo: boolean;
  /** When the thread's own poll last returned; -1 where it has none. */
  polled: number;
}

interface Process {
  readonly of: RedisProcess;
  readonly node: string;
  readonly connectionsQuark: Quark;
  readonly requestsQuark: Quark;
  readonly threadsQuark: Quark;
  readonly phase: Quark;
  readonly iteration: Quark;
  readonly ready: Quark;
  readonly queueLength: Quark;
  readonly usedMemory: Quark;
  readonly clientMemory: Quark;
  readonly replicationBacklog: Quark;
  /** Sum of what its connections hold, as far as they have told. */
  held: number;
  readonly connections: Map<number, Connection>;
  /** By index: few numbers, most of them small. */
  readonly threads: (Thread | undefined)[];
  /** The connection of the latest step: the next step is mostly about the same. */
  latest: Connection | undefined;
  readonly bus: ProcessBus;
  readonly calls: Map<number, number>;
  readonly commandText: number[];
  readonly commandType: number[];
  readonly commandSetup: boolean[];
  /** Of nodes of a cluster: where its requests and redirects are told (redirects.ts). */
  hops: Spool | undefined;
  iterations: number;
  bytesIn: number;
  bytesOut: number;
  /** Whether reads and what they trigger are one scope (a read_end comes): not so in the `light` set. */
  hasReadEnd: boolean;
  /** Between handle_pending_reads_start and _end: what is read now is executed later. */
  isHandlingReads: boolean;
  /** How often the list of pending reads was handed out. */
  turns: number;
  /** The request being executed by the main thread; undefined between requests. */
  executing: Request | undefined;
}

/** Turns steps into states and rows. */
export class RedisModel implements StepSink {
  private readonly writer: HistoryWriter;
  private readonly state: StateBuilder;
  private readonly requests: TableBuilder;
  private readonly nestedCalls: TableBuilder;
  private readonly conflicts: TableBuilder;
  private readonly bus: Bus;
  private readonly processes: Process[] = [];
  private readonly connections: { readonly process: Process; readonly connection: Connection }[] = [];
  private readonly nodeName: (of: RedisProcess) => string;
  private readonly hasReadEnd: boolean;
  private readonly row = new Float64Array(requestColumns.length);
  private readonly served: Spool | undefined;
  private readonly servedRow = new Float64Array(integrationWidth);
  private readonly newHops: () => Spool;
  private readonly replication: Replication;
  private readonly hopRow = new Float64Array(hopWidth);
  private readonly targets = new Map<string, RedirectTarget & { readonly number: number }>();
  private readonly redirected = new Set<number>();
  private readonly nestedRow = new Float64Array(nestedCallColumns.length);
  private readonly nestedStarts: number[] = [];
  private readonly buckets = new TimeBuckets();
  private readonly reach = new TimeReach();
  private readonly stepCounts = new Float64Array(256);
  private readonly rareCounts = new Map<string, number>();
  private nextRequest = 0;
  private readonly text: Readonly<Record<keyof typeof connectionStates, number>>;
  private readonly op: Readonly<Record<keyof typeof operations, number>>;
  private readonly phases: { readonly polling: number; readonly events: number; readonly beforeSleep: number; readonly cron: number };
  private readonly lists: { readonly pendingRead: number; readonly pendingWrite: number };
  private readonly readText: number;
  private readonly writeText: number;
  private readonly otherText: number;
  private readonly notExecuted: number;
  private readonly syncTexts: readonly number[];

  /**
   * `spools` take rows of `endWidth` and `deliveryWidth` numbers (bus.ts), and integration events; `hops` and `replication` give new ones for rows of
   * `hopWidth` (redirects.ts) and `replicationWidth` (replication.ts);
   * `nodeName` must give each process a name of its own.
   */
  constructor(
    writer: HistoryWriter,
    source: TraceSource,
    spools: {
      readonly ends: Spool;
      readonly deliveries: Spool;
      readonly served: Spool | undefined;
      readonly hops: () => Spool;
      readonly replication: () => Spool;
    },
    nodeName: (of: RedisProcess) => string,
  ) {
    this.writer = writer;
    this.served = spools.served;
    this.newHops = spools.hops;
    this.replication = new Replication(spools.replication);
    this.nodeName = nodeName;
    this.state = writer.state;
    this.requests = writer.table(tables.requests, requestColumns);
    this.nestedCalls = writer.table(tables.nestedCalls, nestedCallColumns);
    this.conflicts = writer.table(tables.conflicts, conflictColumns);
    this.bus = new Bus(writer.state, spools.ends, spools.deliveries);
    const names = new Set(source.eventClasses.map((eventClass) => eventClass.name));
    this.hasReadEnd = names.has("redis:steps") || !names.has("redis:commands");
    const intern = (text: string): number => this.state.intern(text);
    this.text = mapValues(connectionStates, intern);
    this.op = mapValues(operations, intern);
    this.phases = {
      polling: intern("polling"),
      events: intern("processing events"),
      beforeSleep: intern("before sleep"),
      cron: intern("cron"),
    };
    this.lists = { pendingRead: intern("pending-read"), pendingWrite: intern("pending-write") };
    this.syncTexts = [intern("psync"), intern("sync")];
    this.readText = intern("read");
    this.writeText = intern("write");
    this.otherText = intern("other");
    this.notExecuted = this.requests.intern("(not executed)");
  }

  // ---- StepSink -------------------------------------------------------------------------------------------------------------------------------------

  step(
    of: RedisProcess,
    kind: number,
    time: RelativeNs,
    threadIndex: number,
    conn: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
  ): void {
    this.buckets.add(time);
    this.stepCounts[kind] = (this.stepCounts[kind] as number) + 1;
    const process = this.process(of);
    const thread = this.thread(process, threadIndex);
    // A batch that the session caught in its middle, or a damaged one, does not say whose it is.
    if (conn < 0 && ofConnection[kind] === true) return;
    // Deliveries follow the message that they are of, with nothing but their own queueing between them.
    if (!thread.isIo && endsMessage[kind] === true) this.bus.settle(process.bus);
    switch (kind) {
      case Step.pollStart:
        thread.stack.length = 0;
        this.operate(thread, time, this.op.polling);
        if (!thread.isIo) this.state.setText(time, process.phase, this.phases.polling);
        break;
      case Step.pollEnd:
        this.operate(thread, time, this.op.eventLoop);
        thread.polled = time;
        if (thread.isIo) break;
        this.state.setText(time, process.phase, this.phases.events);
        process.iterations++;
        this.state.setNumber(time, process.iteration, process.iterations);
        this.state.setNumber(time, process.ready, a);
        break;
      case Step.readStart:
        this.readStart(process, thread, this.connection(process, conn, time), time);
        break;
      case Step.readDone:
        this.readDone(process, thread, this.connection(process, conn, time), time, a);
        break;
      case Step.readEnd:
        this.pop(thread, time, this.op.reading);
        this.readersPart(process, this.connection(process, conn, time), time);
        this.readEnd(this.connection(process, conn, time), time, a);
        break;
      case Step.parsed:
        // Records without a connection of their own are of the one before; a damaged batch may have none.
        if (conn < 0) break;
        this.parsed(process, this.connection(process, conn, time), time, b);
        break;
      case Step.callStart:
        this.callStart(process, thread, conn, time, a, b);
        break;
      case Step.callEnd:
        this.callEnd(process, thread, conn, time, a, b, c);
        break;
      case Step.processEnd: {
        if (conn < 0) break;
        const connection = this.connection(process, conn, time);
        connection.processed = time;
        this.settleUncalled(process, connection, time);
        break;
      }
      case Step.writeStart:
        this.writeStart(process, thread, this.connection(process, conn, time), time);
        break;
      case Step.writeEnd:
        this.writeEnd(process, thread, this.connection(process, conn, time), time, a, b);
        break;
      case Step.readQueueAdd: {
        const connection = this.connection(process, conn, time);
        this.queueForRead(thread, connection, time);
        if (connection.queuedTurn === process.turns) this.conflict(process, connection, conflictKinds.queuedTwice, time, thread);
        connection.queuedTurn = process.turns;
        this.state.setText(time, connection.dataStructure, this.lists.pendingRead);
        this.state.setText(time, connection.requestData, this.lists.pendingRead);
        break;
      }
      case Step.writeQueueAdd: {
        const connection = this.connection(process, conn, time);
        this.state.setText(time, connection.dataStructure, this.lists.pendingWrite);
        this.state.setText(time, connection.requestData, this.lists.pendingWrite);
        break;
      }
      case Step.readQueueDone: {
        const connection = this.connection(process, conn, time);
        if (connection.closed !== forever) this.conflict(process, connection, conflictKinds.usedAfterFree, time, thread);
        break;
      }
      case Step.readQueueRemove:
      case Step.writeQueueRemove: {
        const connection = this.connection(process, conn, time);
        if (kind === Step.readQueueRemove) this.listed(process, connection, time, thread, a);
        for (const quark of [connection.dataStructure, connection.requestData]) {
          if (a === noList) this.state.clear(time, quark);
          else this.state.setText(time, quark, this.state.intern(`io-list-${a}`));
        }
        break;
      }
      case Step.deliver: {
        const connection = this.connection(process, conn, time);
        if (connection.deliveries.length === 0) connection.deliveryOffset = connection.writeOffset;
        connection.deliveries.push(this.bus.deliver(process.bus, connection.row, process.executing?.id ?? noRequest, time));
        break;
      }
      case Step.handOver:
        this.handOver(thread, this.connection(process, conn, time), time, a, b);
        break;
      case Step.takeOver: {
        const connection = this.connection(process, conn, time);
        for (const quark of [connection.dataStructure, connection.requestData]) this.state.clear(time, quark);
        break;
      }
      case Step.handleReadsStart:
        process.isHandlingReads = true;
        process.turns++;
        this.push(thread, time, this.op.runningTask);
        break;
      case Step.handleReadsEnd:
        process.isHandlingReads = false;
        this.pop(thread, time, this.op.runningTask);
        break;
      case Step.ioRunStart:
        this.push(thread, time, this.op.runningTask);
        break;
      case Step.ioRunEnd:
        this.pop(thread, time, this.op.runningTask);
        break;
      case Step.handleWritesStart:
        this.state.setNumber(time, process.queueLength, a);
        break;
      case Step.handleWritesEnd:
        this.state.setNumber(time, process.queueLength, 0);
        break;
      case Step.beforeSleepStart:
        this.push(thread, time, this.op.beforeSleep);
        this.state.setText(time, process.phase, this.phases.beforeSleep);
        break;
      case Step.beforeSleepEnd:
        this.pop(thread, time, this.op.beforeSleep);
        break;
      case Step.timeEventsStart:
        this.push(thread, time, this.op.cron);
        this.state.setText(time, process.phase, this.phases.cron);
        break;
      case Step.timeEventsEnd:
        this.pop(thread, time, this.op.cron);
        break;
      case Step.sslRead:
        if (b > 0) this.flash(thread, time, this.state.intern(`Reading SSL bytes=${b}`));
        break;
      case Step.housekeeping:
        this.flash(thread, time, this.state.intern(housekeepingLabel(a)), b);
        break;
      case Step.clusterSend:
        this.clusterSend(process, time, a, b, c, d, e);
        break;
      case Step.clusterWrite: {
        this.flash(thread, time, this.op.clusterSend);
        this.showBacklog(time, this.bus.link(process.bus, a).backlog, c);
        break;
      }
      case Step.clusterRead:
        this.flash(thread, time, this.op.clusterRead);
        break;
      case Step.clusterPacket:
        this.clusterPacket(process, thread, time, a, b, c, d);
        break;
      default:
      // The others change no state: they are there for the events table.
    }
    thread.last = time;
  }

  rare(of: RedisProcess, event: RareEvent): void {
    const process = this.process(of);
    const { fields, time } = event;
    this.buckets.add(time);
    this.rareCounts.set(event.name, (this.rareCounts.get(event.name) ?? 0) + 1);
    switch (event.name) {
      case "connection_open":
      case "connection_state": {
        // A replica keeps the client of a master that it lost, and takes it up again with the next connection.
        if (process.connections.get(event.conn)?.closed !== forever) this.forget(process, event.conn);
        const connection = this.connection(process, event.conn, time);
        const kind = connectionKinds[Number(fields["kind"])] ?? "client";
        connection.kind = kind;
        connection.label = `${fields["fd"] === undefined ? "" : `fd ${fields["fd"]} `}${fields["raddr"]}:${fields["rport"]}`;
        connection.local = endpoint(of.hostname, String(fields["laddr"]), Number(fields["lport"]));
        connection.remote = endpoint(of.hostname, String(fields["raddr"]), Number(fields["rport"]));
        connection.readOffset = Number(fields["read_offset"]) % 0x1_0000_0000;
        connection.parsedOffset = connection.readOffset;
        connection.writeOffset = Number(fields["write_offset"]) % 0x1_0000_0000;
        this.state.set(time, connection.type, kind);
        this.setState(connection, time, this.text.idle);
        break;
      }
      case "free_client": {
        const connection = process.connections.get(event.conn);
        if (connection === undefined) break;
        this.setState(connection, time, this.text.freeing);
        if (connection.closed !== forever) {
          const thread = this.thread(process, event.thread);
          this.operate(thread, time, this.op.freeing);
          this.conflict(process, connection, conflictKinds.freedTwice, time, thread);
        }
        break;
      }
      case "connection_close": {
        const connection = process.connections.get(event.conn);
        this.flash(this.thread(process, event.thread), time, this.op.freeing);
        if (connection !== undefined) this.closeConnection(process, connection, time);
        break;
      }
      case "client_blocked": {
        const connection = this.connection(process, event.conn, time);
        if (connection.current !== undefined) connection.current.flags |= requestFlags.blocked;
        connection.isBlocked = true;
        this.setState(connection, time, this.text.blocked);
        break;
      }
      case "client_unblocked": {
        const connection = this.connection(process, event.conn, time);
        connection.isBlocked = false;
        this.rest(connection, time);
        break;
      }
      case "cluster_redirect":
        this.redirect(process, this.connection(process, event.conn, time), time, fields);
        break;
      case "call_counted": {
        const command = Number(fields["command"]);
        process.calls.set(command, (process.calls.get(command) ?? 0) + 1);
        const parked = this.connection(process, event.conn, time).unanswered.find((request) => request.command === command);
        if (parked !== undefined) parked.flags &= ~requestFlags.notCalled;
        break;
      }
      case "replication_offset": {
        const connection = this.connection(process, event.conn, time);
        connection.replicated = Number(fields["offset"]);
        break;
      }
      case "client_memory":
        this.clientMemory(process, this.connection(process, event.conn, time), time, fields);
        break;
      case "server_state":
        this.state.setNumber(time, process.usedMemory, Number(fields["used_memory"]));
        this.state.setNumber(time, process.replicationBacklog, Number(fields["repl_backlog"]));
        break;
      case "fork_start":
        this.push(this.thread(process, event.thread), time, this.op.fork);
        break;
      case "fork_end":
        this.pop(this.thread(process, event.thread), time, this.op.fork);
        break;
      case "link_open":
        this.bus.open(process.bus, event);
        break;
      default:
    }
    this.thread(process, event.thread).last = time;
  }

  handedOver(first: RelativeNs, last: RelativeNs, told: RelativeNs): void {
    this.reach.add(first, last, told);
  }

  /** A sample of what a client holds. Output buffers are noted from when there first is one: most clients never have any. */
  private clientMemory(process: Process, connection: Connection, time: number, fields: RareEvent["fields"]): void {
    if (connection.closed !== forever) return;
    const [output, total] = [Number(fields["output_buffer"]), Number(fields["memory"])];
    const attribute = (name: string): Quark => this.state.child(this.state.child(process.connectionsQuark, String(connection.id)), name);
    this.state.setNumber(time, connection.memory, Number(fields["query_buffer"]));
    if (connection.totalMemory < 0) connection.totalMemory = attribute("TotalMemory");
    this.state.setNumber(time, connection.totalMemory, total);
    if (connection.outputBuffer < 0 && output > 0) connection.outputBuffer = attribute("OutputBuffer");
    if (connection.outputBuffer >= 0) this.state.setNumber(time, connection.outputBuffer, output);
    this.hold(process, connection, time, total);
  }

  private hold(process: Process, connection: Connection, time: number, bytes: number): void {
    if (bytes === connection.held) return;
    process.held += bytes - connection.held;
    connection.held = bytes;
    this.state.setNumber(time, process.clientMemory, process.held);
  }

  // ---- Requests -------------------------------------------------------------------------------------------------------------------------------------

  /** A client is put on another thread's queue: what it waits for there. */
  private handOver(thread: Thread, connection: Connection, time: number, to: number, purpose: number): void {
    const queue = this.state.intern(to === 0 ? "main-queue" : to === noList ? "io-queue" : `io-queue-${to}`);
    for (const quark of [connection.dataStructure, connection.requestData]) this.state.setText(time, quark, queue);
    if (purpose === toRead) this.queueForRead(thread, connection, time);
    else if (purpose === toWrite) this.setState(connection, time, this.text.queuedForWrite);
    else if (purpose === toExecute) this.setState(connection, time, this.text.queuedForExecution);
  }

  /** The socket became readable when the thread's poll last returned, unless this connection was already served in this iteration. */
  private queueForRead(thread: Thread, connection: Connection, time: number): void {
    // A request that needs several reads keeps the arrival of its first byte.
    const isPartial = connection.readOffset >= 0 && connection.parsedOffset >= 0 && connection.readOffset !== connection.parsedOffset;
    if (isPartial && connection.current === undefined && connection.readStart >= 0) return;
    const arrived = Math.min(time, Math.max(thread.polled, connection.readEnd));
    connection.arrived = arrived;
    connection.readStart = -1;
    if (connection.unanswered.length === 0) this.setState(connection, arrived, this.text.queuedForRead);
  }

  private listed(process: Process, connection: Connection, time: number, thread: Thread, list: number): void {
    if (connection.listedTurn === process.turns)
      this.conflict(process, connection, conflictKinds.listedTwice, time, thread, time, connection.list, list);
    connection.listedTurn = process.turns;
    connection.list = list;
  }

  /** Whoever ends first, the reads have overlapped up to here. */
  private readersPart(process: Process, connection: Connection, time: number): void {
    const { reader, second, secondStart } = connection;
    connection.reader = undefined;
    connection.second = undefined;
    if (reader !== undefined && second !== undefined && time - secondStart >= overlapNs)
      this.conflict(process, connection, conflictKinds.twoThreads, secondStart, second, time, reader.tid);
  }

  private conflict(
    process: Process,
    connection: Connection,
    kind: number,
    time: number,
    thread: Thread,
    end = time,
    other = 0,
    list = 0,
  ): void {
    this.conflicts.append([process.of.index, connection.row, kind, time, end, thread.tid, other, list]);
  }

  private readStart(process: Process, thread: Thread, connection: Connection, time: number): void {
    this.settleUncalled(process, connection, time);
    if (connection.reader === undefined || connection.readerTurn !== process.turns) {
      connection.reader = thread;
      connection.readerTurn = process.turns;
      connection.second = undefined;
    } else if (connection.reader !== thread) {
      connection.second = thread;
      connection.secondStart = time;
    }
    if (connection.arrived < 0 || connection.arrived <= connection.readEnd) {
      // An io thread without a poll of its own reads what the main thread's poll found.
      const poller = thread.polled >= 0 ? thread : this.thread(process, 0);
      this.queueForRead(poller, connection, time);
    }
    if (connection.readStart < 0) connection.readStart = time;
    connection.readThread = thread.tid;
    connection.isDeferred = process.isHandlingReads || thread.isIo;
    this.push(thread, time, this.op.reading);
    this.setState(connection, time, this.text.reading);
    this.state.setNumber(time, connection.thread, thread.tid);
  }

  private readDone(process: Process, thread: Thread, connection: Connection, time: number, nread: number): void {
    if (!this.hasReadEnd) {
      this.pop(thread, time, this.op.reading);
      this.readersPart(process, connection, time);
    }
    this.tellApplied(process, connection);
    connection.readEnd = time;
    connection.arrived = Math.min(connection.arrived, time);
    if (nread > 0) {
      if (connection.readOffset >= 0) connection.readOffset = (connection.readOffset + nread) % 0x1_0000_0000;
      connection.bytesIn += nread;
      if (connection.kind !== "master") process.bytesIn += nread;
      else if (connection.replicated >= 0) {
        connection.replicated += nread;
        this.tellReplication(process, connection, replicationSteps.received, connection.replicated, time, nread);
      }
    }
    if (!this.hasReadEnd || nread <= 0) this.rest(connection, time);
  }

  private readEnd(connection: Connection, time: number, queryBuffer: number): void {
    if (connection.closed !== forever) return;
    this.state.setNumber(time, connection.memory, queryBuffer);
    if (connection.current !== undefined && connection.unanswered.length === 0)
      this.setState(connection, time, this.text.queuedForExecution);
    else this.rest(connection, time);
  }

  private begin(connection: Connection, parseStart: number): Request {
    const readStart = connection.readStart >= 0 ? connection.readStart : connection.readEnd >= 0 ? connection.readEnd : parseStart;
    const readEnd = Math.max(readStart, connection.readEnd);
    const { asking } = connection;
    connection.asking = -1;
    return {
      id: this.nextRequest++,
      arrived: connection.arrived >= 0 ? Math.min(connection.arrived, readStart) : readStart,
      readStart,
      readEnd,
      readThread: connection.readThread,
      parseStart: Math.max(readEnd, parseStart),
      callStart: -1,
      callEnd: -1,
      writeStart: -1,
      command: -1,
      flags: 0,
      requestBytes: unknownBytes,
      replyBytes: unknownBytes,
      endOffset: -1,
      isTold: false,
      redirect: undefined,
      asking,
    };
  }

  /** The request at hand is sent elsewhere; or the one that is parked, whose slot has left. */
  private redirect(process: Process, connection: Connection, time: number, fields: RareEvent["fields"]): void {
    const text = String(fields["target"] ?? "");
    let target = this.targets.get(text);
    if (target === undefined) {
      const port = text.lastIndexOf(":");
      const address = port < 0 ? "" : endpoint(process.of.hostname, text.slice(0, port), Number(text.slice(port + 1)));
      target = { text, address, number: this.targets.size };
      this.targets.set(text, target);
    }
    const redirect = {
      kind: Number(fields["kind"]),
      slot: Number(fields["slot"]),
      target: target.number,
      command: Number(fields["command"] ?? -1),
    };
    const parked = connection.isBlocked ? connection.unanswered.find(({ flags }) => (flags & requestFlags.blocked) !== 0) : undefined;
    if (parked === undefined) {
      // The light set tells of a request after its redirect: the one before is over.
      if (connection.redirect !== undefined) this.settleUncalled(process, connection, time);
      connection.redirect = redirect;
    } else {
      parked.redirect = redirect;
      parked.flags |= requestFlags.redirected;
    }
  }

  private parsed(process: Process, connection: Connection, time: number, endOffset: number): void {
    // Two sets recording at once may both tell of it.
    if (connection.current !== undefined && connection.parsedOffset === endOffset) return;
    this.settleUncalled(process, connection, time);
    const request = this.begin(connection, Math.max(connection.readEnd, connection.processed));
    if (connection.parsedOffset >= 0) request.requestBytes = (endOffset - connection.parsedOffset + 0x1_0000_0000) % 0x1_0000_0000;
    connection.parsedOffset = endOffset;
    request.endOffset = endOffset;
    connection.current = request;
  }

  private callStart(process: Process, thread: Thread, conn: number, time: number, command: number, flags: number): void {
    const text = this.commandText(process, command);
    this.push(thread, time, text);
    if ((flags & 3) !== 0 || conn < 0) {
      this.nestedStarts.push(time);
      return;
    }
    const connection = this.connection(process, conn, time);
    connection.current ??= this.begin(connection, time);
    const request = connection.current;
    if (connection.isDeferred) {
      // The main thread takes over where its last step left off.
      request.flags |= requestFlags.deferred;
      request.parseStart = Math.max(request.parseStart, thread.last);
      connection.isDeferred = false;
    }
    request.parseStart = Math.min(request.parseStart, time);
    request.callStart = time;
    request.command = command;
    process.executing = request;
    this.setState(connection, time, text);
    this.state.setNumber(time, thread.request, request.id);
    this.state.setNumber(time, connection.request, request.id);
    this.state.setText(time, connection.requestType, this.typeText(process, command));
  }

  private callEnd(process: Process, thread: Thread, conn: number, time: number, command: number, flags: number, replyBytes: number): void {
    this.pop(thread, time, this.commandText(process, command));
    if ((flags & countedBit) !== 0) process.calls.set(command, (process.calls.get(command) ?? 0) + 1);
    if ((flags & 3) !== 0 || conn < 0) {
      this.nestedCall(process, conn, time, command, flags);
      return;
    }
    this.state.clear(time, thread.request);
    process.executing = undefined;
    const connection = this.connection(process, conn, time);
    const request = connection.current ?? this.begin(connection, time);
    connection.current = undefined;
    connection.processed = time;
    if (request.callStart < 0) request.callStart = request.parseStart;
    request.command = command;
    request.callEnd = time;
    request.flags |= this.commandType(process, command);
    if (this.isAsking(process, command)) connection.asking = request.id;
    if ((flags & errorBit) !== 0) request.flags |= requestFlags.failed;
    if ((flags & blockedBit) !== 0) request.flags |= requestFlags.blocked;
    if ((flags & countedBit) === 0) request.flags |= requestFlags.notCalled;
    // A parked request is answered later: what its call queued is not its reply.
    const isParked = (request.flags & requestFlags.blocked) !== 0;
    if (replyBytes >= 0 && !isParked) request.replyBytes = replyBytes;
    // A replica's acknowledgements have no replies; `light` does not tell.
    const hasReply = connection.kind === "replica" ? replyBytes > 0 : replyBytes !== replyUntold && (replyBytes !== 0 || isParked);
    const isAnswered = connection.kind !== "master" && hasReply;
    if (isAnswered) {
      connection.unanswered.push(request);
      this.setState(connection, time, isParked ? this.text.blocked : this.text.queuedForWrite);
    } else {
      request.writeStart = time;
      this.complete(process, connection, request, time);
      this.setState(connection, time, this.text.idle);
    }
    if (this.syncTexts.includes(this.commandText(process, command)) && (flags & errorBit) === 0) {
      connection.kind = "replica";
      this.state.set(time, connection.type, connection.kind);
    }
  }

  /** The primary writes to `local>remote`; the replica's connection is the same, seen from the other end. */
  private tellReplication(process: Process, connection: Connection, step: number, offset: number, time: number, bytes: number): void {
    const { local, remote, row } = connection;
    const isSender = step === replicationSteps.sent;
    const stream = isSender ? `${local}>${remote}` : `${remote}>${local}`;
    this.replication.tell(step, stream, offset, time, process.of.index, row, bytes);
    if (bytes > 0) this.bus.replicated(process.bus, time, isSender ? `replica ${remote}` : `master ${remote}`, isSender, bytes);
  }

  /** A request that came with the replication history has been executed. */
  private noteApplied(connection: Connection, request: Request): void {
    if (connection.replicated < 0 || connection.kind !== "master" || (request.flags & requestFlags.incomplete) !== 0) return;
    if (request.endOffset < 0 || connection.readOffset < 0) return;
    const unread = (connection.readOffset - request.endOffset + 0x1_0000_0000) % 0x1_0000_0000;
    connection.applied = connection.replicated - unread;
    connection.appliedAt = request.callEnd;
  }

  /** Once per read, of the last request that was executed after the one before. */
  private tellApplied(process: Process, connection: Connection): void {
    if (connection.appliedAt < 0) return;
    this.tellReplication(process, connection, replicationSteps.applied, connection.applied, connection.appliedAt, 0);
    connection.appliedAt = -1;
  }

  private nestedCall(process: Process, conn: number, time: number, command: number, flags: number): void {
    const start = this.nestedStarts.pop() ?? time;
    if ((flags & countedBit) === 0) return;
    const row = this.nestedRow;
    row[0] = process.of.index;
    row[1] = process.connections.get(conn)?.row ?? noConnection;
    row[2] = this.nestedCalls.intern(this.commandName(process, command));
    row[3] = this.commandType(process, command) | ((flags & errorBit) !== 0 ? requestFlags.failed : 0);
    row[4] = start;
    row[5] = time;
    this.nestedCalls.append(row);
  }

  /** A request that was parsed but never called (queued by MULTI, redirected, refused) is over when its processing is. */
  private settleUncalled(process: Process, connection: Connection, time: number): void {
    const request = connection.current;
    if (request === undefined || request.callStart >= 0) return;
    connection.current = undefined;
    request.callStart = Math.max(request.parseStart, time);
    request.callEnd = request.callStart;
    request.flags |= requestFlags.notCalled;
    if (connection.redirect !== undefined) {
      request.redirect = connection.redirect;
      request.command = connection.redirect.command;
      if (request.command >= 0) request.flags |= this.commandType(process, request.command);
      request.flags |= requestFlags.redirected;
      connection.redirect = undefined;
    }
    connection.processed = time;
    if (connection.kind === "master") {
      request.writeStart = time;
      this.complete(process, connection, request, time);
      return;
    }
    connection.unanswered.push(request);
    this.setState(connection, time, this.text.queuedForWrite);
  }

  private writeStart(process: Process, thread: Thread, connection: Connection, time: number): void {
    this.settleUncalled(process, connection, time);
    connection.writeStart = time;
    for (const request of connection.unanswered) if (request.writeStart < 0) this.answered(process, connection, request, time);
    for (const request of connection.unanswered)
      if (request.writeStart < 0 && (request.flags & requestFlags.blocked) === 0) request.writeStart = time;
    // A blocked request is answered by a write of its own, later than its call.
    for (const request of connection.unanswered) if (request.writeStart < 0) request.writeStart = time;
    this.push(thread, time, this.op.writing);
    if (connection.unanswered.length > 0) this.state.setNumber(time, thread.request, (connection.unanswered[0] as Request).id);
    this.setState(connection, time, this.text.writing);
    this.state.setNumber(time, connection.thread, thread.tid);
    if (!thread.isIo) process.executing = undefined;
  }

  private writeEnd(process: Process, thread: Thread, connection: Connection, time: number, nwritten: number, left: number): void {
    this.pop(thread, time, this.op.writing);
    this.state.clear(time, thread.request);
    if (nwritten > 0) {
      connection.bytesOut += nwritten;
      if (connection.writeOffset >= 0) connection.writeOffset = (connection.writeOffset + nwritten) % 0x1_0000_0000;
      process.bytesOut += nwritten;
      if (connection.kind === "replica" && connection.replicated >= 0) {
        connection.replicated += nwritten;
        this.tellReplication(process, connection, replicationSteps.sent, connection.replicated, connection.writeStart, nwritten);
      }
    }
    if (left === 0) {
      this.deliver(process, connection, time);
      const only = connection.unanswered.length === 1;
      for (const request of connection.unanswered) {
        if (only && request.replyBytes === unknownBytes && nwritten >= 0) request.replyBytes = nwritten;
        this.complete(process, connection, request, time);
      }
      connection.unanswered.length = 0;
      this.state.clear(time, connection.request);
      this.state.clear(time, connection.requestType);
      this.rest(connection, time);
    } else this.setState(connection, time, this.text.queuedForWrite);
    this.state.clear(time, connection.dataStructure);
    this.state.clear(time, connection.requestData);
  }

  /** All messages in the connection's output have been written; or, when `time` is infinite, never will be. */
  private deliver(process: Process, connection: Connection, time: number): void {
    for (const delivery of connection.deliveries) {
      const number = this.bus.written(process.bus, delivery, time);
      if (this.served === undefined || !Number.isFinite(time) || connection.writeOffset < 0 || connection.deliveryOffset < 0) continue;
      const row = this.servedRow;
      row.fill(-1);
      row[0] = integrationKinds.pushed;
      row[1] = time;
      row[2] = number;
      row[3] = connection.row;
      row[4] = connection.deliveryOffset;
      row[5] = connection.writeOffset;
      this.served.append(row);
    }
    connection.deliveries.length = 0;
  }

  private complete(process: Process, connection: Connection, request: Request, time: number): void {
    const row = this.row;
    connection.requests++;
    this.noteApplied(connection, request);
    row[0] = request.id;
    row[1] = process.of.index;
    row[2] = connection.row;
    row[3] = request.command < 0 ? this.notExecuted : this.requests.intern(this.commandName(process, request.command));
    row[4] = request.flags;
    row[5] = request.readThread;
    row[6] = process.of.threads.get(0)?.tid ?? process.of.pid;
    row[7] = request.arrived;
    row[8] = request.readStart;
    row[9] = request.readEnd;
    row[10] = request.parseStart;
    row[11] = request.callStart;
    row[12] = request.callEnd;
    row[13] = request.writeStart;
    row[14] = time;
    // Threads read counters of different processors, which lag behind each other a little: no phase ends before it began.
    for (let i = 8; i <= 14; i++) row[i] = Math.max(row[i] as number, row[i - 1] as number);
    row[15] = request.requestBytes;
    row[16] = request.replyBytes;
    this.requests.append(row);
    if (!request.isTold) this.answered(process, connection, request, time);
    if (this.served !== undefined && request.endOffset >= 0 && request.requestBytes !== unknownBytes)
      this.offer(this.served, connection, request, row[14] as number);
  }

  /** Where hops of this connection are told; undefined where it is no client's, or the process no node of a cluster. */
  private hops(process: Process, connection: Connection): Spool | undefined {
    if (process.of.info?.clusterEnabled !== true || connection.kind !== "client") return undefined;
    process.hops ??= this.newHops();
    return process.hops;
  }

  /** Its answer is about to be written, or never will be. */
  private answered(process: Process, connection: Connection, request: Request, time: number): void {
    request.isTold = true;
    const hops = this.hops(process, connection);
    if (hops === undefined || (request.command >= 0 && this.isSetup(process, request.command))) return;
    const row = this.hopRow;
    row.fill(0);
    row[0] = time;
    row[1] = hopAnswered;
    row[2] = request.id;
    row[3] = connection.row;
    row[4] = request.command;
    row[5] = request.requestBytes;
    row[6] = request.arrived;
    row[7] = request.asking;
    hops.append(row);
    const { redirect } = request;
    if (!isFollowed(redirect)) return;
    this.redirected.add(connection.row);
    row[1] = redirect.kind;
    row[7] = redirect.slot;
    row[8] = redirect.target;
    row[9] = connection.unanswered.length === 1 ? 1 : 0;
    hops.append(row);
  }

  private isAsking(process: Process, command: number): boolean {
    return this.isSetup(process, command) && this.commandName(process, command) === "asking";
  }

  private isSetup(process: Process, command: number): boolean {
    let known = process.commandSetup[command];
    if (known === undefined) {
      known = isSetup(this.commandName(process, command));
      process.commandSetup[command] = known;
    }
    return known;
  }

  /** Tells the integration analysis. */
  private offer(served: Spool, connection: Connection, request: Request, time: number): void {
    const row = this.servedRow;
    row[0] = integrationKinds.served;
    row[1] = time;
    row[2] = request.id;
    row[3] = connection.row;
    row[4] = (request.endOffset - request.requestBytes + 0x1_0000_0000) % 0x1_0000_0000;
    row[5] = request.endOffset;
    row[6] = request.arrived;
    row[7] = connection.writeOffset;
    row[8] = isFollowed(request.redirect) ? request.redirect.target + 1 : 0;
    served.append(row);
  }

  /** Connections, in the order of their rows, as the integration analysis wants them; `processes` are those of this part. */
  integrationConnections(processes: readonly RedisProcess[]): readonly IntegrationConnection[] {
    return this.connections.map(({ process, connection: { local, remote, opened, closed } }) => {
      return { process: processes.indexOf(process.of), local, remote, opened, closed, calls: false };
    });
  }

  // ---- Bus ------------------------------------------------------------------------------------------------------------------------------------------

  private clusterSend(process: Process, time: number, id: number, type: number, length: number, endOffset: number, backlog: number): void {
    const link = this.bus.link(process.bus, id);
    this.bus.sent(process.bus, time, link, type, length, endOffset, process.executing?.id ?? noRequest);
    this.showBacklog(time, link.backlog, backlog);
  }

  /** Nothing queued is no state, so that where many share a pixel what waited is seen. */
  private showBacklog(time: number, quark: Quark, bytes: number): void {
    if (bytes === 0) this.state.clear(time, quark);
    else this.state.setNumber(time, quark, bytes);
  }

  private clusterPacket(process: Process, thread: Thread, time: number, id: number, type: number, length: number, endOffset: number): void {
    this.flash(thread, time, this.op.clusterRead);
    this.bus.received(process.bus, time, this.bus.link(process.bus, id), type, length, endOffset);
  }

  // ---- Threads --------------------------------------------------------------------------------------------------------------------------------------

  private operate(thread: Thread, time: number, operation: number): void {
    thread.current = operation;
    this.show(thread, time, operation);
  }

  /** Idle is no state: it would drown everything else wherever many states share a pixel. */
  private show(thread: Thread, time: number, operation: number): void {
    if (operation === this.op.polling || operation === this.op.waiting) this.state.clear(time, thread.operation);
    else this.state.setText(time, thread.operation, operation);
  }

  private push(thread: Thread, time: number, operation: number): void {
    thread.stack.push(thread.current);
    this.operate(thread, time, operation);
  }

  /** Ends `operation` and everything still open inside it; nothing when it never began in this trace. */
  private pop(thread: Thread, time: number, operation: number): void {
    let current = thread.current;
    let depth = thread.stack.length;
    while (current !== operation && depth > 0) {
      depth--;
      current = thread.stack[depth] as number;
    }
    if (current !== operation || depth === 0) return;
    const before = thread.stack[depth - 1] as number;
    thread.stack.length = depth - 1;
    this.operate(thread, time, before);
  }

  /** An operation known only by its end: it began `duration` ns ago, but never before the thread's last step. */
  private flash(thread: Thread, time: number, operation: number, duration = forever): void {
    this.state.setText(Math.max(thread.last, time - duration), thread.operation, operation);
    this.show(thread, time, thread.current);
  }

  // ---- Things that appear ---------------------------------------------------------------------------------------------------------------------------

  private process(of: RedisProcess): Process {
    const known = this.processes[of.index];
    if (known !== undefined) return known;
    const node = this.nodeName(of);
    const state = this.state;
    const quark = state.child(state.child(-1, root), node);
    const loop = state.child(quark, branches.eventLoop);
    const server = state.child(quark, branches.server);
    const made: Process = {
      of,
      node,
      threadsQuark: state.child(quark, branches.threads),
      connectionsQuark: state.child(quark, branches.connections),
      requestsQuark: state.child(quark, branches.requests),
      phase: state.child(loop, "Phase"),
      iteration: state.child(loop, "Iteration"),
      ready: state.child(loop, "Ready"),
      queueLength: state.child(loop, "QueueLength"),
      usedMemory: state.child(server, "UsedMemory"),
      clientMemory: state.child(server, "ClientMemory"),
      replicationBacklog: state.child(server, "ReplicationBacklog"),
      held: 0,
      connections: new Map(),
      threads: [],
      latest: undefined,
      bus: { process: of.index, quark: state.child(quark, branches.bus), links: new Map(), replication: new Map(), totals: new Map() },
      calls: new Map(),
      commandText: [],
      commandType: [],
      commandSetup: [],
      hops: undefined,
      iterations: 0,
      bytesIn: 0,
      bytesOut: 0,
      hasReadEnd: this.hasReadEnd,
      isHandlingReads: false,
      turns: 0,
      executing: undefined,
    };
    this.processes[of.index] = made;
    return made;
  }

  private thread(process: Process, index: number): Thread {
    const known = process.threads[index];
    if (known !== undefined) return known;
    const tid = process.of.threads.get(index)?.tid ?? index;
    const quark = this.state.child(process.threadsQuark, String(tid));
    const thread: Thread = {
      tid,
      operation: this.state.child(quark, "Operation"),
      request: this.state.child(quark, "Request"),
      stack: [],
      current: index === 0 ? this.op.eventLoop : this.op.waiting,
      last: 0,
      isIo: index > 0 && index < 100,
      polled: -1,
    };
    this.state.holdsIds(thread.request, idSpaces.requests);
    process.threads[index] = thread;
    return thread;
  }

  private connection(process: Process, id: number, time: number): Connection {
    if (process.latest !== undefined && process.latest.id === id) return process.latest;
    const known = process.connections.get(id);
    if (known !== undefined) {
      process.latest = known;
      return known;
    }
    const state = this.state;
    const quark = state.child(process.connectionsQuark, String(id));
    const request = state.child(process.requestsQuark, String(id));
    const connection: Connection = {
      row: this.connections.length,
      id,
      label: `connection ${id}`,
      local: "",
      remote: "",
      kind: "client",
      opened: time,
      closed: forever,
      bytesIn: 0,
      bytesOut: 0,
      requests: 0,
      state: state.child(quark, "State"),
      type: state.child(quark, "Type"),
      memory: state.child(quark, "Memory"),
      outputBuffer: -1,
      totalMemory: -1,
      held: 0,
      dataStructure: state.child(quark, "DataStructure"),
      thread: state.child(quark, "Thread"),
      request: state.child(request, "Request"),
      requestType: state.child(request, "Type"),
      requestData: state.child(request, "DataStructure"),
      changed: time,
      readOffset: -1,
      parsedOffset: -1,
      writeOffset: -1,
      arrived: -1,
      readStart: -1,
      readEnd: -1,
      readThread: process.of.threads.get(0)?.tid ?? process.of.pid,
      isDeferred: false,
      queuedTurn: -1,
      listedTurn: -1,
      list: noList,
      reader: undefined,
      readerTurn: 0,
      second: undefined,
      secondStart: 0,
      redirect: undefined,
      replicated: -1,
      writeStart: -1,
      applied: -1,
      appliedAt: -1,
      isBlocked: false,
      asking: -1,
      processed: -1,
      current: undefined,
      unanswered: [],
      deliveries: [],
      deliveryOffset: -1,
    };
    state.holdsIds(connection.request, idSpaces.requests);
    process.connections.set(id, connection);
    this.connections.push({ process, connection });
    return connection;
  }

  /** What comes next with this id is another connection. */
  private forget(process: Process, id: number): void {
    process.connections.delete(id);
    if (process.latest?.id === id) process.latest = undefined;
  }

  private setState(connection: Connection, time: number, text: number): void {
    if (connection.closed !== forever) return;
    connection.changed = Math.max(connection.changed, time);
    if (text === this.text.idle) this.state.clear(connection.changed, connection.state);
    else this.state.setText(connection.changed, connection.state, text);
  }

  /** What a connection is when nobody works on it. */
  private rest(connection: Connection, time: number): void {
    const waits = connection.unanswered.length > 0 ? this.text.queuedForWrite : this.text.idle;
    this.setState(connection, time, connection.isBlocked ? this.text.blocked : waits);
  }

  /** Ids are not reused inside a process but for a master's: a closed connection stays known, and what still refers to it changes nothing any more. */
  private closeConnection(process: Process, connection: Connection, time: number): void {
    if (connection.closed !== forever) return;
    for (const request of connection.unanswered) this.abandon(process, connection, request, time);
    connection.unanswered.length = 0;
    this.tellApplied(process, connection);
    this.deliver(process, connection, forever);
    connection.closed = time;
    connection.changed = Math.max(connection.changed, time);
    const end = connection.changed;
    for (const quark of [connection.state, connection.type, connection.memory, connection.dataStructure, connection.thread])
      this.state.clear(end, quark);
    for (const quark of [connection.outputBuffer, connection.totalMemory]) if (quark >= 0) this.state.clear(end, quark);
    this.hold(process, connection, time, 0);
    for (const quark of [connection.request, connection.requestType, connection.requestData]) this.state.clear(end, quark);
  }

  /** A request whose reply was not seen. */
  private abandon(process: Process, connection: Connection, request: Request, time: number): void {
    request.flags |= requestFlags.incomplete;
    if (request.callStart < 0) request.callStart = Math.max(request.parseStart, request.readEnd);
    if (request.callEnd < 0) request.callEnd = Math.max(request.callStart, time);
    if (request.writeStart < 0) request.writeStart = Math.max(request.callEnd, time);
    this.complete(process, connection, request, Math.max(request.writeStart, time));
  }

  private commandName(process: Process, command: number): string {
    return process.of.commands[command] ?? `command ${command}`;
  }

  private commandText(process: Process, command: number): number {
    const known = process.commandText[command];
    if (known !== undefined) return known;
    const text = this.state.intern(this.commandName(process, command));
    process.commandText[command] = text;
    return text;
  }

  private commandType(process: Process, command: number): number {
    const flags = process.of.commandFlags[command] ?? 0;
    return ((flags & readFlag) !== 0 ? requestFlags.read : 0) | ((flags & writeFlag) !== 0 ? requestFlags.write : 0);
  }

  private typeText(process: Process, command: number): number {
    const flags = process.of.commandFlags[command] ?? 0;
    return (flags & writeFlag) !== 0 ? this.writeText : (flags & readFlag) !== 0 ? this.readText : this.otherText;
  }

  // ---- The end --------------------------------------------------------------------------------------------------------------------------------------

  /** Closes what is open and writes the tables that are known only now. */
  finish(end: RelativeNs): void {
    for (const { process, connection } of this.connections) {
      this.readersPart(process, connection, end);
      if (connection.closed !== forever) continue;
      if (connection.current !== undefined) this.abandon(process, connection, connection.current, end);
      for (const request of connection.unanswered) this.abandon(process, connection, request, end);
      this.tellApplied(process, connection);
      this.deliver(process, connection, forever);
    }
    for (const process of this.processes) if (process !== undefined) this.bus.settle(process.bus);
    const table = this.writer.table(tables.connections, connectionColumns);
    for (const { process, connection } of this.connections) {
      table.append([
        process.of.index,
        connection.id,
        table.intern(connection.label),
        table.intern(connection.kind),
        connection.opened,
        connection.closed,
        connection.bytesIn,
        connection.bytesOut,
        connection.requests,
      ]);
    }
    this.writer.idSpace(idSpaces.requests, this.nextRequest);
    this.writer.idSpace(idSpaces.connections, this.connections.length);
  }

  /** Requests that were given an id. */
  get requestCount(): number {
    return this.nextRequest;
  }

  get connectionCount(): number {
    return this.connections.length;
  }

  get streams(): PartStreams {
    return this.bus.streams;
  }

  get replicationEnd(): ReplicationEnd | undefined {
    return this.replication.end();
  }

  /** What the part tells of redirects (redirects.ts); `connections` are empty where no process is a node of a cluster. */
  hopsOf(processes: readonly RedisProcess[]): {
    readonly processes: readonly { readonly process: number; readonly rows: SpoolEnd }[];
    readonly connections: readonly IntegrationConnection[];
    readonly targets: readonly RedirectTarget[];
    readonly redirected: readonly number[];
  } {
    const told = this.processes.flatMap((process) =>
      process?.hops === undefined ? [] : [{ process: process.of.index, rows: process.hops.end() }],
    );
    return {
      processes: told,
      connections: told.length === 0 ? [] : this.integrationConnections(processes),
      targets: [...this.targets.values()].map(({ text, address }) => ({ text, address })),
      redirected: [...this.redirected],
    };
  }

  /** This part of the `steps` document. */
  steps(): Omit<StepSummary, "slopes"> {
    const counts: Record<string, number> = {};
    this.stepCounts.forEach((count, kind) => {
      if (count === 0) return;
      const name = stepName(kind, -1);
      counts[name] = (counts[name] ?? 0) + count;
    });
    for (const [name, count] of this.rareCounts) counts[`redis:${name}`] = count;
    return { counts, buckets: this.buckets.finish(), reach: this.reach.finish() };
  }

  /** What the `processes` document says of this one. */
  summary(of: RedisProcess): ProcessSummary {
    const process = this.process(of);
    return {
      index: of.index,
      node: process.node,
      pid: of.pid,
      trace: of.trace,
      nodeId: of.info?.nodeId ?? "",
      flavor: of.info?.flavor ?? "redis",
      version: of.info?.version ?? "",
      bytesIn: process.bytesIn,
      bytesOut: process.bytesOut,
      commands: Array.from(of.commands, (name) => name ?? null),
      calls: Object.fromEntries([...process.calls].map(([command, count]) => [this.commandName(process, command), count])),
      threads: [...of.threads].map(([thread, { tid, role }]) => ({ thread, tid, role })),
      bus: [...process.bus.totals].map(([peer, totals]) => ({ peer, ...totals })),
      badRecords: of.badRecords,
    };
  }
}

/** Whether the client is to ask another node: not so with other refusals. */
function isFollowed(redirect: Redirect | undefined): redirect is Redirect {
  return redirect !== undefined && (redirect.kind === redirectKinds.moved || redirect.kind === redirectKinds.ask);
}

function mapValues<K extends string>(from: Readonly<Record<K, string>>, map: (text: string) => number): Record<K, number> {
  return Object.fromEntries(Object.entries(from).map(([key, text]) => [key, map(text as string)])) as Record<K, number>;
}

function housekeepingLabel(what: number): string {
  return ["AOF WRITE", "AOF FSYNC", "EXPIRE CYCLE", "EVICTION", "ACTIVE DEFRAG", "LAZY FREE"][what] ?? "HOUSEKEEPING";
}
