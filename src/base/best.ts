/** The best of many by rank, in memory for twice as many as are wanted. */

export class Best<T> {
  private readonly limit: number;
  private items: { readonly rank: number; readonly item: T }[] = [];
  /** What ranks no higher than this is not among the best: it need not be made to be added. */
  floor = Number.NEGATIVE_INFINITY;

  /** `limit`: how many are wanted; with 0, nothing ranks high enough. */
  constructor(limit: number) {
    this.limit = limit;
    if (limit <= 0) this.floor = Number.POSITIVE_INFINITY;
  }

  /** Of equal ranks the first come stay. O(log n) amortised. */
  add(rank: number, item: T): void {
    if (!(rank > this.floor)) return;
    this.items.push({ rank, item });
    if (this.items.length < 2 * this.limit + 16) return;
    this.keepBest();
  }

  /** The best first. */
  sorted(): T[] {
    this.keepBest();
    return this.items.map(({ item }) => item);
  }

  private keepBest(): void {
    this.items.sort((left, right) => right.rank - left.rank);
    if (this.items.length < this.limit) return;
    this.items.length = Math.max(0, this.limit);
    this.floor = this.items.at(-1)?.rank ?? this.floor;
  }
}
