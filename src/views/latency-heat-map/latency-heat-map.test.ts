import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { redisServer } from "../../testing/diagnose-text.ts";
import view from "./index.ts";

const us = 1000;
/** Requests of connection 7: when each arrives, and how long it takes; one after the other. */
const requests: readonly (readonly [arrived: number, took: number])[] = [
  [10 * us, 3 * us],
  [20 * us, 3 * us],
  [30 * us, 4 * us],
  [100 * us, 150 * us],
  [400 * us, 3 * us],
  [500 * us, 1_999 * us],
  [3_000 * us, 2_000 * us],
];
const words = requests
  .map(
    ([at, took], i) =>
      `poll_end@${at} aux=1; read_start@${at} conn=7; read_done@${at + 100} nread=30; parsed@${at + 200} end_offset=${1030 + 30 * i};
       call_start@${at + 300} aux=4 flags=4; call_end@${at + took - 700} aux=4 flags=4 reply_bytes=5; process_end@${at + took - 600}; read_end@${at + took - 500} conn=7;
       write_start@${at + took - 400} conn=7; write_end@${at + took} conn=7 nwritten=5; poll_start@${at + took + 10}`,
  )
  .join("; ");

describe("latency heat map", () => {
  const end = 6_000 * us;
  const context = analyseText(
    [redis],
    `${redisServer}\n${end} redis:steps vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`,
  );
  const tree = view.tree(context);

  it("has a row for each band from the fastest request to the slowest, the slowest on top", () => {
    expect(tree.map(({ labels }) => labels[0])).toEqual([
      "test:7001",
      "2.00 ms to 5.00 ms",
      "1.00 ms to 2.00 ms",
      "500 µs to 1.00 ms",
      "200 µs to 500 µs",
      "100 µs to 200 µs",
      "50.0 µs to 100 µs",
      "20.0 µs to 50.0 µs",
      "10.0 µs to 20.0 µs",
      "5.00 µs to 10.0 µs",
      "2.00 µs to 5.00 µs",
    ]);
  });

  it.each([1, 7, 40, 4000])("counts each request once, where it arrived: %i columns", (columns) => {
    const bands = tree.filter(({ hasData }) => hasData);
    const cells = view.states(
      context,
      bands.map(({ id }) => id),
      { start: 0, end, columns },
    );
    expect(cells.flat().reduce((sum, { count }) => sum + count, 0)).toBe(requests.length);
    const limits = [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5].map((limit) => limit * us);
    for (const [row, states] of cells.entries()) {
      for (const { start, end: until, count } of states) {
        const inside = requests.filter(
          ([at, took]) => at >= start && at < until && took < (limits[row] as number) && took >= (limits[row + 1] ?? 2 * us),
        );
        expect(inside).toHaveLength(count);
      }
    }
  });

  it("is hottest where there are most", () => {
    const id = tree.at(-1)?.id ?? -1;
    const [cells] = view.states(context, [id], { start: 0, end: 800 * us, columns: 8 });
    expect(cells?.map(({ label, style }) => `${label} ${style}`)).toEqual(["3 requests heat 8", "1 request heat 4"]);
  });

  it("answers for rows and ranges that are none", () => {
    expect(view.states(context, [-1, 1e9, 0], { start: 0, end, columns: 10 })).toEqual([[], [], []]);
    expect(view.states(context, [5], { start: 10, end: 10, columns: 10 })).toEqual([[]]);
    expect(view.tooltip(context, 1e9, 0)).toEqual({});
    expect(view.tooltip(context, 5, 0)).toMatchObject({ Node: "test:7001" });
  });
});
