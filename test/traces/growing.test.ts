/**
 * Traces that are still being written, as one sees them at any moment: files that end anywhere, metadata that ends anywhere, files that are not there yet.
 * Oracle: the whole trace. What is read of a part is the beginning of what is read of the whole, stream by stream, or an error of ours.
 */
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BadInputError, StorescopeError } from "../../src/base/index.ts";
import { FilePool, openCtf } from "../../src/ctf/index.ts";
import { openExperiment } from "../../src/engine/index.ts";

const root = join(import.meta.dirname, "..", "..");
const traces: Readonly<Record<string, string>> = {
  "LTTng-UST, packetised metadata": join(root, "samples", "redis-cluster", "ust", "uid", "0", "64-bit"),
  "two streams, plain metadata": join(root, "test", "traces", "own", "synth-two-streams-ties-le"),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "storescope-growing-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Events by stream: their names. (Times need the clock's declaration, which may be missing.) */
function read(trace: string): { events: Map<string, string[]>; warnings: readonly string[] } {
  const source = openCtf(trace);
  const cursor = source.cursor();
  const events = new Map<string, string[]>();
  try {
    for (;;) {
      try {
        if (!cursor.next()) break;
      } catch (error) {
        // One stream has ended; the others go on.
        if (!(error instanceof BadInputError)) throw error;
        continue;
      }
      const stream = source.streams[cursor.stream]!;
      const key = `${stream.streamClassId} ${stream.streamId}`;
      if (!events.has(key)) events.set(key, []);
      events.get(key)!.push(source.eventClasses[cursor.eventClass]!.name);
    }
    return { events, warnings: source.warnings.map(({ message }) => message) };
  } finally {
    source.close();
  }
}

describe.each(Object.keys(traces))("%s", (name) => {
  const trace = traces[name]!;
  const files = readdirSync(trace).filter((file) => !file.startsWith(".") && statSync(join(trace, file)).isFile());
  const whole = read(trace);

  test("any prefix of any file: the beginning of each stream, or an error of ours", () => {
    let readable = 0;
    let last = 0;
    const cuts = fc.record({
      metadata: fc.integer({ min: 0, max: 3000 }),
      others: fc.array(fc.integer({ min: 0, max: 1200 })),
    });
    fc.assert(
      fc.property(cuts, ({ metadata, others }) => {
        const part = join(folder, String(last++));
        mkdirSync(part);
        for (const [i, file] of files.entries()) {
          const bytes = readFileSync(join(trace, file));
          const share = Math.min(1000, file === "metadata" ? metadata : (others[i] ?? 1000)) / 1000;
          writeFileSync(join(part, file), bytes.subarray(0, Math.floor(bytes.length * share)));
        }
        try {
          const { events } = read(part);
          readable++;
          for (const [stream, list] of events) expect(list).toEqual(whole.events.get(stream)?.slice(0, list.length));
        } catch (error) {
          expect(error).toBeInstanceOf(StorescopeError);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(readable).toBeGreaterThan(50);
  });

  test("metadata that ends anywhere: with a warning, what is declared before is read", () => {
    for (const file of files) copyFileSync(join(trace, file), join(folder, file));
    const bytes = readFileSync(join(trace, "metadata"));
    let warned = 0;
    for (let cut = 60; cut > 0; cut--) {
      writeFileSync(join(folder, "metadata"), bytes.subarray(0, Math.floor((bytes.length * cut) / 61)));
      try {
        const { events, warnings } = read(folder);
        for (const [stream, list] of events) expect(list).toEqual(whole.events.get(stream)?.slice(0, list.length));
        if (warnings.some((message) => message.includes("seems to be still being written"))) warned++;
      } catch (error) {
        expect(error).toBeInstanceOf(StorescopeError);
      }
    }
    // LTTng-UST declares the stream last: without it nothing can be read.
    expect(warned > 0).toBe(name.includes("plain"));
  });
});

test("events of a class that is not declared yet end their stream's count with a warning, and only that", async () => {
  const trace = traces["LTTng-UST, packetised metadata"]!;
  cpSync(trace, folder, { recursive: true });
  const bytes = readFileSync(join(folder, "metadata"));
  // The events' own ids are what the declarations are found by.
  const at = bytes.indexOf('name = "redis:server_state"');
  const id = bytes.indexOf("id = ", at) + "id = ".length;
  expect(bytes.subarray(id, id + 1).toString()).toMatch(/\d/);
  bytes[id] = "9".charCodeAt(0);
  bytes[id + 1] = "9".charCodeAt(0);
  writeFileSync(join(folder, "metadata"), bytes);
  const experiment = await openExperiment([folder]);
  const counts = await experiment.eventCounts();
  const warnings = experiment.traces.flatMap((each) => each.warnings);
  experiment.close();
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(0);
  expect(warnings.length).toBeGreaterThan(0);
  for (const { file, offset, message } of warnings) {
    expect(file).toContain(folder);
    expect(offset).toBeGreaterThan(0);
    expect(message).toMatch(/there is no event with id \d+ .*; the stream is not read any further/);
  }
});

test("a declaration that is wrong, not unfinished, stays an error", () => {
  const trace = traces["two streams, plain metadata"]!;
  const text = readFileSync(join(trace, "metadata"), "latin1");
  for (const broken of [`${text}\nevent { name = ; };\n`, `nonsense;\n${text}`, text.replace("byte_order", "byte order")]) {
    writeFileSync(join(folder, "metadata"), broken, "latin1");
    expect(() => openCtf(folder)).toThrow(BadInputError);
  }
});

test("what is appended later is seen by the next opening only, which does not believe the old history", async () => {
  const trace = traces["LTTng-UST, packetised metadata"]!;
  const files = readdirSync(trace).filter((file) => statSync(join(trace, file)).isFile());
  const growing = join(folder, "trace");
  mkdirSync(growing);
  for (const file of files) {
    const bytes = readFileSync(join(trace, file));
    writeFileSync(join(growing, file), file === "metadata" ? bytes : bytes.subarray(0, bytes.length / 2 + 100));
  }
  const total = async (): Promise<number> => {
    const experiment = await openExperiment([growing]);
    const { events, cached } = await experiment.analyze();
    experiment.close();
    expect(cached).toBe(false);
    return events;
  };
  const open = openCtf(growing);
  const cursor = open.cursor();
  const first = await total();
  for (const file of files.filter((each) => each !== "metadata")) {
    const bytes = readFileSync(join(trace, file));
    appendFileSync(join(growing, file), bytes.subarray(bytes.length / 2 + 100));
  }
  let seen = 0;
  while (cursor.next()) seen++;
  open.close();
  expect(seen).toBe(first);
  expect(first).toBeGreaterThan(100);
  expect(await total()).toBeGreaterThan(first);
});

test("a file that is replaced or gone while it is read is an error of that file", () => {
  const trace = traces["two streams, plain metadata"]!;
  for (const file of readdirSync(trace)) copyFileSync(join(trace, file), join(folder, file));
  const streams = readdirSync(folder).filter((file) => file !== "metadata" && !file.startsWith("."));
  expect(streams.length).toBe(3);
  // One descriptor for three files: only the last one looked at is still open.
  const source = openCtf(folder, { pool: new FilePool({ openFiles: 1 }) });
  const [one, other] = streams.map((file) => join(folder, file)) as [string, string];
  copyFileSync(one, `${one}.new`);
  renameSync(`${one}.new`, one);
  rmSync(other);
  const cursor = source.cursor();
  const messages: string[] = [];
  for (let i = 0; i < 3; i++) {
    try {
      cursor.next();
    } catch (error) {
      expect(error).toBeInstanceOf(BadInputError);
      messages.push((error as BadInputError).message);
    }
  }
  source.close();
  expect(messages.some((message) => message.startsWith(one) && message.includes("replaced"))).toBe(true);
  expect(messages.some((message) => message.startsWith(other) && message.includes("cannot be read any more"))).toBe(true);
});
