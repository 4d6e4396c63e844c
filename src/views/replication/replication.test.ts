import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { replicatedPair } from "../../testing/replicated-pair.ts";
import { twoNodes } from "../../testing/two-nodes.ts";
import view from "./index.ts";

describe("replication", () => {
  const context = analyseText([redis], replicatedPair);
  const entry = (label: string): number => view.tree(context).find(({ labels }) => labels[0] === label)?.id ?? -1;

  it("has a row per primary and replica, with what is outstanding", () => {
    expect(view.tree(context).map(({ parent, labels, isDefault }) => [parent, labels[0], isDefault])).toEqual([
      [-1, "test:7021 to test:7022", false],
      [0, "Until read", false],
      [0, "Until executed", true],
    ]);
  });

  it("grows with the age of the oldest write that is outstanding, exactly at every zoom", () => {
    const [read, executed] = view.series(context, [entry("Until read"), entry("Until executed")], { start: 0, end: 900, columns: 9 });
    // Written at 100 and 200; read at 300 and 500; executed at 505.
    expect(read?.y).toEqual([0, 100, 200, 200, 300, 300, 0, 0, 0]);
    expect(executed?.y).toEqual([0, 100, 200, 300, 400, 405, 0, 0, 0]);
    const [near] = view.series(context, [entry("Until executed")], { start: 500, end: 510, columns: 2 });
    expect(near?.y).toEqual([405, 405]);
    const truth = (at: number): number =>
      Math.max(
        0,
        ...[
          [100, 505],
          [200, 505],
        ].map(([sent = 0, end = 0]) => (sent < at && at <= end ? at - sent : 0)),
      );
    const [fine] = view.series(context, [entry("Until executed")], { start: 0, end: 900, columns: 900 });
    expect(fine?.y.slice(0, 505)).toEqual(Array.from({ length: 505 }, (_, at) => truth(at + 1)));
  });

  it("is empty where nothing replicates, and ignores rows it does not know", () => {
    expect(view.tree(analyseText([redis], twoNodes))).toEqual([]);
    expect(view.series(context, [-1, 0, 1.5, 99], { start: 0, end: 900, columns: 9 })).toEqual([]);
    expect(view.series(context, [1], { start: 0, end: 900, columns: 0 })).toEqual([]);
  });
});
