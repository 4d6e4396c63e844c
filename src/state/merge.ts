/**
 * All intervals of one quark in time order, from leaves whose times may overlap: a heap of cursors keyed by their current start. Leaves are opened only when
 * the merge reaches their first possible start, so memory holds few at a time whatever the range.
 */
import type { Leaf } from "./leaf.ts";

interface Cursor {
  readonly leaf: Leaf;
  at: number;
  readonly past: number;
  start: number;
  end: number;
}

/** Receives interval `i` of `leaf`. Return false to stop. */
export type LeafVisitor = (leaf: Leaf, i: number) => boolean | undefined;

/**
 * Visits the intervals of `quark` that touch [from, to), sorted by (start, end). `leaves` are candidates sorted by `boundOf`, the least start in each.
 * Returns false when `visit` stopped it.
 */
export function mergeIntervals(
  leaves: readonly number[],
  boundOf: (leaf: number) => number,
  open: (leaf: number) => Leaf,
  quark: number,
  from: number,
  to: number,
  visit: LeafVisitor,
): boolean {
  const heap: Cursor[] = [];
  let next = 0;
  for (;;) {
    while (next < leaves.length) {
      const bound = boundOf(leaves[next] as number);
      const top = heap[0];
      if (top !== undefined && bound > top.start) break;
      const cursor = openCursor(open(leaves[next++] as number), quark, from, to);
      if (cursor !== undefined) push(heap, cursor);
    }
    const top = heap[0];
    if (top === undefined) return true;
    if ((top.end > from || top.start >= from) && visit(top.leaf, top.at) === false) return false;
    top.at++;
    if (top.at < top.past) {
      top.start = top.leaf.start(top.at);
      top.end = top.leaf.end(top.at);
    } else {
      const last = heap.pop() as Cursor;
      if (heap.length === 0) continue;
      heap[0] = last;
    }
    siftDown(heap);
  }
}

/** A cursor over the quark's intervals in the leaf that touch [from, to); undefined when there are none. */
function openCursor(leaf: Leaf, quark: number, from: number, to: number): Cursor | undefined {
  const [at, past] = touching(leaf, quark, from, to);
  return at < past ? { leaf, at, past, start: leaf.start(at), end: leaf.end(at) } : undefined;
}

/**
 * Bounds of the quark's intervals in the leaf that touch [from, to). An attribute's intervals do not overlap, so they are neighbours; only instants that lie
 * inside an interval and before `from` can stand between them: those start before `from` and end no later.
 */
export function touching(leaf: Leaf, quark: number, from: number, to: number): readonly [number, number] {
  const s = leaf.segment(quark);
  if (s < 0 || !(from < to)) return [0, 0];
  const first = leaf.firsts[s] as number;
  const past = leaf.firstStartingFrom(to, first, leaf.firsts[s + 1] as number);
  let at = leaf.firstStartingFrom(from, first, past);
  // Back over the one interval that began before and reaches in, and over instants inside it.
  for (let i = at - 1; i >= first; i--) {
    const end = leaf.end(i);
    if (end > from) at = i;
    else if (end > leaf.start(i)) break;
  }
  return [at, past];
}

function before(a: Cursor, b: Cursor): boolean {
  return a.start < b.start || (a.start === b.start && a.end < b.end);
}

function push(heap: Cursor[], cursor: Cursor): void {
  let i = heap.push(cursor) - 1;
  while (i > 0) {
    const parent = (i - 1) >>> 1;
    if (!before(cursor, heap[parent] as Cursor)) break;
    heap[i] = heap[parent] as Cursor;
    i = parent;
  }
  heap[i] = cursor;
}

function siftDown(heap: Cursor[]): void {
  const moving = heap[0] as Cursor;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Cursor, heap[child] as Cursor)) child++;
    if (!before(heap[child] as Cursor, moving)) break;
    heap[i] = heap[child] as Cursor;
    i = child;
  }
  heap[i] = moving;
}
