import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorCodes } from "./errors.ts";

describe("docs/errors.md", () => {
  const document = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const sections = [...document.matchAll(/^## (\w+)\n([^\n]+)$/gm)].map(([, code, sentence]) => [code, sentence]);

  it("explains every error code, in order, opening with the sentence that the code has", () => {
    expect(sections).toEqual(Object.entries(errorCodes));
  });
});
