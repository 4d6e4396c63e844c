import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const { create } = require("./runtime.cjs") as {
  create(tracer: unknown, addon: unknown, bits: unknown): { update(mask: number, isNewSession: boolean): void; stop(): void };
};
const bits = { gc: 1, dns: 2, loop_iteration: 4 };

/** What is told of collections, and what the addon is asked, while garbage is collected with the event on, off and on. */
async function collections(canWatch: boolean): Promise<{ readonly told: number; readonly asked: readonly boolean[] }> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let told = 0;
  const asked: boolean[] = [];
  const tracer = { guard: (handler: unknown) => handler, emit: { gc: () => told++ } };
  const addon = {
    watchLoop: () => undefined,
    watchCollections: (isOn: boolean) => {
      asked.push(isOn);
      return isOn && canWatch;
    },
  };
  const runtime = create(tracer, addon, bits);
  for (const mask of [bits.gc, 0, bits.gc]) {
    runtime.update(mask, false);
    collect();
    await sleep(20);
  }
  runtime.stop();
  collect();
  await sleep(20);
  return { told, asked };
}

describe("garbage collections", () => {
  it("are the addon's where it can watch them", async () => {
    expect(await collections(true)).toEqual({ told: 0, asked: [true, false, true, false] });
  });

  it("are told as Node measures them where it cannot", async () => {
    const { told, asked } = await collections(false);
    expect(told).toBeGreaterThanOrEqual(2);
    expect(asked).toEqual([true, true]);
  });
});
