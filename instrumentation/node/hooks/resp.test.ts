import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";

const { looksLikeMessage } = createRequire(import.meta.url)("./resp.cjs") as { looksLikeMessage(chunk: Buffer | string): boolean };

describe("bytes that arrive at a subscriber", () => {
  it("are known by their beginning, in RESP2 and RESP3", () => {
    for (const [start, name] of [
      ["*3", "message"],
      [">3", "message"],
      ["*4", "pmessage"],
      [">3", "smessage"],
    ] as const)
      expect(looksLikeMessage(Buffer.from(`${start}\r\n$${name.length}\r\n${name}\r\n$4\r\nnews\r\n$1\r\nx\r\n`)), name).toBe(true);
  });

  it("are told from replies of any length, also where the first bytes are all there is", () => {
    const replies = [
      "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n",
      "*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n",
      "$7\r\nmessage\r\n",
      "*3\r\n$7\r\nMESSAGE\r\n",
      "+OK\r\n",
    ];
    for (const reply of replies)
      for (let length = 0; length <= reply.length; length++) expect(looksLikeMessage(Buffer.from(reply.slice(0, length)))).toBe(false);
    expect(looksLikeMessage("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n")).toBe(false);
  });
});
