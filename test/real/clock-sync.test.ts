/**
 * Clocks of several hosts: a cluster recorded as two traces, of which one gets another clock (shifted, and running faster or slower) by rewriting a copy's
 * metadata. The unchanged copy is the truth.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Processes } from "../../scenarios/lib/processes.ts";
import { startCluster } from "../../scenarios/lib/redis-cluster.ts";
import { findCtfTraces, openCtf } from "../../src/ctf/index.ts";
import { synchroniseClocks } from "../../src/engine/clock-sync.ts";
import { openExperiment } from "../../src/engine/index.ts";
import type { MessageEnds } from "../../src/environments/contract.ts";
import redis from "../../src/environments/redis/index.ts";
import { openExperimentSource } from "../../src/experiment/index.ts";
import { startRecording } from "../../src/record/index.ts";
import { buildStore } from "../../src/record/store/index.ts";
import type { TraceSource } from "../../src/trace/index.ts";

let directory: string;
let here: string;
let there: string;

beforeAll(async () => {
  const store = await buildStore({ flavor: "redis" });
  directory = mkdtempSync(join(tmpdir(), "storescope-clocks-"));
  const work = join(directory, "work");
  mkdirSync(work);
  const processes = new Processes(work, new AbortController().signal);
  try {
    const { ports, pids } = await startCluster(processes, store, work, 3);
    const [first = 0, second = 0, third = 0] = pids;
    const a = await startRecording({ output: join(directory, "a"), pids: [first, second] });
    const b = await startRecording({ output: join(directory, "b"), pids: [third] });
    for (const recording of [a, b]) {
      await processes.waitFor("the nodes being traced", 20, async () => (await recording.processes()).length >= 3);
    }
    // Publishes in both directions, from the beginning to the end, so that the clocks' rates show.
    for (let round = 0; round < 8; round++) {
      for (const port of [ports[0], ports[2]]) {
        await processes.run(store.benchmark, ["-p", String(port), "-n", "400", "-c", "4", "-q", "publish", "news", "xxx"], {
          log: `publish-${round}-${port}`,
        });
      }
    }
    await b.stop();
    await a.stop();
  } finally {
    await processes.stop();
  }
  const only = (path: string): string => {
    const [found, ...more] = findCtfTraces(path);
    if (found === undefined || more.length > 0) throw new Error(`one trace was expected in ${path}`);
    return found;
  };
  here = only(join(directory, "a"));
  there = only(join(directory, "b"));
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A copy of a trace with another clock: `shiftNs` later, and running `ppm` fast. Every change keeps the metadata's length. */
function withClock(trace: string, name: string, shiftNs: bigint, ppm: number): string {
  const copy = join(directory, name);
  cpSync(trace, copy, { recursive: true });
  const path = join(copy, "metadata");
  const text = readFileSync(path, "latin1");
  const uuid = /clock \{[^}]*uuid = "([0-9a-f-]{36})"/.exec(text)?.[1] ?? "";
  const offset = /offset = (\d{19});/.exec(text)?.[1] ?? "";
  const frequency = 1_000_000_000 + Math.round(ppm * -1000);
  // Cycles stay as they are: at another frequency, the same offset in ns is another number of cycles.
  const cycles = ((BigInt(offset) + shiftNs) * BigInt(frequency)) / 1_000_000_000n;
  const digits = String(frequency).padStart(10, "0");
  const changed = text
    .replaceAll(`"${uuid}"`, `"00000000${uuid.slice(8)}"`)
    .replaceAll(offset, String(cycles))
    .replaceAll("freq = 1000000000", `freq = ${digits.startsWith("0") ? ` ${digits.slice(1)}` : digits}`);
  expect(changed).toHaveLength(text.length);
  writeFileSync(path, changed, "latin1");
  return copy;
}

/** Absolute times of a source's events, in order. */
function times(source: TraceSource, isOurs: (stream: number) => boolean = () => true): bigint[] {
  const found: bigint[] = [];
  const cursor = source.cursor();
  while (cursor.next()) if (isOurs(cursor.stream)) found.push(source.origin + BigInt(cursor.time));
  cursor.close();
  return found;
}

async function messageEnds(source: TraceSource): Promise<MessageEnds> {
  const reading = redis.messageEnds?.(source);
  if (reading === undefined) throw new Error("redis knows its messages");
  for (;;) {
    const step = await reading.next();
    if (step.done === true) return step.value;
  }
}

/** Delays in ns of all messages that both ends know. */
function delays({ sent, received }: MessageEnds): number[] {
  return [...sent].flatMap(([stream, ends]) =>
    [...ends].flatMap(([end, time]) => {
      const arrival = received.get(stream)?.get(end);
      return arrival === undefined ? [] : [arrival - time];
    }),
  );
}

describe("traces of hosts whose clocks differ", () => {
  it("need nothing when they share a clock", async () => {
    const sources = [openCtf(here), openCtf(there)];
    const { corrections } = await synchroniseClocks(sources, [redis], {});
    expect(corrections.size).toBe(0);
    const merged = openExperimentSource(sources);
    const found = delays(await messageEnds(merged));
    expect(found.length).toBeGreaterThan(6000);
    expect(Math.min(...found)).toBeGreaterThan(0);
    merged.close();
  });

  it.each([
    ["an hour fast", 3_600_000_000_000n, 0],
    ["some ms slow, losing 80 ms in 1000 s", -7_654_321n, -80],
    ["some seconds fast, gaining 250 ms in 1000 s", 12_345_678_901n, 250],
  ])("%s: no effect before its cause, and the error is within what is stated", async (name, shiftNs, ppm) => {
    const copy = withClock(there, name.replaceAll(/\W+/g, "-"), shiftNs, ppm);
    const sources = [openCtf(here), openCtf(copy)];
    const [, wrong] = sources;
    const { corrections, infos } = await synchroniseClocks(sources, [redis], {});
    const info = wrong === undefined ? undefined : infos.get(wrong);
    if (info?.state !== "synchronised") throw new Error(`not synchronised: ${info?.state}`);
    expect(info.accuracyNs).toBeLessThan(5e6);
    const merged = openExperimentSource(sources, corrections);

    const truth = openCtf(there);
    const expected = times(truth);
    truth.close();
    const found = times(merged, (stream) => merged.streams[stream]?.file.startsWith(copy) === true);
    expect(found).toHaveLength(expected.length);
    const largest = found.reduce((most, time, i) => Math.max(most, Math.abs(Number(time - (expected[i] ?? 0n)))), 0);
    expect(largest).toBeLessThanOrEqual(info.accuracyNs + 2);
    // It was really wrong, and is right now.
    expect(largest).toBeLessThan(Math.abs(Number(shiftNs)) / 10);

    const ends = delays(await messageEnds(merged));
    expect(ends.length).toBeGreaterThan(6000);
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(-1);

    // Going to a time gives what reading up to it gives.
    const cursor = merged.cursor();
    const middle = found[found.length >> 1] ?? 0n;
    cursor.seekTime(Number(middle - merged.origin));
    expect(cursor.next()).toBe(true);
    expect(merged.origin + BigInt(cursor.time)).toBe(times(merged).find((time) => time >= middle));
    merged.close();
  });

  it("are analysed as one, and say how their clocks were made to agree", async () => {
    const copy = withClock(there, "analysed", 5_000_000_000n, 50);
    const summary = async (paths: readonly string[], cache: string) => {
      const experiment = await openExperiment(paths, { cacheDirectory: join(directory, cache) });
      try {
        await experiment.analyze();
        const { nodes } = experiment.stats();
        const bus = nodes.map((node) => node.bus.reduce((sum, peer) => sum + peer.messagesReceived, 0)).sort();
        return { clocks: experiment.traces.map((trace) => trace.clock?.state), requests: nodes.map((node) => node.requests).sort(), bus };
      } finally {
        experiment.close();
      }
    };
    const right = await summary([here, there], "cache-right");
    const corrected = await summary([here, copy], "cache-corrected");
    expect(right.clocks).toEqual([undefined, undefined]);
    expect(corrected.clocks).toEqual(["reference", "synchronised"]);
    expect({ ...corrected, clocks: [] }).toEqual({ ...right, clocks: [] });
  });
});
