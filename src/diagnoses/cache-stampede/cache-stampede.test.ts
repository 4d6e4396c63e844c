import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { answer, close, ends, info, receive, request, response } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import cacheStampede from "./index.ts";

const ms = 1e6;

/** Five crowds of so many requests at once, each of which asks for the same thing, or each for another. */
function check(size: number, isSame = true, takesMs = 20, query = "") {
  const text = [info(1, "shop"), ends("socket_accept", 10, 1, 1, 80, 4000)];
  for (let crowd = 0; crowd < 5; crowd++) {
    for (let k = 0; k < size; k++) {
      const id = 1000 * (crowd + 1) + 10 * k;
      const at = 1000 + crowd * 200 * ms + k * 1000;
      const path = `${isSame ? "/user/1" : `/user/${k}`}${query}`;
      text.push(
        receive(at, 1, id, 1, 90, "/list"),
        ends("socket_connect", at + 1, 1, id + 1, 5000 + id, 81),
        request(at + 2, 1, id + 2, id, id + 1, 0, path),
      );
      text.push(
        answer(at + takesMs * ms, 1, id + 2, id, id + 1),
        close(at + takesMs * ms + 1, 1, id + 1),
        response(at + takesMs * ms + 2, 1, id, 1, 100),
      );
    }
  }
  const sorted = text.sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
  const { history, start, end } = analyseText([flows, node, redis], sorted.join("\n"));
  return cacheStampede.check(new Facts(history, start, end, () => []));
}

describe("cache-stampede", () => {
  it("is found where crowds ask for the same thing, and counts them", () => {
    const found = check(8);
    expect(found).toMatchObject({ verdict: "found", findings: [{ severity: "critical", node: "shop" }] });
    expect(found).toHaveProperty("findings.0.evidence", [
      { name: "most at once", value: 8, unit: "count" },
      { name: "calls in crowds", value: 40, unit: "count" },
      { name: "crowds", value: 5, unit: "count" },
      { name: "calls", value: 40, unit: "count" },
      { name: "part of the calls", value: 1, unit: "ratio" },
      { name: "calls that could be saved", value: 35, unit: "count" },
    ]);
  });

  it("is not there where few meet, each asks for another thing, or the answer is quick", () => {
    expect(check(4)).toMatchObject({ verdict: "not found" });
    expect(check(8, false)).toMatchObject({ verdict: "not found" });
    expect(check(8, true, 20, "?")).toMatchObject({ verdict: "not found" });
    expect(check(8, true, 2)).toMatchObject({ verdict: "not found" });
  });
});
