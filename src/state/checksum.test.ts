import { expect, test } from "vitest";
import { checksum } from "./checksum.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("equals the published XXH32 values (seed 0)", () => {
  expect(checksum(bytes("")).toString(16)).toBe("2cc5d05".padStart(7, "0"));
  expect(checksum(bytes("a")).toString(16)).toBe("550d7456");
  expect(checksum(bytes("abc")).toString(16)).toBe("32d153ff");
  expect(checksum(bytes("Nobody inspects the spammish repetition")).toString(16)).toBe("e2293b2f");
});

test("does not depend on alignment, and sees every single-bit change", () => {
  const data = Uint8Array.from({ length: 103 }, (_, i) => (i * 37) & 0xff);
  const expected = checksum(data);
  const shifted = new Uint8Array(110);
  for (let by = 0; by < 5; by++) {
    shifted.set(data, by);
    expect(checksum(shifted.subarray(by, by + data.length))).toBe(expected);
  }
  for (let bit = 0; bit < data.length * 8; bit++) {
    data[bit >> 3] = (data[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(checksum(data), `bit ${bit}`).not.toBe(expected);
    data[bit >> 3] = (data[bit >> 3] as number) ^ (1 << (bit & 7));
  }
});
