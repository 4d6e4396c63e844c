import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { ends, info, receive, response, statement } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import slowDependency from "./index.ts";

const ms = 1e6;

/** Twelve requests one after the other, each of 100 ms, with one statement that takes so long, and as long again at the same time where there are two. */
function check(takesMs: number, statements = 1, requests = 12) {
  const text = [info(1, "shop"), ends("socket_accept", 10, 1, 1, 80, 4000), ends("socket_connect", 11, 1, 2, 5000, 3306)];
  for (let i = 0; i < requests; i++) {
    const start = 1000 + i * 200 * ms;
    const context = 10 + 10 * i;
    text.push(receive(start, 1, context, 1, 90 * (i + 1), "/list"));
    for (let k = 0; k < statements; k++)
      text.push(statement(1, context + 1 + k, context, 2, start + 1000, start + 2000, start + 2000 + takesMs * ms));
    text.push(response(start + 100 * ms, 1, context, 1, 100 * (i + 1)));
  }
  const { history, start, end } = analyseText(
    [flows, node, redis],
    text
      .join("\n")
      .split("\n")
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .join("\n"),
  );
  return slowDependency.check(new Facts(history, start, end, () => []));
}

describe("slow-dependency", () => {
  it("is a warning where requests mostly wait for a statement of 10 ms and more", () => {
    expect(check(60)).toMatchObject({ verdict: "found", findings: [{ severity: "warning", node: "shop", costNs: 12 * 60 * ms }] });
  });

  it("counts statements of one request at the same time once", () => {
    expect(check(60, 2)).toMatchObject({ verdict: "found", findings: [{ costNs: 12 * 60 * ms }] });
  });

  it("is not there where they are short, a small part, or few", () => {
    expect(check(5)).toMatchObject({ verdict: "not found" });
    expect(check(40)).toMatchObject({ verdict: "not found" });
    expect(check(60, 1, 9)).toMatchObject({ verdict: "not found" });
  });
});
