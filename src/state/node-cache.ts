/**
 * Decoded blocks by dense index, within a budget of bytes. Replacement is second chance (an approximation of least recently used): a hit costs one array
 * read and one store, which a map-ordered LRU (delete and re-insert per hit) does not reach. What is read once only (a scan) goes first.
 */

/** What the cache can hold: `bytes` is what it counts against the budget. */
export interface Cached {
  readonly bytes: number;
}

export class NodeCache<T extends Cached> {
  private readonly load: (index: number) => T;
  private readonly budget: number;
  private readonly items: (T | undefined)[];
  private readonly used: Uint8Array;
  /** Indices of the items held, in the order the hand passes them. */
  private readonly ring: number[] = [];
  private hand = 0;
  private held = 0;

  /** `count` indices; `budget` in bytes. One item is always held, even when it alone exceeds the budget. */
  constructor(count: number, budget: number, load: (index: number) => T) {
    this.load = load;
    this.budget = budget;
    this.items = new Array<T | undefined>(count).fill(undefined);
    this.used = new Uint8Array(count);
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.held;
  }

  /** The item, loaded when it is not held. What `load` throws passes through and is not remembered. */
  get(index: number): T {
    const item = this.items[index];
    if (item !== undefined) {
      this.used[index] = 1;
      return item;
    }
    const loaded = this.load(index);
    while (this.ring.length > 0 && this.held + loaded.bytes > this.budget) this.evictOne();
    this.items[index] = loaded;
    this.ring.push(index);
    this.held += loaded.bytes;
    return loaded;
  }

  clear(): void {
    this.items.fill(undefined);
    this.used.fill(0);
    this.ring.length = 0;
    this.held = 0;
    this.hand = 0;
  }

  private evictOne(): void {
    for (;;) {
      if (this.hand >= this.ring.length) this.hand = 0;
      const index = this.ring[this.hand] as number;
      if (this.used[index] === 1) {
        this.used[index] = 0;
        this.hand++;
        continue;
      }
      this.held -= this.items[index]?.bytes ?? 0;
      this.items[index] = undefined;
      const last = this.ring.pop() as number;
      if (this.hand < this.ring.length) this.ring[this.hand] = last;
      return;
    }
  }
}
