/** What every view must hold, and what the curves of the two-node trace are by hand. */
import { describe, expect, it } from "vitest";
import flows from "../analyses/flows/index.ts";
import node from "../analyses/node/index.ts";
import redis from "../analyses/redis/index.ts";
import { views } from "../engine/registry/views.gen.ts";
import { RequestQueries } from "../engine/requests.ts";
import { analyseText } from "../testing/analyse-text.ts";
import { replicatedPair } from "../testing/replicated-pair.ts";
import { twoNodes } from "../testing/two-nodes.ts";
import { twoServices } from "../testing/two-services.ts";
import type { View, XyView } from "./contract.ts";

const all: readonly View[] = views;
const context = analyseText([redis], twoNodes);
const range = { start: 0, end: 902, columns: 902 };

function xy(id: string): XyView {
  const view = all.find((each) => each.id === id);
  if (view?.type !== "xy") throw new Error(`no curves: ${id}`);
  return view;
}

/** Sum over a curve given in bytes per second: bytes. */
function bytesOf(view: XyView, entry: number, columns: number): number {
  const [curve] = view.series(context, [entry], { ...range, columns });
  return Math.round((curve?.y ?? []).reduce((sum, perSecond) => sum + (perSecond * (range.end / columns)) / 1e9, 0));
}

describe.each(all.map((view) => [view.id, view] as const))("view %s", (_id, view) => {
  const context = analyseText([flows, node, redis], `${twoNodes}\n${twoServices}\n${replicatedPair}`);
  const tree = view.type === "data-tree" ? view.tree(context, range) : view.tree(context);

  it("has rows with ids of their own, parents first", () => {
    const seen = new Set<number>([-1]);
    for (const { id, parent } of tree) {
      expect(seen).toContain(parent);
      expect(seen).not.toContain(id);
      seen.add(id);
    }
    expect(tree.length).toBeGreaterThan(0);
  });

  it("answers for rows that it does not know", () => {
    if (view.type === "time-graph") {
      expect(view.states(context, [-1, 1.5, 1e9], range)).toEqual([[], [], []]);
      expect(view.tooltip(context, 1e9, 100)).toEqual({});
    } else if (view.type === "xy") expect(view.series(context, [-1, 1.5, 1e9], range)).toEqual([]);
  });

  it("gives what its rows promise: states in order with styles that exist, curves with as many values as times", () => {
    const ids = tree.filter((entry) => entry.hasData).map((entry) => entry.id);
    if (view.type === "time-graph") {
      const styles = view.styles(context);
      for (const states of view.states(context, ids, range)) {
        let end = Number.NEGATIVE_INFINITY;
        for (const state of states) {
          expect(styles).toHaveProperty([state.style]);
          expect(state.start).toBeGreaterThanOrEqual(end);
          end = state.end;
        }
      }
    } else if (view.type === "xy") {
      const series = view.series(context, ids, range);
      expect(series.map(({ id }) => id)).toEqual(ids);
      for (const { x, y } of series) {
        expect(y.length).toBe(x.length);
        expect([...x].sort((a, b) => a - b)).toEqual(x);
      }
    }
  });
});

describe("data volume", () => {
  const view = xy("data-volume");
  const tree = view.tree(context);
  const entry = (node: string, ...labels: string[]): number => {
    let parent = tree.find((each) => each.parent === -1 && each.labels[0] === node)?.id;
    for (const label of labels) parent = tree.find((each) => each.parent === parent && each.labels[0] === label)?.id;
    return parent ?? -1;
  };

  it.each([1, 7, 902])("counts every byte once, at any zoom: %d columns", (columns) => {
    // Two requests of 30 bytes, replies of 5; one publish message of 2300 bytes from the first node to the second.
    expect(bytesOf(view, entry("test:7001", "Clients: bytes in"), columns)).toBe(60);
    expect(bytesOf(view, entry("test:7001", "Clients: bytes out"), columns)).toBe(10);
    expect(bytesOf(view, entry("test:7001", "Bus: bytes sent"), columns)).toBe(2300);
    expect(bytesOf(view, entry("test:7001", "Bus: bytes sent", "publish"), columns)).toBe(2300);
    expect(bytesOf(view, entry("test:7001", "Bus: bytes sent", "gossip"), columns)).toBe(0);
    expect(bytesOf(view, entry("test:7001", "Bus: bytes sent", "to test:7002"), columns)).toBe(2300);
    expect(bytesOf(view, entry("test:7002", "Bus: bytes received"), columns)).toBe(2300);
    expect(bytesOf(view, entry("test:7002", "Bus: bytes received", "from test:7001"), columns)).toBe(2300);
    expect(bytesOf(view, entry("test:7002", "Clients: bytes in"), columns)).toBe(0);
  });

  it("counts a message where it is sent and received", () => {
    const at = (id: number): number[] => {
      const [curve] = view.series(context, [id], range);
      return (curve?.y ?? []).flatMap((value, column) => (value > 0 ? [column] : []));
    };
    expect(at(entry("test:7001", "Bus: bytes sent"))).toEqual([180]);
    expect(at(entry("test:7002", "Bus: bytes received"))).toEqual([300]);
  });
});

describe("latency", () => {
  const view = xy("latency");
  const publish = view.tree(context).find((entry) => entry.labels[0] === "publish")?.id ?? -1;

  it("shows each request when it arrived and how long it took", () => {
    const [curve] = view.series(context, [publish], range);
    expect(curve?.x).toEqual([100, 300]);
    expect(curve?.y).toEqual([60, 60]);
  });

  it("shows the slowest where several share a place, and none outside the range", () => {
    expect(view.series(context, [publish], { ...range, columns: 1 })[0]?.y).toEqual([60]);
    expect(view.series(context, [publish], { start: 150, end: 300, columns: 100 })[0]?.x).toEqual([]);
  });
});

describe("statistics", () => {
  const view = all.find((each) => each.id === "statistics");
  if (view?.type !== "data-tree") throw new Error("no statistics");
  const cells = (part: typeof range) => {
    const tree = view.tree(context, part);
    const path = (id: number): string => {
      const entry = tree.find((each) => each.id === id);
      return entry === undefined ? "" : `${path(entry.parent)}/${entry.labels[0]}`;
    };
    return new Map(tree.filter(({ hasData }) => hasData).map(({ id, labels }) => [path(id), labels.slice(1).map(Number)]));
  };

  it("says of every command and phase what its requests say one by one", () => {
    const queries = new RequestQueries(context.history, 0n);
    const { requests } = queries.find({ limit: 1000, filter: "complete" }, 0, range.end);
    expect(requests.length).toBeGreaterThan(1);
    const durations = new Map<string, number[]>();
    const note = (path: string, ns: number) => durations.set(path, [...(durations.get(path) ?? []), ns]);
    for (const { node, command, durationNs, phases } of requests) {
      note(`/${node}/${command}`, durationNs);
      for (const { name, start, end } of phases) note(`/${node}/${command}/${name}`, Number(end - start));
    }
    const found = cells(range);
    for (const [path, values] of durations) {
      const sum = values.reduce((total, ns) => total + ns, 0);
      const [count = 0, least, mean = 0, most, total, deviation] = found.get(path) ?? [];
      // A phase that took no time is not listed in a request, but counts here.
      expect(total, path).toBe(sum);
      expect(most, path).toBe(Math.max(...values));
      const zeros = new Array<number>(count - values.length).fill(0);
      expect(least, path).toBe(Math.min(...values, ...zeros));
      expect(mean, path).toBe(Math.round(sum / count));
      const squares = [...values, ...zeros].reduce((all, ns) => all + (ns - sum / count) ** 2, 0);
      expect(deviation, path).toBe(Math.round(Math.sqrt(squares / count)));
    }
    for (const [path, [count, , , , total]] of found) {
      if (!durations.has(path)) expect(total, path).toBe(0);
      const whole = found.get(path.split("/").slice(0, 3).join("/"));
      expect(count, path).toBeLessThanOrEqual(whole?.[0] ?? 0);
    }
  });

  it("counts nothing outside the range", () => {
    expect(cells({ start: 902, end: 903, columns: 1 }).size).toBe(0);
  });
});
