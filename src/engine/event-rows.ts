/**
 * The events table: logical events (steps, rare events, and events of no environment) in time order, at random.
 *
 * Nothing is stored per event. The analyses counted events in buckets of time; a running sum turns a row's index into a bucket, and a bucket's rows are made
 * by decoding the trace again around it: the analysis noted in which later bucket the last of its steps was carried. The latest buckets are kept.
 *
 *     index --cumulative counts--> bucket --seek, decode [bucket, bucket + later]--> rows sorted by time
 */

import { type EventSummary, documents as eventDocuments } from "../analyses/event-counts/keys.ts";
import { type ProcessSummary, documents as redisDocuments, type StepSummary } from "../analyses/redis/keys.ts";
import { type AbsoluteNs, type RelativeNs, toAbsolute } from "../base/index.ts";
import { addBuckets, furthestReach } from "../base/time-buckets.ts";
import {
  type RareEvent,
  RedisDecoder,
  type RedisProcess,
  rareFields,
  type StepSink,
  stepFields,
  stepName,
} from "../environments/redis/index.ts";
import type { HistoryReader } from "../state/index.ts";
import type { EventClass, EventCursor, FieldReader, TraceSource } from "../trace/index.ts";
import type { EventRow } from "./contract.ts";

const keptBuckets = 64;
const foreignKind = -1;
const rareKind = 0;

/** Rows of one stretch of time as columns, in time order. */
class Rows implements StepSink {
  readonly from: RelativeNs;
  readonly to: RelativeNs;
  private readonly process: number[] = [];
  private readonly kind: number[] = [];
  private readonly time: number[] = [];
  private readonly thread: number[] = [];
  private readonly conn: number[] = [];
  private readonly args: number[] = [];
  /** Rare events, and fields of foreign ones, by row. */
  private readonly details = new Map<number, RareEvent | { readonly name: string; readonly fields: [string, string][] }>();
  private order: Uint32Array | undefined;
  private readonly processes: RedisProcess[] = [];

  constructor(from: RelativeNs, to: RelativeNs) {
    this.from = from;
    this.to = to;
  }

  get length(): number {
    return this.time.length;
  }

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
  ): void {
    if (!this.isInside(time)) return;
    this.add(process, kind, time, process.threads.get(thread)?.tid ?? thread, conn);
    this.args.push(a, b, c, d, e);
  }

  rare(process: RedisProcess, event: RareEvent): void {
    if (!this.isInside(event.time)) return;
    this.details.set(this.length, event);
    this.add(process, rareKind, event.time, process.threads.get(event.thread)?.tid ?? event.thread, event.conn);
    this.args.push(0, 0, 0, 0, 0);
  }

  foreign(name: string, time: RelativeNs, thread: number, fields: [string, string][]): void {
    if (!this.isInside(time)) return;
    this.details.set(this.length, { name, fields });
    this.add(undefined, foreignKind, time, thread, -1);
    this.args.push(0, 0, 0, 0, 0);
  }

  private isInside(time: RelativeNs): boolean {
    return time >= this.from && time < this.to;
  }

  private add(process: RedisProcess | undefined, kind: number, time: RelativeNs, thread: number, conn: number): void {
    if (process !== undefined) this.processes[process.index] = process;
    this.process.push(process?.index ?? -1);
    this.kind.push(kind);
    this.time.push(time);
    this.thread.push(thread);
    this.conn.push(conn);
  }

  /** Sorts by time; steps of one process keep their order, processes follow each other by index. */
  finish(): void {
    const order = Uint32Array.from(this.time, (_, i) => i);
    const { time, process } = this;
    this.order = order.sort(
      (i, j) => (time[i] as number) - (time[j] as number) || (process[i] as number) - (process[j] as number) || i - j,
    );
  }

  timeAt(position: number): RelativeNs {
    return this.time[(this.order as Uint32Array)[position] as number] as number;
  }

  belongsTo(position: number, process: number, conn: number): boolean {
    const i = (this.order as Uint32Array)[position] as number;
    return this.process[i] === process && this.conn[i] === conn;
  }

  row(position: number, index: number, origin: AbsoluteNs, nodes: readonly string[]): EventRow {
    const i = (this.order as Uint32Array)[position] as number;
    const kind = this.kind[i] as number;
    const args = this.args.slice(i * 5, i * 5 + 5);
    const detail = this.details.get(i);
    const process = this.processes[this.process[i] as number];
    let name = "";
    let fields: [string, string][] = [];
    if (detail !== undefined) {
      name = kind === rareKind ? `redis:${detail.name}` : detail.name;
      fields = "time" in detail ? rareFields(detail) : detail.fields;
    } else if (process !== undefined) {
      name = stepName(kind, args[0] as number);
      fields = stepFields(process, kind, this.conn[i] as number, args);
    }
    return {
      index,
      time: toAbsolute(this.time[i] as number, origin),
      node: nodes[this.process[i] as number] ?? "",
      thread: this.thread[i] as number,
      name,
      fields,
    };
  }
}

/** Random access to the logical events of one experiment. */
export class EventRows {
  readonly count: number;
  private readonly source: TraceSource;
  private readonly origin: AbsoluteNs;
  private readonly widthNs: number;
  /** Rows before bucket i. */
  private readonly before: Float64Array;
  /** How many buckets later the last of a bucket's steps was carried. */
  private readonly later: readonly number[];
  private readonly slopes: Readonly<Record<string, number>>;
  private readonly processes: readonly ProcessSummary[];
  private readonly nodes: readonly string[];
  private readonly kept = new Map<number, Rows>();

  constructor(source: TraceSource, history: HistoryReader, origin: AbsoluteNs) {
    this.source = source;
    this.origin = origin;
    const events = history.document(eventDocuments.events) as EventSummary | undefined;
    const steps = history.document(redisDocuments.steps) as StepSummary | undefined;
    this.processes = (history.document(redisDocuments.processes) as readonly ProcessSummary[] | undefined) ?? [];
    this.nodes = this.processes.map((process) => process.node);
    const buckets = addBuckets([...(events === undefined ? [] : [events.foreign]), ...(steps === undefined ? [] : [steps.buckets])]);
    this.widthNs = buckets.widthNs;
    this.before = new Float64Array(buckets.counts.length + 1);
    buckets.counts.forEach((count, i) => {
      this.before[i + 1] = (this.before[i] as number) + count;
    });
    this.count = this.before[buckets.counts.length] ?? 0;
    this.later = furthestReach(steps === undefined ? [] : [steps.reach], this.widthNs).later;
    this.slopes = steps?.slopes ?? {};
  }

  /** Rows [index, index + count), fewer at the end. */
  rows(index: number, count: number): readonly EventRow[] {
    const found: EventRow[] = [];
    const last = Math.min(this.count, index + count);
    for (let i = Math.max(0, index); i < last; ) {
      const bucket = this.bucketOf(i);
      const rows = this.bucket(bucket);
      const first = this.before[bucket] as number;
      const end = Math.min(last, this.before[bucket + 1] as number);
      for (; i < end; i++) if (i - first < rows.length) found.push(rows.row(i - first, i, this.origin, this.nodes));
    }
    return found;
  }

  /** Index of the first row at or after a time; `count` when there is none. */
  indexAt(time: RelativeNs): number {
    const buckets = this.before.length - 1;
    const bucket = Math.max(0, Math.floor(time / this.widthNs));
    if (bucket >= buckets) return this.count;
    const rows = this.bucket(bucket);
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows.timeAt(middle) < time) low = middle + 1;
      else high = middle;
    }
    return Math.min(this.count, (this.before[bucket] as number) + low);
  }

  /** Rows of one connection in [from, to], at most `limit`. */
  ofConnection(process: number, conn: number, from: RelativeNs, to: RelativeNs, limit: number): readonly EventRow[] {
    const found: EventRow[] = [];
    const last = Math.min(this.before.length - 2, Math.floor(to / this.widthNs));
    for (let bucket = Math.max(0, Math.floor(from / this.widthNs)); bucket <= last && found.length < limit; bucket++) {
      const rows = this.bucket(bucket);
      for (let i = 0; i < rows.length && found.length < limit; i++) {
        const time = rows.timeAt(i);
        if (time < from || time > to || !rows.belongsTo(i, process, conn)) continue;
        found.push(rows.row(i, (this.before[bucket] as number) + i, this.origin, this.nodes));
      }
    }
    return found;
  }

  private bucketOf(index: number): number {
    let low = 0;
    let high = this.before.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.before[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private bucket(bucket: number): Rows {
    const known = this.kept.get(bucket);
    if (known !== undefined) {
      this.kept.delete(bucket);
      this.kept.set(bucket, known);
      return known;
    }
    const rows = this.decode(bucket);
    this.kept.set(bucket, rows);
    if (this.kept.size > keptBuckets) this.kept.delete(this.kept.keys().next().value as number);
    return rows;
  }

  private decode(bucket: number): Rows {
    const from = bucket === 0 ? Number.NEGATIVE_INFINITY : bucket * this.widthNs;
    const rows = new Rows(from, (bucket + 1) * this.widthNs);
    const cursor = this.source.cursor();
    try {
      const decoder = new RedisDecoder(this.source, cursor, () => rows, this.slopes);
      for (const process of this.processes) decoder.adopt({ ...process, commands: process.commands.map((name) => name ?? undefined) });
      const foreign = new ForeignEvents(this.source, cursor, rows);
      if (from > 0) cursor.seekTime(from);
      const until = (bucket + 1 + (this.later[bucket] ?? 0)) * this.widthNs;
      while (cursor.next() && cursor.time < until) {
        if (decoder.takes(cursor.eventClass)) decoder.handle();
        else foreign.handle();
      }
      decoder.finish();
    } finally {
      cursor.close();
    }
    rows.finish();
    return rows;
  }
}

/** Events that no environment decodes, shown as the trace has them. */
class ForeignEvents {
  private readonly cursor: EventCursor;
  private readonly rows: Rows;
  private readonly classes: (
    | {
        readonly eventClass: EventClass;
        readonly readers: readonly (readonly [string, FieldReader])[];
        readonly thread: FieldReader | undefined;
      }
    | undefined
  )[] = [];

  constructor(source: TraceSource, cursor: EventCursor, rows: Rows) {
    this.cursor = cursor;
    this.rows = rows;
    for (const eventClass of source.eventClasses) {
      if (eventClass.name.startsWith("redis:")) continue;
      const readers: (readonly [string, FieldReader])[] = [];
      for (const { name } of eventClass.payload) {
        const reader = cursor.field(eventClass, name);
        if (reader !== undefined) readers.push([name, reader]);
      }
      this.classes[eventClass.index] = { eventClass, readers, thread: cursor.field(eventClass, "vtid") };
    }
  }

  handle(): void {
    const entry = this.classes[this.cursor.eventClass];
    if (entry === undefined) return;
    const time = this.cursor.time;
    if (time < this.rows.from || time >= this.rows.to) return;
    const fields = entry.readers.map(([name, reader]): [string, string] => [name, fieldText(reader)]);
    this.rows.foreign(entry.eventClass.name, time, entry.thread?.number() ?? 0, fields);
  }
}

function fieldText(reader: FieldReader): string {
  switch (reader.kind) {
    case "unsigned":
    case "signed":
      return reader.bigint().toString();
    case "string":
    case "enum":
      return reader.text();
    case "float":
    case "boolean":
      return String(reader.number());
    default:
      return `[${reader.kind}]`;
  }
}
