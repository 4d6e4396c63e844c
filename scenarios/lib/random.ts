/** Random numbers that a seed decides, so that a scenario's load can be repeated. */

/** A generator of numbers in [0, 1): mulberry32, by Tommy Ettinger (public domain), good enough to choose keys. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A whole number in [0, below). */
export const pick = (next: () => number, below: number): number => Math.floor(next() * below);
