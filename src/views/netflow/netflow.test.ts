import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { Best } from "../../base/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { redirectedCluster } from "../../testing/redirected-cluster.ts";
import { replicatedPair } from "../../testing/replicated-pair.ts";
import { twoNodes } from "../../testing/two-nodes.ts";
import netflow, { arrowRank } from "./index.ts";

describe("netflow", () => {
  const context = analyseText([redis], twoNodes);
  const range = { start: 0, end: 901, columns: 901 };
  const entry = (label: string): number => netflow.tree(context).find((each) => each.labels[0] === label)!.id;

  it("has a row per thread and per connection, under their node", () => {
    const entries = netflow.tree(context);
    const name = new Map(entries.map((each) => [each.id, each.labels[0]]));
    expect(entries.map((each) => `${name.get(each.parent) ?? ""}/${each.labels.join(" ")}`)).toEqual([
      "/test:7001 redis 7.0.15",
      "test:7001/main tid 1",
      "test:7001/Connections ",
      "Connections/fd 8 127.0.0.1:5000 client",
      "/test:7002 redis 7.0.15",
      "test:7002/main tid 2",
      "test:7002/Connections ",
    ]);
  });

  it("starts out with connections folded when there are several nodes", () => {
    expect(netflow.expandLevel?.(context)).toBe(1);
  });

  it("names the states of a connection as the paper does", () => {
    const [states] = netflow.states(context, [entry("fd 8 127.0.0.1:5000")], { ...range, end: 200 });
    expect(states?.map(({ start, end, label }) => `${start}-${end} ${label}`)).toEqual([
      "100-110 queued for read",
      "110-130 READ CLIENT",
      "130-140 publish",
      "140-150 queued for write",
      "150-160 WRITE TO CLIENT",
    ]);
  });

  it("keeps short states visible when there is no room for all: one per run of columns, with how many it stands for", () => {
    const [states] = netflow.states(context, [entry("fd 8 127.0.0.1:5000")], { start: 0, end: 900, columns: 3 });
    expect(states?.reduce((sum, state) => sum + state.count, 0)).toBe(10);
  });

  it("draws an arrow from the thread that sent a bus message to the one that received it", () => {
    const [arrow] = netflow.arrows(context, range);
    const mains = netflow.tree(context).filter((each) => each.labels[0] === "main");
    expect(arrow).toMatchObject({
      source: mains[0]?.id,
      target: mains[1]?.id,
      start: 180,
      end: 300,
      label: "publish, 2300 bytes",
      style: "bus publish",
    });
    expect(netflow.arrows(context, { ...range, start: 400 })).toEqual([]);
  });

  it("draws an arrow from a redirected request's connection to the one of its repeat", () => {
    const cluster = analyseText([redis], redirectedCluster(2, true));
    const [first, second] = netflow.tree(cluster).filter((each) => each.labels[0]?.startsWith("fd 8"));
    const whole = { start: 0, end: 50_000, columns: 100 };
    const arrow = { source: first?.id, target: second?.id, label: "ASK, slot 5", style: "redirect" };
    expect(netflow.arrows(cluster, whole)).toEqual([
      { ...arrow, start: 21_000, end: 24_000 },
      { ...arrow, start: 31_000, end: 34_000 },
    ]);
    expect(netflow.arrows(cluster, { ...whole, start: 25_000 })).toEqual([{ ...arrow, start: 31_000, end: 34_000 }]);
    expect(netflow.styles(cluster)).toHaveProperty("redirect");
  });

  it("draws an arrow from the primary that wrote to the replica that read it", () => {
    const pair = analyseText([redis], replicatedPair);
    const [source, target] = netflow.tree(pair).filter((each) => each.labels[0] === "main");
    const arrow = { source: source?.id, target: target?.id, style: "replication" };
    expect(netflow.arrows(pair, { start: 0, end: 900, columns: 900 })).toEqual([
      { ...arrow, start: 100, end: 300, label: "replication, 60 bytes" },
      { ...arrow, start: 200, end: 500, label: "replication, 40 bytes" },
    ]);
    expect(netflow.arrows(pair, { start: 400, end: 900, columns: 900 })).toHaveLength(1);
    expect(netflow.styles(pair)).toHaveProperty("replication");
  });

  it("has a style for every state it gives, and answers for rows it does not know", () => {
    const styles = netflow.styles(context);
    const rows = netflow.tree(context).map((each) => each.id);
    for (const states of netflow.states(context, rows, range)) for (const state of states) expect(styles).toHaveProperty(state.style);
    expect(netflow.states(context, [-1, 1.5, 1e9], range)).toEqual([[], [], []]);
    expect(netflow.tooltip(context, 1e9, 100)).toEqual({});
  });

  it("tells the request, the thread and the memory under the pointer", () => {
    expect(netflow.tooltip(context, entry("fd 8 127.0.0.1:5000"), 135)).toMatchObject({ State: "publish", Request: "0", Thread: "1" });
    expect(netflow.tooltip(context, entry("fd 8 127.0.0.1:5000"), 50)).toEqual({});
  });
});

describe("which arrows are kept where there are too many", () => {
  it("goes by kind, then by length, however long one is", () => {
    const hours = 20 * 3600e9;
    expect(arrowRank("publish", 5, 6)).toBeGreaterThan(arrowRank("redirect", 0, hours));
    expect(arrowRank("replication", 5, 6)).toBeGreaterThan(arrowRank("gossip", 0, hours));
    expect(arrowRank("publish", 1e13, 1e13 + 1001)).toBeGreaterThan(arrowRank("publish", 0, 1000));
  });

  it("takes equally long ones from all of the time", () => {
    const best = new Best<number>(200);
    for (let i = 0; i < 20_000; i++) best.add(arrowRank("publish", i * 9_000_000, i * 9_000_000 + 416_300), i);
    const byTenth = new Array<number>(10).fill(0);
    for (const i of best.sorted()) byTenth[Math.floor(i / 2_000)]! += 1;
    expect(Math.min(...byTenth)).toBeGreaterThan(5);
  });
});
