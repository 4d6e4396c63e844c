import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toJson } from "./json.ts";

describe("toJson", () => {
  it("prints 64-bit times as exact integers", () => {
    expect(toJson({ start: 1_763_928_569_123_456_789n, list: [-1n, undefined], gone: undefined })).toBe(
      '{\n  "start": 1763928569123456789,\n  "list": [\n    -1,\n    null\n  ]\n}',
    );
  });

  it("is JSON.stringify for everything without bigints", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        expect(toJson(value, indent)).toBe(JSON.stringify(value, undefined, indent));
      }),
    );
  });
});
