import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import eventCounts from "../analyses/event-counts/index.ts";
import redis from "../analyses/redis/index.ts";
import { openHistory } from "../state/index.ts";
import { traceFromText } from "../testing/trace-from-text.ts";
import type { TraceSource } from "../trace/index.ts";
import { buildHistory } from "./build-history.ts";
import { EventRows } from "./event-rows.ts";

const ms = 1_000_000;
const batch = (thread: number, at: number, words: string): string =>
  `${at} redis:steps vpid=9 vtid=${9 + thread} thread=${thread} base_ticks=0 base_ns=0 end_ticks=${at} end_ns=${at} words={${words}}`;

/** A batch whose first step is told 80 ms late, an io thread's that waits 10 ms for the main thread, and then a batch each millisecond. */
const text = [
  batch(0, 81 * ms, `poll_start@${1 * ms}; poll_end@${80 * ms} aux=1`),
  batch(1, 83 * ms, `io_run_start@${82 * ms} aux=1 items=3; io_run_end@${82.5 * ms} aux=1 items=3`),
  batch(0, 93 * ms, `poll_start@${92.5 * ms}`),
  ...Array.from({ length: 200 }, (_, i) => batch(0, (100 + i) * ms + 500, `poll_end@${(100 + i) * ms + 100} aux=1`)),
].join("\n");

let directory = "";
let source: TraceSource;
let decoded = 0;

/** The same source, whose cursors count the events they give. */
function counting(of: TraceSource): TraceSource {
  return {
    ...of,
    cursor: () => {
      const cursor = of.cursor();
      const next = cursor.next.bind(cursor);
      cursor.next = () => {
        decoded++;
        return next();
      };
      return cursor;
    },
  };
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-test-"));
  source = traceFromText(text);
  await buildHistory(source, [eventCounts, redis], directory, "test", {});
});

afterEach(() => rmSync(directory, { recursive: true }));

const table = (): EventRows => {
  const history = openHistory(directory, { identity: "test" });
  if (history === undefined) throw new Error("no history");
  const rows = new EventRows(counting(source), history, source.origin);
  return rows;
};

describe("EventRows", () => {
  it("gives each step once, at its own time, however late it was told", () => {
    const rows = table();
    const times = rows.rows(0, rows.count).map(({ time, name }) => `${Number(time) / ms} ${name}`);
    expect(times.slice(0, 6)).toEqual([
      "1 redis:poll_start",
      "80 redis:poll_end",
      "82 redis:io_thread_run_start",
      "82.5 redis:io_thread_run_end",
      "92.5 redis:poll_start",
      "100.0001 redis:poll_end",
    ]);
    expect(times).toHaveLength(205);
    expect(rows.rows(3, 1).map(({ name }) => name)).toEqual(["redis:io_thread_run_end"]);
  });

  it("reads far ahead only where steps were told late", () => {
    const rows = table();
    decoded = 0;
    expect(rows.rows(100, 1).map(({ name }) => name)).toEqual(["redis:poll_end"]);
    expect(decoded).toBeLessThan(5);
  });
});
