/**
 * A CTF trace as a TraceSource: puts metadata, packets and decoders together.
 *
 *     files --scan--> packets --group by stream--> streams --StreamCursor each--> TraceCursor (merged by time)
 *
 * Streams are ordered by (stream class id, stream id), which is also how equal times are ordered, as in babeltrace2.
 */
import { allSteps, BadInputError, defined, type RelativeNs } from "../base/index.ts";
import {
  type CursorPosition,
  type EventClass,
  type EventCursor,
  type EventVisitor,
  type FieldInfo,
  type FieldReader,
  MergeQueue,
  type PacketStart,
  type StreamInfo,
  type TextVisitor,
  type TraceLoss,
  type TraceSource,
  type TraceWarning,
} from "../trace/index.ts";
import { cyclesToNs, makeStreamClock } from "./decode/clock.ts";
import { CompiledDecoder, type CompiledStream, compilePlace, compileStream } from "./decode/compile.ts";
import { makeCompiledReader } from "./decode/compiled-reader.ts";
import { Interpreter } from "./decode/interpreter.ts";
import { type EventPlace, findField, kindOf, makeWalkingReader } from "./decode/readers.ts";
import { type EventDecoder, StreamCursor, type StreamPackets } from "./decode/stream-cursor.ts";
import type { Walker } from "./decode/walker.ts";
import type { ByteFile } from "./packet/byte-file.ts";
import { correctEnds } from "./packet/quirks.ts";
import { type Packet, type ScannedFile, scanFile } from "./packet/scan.ts";
import type { EventSchema, StreamSchema, StructClass, TraceSchema } from "./schema.ts";
import { EventPrinters } from "./text/compile.ts";

/** A decoder of one stream class, with the readers that fit it. */
export interface StreamDecoder extends EventDecoder {
  readonly walker: Walker;
}

/** All files of one stream. */
interface StreamGroup {
  readonly schema: StreamSchema;
  readonly id: bigint;
  readonly path: string;
  readonly packets: readonly Packet[];
  readonly failure: BadInputError | undefined;
  readonly bytes: number;
  readonly discardedBits: number;
}

export interface CtfOptions {
  /** Only the interpreter: slower, the same results. For tests, and where code may not be generated at run time. */
  readonly interpreter?: boolean;
  /** How much of a packet each stream of a new cursor may hold in memory, in bytes; default 4 MiB. */
  readonly windowBytes?: () => number;
}

/** Opens a trace whose metadata has been parsed. Reads every packet's header, and all of a stream whose packets do not tell their times. */
export function makeTraceSource(...all: Parameters<typeof makeTraceSourceInSteps>): TraceSource {
  return allSteps(makeTraceSourceInSteps(...all));
}

/** The same in steps: a file, or what takes as long. */
export function* makeTraceSourceInSteps(
  path: string,
  schema: TraceSchema,
  files: readonly ByteFile[],
  warnings: TraceWarning[],
  options: CtfOptions,
): Generator<void, TraceSource> {
  const groups = yield* groupStreams(files, schema, warnings);
  const spans = groups.map((group) => streamSpan(group, schema));
  const known = spans.filter((span) => span !== undefined);
  const starts = known.map((span) => span.start).sort(compare);
  const ends = known.map((span) => span.end).sort(compare);
  const origin = starts[0] ?? 0n;
  const end = ends[ends.length - 1] ?? origin;
  const streams = groups.map((group, index): StreamPackets => {
    const span = spans[index];
    return {
      index,
      packets: group.packets,
      failure: group.failure,
      windowBytes: options.windowBytes ?? (() => 1 << 22),
      clock: makeStreamClock(group.schema.clock, span?.firstCycles ?? 0n, origin),
    };
  });
  const compiled = new Map(schema.streams.map((stream) => [stream, options.interpreter === true ? undefined : compileStream(stream)]));
  yield;
  const makeDecoder = (stream: StreamSchema): StreamDecoder => {
    const interpreter = new Interpreter(schema, stream);
    const own = compiled.get(stream);
    return own === undefined ? interpreter : new CompiledDecoder(own, interpreter);
  };
  const losses = groups.map((group, index) => streamLosses(group, index));
  const infos = groups.map((group, index): StreamInfo => {
    const span = spans[index];
    const { clock } = group.schema;
    return {
      index,
      file: group.path,
      bytes: group.bytes,
      packets: group.packets.length,
      start: span?.start ?? origin,
      end: span?.end ?? origin,
      clockZero: clock === undefined ? 0 : Number(cyclesToNs(clock, 0n) - origin),
      discardedEvents: losses[index]?.events ?? 0,
      discardedPackets: losses[index]?.packets ?? 0,
      streamId: group.id,
      streamClassId: group.schema.id,
      traceUid: schema.uid,
      traceEnvironment: schema.environment,
      hasClock: clock !== undefined,
      clockUid: clock?.uid,
      ...(clock === undefined || clock.frequency === 1_000_000_000n ? {} : { clockRate: 1e9 / Number(clock.frequency) }),
    };
  });
  const eventSchemas = schema.streams.flatMap((stream) => stream.events.map((event) => ({ stream, event })));
  const eventClasses = eventSchemas.map(({ stream, event }) => describeEvent(stream, event));
  return {
    path,
    environment: schema.environment,
    uid: schema.uid,
    origin,
    start: origin,
    end,
    totalBytes: infos.reduce((sum, info) => sum + info.bytes, 0),
    eventClasses,
    streams: infos,
    warnings,
    losses: losses.flatMap((loss) => loss.list),
    packetStarts: () => packetStarts(groups, origin),
    cursor: () => new TraceCursor(schema, eventSchemas, groups, streams, makeDecoder, compiled),
    close() {
      for (const file of files) file.close();
    },
  };
}

function describeEvent(stream: StreamSchema, event: EventSchema): EventClass {
  const list = (struct: StructClass | undefined): FieldInfo[] =>
    (struct?.members ?? []).map(({ name, field }) => ({ name, kind: kindOf(field) }));
  const packet = (stream.packetContext?.members ?? []).filter(({ field }) => field.roles.length === 0);
  return {
    index: event.index,
    name: event.name,
    logLevel: event.logLevel,
    payload: list(event.payload),
    contexts: [
      ...list(stream.commonContext),
      ...list(event.specificContext),
      ...packet.map(({ name, field }) => ({ name, kind: kindOf(field) })),
    ],
  };
}

/**
 * Files with the same stream class and stream id are one stream, cut by tracefile rotation; a file without a stream id is a stream of its own.
 * A file whose first packet is no packet is left out with a warning; where no other is readable, its error is thrown.
 */
function* groupStreams(files: readonly ByteFile[], schema: TraceSchema, warnings: TraceWarning[]): Generator<void, StreamGroup[]> {
  const byKey = new Map<string, { id: bigint; scans: ScannedFile[] }>();
  const nextId = new Map<bigint, bigint>();
  const refused: BadInputError[] = [];
  for (const file of files) {
    let scan: ScannedFile | undefined;
    try {
      scan = scanFile(file, schema, warnings);
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      refused.push(error);
    }
    if (scan === undefined) continue;
    warnings.push(...scan.warnings);
    const classId = scan.stream.id;
    let { streamId } = scan;
    let key = `${classId} ${streamId}`;
    if (streamId === undefined) {
      streamId = nextId.get(classId) ?? 0n;
      nextId.set(classId, streamId + 1n);
      key = `${classId} - ${streamId}`;
    }
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, { id: streamId, scans: [scan] });
    else group.scans.push(scan);
    yield;
  }
  const [first] = refused;
  if (first !== undefined && byKey.size === 0) throw first;
  for (const { file, offset, what } of refused) {
    warnings.push({ file, offset, message: `${what}; the file is left out` });
  }
  const groups = Array.from(byKey.values(), ({ id, scans }): StreamGroup => {
    const [first] = scans;
    const { stream, file, discardedBits } = defined(first, "a group has a file");
    scans.sort((a, b) => compareFirst(a.packets[0], b.packets[0]));
    // What follows a broken file of a stream would come out of order: the stream ends there.
    const broken = scans.findIndex((scan) => scan.failure !== undefined);
    const readable = broken < 0 ? scans : scans.slice(0, broken + 1);
    for (const scan of scans.slice(readable.length)) {
      warnings.push({ file: scan.file.path, offset: 0, message: "the file before it of the same stream is broken; this one is left out" });
    }
    return {
      schema: stream,
      id,
      path: file.path,
      packets: correctEnds(
        readable.flatMap((scan) => scan.packets),
        schema.environment,
      ),
      failure: scans[broken]?.failure,
      bytes: scans.reduce((sum, scan) => sum + scan.file.size, 0),
      discardedBits,
    };
  });
  return groups.sort((a, b) => compare(a.schema.id, b.schema.id) || compare(a.id, b.id));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Files of one stream by their first packets: time, else sequence number. */
function compareFirst(a: Packet | undefined, b: Packet | undefined): number {
  return compare(a?.begin ?? 0n, b?.begin ?? 0n) || compare(a?.sequence ?? 0n, b?.sequence ?? 0n);
}

function packetStarts(groups: readonly StreamGroup[], origin: bigint): readonly PacketStart[] | undefined {
  const starts: PacketStart[] = [];
  for (const { schema, packets } of groups) {
    for (const { begin, size } of packets) {
      if (schema.clock === undefined || begin === undefined) return undefined;
      starts.push({ time: Number(cyclesToNs(schema.clock, begin) - origin), bytes: size });
    }
  }
  return starts;
}

interface Span {
  readonly start: bigint;
  readonly end: bigint;
  readonly firstCycles: bigint;
}

/** First and last time of a stream; undefined where it has none. Packets say it; where they do not, events are decoded once. */
function streamSpan(group: StreamGroup, schema: TraceSchema): Span | undefined {
  const { clock } = group.schema;
  const first = group.packets[0];
  if (clock === undefined || first === undefined) return undefined;
  const last = group.packets[group.packets.length - 1];
  if (first.begin !== undefined && last?.end !== undefined) {
    return { firstCycles: first.begin, start: cyclesToNs(clock, first.begin), end: cyclesToNs(clock, last.end) };
  }
  // Where only the last packet's end is missing, only that packet has to be decoded.
  const packets = first.begin !== undefined && last?.clock !== undefined ? [last] : group.packets;
  const cursor = new StreamCursor(
    { index: 0, packets, failure: undefined, windowBytes: () => 0, clock: makeStreamClock(clock, 0n, 0n) },
    new Interpreter(schema, group.schema),
  );
  const cycles = (): bigint => (BigInt(cursor.clockHigh) << 32n) | BigInt(cursor.clockLow);
  let from = first.begin;
  let to = last?.begin ?? first.begin;
  try {
    while (cursor.next()) {
      to = cycles();
      from ??= to;
    }
  } catch {
    // The same error is thrown to whoever reads the stream; here its time range up to there is wanted.
  }
  if (from === undefined || to === undefined) return undefined;
  return { firstCycles: from, start: cyclesToNs(clock, from), end: cyclesToNs(clock, to) };
}

/**
 * What the tracer says it lost (CTF 1.8.3 section 5.2): `events_discarded` counts up over the whole stream and wraps at its width, `packet_seq_num` has gaps.
 * The first packet's own count is a loss of this trace only if the stream begins here (sequence number 0 or absent).
 */
function streamLosses(group: StreamGroup, stream: number): { list: TraceLoss[]; events: number; packets: number } {
  const list: TraceLoss[] = [];
  const { clock } = group.schema;
  const absolute = (cycles: bigint | undefined): bigint | undefined =>
    clock === undefined || cycles === undefined ? undefined : cyclesToNs(clock, cycles);
  const mask = (1n << BigInt(group.discardedBits)) - 1n;
  let events = 0;
  let packets = 0;
  let previous: Packet | undefined;
  for (const packet of group.packets) {
    const counter = packet.discardedEvents;
    if (counter !== undefined) {
      const before = previous?.discardedEvents;
      if (before === undefined) {
        if (counter > 0n) {
          list.push({ stream, kind: "events", start: absolute(packet.begin), end: absolute(packet.end), count: undefined });
          if ((packet.sequence ?? 0n) === 0n) events += Number(counter);
        }
      } else if (((counter - before) & mask) > 0n) {
        const count = Number((counter - before) & mask);
        list.push({ stream, kind: "events", start: absolute(previous?.end), end: absolute(packet.end), count });
        events += count;
      }
    }
    const gap = packet.sequence !== undefined && previous?.sequence !== undefined ? packet.sequence - previous.sequence : 1n;
    if (gap > 1n) {
      list.push({ stream, kind: "packets", start: absolute(previous?.end), end: absolute(packet.begin), count: Number(gap) - 1 });
      packets += Number(gap) - 1;
    }
    previous = packet;
  }
  return { list, events, packets };
}

/** The streams of one trace, merged. A few copies per event make it the one object that users and field readers look at. */
class TraceCursor implements EventCursor, EventPlace {
  time: RelativeNs = 0;
  eventClass = -1;
  stream = -1;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  context = 0;
  marks: Int32Array = new Int32Array(0);
  readonly #schema: TraceSchema;
  readonly #events: readonly { readonly stream: StreamSchema; readonly event: EventSchema }[];
  readonly #streams: readonly StreamCursor[];
  readonly #decoders: readonly StreamDecoder[];
  readonly #compiled: ReadonlyMap<StreamSchema, CompiledStream | undefined>;
  /** Stream class of each stream. */
  readonly #schemas: readonly StreamSchema[];
  readonly #queue: MergeQueue<StreamCursor>;
  readonly #printers = new Map<TextVisitor, EventPrinters>();

  constructor(
    schema: TraceSchema,
    events: readonly { readonly stream: StreamSchema; readonly event: EventSchema }[],
    groups: readonly StreamGroup[],
    streams: readonly StreamPackets[],
    makeDecoder: (stream: StreamSchema) => StreamDecoder,
    compiled: ReadonlyMap<StreamSchema, CompiledStream | undefined>,
  ) {
    this.#compiled = compiled;
    this.#schema = schema;
    this.#events = events;
    this.#schemas = groups.map((group) => group.schema);
    this.#decoders = groups.map((group) => makeDecoder(group.schema));
    this.#streams = streams.map((stream, index) => new StreamCursor(stream, defined(this.#decoders[index], "every stream has a decoder")));
    this.#queue = new MergeQueue(this.#streams);
  }

  next(): boolean {
    const current = this.#queue.advance();
    if (current === undefined) return false;
    this.time = current.time;
    this.eventClass = current.eventClass;
    this.context = current.context;
    // Runs of events come from one stream's buffer: compare before storing pointers, which costs more.
    if (this.bytes !== current.bytes || this.stream !== current.stream) {
      this.stream = current.stream;
      this.bytes = current.bytes;
      this.view = current.view;
      this.marks = current.marks;
    }
    return true;
  }

  field(eventClass: EventClass, name: string): FieldReader | undefined {
    const found = this.#events[eventClass.index];
    if (found === undefined) return undefined;
    const place = findField(this.#schema, found.stream, found.event, name);
    if (place === undefined) return undefined;
    const ownDecoder = this.#decoders.find((_, index) => this.#schemas[index] === found.stream);
    if (ownDecoder?.unit === 1) {
      const own = this.#compiled.get(found.stream);
      const compiled = compilePlace(place, own?.compiled.has(found.event) === true ? own : undefined);
      const reader = compiled && makeCompiledReader(place, compiled, this);
      if (reader !== undefined) return reader;
    }
    return makeWalkingReader(
      place,
      this,
      () => defined(this.#decoders[this.stream], "the current stream has a decoder").walker,
      ownDecoder?.unit ?? 8,
    );
  }

  visit(visitor: EventVisitor): void {
    this.#streams[this.stream]?.visit(visitor);
  }

  compileVisit({ index }: EventClass, visitor: TextVisitor): (() => boolean) | undefined {
    const found = this.#events[index];
    const own = found && this.#compiled.get(found.stream);
    if (found === undefined || own?.compiled.has(found.event) !== true) return undefined;
    let printers = this.#printers.get(visitor);
    if (printers === undefined) {
      printers = new EventPrinters(this.#streams, visitor, this);
      this.#printers.set(visitor, printers);
    }
    return printers.compile(found.stream, found.event, own.align);
  }

  seekTime(time: RelativeNs): void {
    for (const stream of this.#streams) stream.seekTime(time);
    this.#queue.reset();
  }

  save(): CursorPosition {
    return this.#streams.flatMap((stream, index) => stream.save(this.#queue.isWaiting(index)));
  }

  saveCurrent(): CursorPosition {
    return this.#streams.flatMap((stream, index) => stream.save(index === this.#queue.winner || this.#queue.isWaiting(index)));
  }

  restore(position: CursorPosition): void {
    for (const [index, stream] of this.#streams.entries()) {
      const [packet = -1, at = 0, low = 0, high = 0] = position.slice(index * 4, index * 4 + 4);
      stream.restore(packet, at, low, high);
    }
    this.#queue.reset();
  }

  get bytesRead(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.bytesRead, 0);
  }

  close(): void {
    this.#queue.reset();
  }
}
