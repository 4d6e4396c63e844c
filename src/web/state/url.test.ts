import { describe, expect, it } from "vitest";
import { clampRange, useStore } from "./store.ts";
import { formatFragment, parseFragment, toView } from "./url.ts";

const origin = 1_763_928_569_123_456_789n;
const experiment = {
  id: "5f3c9b6e-2f1d-5a6b-9c4e-0d8a7b6c5d4e",
  name: "demo",
  origin,
  start: origin,
  end: origin + 1_000_000_000n,
  status: { state: "completed" as const, done: undefined, total: undefined, code: undefined, message: undefined },
  views: [],
  eventCount: 0,
  discardedEvents: 0,
  warnings: [],
  traces: [],
};

describe("the view in the address", () => {
  it("comes back to the nanosecond", () => {
    const store = useStore.getState();
    store.open(experiment);
    store.setRange({ start: 123_456_789, end: 123_999_999 });
    store.select({ time: 123_500_001, end: 123_500_777, entry: 12 });
    store.showRequest(77);
    store.setTimeMode("utc");
    const before = useStore.getState();
    const after = toView(parseFragment(`#${formatFragment(before)}`), origin, before.full);
    expect(after).toEqual({ range: before.range, selection: before.selection, request: 77, timeMode: "utc" });
  });

  it("is short for the default view", () => {
    useStore.getState().open(experiment);
    useStore.getState().setTimeMode("local");
    expect(formatFragment(useStore.getState())).toBe("trace=5f3c9b6e-2f1d-5a6b-9c4e-0d8a7b6c5d4e");
  });

  it("ignores what makes no sense", () => {
    const view = toView(parseFragment("#from=9&to=3&at=x&row=-1&request=1e9&time=dawn"), origin, { start: 0, end: 5 });
    expect(view).toEqual({ range: { start: 0, end: 5 }, selection: undefined, request: undefined, timeMode: "local" });
  });
});

describe("the visible range", () => {
  it("stays inside the experiment and never gets shorter than can be drawn", () => {
    const full = { start: 0, end: 1_000 };
    expect(clampRange({ start: -500, end: 100 }, full)).toEqual({ start: 0, end: 600 });
    expect(clampRange({ start: 900, end: 1_200 }, full)).toEqual({ start: 700, end: 1_000 });
    expect(clampRange({ start: 500, end: 502 }, full)).toEqual({ start: 481, end: 521 });
    expect(clampRange({ start: -9e9, end: 9e9 }, full)).toEqual(full);
  });

  it("keeps the time under the pointer where it is when zooming", () => {
    const store = useStore.getState();
    store.open(experiment);
    store.zoom(0.5, 250_000_000);
    const { range } = useStore.getState();
    expect((250_000_000 - range.start) / (range.end - range.start)).toBeCloseTo(0.25);
  });
});
