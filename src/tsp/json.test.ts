import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExact, stringifyExact } from "./json.ts";

describe("exact JSON", () => {
  it("keeps every digit of a 64-bit time, both ways", () => {
    const text = '{"start":1700000000000000001,"end":-9223372036854775808,"nbTimes":1400}';
    const value = parseExact(text);
    expect(value).toEqual({ start: 1700000000000000001n, end: -9223372036854775808n, nbTimes: 1400 });
    expect(stringifyExact(value)).toBe(text);
  });

  it("gives numbers for integers a number holds, at the very edge", () => {
    expect(parseExact("[9007199254740991, 9007199254740992, 0.1234567890123456, 1e21]")).toEqual([
      9007199254740991,
      9007199254740992n,
      0.1234567890123456,
      1e21,
    ]);
  });

  it("writes a number beyond 2^53 so that no reader takes it for an exact integer", () => {
    expect(stringifyExact(2 ** 60)).toBe("1.152921504606847e+18");
    expect(parseExact(`[1111111111111111111, ${stringifyExact(2 ** 60)}]`)).toEqual([1111111111111111111n, 2 ** 60]);
  });

  it("leaves out undefined members, and writes typed arrays as arrays", () => {
    expect(stringifyExact({ a: undefined, b: Float64Array.of(1, 2.5), c: [undefined, Number.NaN] })).toBe('{"b":[1,2.5],"c":[null,null]}');
  });

  it("gives __proto__ no meaning", () => {
    const value = parseExact('{"__proto__":{"polluted":1},"t":1700000000000000001}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
  });

  it("refuses what JSON.parse refuses, and says where", () => {
    const long = "1700000000000000001";
    for (const bad of [
      `{"a":${long}`,
      `[${long},]`,
      `[${long}] x`,
      `[0${long}]`,
      `["\n",${long}]`,
      `{a:${long}}`,
      `[${long}`,
      `["${long}]`,
      `[${long} 1]`,
    ]) {
      expect(() => JSON.parse(bad), bad).toThrow();
      expect(() => parseExact(bad), bad).toThrow(/not valid JSON/);
    }
    expect(() => parseExact(`{"a":${long},}`)).toThrow(/character 25/);
  });

  it("refuses nesting that would exhaust the stack", () => {
    const deep = `${"[".repeat(100_000)}1700000000000000001${"]".repeat(100_000)}`;
    expect(() => parseExact(deep)).toThrow(/64 levels/);
  });

  it("agrees with JSON.parse on any document once its long integers are quoted", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ value, long: 0 });
        // The long integer forces the exact parser.
        const parsed = parseExact(text.replace(/0}$/, "1700000000000000001}")) as { value: unknown };
        expect(JSON.stringify(parsed.value, bigintAsNumber)).toBe(JSON.stringify(value, bigintAsNumber));
      }),
    );
  });

  it("round-trips any tree of strings and 64-bit integers", () => {
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.string({ unit: "binary" }),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("node"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        const text = stringifyExact({ value, long: 1700000000000000001n });
        expect((parseExact(text) as { value: unknown }).value).toEqual(value);
      }),
    );
  });
});

function bigintAsNumber(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
