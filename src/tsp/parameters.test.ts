import { describe, expect, it } from "vitest";
import { decodeLinesParameters, decodeRowsParameters, decodeTreeParameters } from "./parameters.ts";

describe("request bodies", () => {
  it("takes a body without parameters as an empty one", () => {
    expect(decodeTreeParameters({})).toEqual({ requested_timerange: undefined });
    expect(decodeTreeParameters(undefined)).toEqual({ requested_timerange: undefined });
  });

  it("bounds the number of samples and never hands on an empty range", () => {
    const body = { parameters: { requested_timerange: { start: 5, end: 5, nbTimes: 1_000_000 }, requested_items: [1] } };
    expect(decodeRowsParameters(body).requested_timerange).toEqual({ start: 5n, end: 6n, nbTimes: 65_536 });
  });

  it("says which member is wrong", () => {
    const body = { parameters: { requested_timerange: { start: 1.5, end: 2 }, requested_items: [] } };
    expect(() => decodeRowsParameters(body)).toThrow("parameters.requested_timerange.start: expected a 64-bit integer");
    expect(() => decodeRowsParameters({ parameters: { requested_timerange: { start: 1, end: 2 } } })).toThrow(
      "parameters.requested_items: expected an array",
    );
  });

  it("accepts the search direction in either case", () => {
    expect(decodeLinesParameters({ parameters: { requested_table_count: 1, table_search_direction: "next" } }).table_search_direction).toBe(
      "NEXT",
    );
  });
});
