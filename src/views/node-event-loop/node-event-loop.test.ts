import { describe, expect, it } from "vitest";
import node from "../../analyses/node/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { twoServices } from "../../testing/two-services.ts";
import nodeEventLoop from "./index.ts";

const context = analyseText([node], twoServices);
const range = { start: 0, end: 961, columns: 961 };

describe("node-event-loop", () => {
  it("shows how long callbacks ran", () => {
    const entry = nodeEventLoop.tree(context).find(({ labels }) => labels[0] === "Event loop");
    const [states] = nodeEventLoop.states(context, [entry?.id ?? -1], range);
    expect(states?.map(({ start, end, label }) => `${start}-${end} ${label}`)).toEqual(["100-400 300 ns", "910-960 50 ns"]);
  });

  it("shows brief iterations that are told with a later one where they were", () => {
    const told = `1 node:process_info vpid=1 environment=0 thread=0 cluster_worker=0 node_version="24" script="a.mjs" service=""
      1000 node:loop_iteration vpid=1 environment=0 poll_ns=700 busy_ns=50 poll1_ns=10 busy1_ns=20 poll2_ns=5 busy2_ns=0 poll3_ns=30 busy3_ns=40
      1100 node:loop_iteration vpid=1 environment=0 poll_ns=50 busy_ns=10 poll1_ns=5 busy1_ns=35 poll2_ns=0 busy2_ns=0 poll3_ns=0 busy3_ns=0`;
    const own = analyseText([node], told);
    const entry = nodeEventLoop.tree(own).find(({ labels }) => labels[0] === "Event loop");
    const [states] = nodeEventLoop.states(own, [entry?.id ?? -1], { start: 0, end: 1200, columns: 1200 });
    expect(states?.map(({ start, end, label }) => `${start}-${end} ${label}`)).toEqual([
      "175-215 40 ns",
      "230-250 20 ns",
      "950-1000 50 ns",
      "1005-1040 35 ns",
      "1090-1100 10 ns",
    ]);
  });
});
