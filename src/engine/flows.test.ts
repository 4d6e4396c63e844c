import { describe, expect, it } from "vitest";
import flows from "../analyses/flows/index.ts";
import { documents, evidences, none, spanColumns, spanFlags, spanKinds, tables } from "../analyses/flows/keys.ts";
import node from "../analyses/node/index.ts";
import redis from "../analyses/redis/index.ts";
import { analyseText } from "../testing/analyse-text.ts";
import { redirectedCluster } from "../testing/redirected-cluster.ts";
import { answer, close, command, ends, info, push, read, receive, request, response, twoServices } from "../testing/two-services.ts";
import { FlowQueries } from "./flows.ts";
import { RequestQueries } from "./requests.ts";

interface Row {
  readonly [column: string]: number | string;
}

function spansOf(text: string): { readonly rows: readonly Row[]; readonly summary: unknown; readonly lanes: readonly string[] } {
  const { history, start, end } = analyseText([flows, node, redis], text);
  const table = history.table(tables.spans)!;
  const rows = Array.from({ length: table.rowCount }, (_, i) => {
    const values = table.row(i);
    return Object.fromEntries(
      spanColumns.map(({ name, type }, column) => [name, type === "text" ? table.text(values[column]!) : values[column]!]),
    );
  }).sort((left, right) => Number(left["id"]) - Number(right["id"]));
  const lanes: string[] = [];
  const { attributes } = history.state;
  for (let quark = 0; quark < attributes.count; quark++) {
    const path = attributes.path(quark);
    if (path[0] !== "Flows" || path.at(-1) !== "Name") continue;
    history.state.range([quark], start, end + 1, (_quark, from, to, value) => {
      if (value !== undefined) lanes.push(`${path.slice(1, -1).join("/")} ${from}-${to} ${value}`);
      return true;
    });
  }
  return { rows, summary: history.document(documents.summary), lanes };
}
const say = (row: Row | undefined): string =>
  row === undefined
    ? "nothing"
    : `${row["id"]} ${spanKinds[Number(row["kind"])]} "${row["name"]}" ${row["start"]}-${row["end"]} below ${row["parent"] === none ? "none" : row["parent"]} of ${row["flow"]} by ${evidences[Number(row["evidence"])]}`;

describe("flows", () => {
  it("follows one request over two processes into the store, by connection and bytes alone", () => {
    const { rows, summary } = spansOf(twoServices);
    expect(rows.map(say)).toEqual([
      '0 served "GET /outer" 20-320 below none of 0 by nothing',
      '1 http "GET b/inner" 40-275 below 0 of 0 by stream-offset',
      '2 served "GET /inner" 50-260 below 1 of 0 by stream-offset',
      '3 store "get" 100-250 below 2 of 0 by stream-offset',
      '4 store "get" 101-250 below 2 of 0 by stream-offset',
      '5 http "GET b/again" 280-311 below 0 of 0 by stream-offset',
      '6 served "GET /again" 290-300 below 5 of 0 by stream-offset',
    ]);
    expect(rows.map((row) => (row["request"] === none ? "" : row["request"]))).toEqual(["", "", "", 0, 1, "", ""]);
    expect(summary).toEqual({
      spans: 7,
      calls: 4,
      strangers: 0,
      evidence: { nothing: 0, "stream-offset": 4, order: 0, context: 0 },
    });
  });

  it("puts what overlaps in a process into lanes of their own", () => {
    expect(spansOf(twoServices).lanes).toEqual([
      "gateway/Requests/000 20-320 GET /outer",
      "gateway/Calls/000 40-275 GET b/inner",
      "gateway/Calls/000 280-311 GET b/again",
      "service/Requests/000 50-260 GET /inner",
      "service/Requests/000 290-300 GET /again",
      "service/Calls/000 100-250 get",
      "service/Calls/001 101-250 get",
    ]);
  });

  it("says which calls have no other end in the trace, which broke, and which the trace's end cut", () => {
    const { rows, summary } = spansOf(
      [
        info(1, "gateway"),
        ends("socket_connect", 10, 1, 1, 4000, 443),
        request(20, 1, 2, 0, 1, 0, "/far"),
        read(25, 1, 1, 0, 10),
        answer(26, 1, 2, 0, 1),
        read(29, 1, 1, 10, 10),
        request(40, 1, 3, 0, 1, 50, "/broken"),
        close(50, 1, 1),
        ends("socket_connect", 60, 1, 4, 4001, 443),
        request(70, 1, 5, 0, 4, 0, "/cut"),
        receive(80, 1, 6, 8, 90, "/cut-too"),
        `99 node:gc vpid=1 environment=0 kind=1 start_ns=98 duration_ns=1`,
      ].join("\n"),
    );
    expect(rows.map((row) => `${row["name"]} ${row["start"]}-${row["end"]} ${row["flags"]}`)).toEqual([
      `GET b/far 20-29 ${spanFlags.unmatched}`,
      `GET b/broken 40-50 ${spanFlags.unmatched | spanFlags.broken}`,
      `GET b/cut 70-99 ${spanFlags.unmatched | spanFlags.unfinished}`,
      `GET /cut-too 80-99 ${spanFlags.unfinished}`,
    ]);
    expect(summary).toMatchObject({ spans: 4, calls: 3, evidence: { nothing: 3, "stream-offset": 0 } });
  });

  it("gives messages the time of what was done for them", () => {
    const { rows } = spansOf(
      [
        info(1, "subscriber"),
        ends("socket_connect", 10, 1, 1, 4000, 6379),
        ends("socket_connect", 11, 1, 2, 4001, 6379),
        push(20, 1, 3, 1),
        command(30, 1, 3, 2, 0, 30, "set"),
        read(50, 1, 2, 0, 5),
        push(60, 1, 4, 1),
        close(70, 1, 2),
        close(71, 1, 1),
      ].join("\n"),
    );
    expect(rows.map(say)).toEqual([
      '0 message "message" 20-50 below none of 0 by nothing',
      '1 store "set" 30-50 below 0 of 0 by nothing',
      '2 message "message" 60-60 below none of 2 by nothing',
    ]);
  });

  it("keeps connections of the same addresses apart when a port is used again", () => {
    const again = twoServices
      .split("\n")
      .filter((line) => !line.includes("redis:") && !line.includes("store_command") && !/^\s+(parsed|write_start)/.test(line));
    const later = again
      .filter((line) => !line.includes("process_info"))
      .map((line) =>
        line
          .replace(/^(\d+)/, (time) => String(Number(time) + 1000))
          .replace(/(conn_id|context|request)=(\d+)/g, (_, name: string, id: string) => `${name}=${Number(id) + (id === "0" ? 0 : 100)}`),
      );
    const { rows } = spansOf([...again, close(960, 1, 3), close(961, 2, 1), ...later].join("\n"));
    const joined = rows.filter((row) => row["kind"] === 0 && row["parent"] !== none);
    expect(joined.map(say)).toEqual([
      '2 served "GET /inner" 50-260 below 1 of 0 by stream-offset',
      '4 served "GET /again" 290-300 below 3 of 0 by stream-offset',
      '7 served "GET /inner" 1050-1260 below 6 of 5 by stream-offset',
      '9 served "GET /again" 1290-1300 below 8 of 5 by stream-offset',
    ]);
  });

  it("finds what was waited for, also where the other end's last step comes after its answer was read", () => {
    const path = (text: string): string[] => {
      const { history } = analyseText([flows, node, redis], text);
      return new FlowQueries(history, 0n).get(0).path.map(({ span, start, end }) => `${start}-${end} in ${span}`);
    };
    const before = ["20-40 in 0", "40-50 in 1", "50-101 in 2", "101-250 in 4"];
    const after = ["275-280 in 0", "280-290 in 5", "290-300 in 6", "300-311 in 5", "311-320 in 0"];
    expect(path(twoServices)).toEqual([...before, "250-260 in 2", "260-275 in 1", ...after]);
    const late = twoServices.replace(response(260, 2, 2, 1, 120), response(278, 2, 2, 1, 120));
    expect(path(late)).toEqual([...before, "250-275 in 2", ...after]);
  });
});

describe("redirected calls", () => {
  const app = 50;
  const at = (i: number): number => 20_000 + i * 10_000;
  /** A service that sends the SETs of `redirectedCluster`, all in the context of one request, and what it does besides. */
  const service = (times: number, besides: readonly string[] = []): string =>
    [
      redirectedCluster(times),
      info(app, "service"),
      ends("socket_accept", 5, app, 9, 80, 4000),
      ends("socket_connect", 6, app, 1, 5001, 7001),
      ends("socket_connect", 7, app, 2, 5002, 7002),
      receive(100, app, 2, 9, 90, "/outer"),
      ...Array.from({ length: times }, (_, i) => [
        command(at(i) - 1000, app, 2, 1, 30 * i, 30 * (i + 1), "set"),
        read(at(i) + 2500, app, 1, 20 * i, 20),
        command(at(i) + 3000, app, 2, 2, 30 * i, 30 * (i + 1), "set"),
        read(at(i) + 7000, app, 2, 10 * i, 10),
      ]).flat(),
      ...besides,
      response(at(times) + 500, app, 2, 9, 120),
    ].join("\n");
  const flowOf = (text: string) => {
    const { history } = analyseText([flows, node, redis], text);
    return { flow: new FlowQueries(history, 0n).get(0), requests: new RequestQueries(history, 0n) };
  };

  it("are joined with the calls by which they were followed, one after the other in one context", () => {
    const { flow, requests } = flowOf(service(3));
    const calls = flow.spans.filter(({ kind }) => kind === "store");
    expect(calls.map(({ id, redirected, repeats }) => ({ id, redirected, repeats }))).toEqual([
      { id: 1, redirected: { repeat: 2, lostNs: 4000 }, repeats: undefined },
      { id: 2, redirected: undefined, repeats: 1 },
      { id: 3, redirected: { repeat: 4, lostNs: 4000 }, repeats: undefined },
      { id: 4, redirected: undefined, repeats: 3 },
      { id: 5, redirected: { repeat: 6, lostNs: 4000 }, repeats: undefined },
      { id: 6, redirected: undefined, repeats: 5 },
    ]);
    const [first, second] = calls;
    const whole = requests.get(first!.request!).redirected;
    expect(whole?.evidence).toBe("context");
    expect(whole?.hops.map(({ request }) => request)).toEqual([first!.request, second!.request]);
    expect(requests.get(second!.request!).redirected).toEqual(whole);
  });

  it("are not joined where two calls may be the repeat", () => {
    // Another SET of as many bytes to the second node, in the same context, before the repeat is over.
    const other = [
      ends("socket_connect", 8, app, 3, 5003, 7002),
      command(at(0) + 2800, app, 2, 3, 0, 30, "set"),
      read(at(0) + 9000, app, 3, 0, 10),
    ];
    const calls = flowOf(service(2, other)).flow.spans.filter(({ kind }) => kind === "store");
    expect(
      calls.map(({ redirected, repeats }) => `${redirected === undefined ? "" : (redirected.repeat ?? "unknown")}/${repeats ?? ""}`),
    ).toEqual(["unknown/", "/", "/", "5/", "/4"]);
  });

  it("are not joined with a call of another context, name or length, or to another node", () => {
    const text = service(1);
    const repeat = command(at(0) + 3000, app, 2, 2, 0, 30, "set");
    for (const changed of [
      command(at(0) + 3000, app, 7, 2, 0, 30, "set"),
      command(at(0) + 3000, app, 2, 2, 0, 30, "get"),
      command(at(0) + 3000, app, 2, 2, 0, 31, "set"),
      command(at(0) + 3000, app, 2, 1, 30, 60, "set"),
    ])
      expect(flowOf(text.replace(repeat, changed)).flow.spans.map(({ redirected }) => redirected?.repeat)).not.toContain(2);
    expect(flowOf(text).flow.spans.map(({ redirected }) => redirected?.repeat)).toContain(2);
  });
});
