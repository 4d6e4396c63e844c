import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { answer, close, ends, info, receive, request, response } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import sequentialCalls from "./index.ts";

const ms = 1e6;

interface Shape {
  /** When each call begins and how long it takes, in ms after the request came. */
  readonly calls: readonly (readonly [start: number, takes: number, status?: number])[];
  readonly times?: number;
  readonly method?: string;
}

/** Requests, 100 ms apart, that each take 10 ms and make these calls. */
function check({ calls, times = 20, method = "GET" }: Shape) {
  const text = [info(1, "shop"), ends("socket_accept", 10, 1, 1, 80, 4000)];
  for (let k = 0; k < times; k++) {
    const at = 1000 + k * 100 * ms;
    const after = (elapsed: number): number => at + Math.round(elapsed * ms);
    const context = 1000 * (k + 1);
    text.push(receive(at, 1, context, 1, 90, "/page"));
    for (const [i, [start, takes, status]] of calls.entries()) {
      const id = context + 10 * (i + 1);
      text.push(
        ends("socket_connect", after(start) + 1, 1, id + 1, 5000 + id, 81),
        request(after(start) + 2, 1, id, context, id + 1, 0, `/part/${i}`).replace('"GET"', `"${method}"`),
        answer(after(start + takes), 1, id, context, id + 1, status),
        close(after(start + takes) + 1, 1, id + 1),
      );
    }
    text.push(response(after(10), 1, context, 1, 100));
  }
  const sorted = text.sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
  const { history, start, end } = analyseText([flows, node, redis], sorted.join("\n"));
  return sequentialCalls.check(new Facts(history, start, end, () => []));
}

const inARow = [
  [1, 2],
  [3.1, 2],
  [5.2, 3],
] as const;

describe("sequential-calls", () => {
  it("finds calls that wait for each other, and says what asking at once would save", () => {
    const found = check({ calls: inARow });
    expect(found).toMatchObject({ verdict: "found", findings: [{ severity: "warning", confidence: "medium", node: "shop" }] });
    if (found.verdict !== "found") return;
    const numbers = Object.fromEntries((found.findings[0]?.evidence ?? []).map(({ name, value }) => [name, value]));
    expect(numbers).toMatchObject({ "requests with such a chain": 20, "calls one after the other, on average": 3 });
    // All but the longest: 4 of 10 ms.
    expect((numbers["time that could be saved"] ?? 0) / 20 / ms).toBeCloseTo(4, 4);
    expect(numbers["part of the requests' time"]).toBeCloseTo(0.4, 4);
  });

  it.each<readonly [string, Shape]>([
    ["two calls only", { calls: inARow.slice(0, 2) }],
    [
      "calls at the same time",
      {
        calls: [
          [1, 4],
          [1.1, 4],
          [1.2, 4],
        ],
      },
    ],
    [
      "one of them beside another",
      {
        calls: [
          [1, 2],
          [3.1, 2],
          [3.2, 2],
          [5.3, 2],
        ],
      },
    ],
    ["calls that change something", { calls: inARow, method: "POST" }],
    [
      "calls that failed",
      {
        calls: [
          [1, 2, 500],
          [3.1, 2, 500],
          [5.2, 3, 200],
        ],
      },
    ],
    [
      "work between an answer and the next call",
      {
        calls: [
          [1, 2],
          [4, 2],
          [7, 2],
        ],
      },
    ],
    ["few requests", { calls: inARow, times: 9 }],
    [
      "little to save",
      {
        calls: [
          [1, 0.2],
          [1.3, 0.2],
          [1.6, 8],
        ],
      },
    ],
  ])("is not there with %s", (_, shape) => {
    expect(check(shape)).toMatchObject({ verdict: "not found" });
  });
});
