/**
 * Steps: what happened inside a Redis process, whichever set recorded it.
 *
 * A step is one of the paper's events at its own time. The `classic` set has one LTTng event a step; `light` and `full` carry steps as records in batches
 * (events.ts). `RedisDecoder` turns either into calls of a `StepSink`, in time order per process:
 *
 *     trace events --handle()--> runs of steps per process --barrier--> sink.step(), sink.rare()
 *
 * A barrier is a batch of the main thread: it says up to which time every thread's records have been sent (settled_ticks), which is its own end unless io
 * threads work on beside the main thread. Each batch is one run, already in time order; a barrier merges the runs up to that time, and the rest waits. No object is made for a step; rare events (a connection opens) are objects.
 *
 * Times: a batch carries two pairs of (tick counter, trace clock); a record's ticks are interpolated between them. Outside the pairs (a duration that began
 * before the batch) the slope of the first long batch of the process serves. All are whole nanoseconds: the counter is finer, its calibration is not.
 */
import type { RelativeNs } from "../../base/index.ts";
import { assert } from "../../base/index.ts";
import type { EventClass, EventCursor, FieldReader, TraceSource } from "../../trace/index.ts";
import { type RecordDefinition, records } from "./events.ts";

const byName = new Map(records.map((definition) => [definition.name, definition.kind]));

function kindOf(name: string): number {
  const kind = byName.get(name);
  assert(kind !== undefined, `no record is called ${name}`);
  return kind;
}

/** Kinds of steps: the kinds of the records of the `full` set. */
export const Step = {
  pollStart: kindOf("poll_start"),
  pollEnd: kindOf("poll_end"),
  readStart: kindOf("read_start"),
  readDone: kindOf("read_done"),
  readEnd: kindOf("read_end"),
  parsed: kindOf("parsed"),
  callStart: kindOf("call_start"),
  callEnd: kindOf("call_end"),
  processEnd: kindOf("process_end"),
  writeStart: kindOf("write_start"),
  writeEnd: kindOf("write_end"),
  writeQueueAdd: kindOf("write_queue_add"),
  writeQueueRemove: kindOf("write_queue_remove"),
  readQueueAdd: kindOf("read_queue_add"),
  readQueueRemove: kindOf("read_queue_remove"),
  ioRunStart: kindOf("io_run_start"),
  ioRunEnd: kindOf("io_run_end"),
  handleReadsStart: kindOf("handle_reads_start"),
  handleReadsEnd: kindOf("handle_reads_end"),
  handleWritesStart: kindOf("handle_writes_start"),
  handleWritesEnd: kindOf("handle_writes_end"),
  sslRead: kindOf("ssl_read"),
  sslWrite: kindOf("ssl_write"),
  fileEventStart: kindOf("file_event_start"),
  fileEventEnd: kindOf("file_event_end"),
  timeEventsStart: kindOf("time_events_start"),
  timeEventsEnd: kindOf("time_events_end"),
  beforeSleepStart: kindOf("before_sleep_start"),
  beforeSleepEnd: kindOf("before_sleep_end"),
  afterSleep: kindOf("after_sleep"),
  addFileEvent: kindOf("add_file_event"),
  deleteFileEvent: kindOf("delete_file_event"),
  clusterSend: kindOf("cluster_send"),
  clusterWrite: kindOf("cluster_write"),
  clusterRead: kindOf("cluster_read"),
  clusterPacket: kindOf("cluster_packet"),
  broadcastStart: kindOf("broadcast_start"),
  broadcastEnd: kindOf("broadcast_end"),
  publish: kindOf("publish"),
  housekeeping: kindOf("housekeeping"),
  handOver: kindOf("hand_over"),
  takeOver: kindOf("take_over"),
  readQueueDone: kindOf("read_queue_done"),
  deliver: kindOf("deliver"),
} as const;

/**
 * How each step came in the `classic` set, and what its arguments a to e mean. `conn` is the connection where the event has one.
 * This table also names and labels steps wherever they are shown.
 */
export const stepTable: readonly { readonly kind: number; readonly event: string; readonly args: readonly string[] }[] = [
  { kind: Step.pollStart, event: "poll_start", args: [] },
  { kind: Step.pollEnd, event: "poll_end", args: ["ready"] },
  { kind: Step.readStart, event: "start_read_client_query", args: [] },
  { kind: Step.readDone, event: "read_client_query", args: ["nread"] },
  { kind: Step.readEnd, event: "end_read_client_query", args: ["query_buffer"] },
  { kind: Step.parsed, event: "command_parsed", args: ["argc", "end_offset"] },
  { kind: Step.callStart, event: "call_command_start", args: ["command", "flags"] },
  { kind: Step.callEnd, event: "call_command_end", args: ["command", "flags", "reply_bytes"] },
  { kind: Step.processEnd, event: "end_process_command", args: [] },
  { kind: Step.writeStart, event: "write_to_client_start", args: [] },
  { kind: Step.writeEnd, event: "write_to_client_end", args: ["nwritten", "left"] },
  { kind: Step.writeQueueAdd, event: "insert_client_write_queue", args: ["length"] },
  { kind: Step.writeQueueRemove, event: "pending_write_remove", args: ["list", "length"] },
  { kind: Step.readQueueAdd, event: "pending_read_add", args: ["length"] },
  { kind: Step.readQueueRemove, event: "pending_read_remove", args: ["list", "length"] },
  { kind: Step.readQueueDone, event: "pending_read_done", args: [] },
  { kind: Step.ioRunStart, event: "io_thread_run_start", args: ["thread", "operation", "items"] },
  { kind: Step.ioRunEnd, event: "io_thread_run_end", args: ["thread", "operation", "items"] },
  { kind: Step.handleReadsStart, event: "handle_pending_reads_start", args: ["items"] },
  { kind: Step.handleReadsEnd, event: "handle_pending_reads_end", args: ["items"] },
  { kind: Step.handleWritesStart, event: "handle_pending_writes_start", args: ["items"] },
  { kind: Step.handleWritesEnd, event: "handle_pending_writes_end", args: ["items"] },
  { kind: Step.sslRead, event: "ssl_read", args: ["asked", "returned", "pending"] },
  { kind: Step.sslWrite, event: "ssl_write", args: ["asked", "returned", "pending"] },
  { kind: Step.fileEventStart, event: "file_event_start", args: ["fd", "mask"] },
  { kind: Step.fileEventEnd, event: "file_event_end", args: ["fd"] },
  { kind: Step.timeEventsStart, event: "time_events_start", args: [] },
  { kind: Step.timeEventsEnd, event: "time_events_end", args: ["processed"] },
  { kind: Step.beforeSleepStart, event: "before_sleep_start", args: [] },
  { kind: Step.beforeSleepEnd, event: "before_sleep_end", args: [] },
  { kind: Step.afterSleep, event: "after_sleep", args: [] },
  { kind: Step.addFileEvent, event: "add_file_event", args: ["fd", "mask"] },
  { kind: Step.deleteFileEvent, event: "delete_file_event", args: ["fd", "mask"] },
  { kind: Step.clusterSend, event: "cluster_send", args: ["link", "type", "length", "end_offset", "backlog"] },
  { kind: Step.clusterWrite, event: "cluster_write", args: ["link", "nwritten", "left"] },
  { kind: Step.clusterRead, event: "cluster_read", args: ["link", "nread"] },
  { kind: Step.clusterPacket, event: "cluster_process_packet", args: ["link", "type", "length", "end_offset"] },
  { kind: Step.broadcastStart, event: "broadcast_start", args: ["type", "length"] },
  { kind: Step.broadcastEnd, event: "broadcast_end", args: ["type", "links"] },
  { kind: Step.publish, event: "publish", args: ["receivers", "payload", "channel"] },
  { kind: Step.deliver, event: "deliver", args: [] },
  { kind: Step.handOver, event: "hand_over", args: ["to", "purpose", "length"] },
  { kind: Step.takeOver, event: "take_over", args: ["purpose"] },
  { kind: Step.housekeeping, event: "", args: ["what", "duration_ns", "amount"] },
];

/** What server_info says. */
export interface ServerInfo {
  readonly runId: string;
  readonly nodeId: string;
  readonly flavor: string;
  readonly version: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly busPort: number;
  readonly clusterEnabled: boolean;
  readonly ioThreads: number;
}

/** A traced Redis process, as far as its events have told. */
export interface RedisProcess {
  /** Dense, in order of appearance. */
  readonly index: number;
  readonly pid: number;
  readonly trace: number;
  /** Of the machine it runs on, where the trace says. */
  readonly hostname: string;
  /** Command names and flags by number. */
  readonly commands: (string | undefined)[];
  readonly commandFlags: number[];
  /** Thread index to kernel thread id and role; 0 is the main thread. */
  readonly threads: Map<number, { readonly tid: number; role: string }>;
  info: ServerInfo | undefined;
  /** Records that could not be decoded: a count above 0 means a damaged batch. */
  badRecords: number;
}

/** Events too rare to be batched. `fields` are the event's own, by name; integers beyond 2^53 are rounded. */
export interface RareEvent {
  readonly name: string;
  time: RelativeNs;
  readonly thread: number;
  /** Low 32 bits of conn_id; -1 for events without one. */
  readonly conn: number;
  readonly fields: Readonly<Record<string, number | string>>;
}

/** Receives steps. Per process, times never decrease and never lie before the source's origin. `conn` is -1 for steps without a connection. */
export interface StepSink {
  step(
    process: RedisProcess,
    kind: number,
    time: RelativeNs,
    thread: number,
    conn: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
  ): void;
  rare(process: RedisProcess, event: RareEvent): void;
  /** Called after a hand-over: the steps and rare events of [first, last] waited for the event at `told`, which is not before `last`. */
  handedOver?(first: RelativeNs, last: RelativeNs, told: RelativeNs): void;
}

/** Who receives a process' steps; undefined: nobody wants them, and they are not decoded. Asked once per process, when its first event comes. */
export type SinkOf = (process: RedisProcess) => StepSink | undefined;

/** Fixed point of a process' tick counter, so that another decoder gives the same times (`RedisDecoder.slopes`). */
export type Slopes = Readonly<Record<string, number>>;

const sizes = new Uint8Array(256);
for (const definition of records) sizes[definition.kind] = 2 + definition.words.length;

const record = (name: string): RecordDefinition["kind"] => kindOf(name);
const kContext = record("context");
const kExtend = record("extend");
const kPoll = record("poll");
const kRead = record("read");
const kCall = record("call");
const kWrite = record("write");
const kIoPollStart = record("io_poll_start");
const kIoPollEnd = record("io_poll_end");

/** Steps of one process that wait for a barrier, as columns. */
class Pending {
  kind = new Uint8Array(1024);
  time = new Float64Array(1024);
  thread = new Uint16Array(1024);
  conn = new Float64Array(1024);
  args = new Float64Array(1024 * 5);
  length = 0;
  /** Start of each run; a run ends where the next begins. */
  runs: number[] = [];
  rare: RareEvent[] = [];

  push(kind: number, time: number, thread: number, conn: number, a: number, b: number, c: number, d: number, e: number): void {
    if (this.length === this.kind.length) this.grow();
    const i = this.length++;
    this.kind[i] = kind;
    this.time[i] = time;
    this.thread[i] = thread;
    this.conn[i] = conn;
    const j = i * 5;
    this.args[j] = a;
    this.args[j + 1] = b;
    this.args[j + 2] = c;
    this.args[j + 3] = d;
    this.args[j + 4] = e;
  }

  /** As `push`, but moves the step back over later ones of its run: for starts that are recorded after what they enclose. */
  insert(from: number, kind: number, time: number, thread: number, conn: number, a: number, b: number, c: number): void {
    let i = this.length;
    this.push(kind, time, thread, conn, a, b, c, 0, 0);
    while (i > from && (this.time[i - 1] as number) > time) {
      this.swap(i - 1, i);
      i--;
    }
  }

  private swap(i: number, j: number): void {
    for (const column of [this.kind, this.time, this.thread, this.conn]) {
      const value = column[i] as number;
      column[i] = column[j] as number;
      column[j] = value;
    }
    for (let k = 0; k < 5; k++) {
      const value = this.args[i * 5 + k] as number;
      this.args[i * 5 + k] = this.args[j * 5 + k] as number;
      this.args[j * 5 + k] = value;
    }
  }

  private grow(): void {
    const size = this.kind.length * 2;
    const copy = <T extends Uint8Array | Float64Array | Uint16Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.kind = copy(this.kind, new Uint8Array(size));
    this.time = copy(this.time, new Float64Array(size));
    this.thread = copy(this.thread, new Uint16Array(size));
    this.conn = copy(this.conn, new Float64Array(size));
    this.args = copy(this.args, new Float64Array(size * 5));
  }

  /** Time of the earliest; infinite where there is none. */
  firstTime(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const start of this.runs) if (start < this.length) first = Math.min(first, this.time[start] as number);
    for (const { time } of this.rare) first = Math.min(first, time);
    return first;
  }

  /** Keeps of each run only what lies at `next[run]` and later, and of the rare events those from `nextRare` on. */
  keepFrom(next: readonly number[], nextRare: number): void {
    const runs: number[] = [];
    let to = 0;
    next.forEach((from, run) => {
      const end = this.runs[run + 1] ?? this.length;
      if (from >= end) return;
      runs.push(to);
      for (const column of [this.kind, this.time, this.thread, this.conn]) column.copyWithin(to, from, end);
      this.args.copyWithin(to * 5, from * 5, end * 5);
      to += end - from;
    });
    this.length = to;
    this.runs = runs;
    this.rare.splice(0, nextRare);
  }

  clear(): void {
    this.length = 0;
    this.runs.length = 0;
    this.rare.length = 0;
  }
}

interface ProcessState extends RedisProcess {
  readonly key: string;
  readonly pending: Pending;
  readonly threadByTid: Map<number, number>;
  readonly commandByName: Map<string, number>;
  /** ns per tick; 0 until a batch long enough has been seen. */
  slope: number;
  last: RelativeNs;
  sink: StepSink | undefined;
}

/** One handler per event class; undefined for classes that are not ours or that another carrier makes redundant. */
type Handler = () => void;

/** Batches at least this long (ns) give a slope good to 1e-4. */
const slopeSpanNs = 200_000;

/** Decodes the `redis` provider's events of one cursor into steps. */
export class RedisDecoder {
  readonly processes: ProcessState[] = [];
  /** Whether the trace's frequent steps come in batches. */
  readonly batched: boolean;

  private readonly handlers: (Handler | undefined)[] = [];
  /** Whether a class' events tell who a process is: taken also where nobody wants the steps. */
  private readonly isAboutAll: boolean[] = [];
  private readonly byKey = new Map<string, ProcessState>();
  private readonly pid: (FieldReader | undefined)[] = [];
  private readonly tid: (FieldReader | undefined)[] = [];
  private readonly traceOfStream: readonly number[];
  private current: ProcessState | undefined;
  private readonly source: TraceSource;
  private readonly cursor: EventCursor;
  private readonly sinkOf: SinkOf;
  private readonly knownSlopes: Slopes;

  constructor(source: TraceSource, cursor: EventCursor, sinkOf: SinkOf, knownSlopes: Slopes = {}) {
    this.source = source;
    this.cursor = cursor;
    this.sinkOf = sinkOf;
    this.knownSlopes = knownSlopes;
    // Streams of one trace share a directory; per-UID buffers of one trace hold several processes, which their pid tells apart.
    const traces = new Map<string, number>();
    this.traceOfStream = source.streams.map((stream) => {
      const directory = stream.file.slice(0, Math.max(0, stream.file.lastIndexOf("/")));
      let index = traces.get(directory);
      if (index === undefined) {
        index = traces.size;
        traces.set(directory, index);
      }
      return index;
    });
    const names = new Set(source.eventClasses.map((eventClass) => eventClass.name));
    const carrier = names.has("redis:steps") ? "steps" : names.has("redis:commands") ? "commands" : undefined;
    this.batched = carrier !== undefined;
    for (const eventClass of source.eventClasses) {
      if (!eventClass.name.startsWith("redis:")) continue;
      const name = eventClass.name.slice("redis:".length);
      const handler = this.makeHandler(eventClass, name, carrier);
      if (handler === undefined) continue;
      this.handlers[eventClass.index] = handler;
      this.isAboutAll[eventClass.index] = name === "server_info";
      this.pid[eventClass.index] = cursor.field(eventClass, "vpid");
      this.tid[eventClass.index] = cursor.field(eventClass, "vtid");
    }
  }

  /** Whether the trace has any event for this decoder. */
  get isUseful(): boolean {
    return this.handlers.length > 0;
  }

  /** Makes a process known before its events come, with what an earlier pass learnt. Call in order of the earlier pass' indices. */
  adopt(
    known: Pick<RedisProcess, "trace" | "pid" | "commands"> & {
      readonly threads: readonly { readonly thread: number; readonly tid: number; readonly role: string }[];
    },
  ): void {
    const process = this.process(known.trace, known.pid);
    known.commands.forEach((name, command) => {
      process.commands[command] = name;
      if (name !== undefined) process.commandByName.set(name, command);
    });
    for (const { thread, tid, role } of known.threads) {
      process.threads.set(thread, { tid, role });
      process.threadByTid.set(tid, thread);
    }
  }

  /** Slopes found so far, by process. */
  get slopes(): Slopes {
    return Object.fromEntries(this.processes.filter((process) => process.slope > 0).map((process) => [process.key, process.slope]));
  }

  /** Whether the cursor's current event is one that `handle` takes. */
  takes(eventClass: number): boolean {
    return this.handlers[eventClass] !== undefined;
  }

  /** Takes the cursor's current event. */
  handle(): void {
    const eventClass = this.cursor.eventClass;
    const handler = this.handlers[eventClass];
    if (handler === undefined) return;
    const pid = this.pid[eventClass]?.number() ?? 0;
    const trace = this.traceOfStream[this.cursor.stream] ?? 0;
    let process = this.current;
    if (process === undefined || process.pid !== pid || process.trace !== trace) {
      process = this.process(trace, pid);
      this.current = process;
    }
    if (process.sink !== undefined || this.isAboutAll[eventClass] === true) handler();
  }

  /** Hands over what still waits for a barrier. Call after the last event. */
  finish(): void {
    for (const process of this.processes) this.deliver(process);
  }

  private process(trace: number, pid: number): ProcessState {
    const key = `${trace}/${pid}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const made: ProcessState = {
      index: this.processes.length,
      key,
      pid,
      trace,
      hostname: this.hostname(trace),
      commands: [],
      commandFlags: [],
      threads: new Map([[0, { tid: pid, role: "main" }]]),
      info: undefined,
      badRecords: 0,
      pending: new Pending(),
      threadByTid: new Map([[pid, 0]]),
      commandByName: new Map(),
      slope: this.knownSlopes[key] ?? 0,
      last: 0,
      sink: undefined,
    };
    this.byKey.set(key, made);
    this.processes.push(made);
    made.sink = this.sinkOf(made);
    return made;
  }

  private hostname(trace: number): string {
    const stream = this.source.streams[this.traceOfStream.indexOf(trace)];
    const name = (stream?.traceEnvironment ?? this.source.environment)["hostname"];
    return typeof name === "string" && name !== "" ? name : "localhost";
  }

  private currentProcess(): ProcessState {
    const process = this.current;
    assert(process !== undefined, "handlers run inside handle()");
    return process;
  }

  /** Thread index of the current event, by its vtid. Threads that never introduced themselves get numbers from 1000. */
  private threadOf(process: ProcessState, eventClass: number): number {
    const tid = this.tid[eventClass]?.number();
    if (tid === undefined) return 0;
    let thread = process.threadByTid.get(tid);
    if (thread === undefined) {
      thread = 1000 + process.threadByTid.size;
      process.threadByTid.set(tid, thread);
      process.threads.set(thread, { tid, role: `thread ${tid}` });
    }
    return thread;
  }

  private makeHandler(eventClass: EventClass, name: string, carrier: "steps" | "commands" | undefined): Handler | undefined {
    if (name === "steps" || name === "commands") return name === carrier ? this.batchHandler(eventClass) : undefined;
    const entry = stepTable.find((candidate) => candidate.event === name);
    const housekeeping = ["aof_write", "aof_fsync", "expire_cycle", "eviction_cycle", "active_defrag", "lazy_free"].indexOf(name);
    if (entry !== undefined || housekeeping >= 0) {
      if (this.batched) return undefined;
      return housekeeping >= 0
        ? this.housekeepingHandler(eventClass, housekeeping)
        : this.classicHandler(eventClass, entry?.kind ?? 0, entry?.args ?? []);
    }
    return this.rareHandler(eventClass, name);
  }

  private reader(eventClass: EventClass, name: string): FieldReader | undefined {
    return this.cursor.field(eventClass, name);
  }

  private single(
    process: ProcessState,
    kind: number,
    thread: number,
    conn: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
  ): void {
    const time = Math.max(this.cursor.time, process.last);
    process.last = time;
    process.sink?.step(process, kind, time, thread, conn, a, b, c, d, e);
  }

  private housekeepingHandler(eventClass: EventClass, what: number): Handler {
    const duration = this.reader(eventClass, "duration_ns");
    const amount = this.reader(eventClass, "amount");
    return () => {
      const process = this.currentProcess();
      this.single(
        process,
        Step.housekeeping,
        this.threadOf(process, eventClass.index),
        -1,
        what,
        duration?.number() ?? 0,
        amount?.number() ?? 0,
        0,
        0,
      );
    };
  }

  private classicHandler(eventClass: EventClass, kind: number, args: readonly string[]): Handler {
    const conn = this.reader(eventClass, "conn_id");
    const none: FieldReader | undefined = undefined;
    const readers = args.map((name) => (name === "command" || name === "flags" ? none : this.reader(eventClass, name)));
    const commandName = args[0] === "command" ? this.reader(eventClass, "name") : undefined;
    const nesting = this.reader(eventClass, "nesting");
    const error = this.reader(eventClass, "error");
    const counted = this.reader(eventClass, "counted");
    const offset = args.indexOf("end_offset");
    const value = (index: number): number => {
      const reader = readers[index];
      if (reader === undefined) return 0;
      const number = reader.number();
      return index === offset ? number % 0x1_0000_0000 : number;
    };
    return () => {
      const process = this.currentProcess();
      const thread = this.threadOf(process, eventClass.index);
      const id = conn === undefined ? -1 : conn.number() % 0x1_0000_0000;
      let a = value(0);
      let b = value(1);
      if (commandName !== undefined) {
        a = this.commandNumber(process, commandName.text());
        b = Math.min(3, nesting?.number() ?? 0) | ((counted?.number() ?? 0) !== 0 ? 4 : 0) | ((error?.number() ?? 0) !== 0 ? 8 : 0);
      }
      this.single(process, kind, thread, id, a, b, value(2), value(3), value(4));
    };
  }

  private commandNumber(process: ProcessState, name: string): number {
    let number = process.commandByName.get(name);
    if (number === undefined) {
      number = process.commands.length;
      process.commands[number] = name;
      process.commandByName.set(name, number);
    }
    return number;
  }

  private rareHandler(eventClass: EventClass, name: string): Handler {
    const readers = eventClass.payload.map((field) => ({ field, reader: this.reader(eventClass, field.name) }));
    return () => {
      const process = this.currentProcess();
      const fields: Record<string, number | string> = {};
      for (const { field, reader } of readers) {
        if (reader !== undefined) fields[field.name] = field.kind === "string" ? reader.text() : reader.number();
      }
      // First: it may say which number this thread has.
      this.learn(process, name, fields, eventClass.index);
      const id = fields["conn_id"];
      const event: RareEvent = {
        name,
        time: this.cursor.time,
        thread: this.threadOf(process, eventClass.index),
        conn: typeof id === "number" ? id % 0x1_0000_0000 : -1,
        fields,
      };
      if (process.sink === undefined) return;
      if (this.batched) process.pending.rare.push(event);
      else this.deliverRare(process, event);
    };
  }

  /** Facts about the process itself are true from the start, so they are taken at once, before what waits. */
  private learn(process: ProcessState, event: string, fields: RareEvent["fields"], eventClass: number): void {
    const text = (name: string): string => String(fields[name] ?? "");
    const number = (name: string): number => Number(fields[name] ?? 0);
    if (event === "command_table") {
      process.commands[number("command")] = text("name");
      process.commandFlags[number("command")] = number("flags");
      process.commandByName.set(text("name"), number("command"));
    } else if (event === "thread_info") {
      const tid = this.tid[eventClass]?.number() ?? 0;
      process.threads.set(number("thread"), { tid, role: text("role") });
      process.threadByTid.set(tid, number("thread"));
    } else if (event === "server_info") {
      process.info = {
        runId: text("run_id"),
        nodeId: text("node_id"),
        flavor: text("flavor"),
        version: text("version"),
        port: number("port"),
        tlsPort: number("tls_port"),
        busPort: number("bus_port"),
        clusterEnabled: number("cluster_enabled") !== 0,
        ioThreads: number("io_threads"),
      };
    }
  }

  private deliverRare(process: ProcessState, event: RareEvent): void {
    event.time = Math.max(event.time, process.last);
    process.last = event.time;
    process.sink?.rare(process, event);
  }

  private batchHandler(eventClass: EventClass): Handler {
    const thread = this.reader(eventClass, "thread");
    const baseTicks = this.reader(eventClass, "base_ticks");
    const baseNs = this.reader(eventClass, "base_ns");
    const endTicks = this.reader(eventClass, "end_ticks");
    const endNs = this.reader(eventClass, "end_ns");
    const settledTicks = this.reader(eventClass, "settled_ticks");
    const words = this.reader(eventClass, "words");
    if (!thread || !baseTicks || !baseNs || !endTicks || !endNs || !words) return () => undefined;
    return () => {
      const process = this.currentProcess();
      const index = thread.number();
      const stream = this.source.streams[this.cursor.stream];
      const clockZero = stream?.clockZero ?? 0;
      const rate = stream?.clockRate ?? 1;
      const base = baseNs.number();
      const spanNs = endNs.number() - base;
      const spanTicks = endTicks.number() - baseTicks.number();
      if (process.slope === 0 && spanNs >= slopeSpanNs && spanTicks > 0) process.slope = spanNs / spanTicks;
      const outer = process.slope > 0 ? process.slope : spanTicks > 0 ? spanNs / spanTicks : 1;
      const inner = spanTicks > 0 && spanNs >= 0 ? spanNs / spanTicks : outer;
      if (!process.threads.has(index))
        process.threads.set(index, { tid: this.tid[eventClass.index]?.number() ?? 0, role: `thread ${index}` });
      process.pending.runs.push(process.pending.length);
      const offset = words.offset();
      this.expand(process, index, offset, offset + words.byteLength(), clockZero + base * rate, inner * rate, outer * rate);
      if (index !== 0) return;
      const settled = settledTicks === undefined ? Number.POSITIVE_INFINITY : settledTicks.number() - baseTicks.number();
      this.deliver(process, Math.ceil(clockZero + (base + settled * inner) * rate));
    };
  }

  /** Turns a batch's words into steps at the end of `process.pending`. `base` is the relative time of tick 0. */
  private expand(process: ProcessState, thread: number, from: number, to: number, base: number, inner: number, outer: number): void {
    const view = this.cursor.view;
    const pending = process.pending;
    const runStart = pending.length;
    let conn = -1;
    let high = 0;
    for (let p = from; p + 8 <= to; ) {
      const head = view.getUint32(p, true);
      const kind = head & 0xff;
      const size = (sizes[kind] as number) * 4;
      if (size === 0 || p + size > to) {
        process.badRecords++;
        return;
      }
      const flags = (head >>> 8) & 0xff;
      const aux = head >>> 16;
      const time = Math.round(base + view.getUint32(p + 4, true) * inner);
      const w2 = size > 8 ? view.getUint32(p + 8, true) : 0;
      const w3 = size > 12 ? view.getUint32(p + 12, true) : 0;
      const w4 = size > 16 ? view.getUint32(p + 16, true) : 0;
      const w5 = size > 20 ? view.getUint32(p + 20, true) : 0;
      p += size;
      switch (kind) {
        case kContext:
          conn = w2;
          break;
        case kExtend:
          high = w2 * 0x1_0000_0000;
          continue;
        case kPoll:
          pending.insert(runStart, Step.pollStart, startOf(time, base, high + w2, inner, outer), thread, -1, 0, 0, 0);
          pending.push(Step.pollEnd, time, thread, -1, aux, 0, 0, 0, 0);
          break;
        case kRead:
          conn = w3;
          pending.insert(runStart, Step.readStart, startOf(time, base, high + w2, inner, outer), thread, conn, 0, 0, 0);
          pending.push(Step.readDone, time, thread, conn, w4 | 0, 0, 0, 0, 0);
          break;
        case kCall: {
          const start = startOf(time, base, high + w2, inner, outer);
          if ((flags & 3) === 0) pending.insert(runStart, Step.parsed, start, thread, conn, -1, w3, 0);
          pending.insert(runStart, Step.callStart, start, thread, conn, aux, flags, 0);
          pending.push(Step.callEnd, time, thread, conn, aux, flags, -1, 0, 0);
          break;
        }
        case kWrite:
          conn = w3;
          pending.insert(runStart, Step.writeStart, startOf(time, base, high + w2, inner, outer), thread, conn, 0, 0, 0);
          pending.push(Step.writeEnd, time, thread, conn, w4 | 0, (flags & 1) === 0 ? 0 : -1, 0, 0, 0);
          break;
        case Step.pollEnd:
          pending.push(kind, time, thread, -1, aux, 0, 0, 0, 0);
          break;
        case Step.readStart:
        case Step.writeStart:
        case Step.readQueueDone:
        case Step.deliver:
          conn = w2;
          pending.push(kind, time, thread, conn, 0, 0, 0, 0, 0);
          break;
        case Step.readDone:
          pending.push(kind, time, thread, conn, w2 | 0, 0, 0, 0, 0);
          break;
        case Step.readEnd:
          conn = w2;
          pending.push(kind, time, thread, conn, w3, 0, 0, 0, 0);
          break;
        case Step.parsed:
          pending.push(kind, time, thread, conn, aux, w2, 0, 0, 0);
          break;
        case Step.callStart:
          pending.push(kind, time, thread, conn, aux, flags, 0, 0, 0);
          break;
        case Step.callEnd:
          pending.push(kind, time, thread, conn, aux, flags, w2, 0, 0);
          break;
        case Step.processEnd:
          pending.push(kind, time, thread, conn, 0, 0, 0, 0, 0);
          break;
        case Step.writeEnd:
          conn = w2;
          pending.push(kind, time, thread, conn, w3 | 0, w4, 0, 0, 0);
          break;
        case Step.writeQueueAdd:
        case Step.readQueueAdd:
        case Step.writeQueueRemove:
        case Step.readQueueRemove:
          conn = w2;
          pending.push(kind, time, thread, conn, aux, w3, 0, 0, 0);
          break;
        case Step.ioRunStart:
        case Step.ioRunEnd:
          pending.push(kind, time, thread, -1, aux, flags, w2, 0, 0);
          break;
        case Step.handOver:
          conn = w2;
          pending.push(kind, time, thread, conn, aux, w3, w4, 0, 0);
          break;
        case Step.takeOver:
          conn = w2;
          pending.push(kind, time, thread, conn, aux, 0, 0, 0, 0);
          break;
        case kIoPollStart:
          pending.push(Step.pollStart, time, thread, -1, 0, 0, 0, 0, 0);
          break;
        case kIoPollEnd:
          pending.push(Step.pollEnd, time, thread, -1, aux, 0, 0, 0, 0);
          break;
        case Step.sslRead:
        case Step.sslWrite:
          conn = w2;
          pending.push(kind, time, thread, conn, w3, w4 | 0, w5, 0, 0);
          break;
        case Step.fileEventStart:
        case Step.addFileEvent:
        case Step.deleteFileEvent:
          pending.push(kind, time, thread, -1, w2 | 0, aux, 0, 0, 0);
          break;
        case Step.fileEventEnd:
          pending.push(kind, time, thread, -1, w2 | 0, 0, 0, 0, 0);
          break;
        case Step.clusterSend:
        case Step.clusterPacket:
          pending.push(kind, time, thread, -1, w2, aux, w3, w4, w5);
          break;
        case Step.clusterWrite:
        case Step.clusterRead:
          pending.push(kind, time, thread, -1, w2, w3 | 0, w4, 0, 0);
          break;
        case Step.broadcastStart:
        case Step.broadcastEnd:
          pending.push(kind, time, thread, -1, aux, w2, 0, 0, 0);
          break;
        case Step.publish:
          pending.push(kind, time, thread, conn, w2, w3, w4, 0, 0);
          break;
        case Step.housekeeping:
          pending.push(kind, time, thread, -1, aux, Math.round((high + w2) * inner), w3, 0, 0);
          break;
        case Step.timeEventsEnd:
          pending.push(kind, time, thread, -1, aux, 0, 0, 0, 0);
          break;
        case Step.pollStart:
        case Step.timeEventsStart:
        case Step.beforeSleepStart:
        case Step.beforeSleepEnd:
        case Step.afterSleep:
          pending.push(kind, time, thread, -1, 0, 0, 0, 0, 0);
          break;
        default:
          // handle_*: their one word is the number of items
          pending.push(kind, time, thread, -1, w2, 0, 0, 0, 0);
      }
      high = 0;
    }
  }

  /** Hands a process' pending steps up to a time to the sink, merging its runs by time. */
  private deliver(process: ProcessState, until = Number.POSITIVE_INFINITY): void {
    const { pending, sink } = process;
    if (sink === undefined) return;
    const first = Math.max(process.last, pending.firstTime());
    const isOneRun = pending.runs.length === 1 && pending.rare.length === 0;
    if (isOneRun && (pending.time[pending.length - 1] ?? 0) <= until) {
      for (let i = 0; i < pending.length; i++) this.deliverStep(process, sink, pending, i);
      pending.clear();
    } else this.deliverMerged(process, sink, until);
    if (first <= process.last) sink.handedOver?.(first, process.last, Math.max(this.cursor.time, process.last));
  }

  private deliverMerged(process: ProcessState, sink: StepSink, until: number): void {
    const { pending } = process;
    const { runs, rare } = pending;
    rare.sort((left, right) => left.time - right.time);
    const next = runs.slice();
    let nextRare = 0;
    for (;;) {
      let best = -1;
      let bestTime = Number.POSITIVE_INFINITY;
      for (let r = 0; r < runs.length; r++) {
        const i = next[r] as number;
        if (i >= (runs[r + 1] ?? pending.length)) continue;
        const time = pending.time[i] as number;
        if (time < bestTime) {
          best = r;
          bestTime = time;
        }
      }
      const event = rare[nextRare];
      if (Math.min(bestTime, event?.time ?? bestTime) > until) break;
      if (event !== undefined && event.time <= bestTime) {
        nextRare++;
        this.deliverRare(process, event);
        continue;
      }
      if (best < 0) break;
      const i = next[best] as number;
      next[best] = i + 1;
      this.deliverStep(process, sink, pending, i);
    }
    pending.keepFrom(next, nextRare);
  }

  private deliverStep(process: ProcessState, sink: StepSink, pending: Pending, i: number): void {
    let time = pending.time[i] as number;
    if (time < process.last) time = process.last;
    else process.last = time;
    const j = i * 5;
    const args = pending.args;
    sink.step(
      process,
      pending.kind[i] as number,
      time,
      pending.thread[i] as number,
      pending.conn[i] as number,
      args[j] as number,
      args[j + 1] as number,
      args[j + 2] as number,
      args[j + 3] as number,
      args[j + 4] as number,
    );
  }
}

/** Start of a duration that ended at `end`: ticks inside the batch use its own slope, ticks before it the process'. */
function startOf(end: number, base: number, durationTicks: number, inner: number, outer: number): number {
  const start = end - durationTicks * inner;
  if (start >= base || inner === outer) return Math.round(start);
  const inside = (end - base) / inner;
  return Math.round(base - (durationTicks - inside) * outer);
}
