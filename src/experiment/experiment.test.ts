/** Cursors of traces and of experiments: order, positions, seeking. The traces are those of test/traces/own. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openCtf } from "../ctf/index.ts";
import type { EventCursor, TraceSource } from "../trace/index.ts";
import { openExperimentSource } from "./index.ts";

const own = (name: string): TraceSource => openCtf(join(import.meta.dirname, "..", "..", "test", "traces", "own", name));
const sources: Readonly<Record<string, () => TraceSource>> = {
  "one trace with lost events": () => own("lttng-lost"),
  "one trace with bits": () => own("synth-compact27-wrap-ghz-be"),
  "two recordings": () => openExperimentSource([own("lttng-lost"), own("lttng-per-pid")]),
  "the same trace twice and another": () =>
    openExperimentSource([own("lttng-lost"), own("lttng-lost"), own("synth-compact27-wrap-ghz-be")]),
};

/** The current event, whole. */
function current(cursor: EventCursor): string {
  const parts: unknown[] = [cursor.time, cursor.eventClass, cursor.stream];
  const push = (...values: unknown[]): void => void parts.push(...values);
  const note = (): void => undefined;
  cursor.visit({
    beginScope: push,
    endScope: note,
    member: push,
    integer: (_, low, high) => push(low, high),
    wideInteger: (_, value) => push(String(value)),
    float: push,
    string: (bytes, start, end) => push(Buffer.from(bytes.subarray(start, end)).toString("latin1")),
    blob: note,
    beginArray: push,
    element: note,
    endArray: note,
    beginStruct: note,
    endStruct: note,
    beginVariant: push,
    endVariant: note,
    absent: note,
  });
  return JSON.stringify(parts);
}

describe.each(Object.keys(sources))("%s", (name) => {
  const source = sources[name]!();
  const all: string[] = [];
  const times: number[] = [];
  const reading = source.cursor();
  while (reading.next()) {
    all.push(current(reading));
    times.push(reading.time);
  }
  const rest = (cursor: EventCursor, count: number): string[] => {
    const events: string[] = [];
    while (events.length < count && cursor.next()) events.push(current(cursor));
    return events;
  };

  test("times do not decrease and lie within the source's range", () => {
    expect(all.length).toBeGreaterThan(5);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThanOrEqual(Number(source.end - source.origin));
  });

  test("restore gives the event that next would have given, from any cursor at any place", () => {
    const cursor = source.cursor();
    const other = source.cursor();
    fc.assert(
      fc.property(fc.nat(all.length), fc.nat(20), fc.nat(all.length), (at, further, elsewhere) => {
        cursor.restore(source.cursor().save());
        for (let i = 0; i < at; i++) cursor.next();
        const position = structuredClone(cursor.save());
        const again = at > 0 ? cursor.saveCurrent() : undefined;
        expect(rest(cursor, further)).toEqual(all.slice(at, at + further));
        other.restore(source.cursor().save());
        rest(other, Math.min(elsewhere, 30));
        other.restore(position);
        expect(rest(other, 5)).toEqual(all.slice(at, at + 5));
        if (again !== undefined) {
          cursor.restore(again);
          expect(rest(cursor, 2)).toEqual(all.slice(at - 1, at + 1));
        }
      }),
      { numRuns: 25 },
    );
  });

  test("seekTime gives the first event at or after a time, also of a cursor that was elsewhere", () => {
    const cursor = source.cursor();
    const end = Number(source.end - source.origin);
    const someTime = fc.oneof(
      fc.constantFrom(...times),
      fc.constantFrom(...times.map((time) => time + 1)),
      fc.integer({ min: -5, max: end + 5 }),
    );
    fc.assert(
      fc.property(someTime, (time) => {
        cursor.seekTime(time);
        const first = times.findIndex((each) => each >= time);
        expect(rest(cursor, 3)).toEqual(first < 0 ? [] : all.slice(first, first + 3));
      }),
      { numRuns: 40 },
    );
  });

  test("positions survive the end", () => {
    const cursor = source.cursor();
    while (cursor.next());
    const end = cursor.save();
    cursor.seekTime(0);
    expect(cursor.next()).toBe(true);
    cursor.restore(end);
    expect(cursor.next()).toBe(false);
  });
});

test("an experiment renumbers classes and streams, and reads fields of each trace", () => {
  const experiment = openExperimentSource([own("lttng-lost"), own("lttng-per-pid")]);
  expect(experiment.eventClasses.map((each) => each.index)).toEqual(experiment.eventClasses.map((_, i) => i));
  expect(experiment.streams.map((each) => each.index)).toEqual([0, 1, 2, 3]);
  const cursor = experiment.cursor();
  const readers = experiment.eventClasses.map((eventClass) => cursor.field(eventClass, "vpid"));
  const seen = new Map<number, Set<string | undefined>>();
  while (cursor.next()) {
    const vpid = readers[cursor.eventClass]!.number();
    if (!seen.has(vpid)) seen.set(vpid, new Set());
    seen.get(vpid)!.add(experiment.streams[cursor.stream]?.traceUid);
  }
  expect([...seen.keys()].sort()).toEqual([11971, 11997]);
  expect([...seen.values()].map((uids) => uids.size)).toEqual([1, 1]);
});
