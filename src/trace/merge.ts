/**
 * Merges ordered sequences into one: the streams of a trace (`ctf`), the traces of an experiment (`experiment`).
 *
 * A binary heap holds every sequence whose next item waits; the winner is outside of it and is drained for as long as it stays first, which in traces is
 * a run of many events: the usual step is one `next()` and one comparison. Equal times go by the order in which the sequences were given.
 *
 *     winner: 17 18 19 | limit 25   heap: [25, 31, 40]
 */

/** A sequence: `next()` moves to its next item and says whether there is one; `time` is then that item's time. */
export interface Mergeable {
  readonly time: number;
  next(): boolean;
}

export class MergeQueue<T extends Mergeable> {
  readonly #items: readonly T[];
  /** Indices into `#items`, as a binary heap by (time, index). */
  readonly #heap: number[] = [];
  /** Indices not moved to their first item yet, last first. */
  #fresh: number[] = [];
  #winner = -1;
  #limitTime = Number.POSITIVE_INFINITY;
  #limitIndex = Number.POSITIVE_INFINITY;

  constructor(items: readonly T[]) {
    this.#items = items;
    this.reset();
  }

  /** Index of the sequence whose item `advance` gave last; -1 before the first one and after the end. */
  get winner(): number {
    return this.#winner;
  }

  /** Whether a sequence's next item has been read, but not given out. */
  isWaiting(index: number): boolean {
    return this.#heap.includes(index);
  }

  /** Forgets what was read: the sequences have been moved elsewhere. */
  reset(): void {
    this.#heap.length = 0;
    this.#fresh = this.#items.map((_, index) => index).reverse();
    this.#winner = -1;
  }

  /**
   * Moves to the first item of all that are left, and gives its sequence; undefined at the end.
   * What a sequence's `next` throws passes through; that sequence is dropped then, and the next call goes on with the others.
   */
  advance(): T | undefined {
    const index = this.#winner;
    if (index >= 0) {
      const item = this.#items[index] as T;
      this.#winner = -1;
      if (item.next()) {
        const time = item.time;
        if (time < this.#limitTime || (time === this.#limitTime && index < this.#limitIndex)) {
          this.#winner = index;
          return item;
        }
        this.#push(index);
      }
    }
    for (let first = this.#fresh.pop(); first !== undefined; first = this.#fresh.pop()) {
      if ((this.#items[first] as T).next()) this.#push(first);
    }
    return this.#pop();
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = (this.#items[a] as T).time;
    const timeB = (this.#items[b] as T).time;
    return timeA < timeB || (timeA === timeB && a < b);
  }

  #push(index: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(index);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as number;
      if (!this.#isBefore(index, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = index;
  }

  #pop(): T | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return undefined;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && this.#isBefore(heap[child + 1] as number, heap[child] as number)) child++;
        if (!this.#isBefore(heap[child] as number, last)) break;
        heap[at] = heap[child] as number;
        at = child;
      }
      heap[at] = last;
    }
    const next = heap[0];
    this.#limitTime = next === undefined ? Number.POSITIVE_INFINITY : (this.#items[next] as T).time;
    this.#limitIndex = next ?? Number.POSITIVE_INFINITY;
    this.#winner = top;
    return this.#items[top] as T;
  }
}
