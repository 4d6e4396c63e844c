/**
 * Several traces as one: events of all in time order, event classes and streams renumbered, one origin.
 *
 *     source 0: classes 0..3, streams 0..1     experiment: classes 0..3 | 4..9, streams 0..1 | 2..2
 *     source 1: classes 0..5, streams 0..0     (each source's indices, shifted by a constant)
 *
 * Times are shifted by the difference of origins. Clocks that differ are corrected: a source's relative time t becomes t + skew * t + correction on the
 * experiment's time line (convex-hull.ts finds how much). Equal times go by trace in the order of their uid, as in babeltrace2, then by stream.
 */
import { compareText, defined, type RelativeNs } from "../base/index.ts";
import {
  type CursorPosition,
  type EventClass,
  type EventCursor,
  type EventVisitor,
  type FieldReader,
  type Mergeable,
  MergeQueue,
  type PacketStart,
  type TextVisitor,
  type TraceSource,
} from "../trace/index.ts";

export { type ClockRelation, type MessageTimes, relateClocks } from "./convex-hull.ts";

/** What makes a source's times right: `time + skew * (time - origin) + correction`, in absolute ns. */
export interface ClockCorrection {
  /** ns at the source's origin. */
  readonly correction: bigint;
  /** ns per ns since the origin. */
  readonly skew: number;
}

const rightClock: ClockCorrection = { correction: 0n, skew: 0 };

/** One source's place in the whole. */
interface Part {
  readonly source: TraceSource;
  readonly firstClass: number;
  readonly firstStream: number;
  /** Experiment's time = round(source's time * rate) + shift, ns. */
  readonly rate: number;
  readonly shift: number;
}

/**
 * Merges `sources`; a single one is returned as it is. The result owns them: closing it closes them. `corrections` holds those sources whose clocks are wrong.
 */
export function openExperimentSource(
  sources: readonly TraceSource[],
  corrections: ReadonlyMap<TraceSource, ClockCorrection> = new Map(),
): TraceSource {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only;
  const ordered = [...sources].sort(bySourceOrder);
  const timed = ordered.filter((source) => source.streams.length > 0);
  const clockOf = (source: TraceSource): ClockCorrection => corrections.get(source) ?? rightClock;
  const correct = (source: TraceSource, time: bigint): bigint => {
    const { correction, skew } = clockOf(source);
    return time + correction + (skew === 0 ? 0n : BigInt(Math.round(Number(time - source.origin) * skew)));
  };
  const origin = least((timed.length > 0 ? timed : ordered).map((source) => correct(source, source.origin)));
  let classes = 0;
  let streams = 0;
  const parts = ordered.map((source): Part => {
    const part = {
      source,
      firstClass: classes,
      firstStream: streams,
      rate: 1 + clockOf(source).skew,
      shift: Number(correct(source, source.origin) - origin),
    };
    classes += source.eventClasses.length;
    streams += source.streams.length;
    return part;
  });
  return {
    path: ordered.map((source) => source.path).join(", "),
    environment: commonEnvironment(ordered),
    origin,
    start: least(timed.map((source) => correct(source, source.start))),
    end: timed.map((source) => correct(source, source.end)).reduce((latest, end) => (end > latest ? end : latest), origin),
    totalBytes: ordered.reduce((sum, source) => sum + source.totalBytes, 0),
    eventClasses: parts.flatMap((part) => part.source.eventClasses.map((each) => ({ ...each, index: each.index + part.firstClass }))),
    streams: parts.flatMap((part) =>
      part.source.streams.map((stream) => ({
        ...stream,
        index: stream.index + part.firstStream,
        start: correct(part.source, stream.start),
        end: correct(part.source, stream.end),
        clockZero: stream.clockZero * part.rate + part.shift,
        clockRate: (stream.clockRate ?? 1) * part.rate,
        traceUid: stream.traceUid ?? part.source.uid,
        traceEnvironment: stream.traceEnvironment ?? part.source.environment,
      })),
    ),
    warnings: ordered.flatMap((source) => source.warnings),
    losses: parts.flatMap((part) =>
      (part.source.losses ?? []).map((loss) => ({
        ...loss,
        stream: loss.stream + part.firstStream,
        start: loss.start === undefined ? undefined : correct(part.source, loss.start),
        end: loss.end === undefined ? undefined : correct(part.source, loss.end),
      })),
    ),
    packetStarts: () => packetStarts(parts),
    cursor: () => new ExperimentCursor(parts),
    close() {
      for (const source of ordered) source.close();
    },
  };
}

function packetStarts(parts: readonly Part[]): readonly PacketStart[] | undefined {
  const all: PacketStart[] = [];
  for (const { source, rate, shift } of parts) {
    const starts = source.packetStarts?.();
    if (starts === undefined) return undefined;
    for (const { time, bytes } of starts) all.push({ time: (rate === 1 ? time : Math.round(time * rate)) + shift, bytes });
  }
  return all;
}

function bySourceOrder(a: TraceSource, b: TraceSource): number {
  const keyA = [a.uid ?? "", a.path];
  const keyB = [b.uid ?? "", b.path];
  for (const [i, part] of keyA.entries()) {
    const order = compareText(part, keyB[i] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((smallest, value) => (value < smallest ? value : smallest), values[0] ?? 0n);
}

/** What all sources agree on. */
function commonEnvironment(sources: readonly TraceSource[]): TraceSource["environment"] {
  const [first, ...rest] = sources;
  const entries = Object.entries(first?.environment ?? {});
  return Object.fromEntries(entries.filter(([name, value]) => rest.every((source) => source.environment[name] === value)));
}

/** A source's cursor on the experiment's time line. */
class PartCursor implements Mergeable {
  time: RelativeNs = 0;
  readonly part: Part;
  readonly cursor: EventCursor;

  constructor(part: Part) {
    this.part = part;
    this.cursor = part.source.cursor();
  }

  next(): boolean {
    if (!this.cursor.next()) return false;
    const { rate, shift } = this.part;
    this.time = (rate === 1 ? this.cursor.time : Math.round(this.cursor.time * rate)) + shift;
    return true;
  }

  /** Moves so that the next event is the first one at or after `time` of the experiment. */
  seekTime(time: RelativeNs): void {
    const { rate, shift } = this.part;
    this.cursor.seekTime(rate === 1 ? time - shift : Math.ceil((time - shift - 0.5) / rate));
  }
}

class ExperimentCursor implements EventCursor {
  time: RelativeNs = 0;
  eventClass = -1;
  stream = -1;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly #parts: readonly PartCursor[];
  readonly #queue: MergeQueue<PartCursor>;
  #current: PartCursor | undefined;

  constructor(parts: readonly Part[]) {
    this.#parts = parts.map((part) => new PartCursor(part));
    this.#queue = new MergeQueue(this.#parts);
  }

  next(): boolean {
    const current = this.#queue.advance();
    if (current === undefined) return false;
    const { cursor, part } = current;
    this.#current = current;
    this.time = current.time;
    this.eventClass = cursor.eventClass + part.firstClass;
    this.stream = cursor.stream + part.firstStream;
    this.bytes = cursor.bytes;
    this.view = cursor.view;
    return true;
  }

  field(eventClass: EventClass, name: string): FieldReader | undefined {
    const owner = this.#ownerOf(eventClass);
    return owner?.cursor.field(owner.eventClass, name);
  }

  /** The part that a class of the whole is of, and what it is there. */
  #ownerOf({ index }: EventClass): { readonly cursor: EventCursor; readonly eventClass: EventClass } | undefined {
    const owner = this.#parts.findLast(({ part }) => part.firstClass <= index);
    const eventClass = owner?.part.source.eventClasses[index - owner.part.firstClass];
    return owner && eventClass && { cursor: owner.cursor, eventClass };
  }

  visit(visitor: EventVisitor): void {
    this.#current?.cursor.visit(visitor);
  }

  compileVisit(eventClass: EventClass, visitor: TextVisitor): (() => boolean) | undefined {
    const owner = this.#ownerOf(eventClass);
    return owner?.cursor.compileVisit?.(owner.eventClass, visitor);
  }

  seekTime(time: RelativeNs): void {
    for (const part of this.#parts) part.seekTime(time);
    this.#queue.reset();
  }

  save(): CursorPosition {
    return this.#saveEach((index) => this.#queue.isWaiting(index));
  }

  saveCurrent(): CursorPosition {
    return this.#saveEach((index) => index === this.#queue.winner || this.#queue.isWaiting(index));
  }

  /** Per part: how many numbers its position has, then these. */
  #saveEach(isBeforeCurrent: (index: number) => boolean): CursorPosition {
    return this.#parts.flatMap(({ cursor }, index) => {
      const position = isBeforeCurrent(index) ? cursor.saveCurrent() : cursor.save();
      return [position.length, ...position];
    });
  }

  restore(position: CursorPosition): void {
    let at = 0;
    for (const { cursor } of this.#parts) {
      const length = defined(position[at], "a position has a part for every source");
      cursor.restore(position.slice(at + 1, at + 1 + length));
      at += 1 + length;
    }
    this.#queue.reset();
  }

  get bytesRead(): number {
    return this.#parts.reduce((sum, { cursor }) => sum + cursor.bytesRead, 0);
  }

  close(): void {
    for (const { cursor } of this.#parts) cursor.close();
  }
}
