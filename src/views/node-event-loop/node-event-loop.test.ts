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
});
