/** Histories joined of parts: the same bytes whoever wrote the parts when, and the same answers as one history that was written whole. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { BadInputError } from "../base/index.ts";
import type { HistoryPart, HistoryReader, HistoryWriter, StateColumns } from "./contract.ts";
import { createHistory, createHistoryPart, joinHistoryParts, openHistory, verifyHistory } from "./index.ts";

const scratch = mkdtempSync(join(tmpdir(), "storescope-joined-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const key = { identity: "a trace" };
const end = 10_000;
const noRequest = 0xffff_ffff;

/** What happens on one node: requests one after the other, each of `length` ns after a pause of `gap` ns, by one of three commands. */
type Node = readonly { readonly gap: number; readonly length: number; readonly command: number }[];
const nodes = fc.array(
  fc.array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), length: fc.integer({ min: 1, max: 50 }), command: fc.nat(2) }), {
    maxLength: 30,
  }),
  { minLength: 1, maxLength: 5 },
);

const requestColumns = [
  { name: "id", type: "u32", ids: "requests" },
  { name: "command", type: "text" },
  { name: "start", type: "f64" },
  { name: "caller", type: "u32", ids: "requests" },
  { name: "end", type: "f64", since: "start" },
] as const;

/**
 * An analysis of one node after the other or of all at once: `step(n)` handles node n's next request. Node n's caller is its
 * previous request, or none.
 */
function analysis(writer: HistoryWriter, all: readonly Node[], mine: readonly number[]) {
  const { state } = writer;
  const table = writer.table("requests", requestColumns);
  const root = state.child(-1, "Redis");
  const places = mine.map((n) => {
    // Ids of texts differ from part to part; their order, which decides ties, does not.
    state.intern(`only ${n}`);
    for (const command of [0, 1, 2]) state.intern(`command ${command}`);
    const quark = state.child(root, `node ${n}`);
    const operation = state.child(quark, "Operation");
    const request = state.child(quark, "Request");
    state.holdsIds(request, "requests");
    return { n, time: 0, next: 0, operation, request, previous: noRequest };
  });
  let ids = 0;
  return {
    step(n: number): void {
      const place = places.find((place) => place.n === n)!;
      const { gap, length, command } = all[n]![place.next++]!;
      const start = place.time + gap;
      place.time = start + length;
      const id = ids++;
      state.set(start, place.operation, `command ${command}`);
      state.setNumber(start, place.request, id);
      state.clear(place.time, place.operation);
      state.clear(place.time, place.request);
      table.append([id, table.intern(`command ${command}`), start, place.previous, place.time]);
      place.previous = id;
    },
    finish(): void {
      writer.idSpace("requests", ids);
      writer.finish(end);
    },
  };
}

/** Each node a part, the parts written in turns as `turns` says (node numbers, taken modulo); the rest in order at the end. */
function writeParts(directory: string, all: readonly Node[], turns: readonly number[]): string[] {
  const parts = all.map(() => createHistoryPart(directory));
  const runs = parts.map((part, n) => analysis(part, all, [n]));
  const left = all.map((node) => node.length);
  for (const turn of turns) {
    const n = turn % all.length;
    if (left[n]! > 0) {
      left[n]!--;
      runs[n]!.step(n);
    }
  }
  for (const [n, run] of runs.entries()) {
    for (; left[n]! > 0; left[n]!--) run.step(n);
    run.finish();
  }
  return parts.map(({ path }) => path);
}

/** Everything the history says, by path; what is numbered by the history itself (quarks, text ids) as names. */
function readAll(history: HistoryReader): unknown {
  const { state } = history;
  const quarks = Array.from({ length: state.attributes.count }, (_, quark) => quark);
  const path = (quark: number): string => state.attributes.path(quark).join("/");
  const ranges: unknown[] = [];
  state.range(quarks, 0, end, (quark, start, stop, value) => void ranges.push([path(quark), start, stop, value]));
  const named = (row: StateColumns): unknown => [
    path(row.quark),
    row.count,
    row.busy,
    row.longest,
    [...row.dominant].map((index) => (index < 0 ? undefined : row.values[index])),
  ];
  const table = history.table("requests")!;
  const rows = Array.from({ length: table.rowCount }, (_, i) => {
    const row = table.row(i);
    return [row[0], table.text(row[1]!), row[2], row[3]];
  });
  const chunked = [...table.chunks()].flatMap((chunk) =>
    Array.from({ length: chunk.rowCount }, (_, i) => [
      chunk.columns[0]![i],
      table.text(chunk.columns[1]![i]!),
      chunk.columns[2]![i],
      chunk.columns[3]![i],
    ]),
  );
  expect(chunked).toEqual(rows);
  for (let count = 1; count <= table.columns.length; count++) {
    const leading = [...table.leading(count)].map(({ firstRow, rowCount, columns }) => ({ firstRow, rowCount, columns }));
    const first = [...table.chunks()].map(({ firstRow, rowCount, columns }) => ({ firstRow, rowCount, columns: columns.slice(0, count) }));
    expect(leading).toEqual(first);
  }
  const bounds: number[] = [];
  for (const { most, chunk } of table.largest(4)) {
    bounds.push(most);
    const lengths = Array.from({ length: chunk.rowCount }, (_, i) => chunk.columns[4]![i]! - chunk.columns[2]![i]!);
    expect(lengths).toEqual(lengths.map((_, i) => table.row(chunk.firstRow + i)[4]! - table.row(chunk.firstRow + i)[2]!));
    expect(Math.max(...lengths)).toBe(most);
  }
  expect(bounds).toEqual([...bounds].sort((left, right) => right - left));
  const times = [0, 7, 50, 333, 1000];
  return {
    paths: quarks.map(path),
    ranges,
    rows,
    columns: state.columns(quarks, 0, 3000, 30).map(named),
    at: times.map((time) => quarks.map((quark) => state.at(time, quark)?.value)),
    full: times.map((time) => state.full(time).map((interval, quark) => [interval?.quark === quark, interval?.value])),
    changes: times.map((time) => quarks.map((quark) => [state.nextChange(time, quark), state.previousChange(time, quark)])),
    bounds: [state.start, state.end, state.intervalCount],
  };
}

const file = (directory: string): Buffer => readFileSync(join(directory, "history"));
const opened = (directory: string): HistoryReader => openHistory(directory, key)!;

describe("a history joined of parts", () => {
  test("is the same, bit for bit, whether the parts were written by turns or one after the other, and says what a whole one says", () => {
    fc.assert(
      fc.property(nodes, fc.array(fc.nat(), { maxLength: 200 }), (all, turns) => {
        const [serial, turned, whole] = [join(scratch, "serial"), join(scratch, "turned"), join(scratch, "whole")];
        joinHistoryParts(turned, key, writeParts(turned, all, turns));
        joinHistoryParts(serial, key, writeParts(serial, all, []));
        expect(file(turned).equals(file(serial))).toBe(true);
        expect(readdirSync(turned)).toEqual(["history"]);
        verifyHistory(turned);

        // The reference numbers and orders everything as one pass over node after node does.
        const writer = createHistory(whole, key);
        const run = analysis(
          writer,
          all,
          all.map((_, n) => n),
        );
        for (const [n, node] of all.entries()) for (let i = 0; i < node.length; i++) run.step(n);
        run.finish();
        const [joined, reference] = [opened(turned), opened(whole)];
        expect(readAll(joined)).toEqual(readAll(reference));
        joined.close();
        reference.close();
      }),
      { numRuns: 60 },
    );
  });

  test("finds chunks by ids that were shifted, and by the mark for none", () => {
    const directory = join(scratch, "bounds");
    const node: Node = Array.from({ length: 5000 }, () => ({ gap: 0, length: 1, command: 1 }));
    joinHistoryParts(directory, key, writeParts(directory, [node, node, node], []));
    const history = opened(directory);
    const table = history.table("requests")!;
    const found = (column: string, value: number): number[] =>
      [...table.chunks({ column: table.column(column), min: value, max: value })].flatMap((chunk) =>
        [...chunk.columns[table.column(column)]!].flatMap((got, i) => (got === value ? [chunk.firstRow + i] : [])),
      );
    for (const id of [0, 4999, 5000, 9999, 14_999]) expect(found("id", id)).toEqual([id]);
    expect([...table.chunks({ column: 0, min: 7000, max: 7000 })].length).toBe(1);
    expect(found("caller", noRequest)).toEqual([0, 5000, 10_000]);
    expect(table.row(7000)[3]).toBe(6999);
    history.close();
  });

  test("refuses parts that write states of one attribute, share a document, or are missing or damaged; and removes them", () => {
    const directory = join(scratch, "refused");
    const make = (fill: (part: HistoryPart, n: number) => void): string[] =>
      [0, 1].map((n) => {
        const part = createHistoryPart(directory);
        fill(part, n);
        part.finish(end);
        return part.path;
      });
    const refused = (paths: readonly string[], message: RegExp): void => {
      expect(() => joinHistoryParts(directory, key, paths)).toThrow(message);
      expect(readdirSync(directory)).toEqual([]);
    };
    const twice = (part: HistoryPart): void => part.state.set(0, part.state.child(-1, "a"), 1);
    refused(make(twice), /parts 0 and 1 both have states of a/);
    refused(
      make((part) => part.document("d", 1)),
      /document/,
    );
    refused(
      make((part, n) => void part.table("t", [{ name: `${n}`, type: "u8" }])),
      /other columns/,
    );
    refused([...make(() => undefined), join(directory, "history.1.0.partial")], /missing/);
    const damaged = make(twice);
    writeFileSync(damaged[1]!, readFileSync(damaged[1]!).subarray(0, 100));
    expect(() => joinHistoryParts(directory, key, damaged)).toThrow(BadInputError);
    const finished = createHistoryPart(directory);
    finished.finish(end);
    finished.abort();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("detects every flipped byte", () => {
    const directory = join(scratch, "damaged");
    const node: Node = Array.from({ length: 20 }, (_, i) => ({ gap: i, length: 3, command: i % 3 }));
    joinHistoryParts(directory, key, writeParts(directory, [node, node], []));
    const bytes = file(directory);
    const path = join(directory, "history");
    for (let at = 0; at < bytes.length; at += 3) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << (at % 8);
      writeFileSync(path, flipped);
      expect(() => verifyHistory(directory), `byte ${at}`).toThrow(BadInputError);
    }
  });

  test("is the same whether threads write the parts or one does", async () => {
    const program = join(scratch, "writer.mjs");
    const write = `
      export function write(directory, n) {
        const part = createHistoryPart(directory);
        const { state } = part;
        const table = part.table("t", [{ name: "id", type: "u32", ids: "t" }]);
        const quark = state.child(state.child(-1, "Redis"), "node " + n);
        for (let i = 0; i < 300_000 + n; i++) {
          state.setText(i * 10, quark, state.intern("command " + ((i * (n + 1)) % 7)));
          if (i % 10 === 0) table.append([i / 10]);
        }
        part.idSpace("t", table.rowCount);
        part.finish(4_000_000);
        return part.path;
      }`;
    buildSync({
      stdin: {
        contents: `import { parentPort, workerData } from "node:worker_threads"; import { createHistoryPart } from "./index.ts"; ${write}
          if (workerData?.directory !== undefined) parentPort.postMessage(write(workerData.directory, workerData.n));`,
        resolveDir: import.meta.dirname,
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: program,
    });
    const [parallel, serial] = [join(scratch, "parallel"), join(scratch, "one-thread")];
    const ns = [0, 1, 2];
    const paths = await Promise.all(
      ns.map(
        (n) =>
          new Promise<string>((resolve, reject) => {
            const worker = new Worker(program, { workerData: { directory: parallel, n } });
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
    joinHistoryParts(parallel, key, paths);
    const here = (await import(program)) as { write: (directory: string, n: number) => string };
    joinHistoryParts(
      serial,
      key,
      ns.map((n) => here.write(serial, n)),
    );
    expect(file(parallel).equals(file(serial))).toBe(true);
    const history = opened(parallel);
    expect(history.state.intervalCount).toBe(900_003);
    expect(history.state.at(123_456, history.state.attributes.find("Redis", "node 2")!)?.value).toBe(`command ${(12_345 * 3) % 7}`);
    expect(history.table("t")?.row(60_001)[0]).toBe(60_001);
    history.close();
  });
});
