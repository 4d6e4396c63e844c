/**
 * How much memory a recording gets. LTTng keeps one ring per CPU, of `count` sub-buffers; when all of them are full, events are dropped and counted.
 *
 *     CPU 0  [ sub-buffer | sub-buffer | ... ]   each is written by the traced threads, then to disk by LTTng's consumer
 *     CPU 1  [ sub-buffer | sub-buffer | ... ]
 *
 * The rings are shared memory (/dev/shm), allocated when the traced process appears, so the sum must fit there: sub-buffers are halved until it does.
 */
import { statfsSync } from "node:fs";
import { cpus } from "node:os";
import { UsageError } from "../base/index.ts";
import type { EventSet } from "../environments/redis/index.ts";

export interface ChannelSize {
  /** Bytes of one sub-buffer: a power of two, at least a page. */
  readonly subBufferBytes: number;
  /** Sub-buffers per CPU: a power of two, at least 2. */
  readonly subBufferCount: number;
}

const kib = 1024;
const mib = 1024 * kib;

/** Room for what one core can emit while the consumer is away for half a second: 20 MB/s batched, some hundred MB/s one by one. */
const wanted: Readonly<Record<EventSet, ChannelSize>> = {
  light: { subBufferBytes: mib, subBufferCount: 8 },
  full: { subBufferBytes: 4 * mib, subBufferCount: 8 },
  classic: { subBufferBytes: 8 * mib, subBufferCount: 8 },
};
const mostBytes = 512 * mib;
const leastSubBuffer = 64 * kib;

/** Memory that the rings of one user take, all CPUs together. */
export function channelBytes(size: ChannelSize): number {
  return size.subBufferBytes * size.subBufferCount * cpus().length;
}

/** Free shared memory in bytes; Infinity where it cannot be told. */
export function freeSharedMemory(): number {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The size for an event set on this machine: at most 512 MiB and half of the free shared memory. */
export function channelFor(set: EventSet): ChannelSize {
  const limit = Math.min(mostBytes, freeSharedMemory() / 2);
  let size = wanted[set];
  while (channelBytes(size) > limit && size.subBufferBytes > leastSubBuffer) size = { ...size, subBufferBytes: size.subBufferBytes / 2 };
  return size;
}

/** Refuses sizes that LTTng would silently round. */
export function checkChannel(size: ChannelSize): ChannelSize {
  const isPowerOfTwo = (n: number) => Number.isInteger(Math.log2(n));
  if (!isPowerOfTwo(size.subBufferBytes) || size.subBufferBytes < 4 * kib)
    throw new UsageError("a sub-buffer's size is a power of two, 4K or more");
  if (!isPowerOfTwo(size.subBufferCount) || size.subBufferCount < 2)
    throw new UsageError("the number of sub-buffers is a power of two, 2 or more");
  return size;
}
