/**
 * Counts over time with bounded memory: equal buckets whose width doubles whenever time outgrows them.
 * Widths are 1 ms times a power of two, so that two of them can be added exactly.
 */
import type { RelativeNs } from "./time.ts";

const finestNs = 1_000_000;
const bucketLimit = 65_536;

/** The finished counts: `counts[i]` covers [i * widthNs, (i + 1) * widthNs); times below 0 count in the first bucket. */
export interface BucketCounts {
  readonly widthNs: number;
  readonly counts: readonly number[];
}

export class TimeBuckets {
  private width = finestNs;
  private counts = new Float64Array(bucketLimit);
  private used = 0;
  /** The latest time's bucket, and where it begins and ends: the next time is mostly in the same. */
  private latest = 0;
  private from = Number.POSITIVE_INFINITY;
  private to = Number.NEGATIVE_INFINITY;

  /** Counts one at `time`. Constant cost but for the rare doubling. */
  add(time: RelativeNs): void {
    if (time >= this.from && time < this.to) this.counts[this.latest] = (this.counts[this.latest] as number) + 1;
    else this.addElsewhere(time);
  }

  private addElsewhere(time: RelativeNs): void {
    let bucket = time <= 0 ? 0 : Math.floor(time / this.width);
    while (bucket >= bucketLimit) {
      this.halve();
      bucket = Math.floor(time / this.width);
    }
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    if (bucket >= this.used) this.used = bucket + 1;
    this.latest = bucket;
    this.from = bucket * this.width;
    this.to = this.from + this.width;
  }

  private halve(): void {
    const half = bucketLimit / 2;
    for (let i = 0; i < half; i++) this.counts[i] = (this.counts[2 * i] as number) + (this.counts[2 * i + 1] as number);
    this.counts.fill(0, half);
    this.width *= 2;
    this.used = Math.ceil(this.used / 2);
  }

  finish(): BucketCounts {
    return { widthNs: this.width, counts: Array.from(this.counts.subarray(0, this.used)) };
  }
}

/** How late a bucket's events are told: what happened in bucket i was told in bucket i + `later[i]` at the latest. */
export interface BucketReach {
  readonly widthNs: number;
  readonly later: readonly number[];
}

/** When the last of each bucket's events was told, for events told later than they happened. */
export class TimeReach {
  private width = finestNs;
  private told = new Float64Array(bucketLimit);
  private used = 0;

  /** What happened in [first, last] was told at `told`, which is never before `last`. Cost: the number of buckets between the two. */
  add(first: RelativeNs, last: RelativeNs, told: RelativeNs): void {
    while (told >= this.width * bucketLimit) this.halve();
    const end = Math.max(0, Math.floor(last / this.width));
    for (let i = Math.max(0, Math.floor(first / this.width)); i <= end; i++) if (told > (this.told[i] as number)) this.told[i] = told;
    if (end >= this.used) this.used = end + 1;
  }

  private halve(): void {
    const half = bucketLimit / 2;
    for (let i = 0; i < half; i++) this.told[i] = Math.max(this.told[2 * i] as number, this.told[2 * i + 1] as number);
    this.told.fill(0, half);
    this.width *= 2;
    this.used = Math.ceil(this.used / 2);
  }

  finish(): BucketReach {
    const later = Array.from(this.told.subarray(0, this.used), (told, i) => Math.max(0, Math.floor(told / this.width) - i));
    return { widthNs: this.width, later };
  }
}

/** The furthest of reaches with different widths, at the widest of them or `widthNs`, whichever is wider. */
export function furthestReach(all: readonly BucketReach[], widthNs: number = finestNs): BucketReach {
  const widest = Math.max(widthNs, ...all.map((reach) => reach.widthNs));
  const later: number[] = [];
  for (const reach of all) {
    const ratio = widest / reach.widthNs;
    reach.later.forEach((buckets, i) => {
      const target = Math.floor(i / ratio);
      while (later.length <= target) later.push(0);
      later[target] = Math.max(later[target] as number, Math.floor((i + buckets) / ratio) - target);
    });
  }
  return { widthNs: widest, later };
}

/** Sums of counts with different widths, at the widest of them. */
export function addBuckets(all: readonly BucketCounts[]): BucketCounts {
  const widthNs = Math.max(finestNs, ...all.map((buckets) => buckets.widthNs));
  const counts: number[] = [];
  for (const buckets of all) {
    const ratio = widthNs / buckets.widthNs;
    buckets.counts.forEach((count, i) => {
      const target = Math.floor(i / ratio);
      while (counts.length <= target) counts.push(0);
      counts[target] = (counts[target] as number) + count;
    });
  }
  return { widthNs, counts };
}
