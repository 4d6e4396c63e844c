import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { twoServices } from "../../testing/two-services.ts";
import spans from "./index.ts";

const context = analyseText([flows, node, redis], twoServices);
const range = { start: 0, end: 961, columns: 961 };
const tree = spans.tree(context);
const path = (id: number): string => {
  const entry = tree.find((each) => each.id === id);
  return entry === undefined ? "" : `${path(entry.parent)}/${entry.labels[0]}`;
};
const rowOf = (text: string): number => tree.find(({ id }) => path(id) === text)?.id ?? -1;

describe("spans", () => {
  it("has services on top, lanes below them, and the store's threads at the bottom", () => {
    expect(tree.map(({ id }) => path(id))).toEqual([
      "/gateway",
      "/gateway/Served",
      "/gateway/Served/lane 1",
      "/gateway/Calls",
      "/gateway/Calls/lane 1",
      "/service",
      "/service/Served",
      "/service/Served/lane 1",
      "/service/Calls",
      "/service/Calls/lane 1",
      "/service/Calls/lane 2",
      "/test:6379",
      "/test:6379/main",
    ]);
  });

  it("shows spans as states of their lane", () => {
    const [states] = spans.states(context, [rowOf("/service/Served/lane 1")], range);
    expect(states?.map(({ start, end, label }) => `${start}-${end} ${label}`)).toEqual(["50-260 GET /inner", "290-300 GET /again"]);
  });

  it("draws an arrow from each call to what was done for it", () => {
    const drawn = spans.arrows(context, range).map(({ source, target, start, end, label }) => {
      return `${path(source)} ${start} > ${path(target)} ${end} ${label}`;
    });
    expect(drawn).toEqual([
      "/gateway/Calls/lane 1 40 > /service/Served/lane 1 50 GET b/inner",
      "/service/Calls/lane 1 100 > /test:6379/main 207 get",
      "/service/Calls/lane 2 101 > /test:6379/main 213 get",
      "/gateway/Calls/lane 1 280 > /service/Served/lane 1 290 GET b/again",
    ]);
  });

  it("tells which span is under the pointer", () => {
    const found = spans.tooltip(context, rowOf("/service/Calls/lane 2"), 150);
    expect(found).toEqual({ Span: "get", Process: "service", Is: "a call", Number: "4" });
  });
});
