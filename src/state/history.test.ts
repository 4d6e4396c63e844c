/** Histories against a brute-force model, on both stores, with runs and leaves so small that every level is used. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ContainerReader } from "./container.ts";
import type { HistoryReader, HistoryWriter, Interval, StateValue } from "./contract.ts";
import { FileSink, openFinished } from "./file-pages.ts";
import { History, HistoryFile } from "./history.ts";
import { HistoryPacker } from "./history-packer.ts";
import type { IntervalWriterOptions } from "./interval-writer.ts";
import { MemoryStore } from "./store.ts";

const scratch = mkdtempSync(join(tmpdir(), "storescope-history-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const tiny = { runIntervals: 32, leafIntervals: 12, blockIntervals: 3 };
const key = { identity: "test" };

/** Both stores: how a history is written and read back there. */
const stores: Record<string, (write: (writer: HistoryWriter) => void, options?: IntervalWriterOptions) => HistoryReader> = {
  memory: (write, options = tiny) => {
    const store = new MemoryStore("memory");
    write(new History(new HistoryPacker(store, options), key));
    return new HistoryFile(new ContainerReader(store));
  },
  // A cache of one leaf: every query evicts.
  file: (write, options = tiny) => {
    write(new History(new HistoryPacker(new FileSink(scratch), options), key));
    return new HistoryFile(new ContainerReader(openFinished(scratch)!), 1);
  },
};

/** What the history should hold, per attribute sorted by (start, end). */
type Model = Interval[][];

/** All texts that are values, in the order that `write` interns them. */
const texts = ["reading", "\ud800", "idle", "", "executing", "\ufeffbom", "é"];

const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("idle", "reading", "executing") },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }) },
  // Numbers too large for the array by code in column-values.ts, ascending or not.
  { weight: 2, arbitrary: fc.integer({ min: 70_000, max: 70_005 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "\ud800",
      "\ufeffbom",
      "é",
      -1,
      0.5,
      -0,
      1e300,
      2 ** 31,
      2 ** 31 - 1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ),
  },
);
const gap = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) }, { weight: 1, arbitrary: fc.constantFrom(50, 1000, 5e9) });
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 0, 300, 70_000, 5e9) },
);
const piece = fc.record({ gap, length, value, rank: fc.integer({ min: 0, max: 1000 }) });

/** One attribute's life: by `set` (in its own order), or by complete intervals (in any order). */
const attribute = fc.record({
  bySet: fc.boolean(),
  disorder: fc.constantFrom<number>(0, 0, 3, 1000),
  pieces: fc.array(piece, { maxLength: 40 }),
});
const lives = fc.array(attribute, { minLength: 1, maxLength: 8 });
type Life = typeof attribute extends fc.Arbitrary<infer T> ? T : never;

/** Writes the lives, interleaved by time plus each attribute's disorder, and returns what must be found. */
function write(writer: HistoryWriter, lives: readonly Life[]): Model {
  const calls: { order: number; call: () => void }[] = [];
  let last = 0;
  const { state } = writer;
  for (const text of texts) state.intern(text);
  const model: Model = lives.map((life, n) => {
    const quark = state.child(-1, `attribute ${n}`);
    const intervals: Interval[] = [];
    let time = 0;
    for (const { gap, length, value, rank } of life.pieces) {
      const start = time + gap;
      const end = start + length;
      time = end;
      if (life.bySet) {
        calls.push({ order: start, call: () => state.set(start, quark, value) });
        calls.push({ order: end, call: () => (rank % 2 === 0 ? state.clear(end, quark) : state.set(end, quark, undefined)) });
      } else {
        calls.push({
          order: end + life.disorder * rank,
          call: () =>
            typeof value === "string"
              ? state.insertText(start, end, quark, state.intern(value))
              : state.insertNumber(start, end, quark, value),
        });
      }
      if (!(life.bySet && start === end)) intervals.push({ quark, start, end, value });
    }
    last = Math.max(last, time);
    return intervals;
  });
  calls.sort((a, b) => a.order - b.order);
  for (const { call } of calls) call();
  writer.finish(last);
  return model;
}

const touches = (interval: Interval, from: number, to: number): boolean =>
  interval.start < to && (interval.end > from || (interval.start === interval.end && interval.start >= from));

/** Order of values for ties, as columns.ts documents it. */
function precedes(a: StateValue, b: StateValue): boolean {
  if (typeof a === "string" && typeof b === "string") return texts.indexOf(a) < texts.indexOf(b);
  if (typeof a === "number" && typeof b === "number") return a < b || Number.isNaN(b);
  return typeof a === "string";
}

/** Instants of one attribute at one time have no order: gives them one, and moves nothing else. */
function settleTwins(intervals: readonly Interval[]): Interval[] {
  const result = [...intervals];
  const same = (a: Interval, b: Interval): boolean => a.quark === b.quark && a.start === b.start && a.end === b.end;
  for (let from = 0; from < result.length; ) {
    let past = from + 1;
    while (past < result.length && same(result[from]!, result[past]!)) past++;
    const twins = result.slice(from, past).sort((a, b) => (String(a.value) < String(b.value) ? -1 : 1));
    result.splice(from, past - from, ...twins);
    from = past;
  }
  return result;
}

/** Times worth asking at: around every boundary. */
function probes(model: Model): number[] {
  const times = new Set<number>([0]);
  for (const interval of model.flat())
    for (const t of [interval.start, interval.end]) for (const d of [-1, -0.5, 0, 0.5, 1]) times.add(t + d);
  return [...times].sort((a, b) => a - b);
}

function sameColumns(history: HistoryReader, model: Model, from: number, to: number, columns: number): void {
  const quarks = model.map((_, quark) => quark);
  const got = history.state.columns(quarks, from, to, columns);
  expect(got.every(({ intervals }) => intervals === undefined)).toBe(true);
  // With room for some: rows with no more have all of theirs, the others none; what is summed stays the same.
  const room = 3;
  for (const [quark, { intervals, ...sums }] of history.state.columns(quarks, from, to, columns, room).entries()) {
    const expected = settleTwins((model[quark] as Interval[]).filter((interval) => from < to && touches(interval, from, to)));
    expect(intervals && settleTwins(intervals), `row ${quark} of [${from}, ${to})`).toEqual(expected.length <= room ? expected : undefined);
    expect({ ...sums, intervals: undefined }).toEqual(got[quark]);
  }
  const edge = (c: number): number => (c === columns ? to : from + ((to - from) * c) / columns);
  for (const [quark, row] of got.entries()) {
    expect(row.quark).toBe(quark);
    for (let c = 0; c < columns; c++) {
      const low = edge(c);
      const high = edge(c + 1);
      const inside = (model[quark] as Interval[]).filter((interval) => touches(interval, low, high));
      const amounts = new Map<StateValue, number>();
      for (const interval of inside) {
        const part = Math.min(high, interval.end) - Math.max(low, interval.start);
        amounts.set(interval.value, (amounts.get(interval.value) ?? 0) + part);
      }
      const at = `row ${quark}, column ${c} [${low}, ${high})`;
      expect(row.count[c], at).toBe(inside.length);
      expect(row.longest[c], at).toBe(inside.reduce((most, interval) => Math.max(most, interval.end - interval.start), 0));
      const busy = [...amounts.values()].reduce((sum, amount) => sum + amount, 0);
      const slack = 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1);
      expect(Math.abs((row.busy[c] as number) - busy), at).toBeLessThanOrEqual(slack);
      if (inside.length === 0) expect(row.dominant[c], at).toBe(-1);
      else {
        const dominant = row.values[row.dominant[c] as number];
        const most = Math.max(...amounts.values());
        expect(amounts.has(dominant), at).toBe(true);
        // Whole edges make exact sums: then ties are decided by the rule; otherwise within rounding.
        if (Number.isInteger(low) && Number.isInteger(high)) {
          const best = [...amounts].filter(([, amount]) => amount === most).map(([v]) => v);
          expect(dominant, at).toBe(best.reduce((a, b) => (precedes(b, a) ? b : a)));
        } else expect(amounts.get(dominant) as number, at).toBeGreaterThanOrEqual(most - slack);
      }
    }
  }
}

describe.each(Object.entries(stores))("a history in %s", (_, build) => {
  test("answers at, full, nextChange and previousChange as the model does", () => {
    fc.assert(
      fc.property(lives, (lives) => {
        let model: Model = [];
        const history = build((writer) => {
          model = write(writer, lives);
        });
        expect(history.state.intervalCount).toBe(model.flat().length);
        const changes = model.map((intervals) => [...new Set(intervals.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b));
        for (const time of probes(model)) {
          const expected = model.map((intervals) => intervals.find(({ start, end }) => start <= time && time < end));
          expect(history.state.full(time)).toEqual(expected);
          const quarks = [...model.keys()];
          expect(
            quarks.map((quark) => history.state.at(time, quark)),
            `at ${time}`,
          ).toEqual(expected);
          expect(
            quarks.map((quark) => history.state.nextChange(time, quark)),
            `next after ${time}`,
          ).toEqual(changes.map((all) => all.find((change) => change > time)));
          expect(
            quarks.map((quark) => history.state.previousChange(time, quark)),
            `previous before ${time}`,
          ).toEqual(changes.map((all) => all.findLast((change) => change < time)));
        }
        history.close();
      }),
      { numRuns: 150 },
    );
  });

  test("gives ranges complete and in time order", () => {
    fc.assert(
      fc.property(lives, fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), (lives, a, b) => {
        let model: Model = [];
        const history = build((writer) => {
          model = write(writer, lives);
        });
        const times = probes(model);
        const [from, to] = [times[a % times.length]!, times[b % times.length]!].sort((x, y) => x - y) as [number, number];
        const quarks = model.map((_, quark) => quark).reverse();
        const got: Interval[] = [];
        history.state.range(quarks, from, to, (quark, start, end, value) => void got.push({ quark, start, end, value }));
        const expected = from < to ? quarks.flatMap((quark) => model[quark]!.filter((interval) => touches(interval, from, to))) : [];
        expect(settleTwins(got)).toEqual(settleTwins(expected));
        if (got.length > 1) {
          let seen = 0;
          history.state.range(quarks, from, to, () => ++seen < 2);
          expect(seen).toBe(2);
        }
        history.close();
      }),
      { numRuns: 300 },
    );
  });

  test("sums columns exactly at any zoom", () => {
    fc.assert(
      fc.property(
        lives,
        fc.nat({ max: 1000 }),
        fc.nat({ max: 1000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (lives, a, b, columns, whole) => {
          let model: Model = [];
          const history = build((writer) => {
            model = write(writer, lives);
          });
          const times = probes(model);
          const [low, high] = [times[a % times.length]!, times[b % times.length]!].sort((x, y) => x - y) as [number, number];
          const from = whole ? Math.floor(low) : low;
          const to = whole ? from + columns * Math.max(1, Math.round((high - from) / columns)) : high;
          if (from < to) sameColumns(history, model, from, to, columns);
          history.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  test("keeps tables, documents and the attribute tree", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double(), fc.nat(2 ** 32 - 1), fc.nat(65535), fc.nat(255), fc.constantFrom("GET", "SET", "")), {
          maxLength: 60,
        }),
        fc.array(fc.array(fc.constantFrom("a", "b", "c", "__proto__"), { minLength: 1, maxLength: 4 }), { maxLength: 20 }),
        fc.jsonValue(),
        (rows, paths, document) => {
          const history = build((writer) => {
            const table = writer.table("rows", [
              { name: "number", type: "f64" },
              { name: "u32", type: "u32" },
              { name: "u16", type: "u16" },
              { name: "u8", type: "u8" },
              { name: "text", type: "text" },
            ]);
            for (const [i, row] of rows.entries()) expect(table.append([row[0], row[1], row[2], row[3], table.intern(row[4])])).toBe(i);
            for (const path of paths) path.reduce((parent, name) => writer.state.child(parent, name), -1);
            writer.document("__proto__", document);
            writer.finish(10);
          });
          const table = history.table("rows")!;
          expect(table.rowCount).toBe(rows.length);
          for (const [i, row] of rows.entries()) {
            const got = table.row(i);
            expect([...got.slice(0, 4)]).toEqual(row.slice(0, 4));
            expect(table.text(got[table.column("text")]!)).toBe(row[4]);
          }
          const { attributes } = history.state;
          expect(attributes.find()).toBe(-1);
          for (const path of paths) expect(attributes.path(attributes.find(...path)!)).toEqual(path);
          expect(attributes.count).toBe(new Set(paths.flatMap((path) => path.map((_, n) => JSON.stringify(path.slice(0, n + 1))))).size);
          expect(attributes.find("nowhere")).toBeUndefined();
          for (let quark = 0; quark < attributes.count; quark++) expect(attributes.children(attributes.parent(quark))).toContain(quark);
          expect(history.document("__proto__")).toEqual(JSON.parse(JSON.stringify(document)));
          expect(history.document("toString")).toBeUndefined();
          expect(history.table("none")).toBeUndefined();
          history.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test("skips table chunks by their bounds, never a row that is in them", () => {
    const count = 10_000;
    const history = build((writer) => {
      const table = writer.table("t", [
        { name: "time", type: "f64" },
        { name: "id", type: "u32" },
      ]);
      for (let i = 0; i < count; i++) table.append([1e15 + i * 10, count - i]);
      writer.finish(0);
    });
    const table = history.table("t")!;
    const read = (bound?: { column: number; min: number; max: number }): number[] =>
      [...table.chunks(bound)].flatMap((chunk) => Array.from({ length: chunk.rowCount }, (_, i) => chunk.columns[0]![i]!));
    expect(read()).toEqual(Array.from({ length: count }, (_, i) => 1e15 + i * 10));
    const some = read({ column: 0, min: 1e15 + 50_000, max: 1e15 + 50_000 });
    expect(some).toContain(1e15 + 50_000);
    expect(some.length).toBe(4096);
    expect(read({ column: 1, min: 0, max: 0 })).toEqual([]);
    history.close();
  });
});

describe.each(Object.entries(stores))("tables in %s", (_, build) => {
  test("give the chunks with the largest differences first", () => {
    const values: number[] = [];
    const history = build((writer) => {
      const table = writer.table("t", [
        { name: "start", type: "f64" },
        { name: "end", type: "f64", since: "start" },
      ]);
      for (let i = 0; i < 20_000; i++) {
        const length = i === 9000 ? 1e9 : (i * 7919) % 1000;
        values.push(length);
        table.append([i * 10, i * 10 + length]);
      }
      writer.finish(0);
    });
    const bounds: number[] = [];
    const rows = [...history.table("t")!.largest(1)].flatMap(({ most, chunk }) => {
      bounds.push(most);
      const lengths = Array.from({ length: chunk.rowCount }, (_, i) => chunk.columns[1]![i]! - chunk.columns[0]![i]!);
      expect(lengths).toEqual(values.slice(chunk.firstRow, chunk.firstRow + chunk.rowCount));
      expect(Math.max(...lengths)).toBe(most);
      return lengths;
    });
    expect(bounds).toEqual([...bounds].sort((left, right) => right - left));
    expect(bounds[0]).toBe(1e9);
    expect(rows.length).toBe(values.length);
    expect(() => [...history.table("t")!.largest(0)]).toThrow("not since another");
    history.close();
  });
});

describe("at full size", () => {
  /** Short and long states, some texts, numbers that ascend (in some attributes nearly always), many others; every tenth interval arrives late. */
  function lifeOf(n: number, random: () => number): Life {
    const pieces = Array.from({ length: 12_000 }, (_, i) => ({
      gap: random() < 0.8 ? 0 : Math.floor(random() * 500),
      length: Math.floor(random() < 0.001 ? random() * 5e6 : random() * 1000),
      value:
        n % 3 === 0
          ? texts[i % texts.length]!
          : n % 3 === 1
            ? (n < 12 ? 1e6 : 30_000) + i - (n % 2 === 0 ? 0 : i % 7)
            : Math.floor(random() * 4) / 2,
      rank: random() < 0.9 ? 0 : random() * 1000,
    }));
    return { bySet: n % 4 === 0, disorder: 100, pieces };
  }

  test("answers as the model does, with runs, leaves and summaries as they are in use", () => {
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const lives = Array.from({ length: 24 }, (_, n) => lifeOf(n, random));
    let model: Model = [];
    const history = stores["memory"]!((writer) => {
      model = write(writer, lives);
    }, {});
    const { state } = history;
    expect(state.intervalCount).toBe(model.flat().length);
    for (let i = 0; i < 300; i++) {
      const time = Math.floor(random() * state.end);
      const quark = Math.floor(random() * lives.length);
      const expected = model.map((intervals) => intervals.find(({ start, end }) => start <= time && time < end));
      expect(state.at(time, quark)).toEqual(expected[quark]);
      if (i % 10 === 0) expect(state.full(time)).toEqual(expected);
    }
    for (const [quark, intervals] of model.entries()) {
      const got: Interval[] = [];
      state.range([quark], 0, state.end + 1, (_, start, end, value) => void got.push({ quark, start, end, value }));
      expect(settleTwins(got)).toEqual(settleTwins(intervals));
    }
    for (const zoom of [1, 3, 40, 1000]) {
      const from = Math.floor((state.end - state.end / zoom) * random());
      for (const columns of [1, 2, 30]) sameColumns(history, model, from, from + columns * Math.ceil(state.end / zoom / columns), columns);
    }
  });
});

describe("numbers that ascend, but come again", () => {
  /** The dominant values of two attributes that take these numbers by turns, each for its length, over one column. */
  function dominantOf(numbers: readonly { readonly value: number; readonly length: number }[], options: IntervalWriterOptions): unknown[] {
    const history = stores["memory"]!((writer) => {
      const { state } = writer;
      const quarks = ["a", "b"].map((name) => state.child(-1, name));
      let time = 0;
      for (const { value, length } of numbers) {
        for (const quark of quarks) state.set(time, quark, value);
        time += length;
      }
      writer.finish(time);
    }, options);
    return history.state.columns([0, 1], 0, history.state.end + 1, 1).map(({ values, dominant }) => values[dominant[0]!]);
  }

  test("in the next run", () => {
    const ids = Array.from({ length: 16 }, (_, i) => ({ value: 100_000 + i, length: i === 9 ? 20 : 10 }));
    const again = ids.map(({ value, length }) => ({ value: value + 5, length: value === 100_000 ? 12 : length / 10 }));
    expect(dominantOf([...ids, ...again], { runIntervals: 32, leafIntervals: 32, blockIntervals: 32 })).toEqual([100_005, 100_005]);
  });

  test("in a block of few values", () => {
    const ids = Array.from({ length: 20 }, (_, i) => ({ value: 32_760 + i, length: i === 10 ? 35 : 10 }));
    const few = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? { value: 32_765, length: 3 } : { value: 32_766, length: 1 }));
    expect(dominantOf([...ids, ...few], { runIntervals: 80, leafIntervals: 80, blockIntervals: 20 })).toEqual([32_765, 32_765]);
  });
});

describe("the rules of set", () => {
  test("setting the same value again changes nothing, setting another ends the state, finish closes what is open", () => {
    const history = stores["memory"]!((writer) => {
      const { state } = writer;
      const quark = state.child(-1, "a");
      state.set(10, quark, "x");
      state.set(20, quark, "x");
      state.setText(30, quark, state.intern("y"));
      state.set(30, quark, 5);
      state.clear(40, quark);
      state.clear(45, quark);
      state.set(50, quark, 6);
      writer.finish(60);
    });
    const got: unknown[] = [];
    history.state.range([0], 0, 100, (_, start, end, value) => void got.push([start, end, value]));
    expect(got).toEqual([
      [10, 30, "x"],
      [30, 40, 5],
      [50, 60, 6],
    ]);
    expect([history.state.start, history.state.end, history.state.intervalCount]).toEqual([10, 60, 3]);
  });

  test("an attribute without states, and an empty range, answer with nothing", () => {
    const { state } = stores["memory"]!((writer) => {
      writer.state.child(-1, "empty");
      const quark = writer.state.child(-1, "a");
      writer.state.set(10, quark, "x");
      writer.finish(20);
    });
    expect([state.at(15, 0), state.nextChange(0, 0), state.previousChange(100, 0)]).toEqual([undefined, undefined, undefined]);
    expect(state.full(15)).toEqual([undefined, { quark: 1, start: 10, end: 20, value: "x" }]);
    const [empty, a] = state.columns([0, 1], 15, 15, 2);
    expect([...empty!.count, ...a!.count]).toEqual([0, 0, 0, 0]);
    expect([...state.columns([0], 0, 20, 2)[0]!.dominant]).toEqual([-1, -1]);
    expect(() => state.columns([0], 20, 10, 2)).toThrow(/range/);
    expect(() => state.columns([0], 0, 10, 0)).toThrow(/columns/);
    expect(() => state.at(0, 2)).toThrow(/no attribute 2/);
  });

  test("a history of nothing is a history", () => {
    const history = stores["memory"]!((writer) => writer.finish(7));
    expect([history.state.start, history.state.end, history.state.intervalCount, history.state.full(3)]).toEqual([7, 7, 0, []]);
  });

  test("a table refuses what its columns cannot hold", () => {
    const filled = (type: "u8" | "text", value: number): History => {
      const history = new History(new HistoryPacker(new MemoryStore("memory")), key);
      history.table("t", [{ name: "n", type }]).append([value]);
      expect(() => history.table("t", [{ name: "n", type: "u8" }])).toThrow(/exists already/);
      return history;
    };
    for (const value of [256, -1, 0.5, Number.NaN]) expect(() => filled("u8", value).finish(0)).toThrow(/does not fit/);
    expect(() => filled("u8", 255).finish(0)).not.toThrow();
    expect(() => filled("text", 0).finish(0)).toThrow(/no interned text/);
  });

  test("wrong use is a bug: times that decrease, unknown attributes and texts, ends before starts", () => {
    const { state } = new History(new HistoryPacker(new MemoryStore("memory")), key);
    const quark = state.child(-1, "a");
    state.set(10, quark, 1);
    expect(() => state.set(9, quark, 2)).toThrow(/bug/);
    expect(() => state.set(Number.NaN, quark, 2)).toThrow(/bug/);
    expect(() => state.set(11, 7, 2)).toThrow(/bug/);
    expect(() => state.setText(11, quark, 99)).toThrow(/bug/);
    expect(() => state.insertNumber(5, 4, quark, 1)).toThrow(/bug/);
    expect(() => state.insertNumber(5, Number.POSITIVE_INFINITY, quark, 1)).toThrow(/bug/);
  });
});
