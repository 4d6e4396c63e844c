import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { ends, info, receive, response, statement } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import connectionPoolWait from "./index.ts";

const ms = 1e6;

/** Requests one after the other, each of 100 ms, with one statement that waits so long before it is sent. */
function check(waitMs: number, requests = 24) {
  const text = [info(1, "shop"), ends("socket_accept", 10, 1, 1, 80, 4000), ends("socket_connect", 11, 1, 2, 5000, 3306)];
  for (let i = 0; i < requests; i++) {
    const start = 1000 + i * 200 * ms;
    const context = 10 + 10 * i;
    const sent = start + 1000 + waitMs * ms;
    text.push(receive(start, 1, context, 1, 90 * (i + 1), "/list"), statement(1, context + 1, context, 2, start + 1000, sent, sent + ms));
    text.push(response(start + 100 * ms, 1, context, 1, 100 * (i + 1)));
  }
  const { history, start, end } = analyseText([flows, node, redis], text.join("\n"));
  return connectionPoolWait.check(new Facts(history, start, end, () => []));
}

describe("connection-pool-wait", () => {
  it("is critical where requests mostly wait for a connection, a warning where for a fifth of their time", () => {
    expect(check(60)).toMatchObject({ verdict: "found", findings: [{ severity: "critical", node: "shop", costNs: 24 * 60 * ms }] });
    expect(check(30)).toMatchObject({ verdict: "found", findings: [{ severity: "warning" }] });
  });

  it("is not there where the wait is short, or few waited", () => {
    expect(check(4)).toMatchObject({ verdict: "not found" });
    expect(check(60, 19)).toMatchObject({ verdict: "not found" });
  });
});
