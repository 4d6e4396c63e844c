/**
 * Mutations for fuzzing that know what they change: metadata token by token, packets by the places that steer a reader (sizes, ids, lengths, times).
 * Deterministic: the same seed gives the same mutations.
 */

/** Whole numbers in [0, below). */
export type Random = (below: number) => number;

/** mulberry32. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** Numbers at which sizes, shifts and signs turn. */
const turningPoints = [
  ...[0n, 1n, 2n, 3n, 5n, 7n, 8n, 9n, 15n, 16n, 17n, 27n, 31n, 32n, 33n, 53n, 63n, 64n, 65n, 127n, 128n, 129n, 255n, 256n, 4096n, 65535n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -1n, -8n],
];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)] as T;
}

/** One to three tokens of TSDL or JSON text replaced, removed, doubled or exchanged. Bytes, not characters: text may be in packets. */
export function mutateMetadata(metadata: Uint8Array, random: Random): Uint8Array {
  let text = Buffer.from(metadata).toString("latin1");
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const tokens = [...text.matchAll(/"[^"\n]*"|[A-Za-z_][\w.]*|\d[\w.]*|[^\s\w]/g)];
    if (tokens.length === 0) break;
    const token = pick(random, tokens);
    const other = pick(random, tokens);
    const [word] = token;
    const replacement = (): string => {
      if (/^\d/.test(word) && random(4) > 0) return String(pick(random, turningPoints));
      switch (random(5)) {
        case 0:
          return "";
        case 1:
          return `${word} ${word}`;
        case 2:
          return String(pick(random, turningPoints));
        default:
          return other[0];
      }
    };
    text = text.slice(0, token.index) + replacement() + text.slice(token.index + word.length);
  }
  return Buffer.from(text, "latin1");
}

/** One to four changes of a stream: a whole number at a turning point (mostly near the start, where headers are), bits, cuts, repeats, gaps. */
export function mutateStream(stream: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(stream);
  for (let changes = 1 + random(4); changes > 0 && bytes.length > 8; changes--) {
    const at = random(3) > 0 ? random(Math.min(160, bytes.length - 8)) : random(bytes.length - 8);
    switch (random(8)) {
      case 0:
        bytes = Buffer.from(bytes.subarray(0, random(bytes.length)));
        break;
      case 1:
        bytes = Buffer.concat([bytes, bytes.subarray(0, random(bytes.length))]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))]);
        break;
      case 3:
        bytes.fill(pick(random, [0, 0xff]), at, Math.min(bytes.length, at + 1 + random(64)));
        break;
      case 4:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      default: {
        const value = BigInt.asUintN(64, pick(random, turningPoints));
        const size = pick(random, [1, 2, 4, 8]);
        const isBig = random(2) === 0;
        for (let i = 0; i < size; i++) bytes[at + i] = Number((value >> BigInt(8 * (isBig ? size - 1 - i : i))) & 0xffn);
      }
    }
  }
  return bytes;
}
