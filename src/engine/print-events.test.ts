import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { openCtf } from "../ctf/index.ts";
import { printEvents } from "./print-events.ts";

const traces = join(import.meta.dirname, "..", "..", "test", "traces", "own");

test("what comes before a broken packet is printed before the error is thrown", async () => {
  const source = openCtf(join(traces, "synth-frame-bad-magic-second-be"));
  const parts: Buffer[] = [];
  const printing = printEvents(source, { format: "json", write: (bytes) => void parts.push(Buffer.from(bytes)) });
  await expect(printing).rejects.toThrow(/does not begin with its magic number/);
  expect(Buffer.concat(parts).toString().trim().split("\n").length).toBe(1);
});

test("bytes stay as they are until a slow writer has taken them", async () => {
  const print = async (wait: () => Promise<void>): Promise<readonly Buffer[]> => {
    const parts: Buffer[] = [];
    await printEvents(openCtf(join(traces, "lttng-lost")), {
      format: "babeltrace",
      write: async (bytes) => {
        await wait();
        parts.push(Buffer.from(bytes));
      },
    });
    return parts;
  };
  const parts = await print(() => delay(5));
  expect(parts.length).toBeGreaterThan(1);
  expect(Buffer.concat(parts).equals(Buffer.concat(await print(async () => undefined)))).toBe(true);
  const lines = Buffer.concat(parts).toString("latin1").split("\n");
  expect(lines.filter((line) => line !== "" && !/^\[\d\d:\d\d:\d\d\.\d{9}\] \(\+.*\}$/.test(line))).toEqual([]);
});
