import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { answer, ends, info, read, request, twoServices } from "../../testing/two-services.ts";
import serviceMap from "./index.ts";

describe("service map", () => {
  const rows = (text: string, from = 0, to = 1000): string[] =>
    serviceMap
      .tree(analyseText([flows, node, redis], text), { start: from, end: to, columns: 1 })
      .map(({ parent, labels }) => `${parent < 0 ? "" : "  "}${labels.join(" ").trim()}`);

  it("has who calls whom, how often and how long", () => {
    expect(rows(twoServices)).toEqual(["gateway", "  service 2 0 133 235 266", "service", "  test:6379 2 0 150 150 299"]);
  });

  it("counts in the range only, and names who is not traced by its host", () => {
    expect(rows(twoServices, 300, 1000)).toEqual(["gateway", "  service 1 0 31 31 31"]);
    const stranger = [
      info(1, "gateway"),
      ends("socket_connect", 10, 1, 1, 4000, 443),
      request(20, 1, 2, 0, 1, 0, "/far"),
      answer(25, 1, 2, 0, 1, 503),
      read(29, 1, 1, 0, 10),
    ];
    expect(
      rows(
        [...stranger, request(40, 1, 3, 0, 1, 20, "/far"), answer(50, 1, 3, 0, 1), read(51, 1, 1, 10, 10), read(900, 1, 1, 20, 1)].join(
          "\n",
        ),
      )[1],
    ).toMatch(/^ {2}b 2 1 /);
  });

  it("is empty where nothing was called", () => {
    expect(rows(info(1, "gateway"))).toEqual([]);
  });
});
