import { expect, it } from "vitest";
import type { Spool } from "./spool.ts";
import { TimeOrdered } from "./time-ordered.ts";

/** A spool that keeps what it is given. */
class Kept implements Spool {
  readonly rows: number[][] = [];
  append(values: Float64Array): void {
    this.rows.push([...values]);
  }
  end() {
    return { width: 2, file: undefined, fileBytes: 0, tail: new Float64Array(0) };
  }
}

function ordered(rows: readonly (readonly [number, number])[], late: number): readonly number[][] {
  const kept = new Kept();
  const spool = new TimeOrdered(kept, 2, 0, late);
  for (const row of rows) spool.append(Float64Array.from(row));
  spool.end();
  return kept.rows;
}

/** Threads that tell what they did now and then, each in order. */
function told(seed: number, count: number, mostHeld: number): readonly [number, number][] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const rows: [number, number][] = [];
  const held: [number, number][][] = [[], [], []];
  for (let i = 0; i < count; i++) {
    const time = Math.floor(i / 3);
    const mine = held[Math.floor(next() * 3)] as [number, number][];
    mine.push([time, i]);
    for (const thread of held)
      if (thread.length > 0 && (next() < 0.02 || time - (thread[0]?.[0] ?? 0) >= mostHeld)) rows.push(...thread.splice(0));
  }
  return [...rows, ...held.flat()];
}

it.each([1, 2, 3])("rows that are held back leave in order of their times, as a sort of all would have it: seed %i", (seed) => {
  const rows = told(seed, 40_000, 1500);
  expect(rows.some(([time], i) => time < (rows[i - 1]?.[0] ?? 0))).toBe(true);
  expect(ordered(rows, 1500)).toEqual([...rows].sort((left, right) => left[0] - right[0]).map((row) => [...row]));
});

it("loses nothing where rows are later than that", () => {
  const rows = told(4, 40_000, 9000);
  const found = ordered(rows, 10);
  expect(found.map(([, number]) => number).sort((left = 0, right = 0) => left - right)).toEqual(rows.map((_, i) => i));
});
