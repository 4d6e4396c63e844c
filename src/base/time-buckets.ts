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

  /** Counts one at `time`. Constant cost but for the rare doubling. */
  add(time: RelativeNs): void {
    let bucket = time <= 0 ? 0 : Math.floor(time / this.width);
    while (bucket >= bucketLimit) {
      this.halve();
      bucket = Math.floor(time / this.width);
    }
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    if (bucket >= this.used) this.used = bucket + 1;
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
