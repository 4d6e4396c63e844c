/**
 * xxHash32 (seed 0), the checksum of every block in a history. About 1 byte per nanosecond in plain JavaScript; each of its steps is a bijection of the
 * word it takes in, so a change confined to one aligned 32-bit word is always found, any other with probability 1 - 2^-32.
 * Reference: "xxHash fast digest algorithm", XXH32 algorithm description.
 */
const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** XXH32 of the bytes, as an unsigned number. Needs a little-endian machine to equal the published values; see docs/formats.md on byte order. */
export function checksum(bytes: Uint8Array): number {
  const length = bytes.length;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, length >>> 2);
  const wordCount = words.length;
  let word = 0;
  let hash: number;
  if (length >= 16) {
    let a = (prime1 + prime2) | 0;
    let b = prime2;
    let c = 0;
    let d = -prime1 | 0;
    for (const last = wordCount - 3; word < last; word += 4) {
      a = Math.imul(rotate((a + Math.imul(words[word] as number, prime2)) | 0, 13), prime1);
      b = Math.imul(rotate((b + Math.imul(words[word + 1] as number, prime2)) | 0, 13), prime1);
      c = Math.imul(rotate((c + Math.imul(words[word + 2] as number, prime2)) | 0, 13), prime1);
      d = Math.imul(rotate((d + Math.imul(words[word + 3] as number, prime2)) | 0, 13), prime1);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else hash = prime5;
  hash = (hash + length) | 0;
  for (; word < wordCount; word++) hash = Math.imul(rotate((hash + Math.imul(words[word] as number, prime3)) | 0, 17), prime4);
  for (let i = wordCount * 4; i < length; i++) hash = Math.imul(rotate((hash + Math.imul(aligned[i] as number, prime5)) | 0, 11), prime1);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
