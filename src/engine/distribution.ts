/**
 * Distributions of durations in bounded memory: a log-linear histogram (the idea of HdrHistogram). Each power of two is split into 256 equal buckets, so a
 * percentile is within 0.4 % of the exact value; count, mean and maximum are exact.
 */
import type { Distribution } from "./contract.ts";

const subBits = 8;
const subCount = 1 << subBits;
/** Durations up to 2^52 ns. */
const bucketCount = subCount * (52 - subBits + 2);

export class DurationHistogram {
  private counts: Uint32Array | undefined;
  private count = 0;
  private sum = 0;
  private max = 0;

  /** Adds a duration in ns; below 0 counts as 0. */
  add(ns: number): void {
    const value = ns > 0 ? Math.floor(ns) : 0;
    this.counts ??= new Uint32Array(bucketCount);
    const bucket = bucketOf(value);
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.count++;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  finish(): Distribution {
    const { count } = this;
    if (count === 0) return { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
    return { count, mean: this.sum / count, p50: this.quantile(0.5), p95: this.quantile(0.95), p99: this.quantile(0.99), max: this.max };
  }

  /** Upper edge of the bucket that holds the quantile, never above the maximum. */
  private quantile(fraction: number): number {
    let left = Math.max(1, Math.ceil(this.count * fraction));
    const counts = this.counts ?? new Uint32Array(0);
    for (let bucket = 0; bucket < counts.length; bucket++) {
      left -= counts[bucket] as number;
      if (left <= 0) return Math.min(this.max, upperEdge(bucket));
    }
    return this.max;
  }
}

function bucketOf(value: number): number {
  if (value < subCount) return value;
  // The position of the highest bit, counted in two halves: a number of 2^32 or more has no clz32.
  const high = Math.floor(value / 2 ** 32);
  const exponent = high === 0 ? 31 - Math.clz32(value) : 63 - Math.clz32(high);
  const shift = exponent - subBits;
  return Math.min(bucketCount - 1, subCount * (shift + 1) + Math.floor(value / 2 ** shift) - subCount);
}

function upperEdge(bucket: number): number {
  if (bucket < subCount) return bucket;
  const shift = Math.floor(bucket / subCount) - 1;
  return (subCount + (bucket % subCount) + 1) * 2 ** shift - 1;
}
