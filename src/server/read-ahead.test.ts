import { setTimeout as sleep } from "node:timers/promises";
import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import type { Experiment } from "../engine/contract.ts";
import { RowIds } from "./queries.ts";
import { readAhead, watchIdleness } from "./read-ahead.ts";

const whole = 1_000_000n;
const isAtOnce = { idle: async (signal: AbortSignal) => signal.throwIfAborted() };

/** An experiment with one view of two rows, that notes what it is asked. */
function fake(state: "completed" | "idle", asked: { start: number; end: number }[], fail = false): Experiment {
  const view = {
    id: "netflow",
    type: "time-graph",
    tree: () => [{ id: 4 }, { id: 9 }],
    states: (_context: unknown, rows: readonly number[], { start, end }: { start: number; end: number }) => {
      expect(rows).toEqual([4, 9]);
      if (fail) throw new Error("cannot be read");
      asked.push({ start, end });
      return [];
    },
  };
  const experiment = { status: { state }, views: [view], end: whole, relative: Number, view: () => ({ view, context: { history: view } }) };
  return experiment as unknown as Experiment;
}

describe("reading ahead", () => {
  it("asks for all of the time, piece after piece, and makes the rows known", async () => {
    const asked: { start: number; end: number }[] = [];
    const rowIds = new RowIds();
    const experiment = fake("completed", asked);
    await readAhead(experiment, rowIds, isAtOnce, new AbortController().signal);
    expect(asked[0]?.start).toBe(0);
    expect(asked.at(-1)?.end).toBe(Number(whole));
    for (const [i, { start }] of asked.entries()) if (i > 0) expect(start).toBe(asked[i - 1]?.end);
    const noTree = (): never => {
      throw new Error("the tree is known");
    };
    expect(rowIds.select(experiment.view("netflow").context.history, "netflow", noTree, [9, 5])).toEqual([9]);
  });

  it("asks nothing before the analysis is done, nothing more after a failure, and nothing more once it is told to stop", async () => {
    const asked: { start: number; end: number }[] = [];
    const { signal } = new AbortController();
    await readAhead(fake("idle", asked), new RowIds(), isAtOnce, signal);
    await readAhead(fake("completed", asked, true), new RowIds(), isAtOnce, signal);
    const stop = new AbortController();
    let steps = 0;
    const stopping = {
      idle: async () => {
        if (++steps === 3) stop.abort();
        stop.signal.throwIfAborted();
      },
    };
    await readAhead(fake("completed", asked), new RowIds(), stopping, stop.signal);
    expect(asked).toHaveLength(1);
  });

  it("waits while something is answered", async () => {
    const app = Fastify();
    const idleness = watchIdleness(app);
    let answer = (): void => undefined;
    app.get("/", () => new Promise((resolve) => (answer = () => resolve("late"))));
    await app.listen({ host: "127.0.0.1", port: 0 });
    try {
      await idleness.idle(new AbortController().signal);
      const response = fetch(app.listeningOrigin);
      let isIdle = false;
      const asked = sleep(20).then(() => idleness.idle(new AbortController().signal));
      void asked.then(() => (isIdle = true));
      await sleep(150);
      expect(isIdle).toBe(false);
      answer();
      expect(await (await response).text()).toBe("late");
      await asked;
      expect(isIdle).toBe(true);
    } finally {
      await app.close();
    }
  });
});
