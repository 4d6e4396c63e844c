import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { answer, close, ends, info, receive, request, response } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import retryStorm from "./index.ts";

const ms = 1e6;

/** Ten requests, each of which asks another service so often, the last time with success. */
function check(attempts: number, failing = 503) {
  const text = [info(1, "shop"), ends("socket_accept", 10, 1, 1, 80, 4000)];
  for (let i = 0; i < 10; i++) {
    const start = 1000 + i * 200 * ms;
    const context = 1000 * (i + 1);
    text.push(receive(start, 1, context, 1, 90 * (i + 1), "/list"));
    for (let k = 0; k < attempts; k++) {
      const [id, at] = [context + 2 * k + 1, start + (k + 1) * ms];
      text.push(ends("socket_connect", at, 1, id + 1, 5000 + id, 81), request(at + 1, 1, id, context, id + 1, 0, `/item/${i}`));
      text.push(answer(at + 1000, 1, id, context, id + 1, k === attempts - 1 ? 200 : failing), close(at + 2000, 1, id + 1));
    }
    text.push(response(start + 100 * ms, 1, context, 1, 100 * (i + 1)));
  }
  const { history, start, end } = analyseText([flows, node, redis], text.join("\n"));
  return retryStorm.check(new Facts(history, start, end, () => []));
}

describe("retry-storm", () => {
  it("is critical where most calls repeat one that failed, over all paths of a host", () => {
    const found = check(4);
    expect(found).toMatchObject({ verdict: "found", findings: [{ severity: "critical", node: "shop" }] });
    expect(found).toHaveProperty("findings.0.evidence", expect.arrayContaining([{ name: "repetitions", value: 30, unit: "count" }]));
    expect(found).toHaveProperty(
      "findings.0.evidence",
      expect.arrayContaining([{ name: "most for one request", value: 3, unit: "count" }]),
    );
  });

  it("is not there where calls follow each other without failing, or few are repeated", () => {
    expect(check(4, 200)).toMatchObject({ verdict: "not found" });
    expect(check(2)).toMatchObject({ verdict: "not found" });
  });
});
