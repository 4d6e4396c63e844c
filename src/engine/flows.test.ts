import { describe, expect, it } from "vitest";
import flows from "../analyses/flows/index.ts";
import { documents, evidences, none, spanColumns, spanFlags, spanKinds, tables } from "../analyses/flows/keys.ts";
import node from "../analyses/node/index.ts";
import redis from "../analyses/redis/index.ts";
import { analyseText } from "../testing/analyse-text.ts";
import { redirectedCluster } from "../testing/redirected-cluster.ts";
import {
  answer,
  close,
  command,
  cut,
  ends,
  info,
  push,
  read,
  receive,
  request,
  response,
  streamEnd,
  streamReceive,
  streamRequest,
  streamResponse,
  twoServices,
} from "../testing/two-services.ts";
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
      evidence: { nothing: 0, "stream-offset": 4, order: 0, context: 0, "stream-id": 0 },
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

describe("requests that share a connection (HTTP/2)", () => {
  const connected = [
    info(1, "gateway"),
    info(2, "service"),
    ends("socket_connect", 30, 1, 3, 4001, 81),
    ends("socket_accept", 31, 2, 1, 81, 4001),
  ];

  it("are joined by connection and stream, in whatever order they are received, answered and told of", () => {
    const { rows, summary } = spansOf(
      [
        ...connected,
        streamRequest(40, 1, 4, 0, 3, 1, "/a"),
        streamRequest(41, 1, 5, 0, 3, 3, "/b"),
        streamReceive(50, 2, 2, 1, 3, "/b"),
        streamReceive(51, 2, 3, 1, 1, "/a"),
        // Received before its caller told that it was sent: two processes' clocks.
        streamReceive(52, 2, 4, 1, 5, "/c"),
        streamRequest(53, 1, 6, 0, 3, 5, "/c"),
        streamResponse(60, 2, 4, 1, 5, 0),
        streamEnd(61, 1, 6, 3, 5, 200, 0),
        streamResponse(70, 2, 2, 1, 3, 0),
        streamResponse(71, 2, 3, 1, 1, 0),
        streamEnd(72, 1, 4, 3, 1, 200, 0),
        streamEnd(73, 1, 5, 3, 3, 200, 0),
      ].join("\n"),
    );
    expect(rows.filter(({ kind }) => kind === 0).map(say)).toEqual([
      '2 served "GET /b" 50-70 below 1 of 1 by stream-id',
      '3 served "GET /a" 51-71 below 0 of 0 by stream-id',
      '4 served "GET /c" 52-60 below 5 of 5 by stream-id',
    ]);
    expect(rows.filter(({ kind }) => kind !== 0).map((row) => [row["start"], row["end"], row["status"], row["flags"]])).toEqual([
      [40, 72, 200, 0],
      [41, 73, 200, 0],
      [53, 61, 200, 0],
    ]);
    expect(summary).toMatchObject({ strangers: 0, evidence: { "stream-id": 3, nothing: 0, order: 0 } });
  });

  it("are told apart from those that are whole: reset by the other end, given up by the caller, cut with the connection or the trace", () => {
    const { rows } = spansOf(
      [
        ...connected,
        ...[1, 3, 5, 7, 9].map((stream) => streamRequest(40 + stream, 1, 10 + stream, 0, 3, stream, `/${stream}`)),
        streamReceive(52, 2, 2, 1, 1, "/1"),
        streamResponse(55, 2, 2, 1, 1, 1),
        streamEnd(60, 1, 11, 3, 1, 200, 1),
        streamEnd(61, 1, 13, 3, 3, 0, 2),
        streamEnd(62, 1, 15, 3, 5, 200, 0),
        // Bytes of the connection may be any stream's.
        read(63, 1, 3, 0, 100),
        close(64, 1, 3),
        ends("socket_connect", 70, 1, 4, 4002, 81),
        streamRequest(71, 1, 30, 0, 4, 1, "/cut"),
        response(99, 2, 77, 1, 0),
      ].join("\n"),
    );
    const { broken, cancelled, unfinished, unmatched } = spanFlags;
    expect(rows.map((row) => [row["name"], row["end"], row["flags"]])).toEqual([
      ["GET b/1", 60, broken],
      ["GET b/3", 61, cancelled | unmatched],
      ["GET b/5", 62, unmatched],
      ["GET b/7", 64, broken | unmatched],
      ["GET b/9", 64, broken | unmatched],
      ["GET /1", 55, broken],
      ["GET b/cut", 99, unfinished | unmatched],
    ]);
  });

  it("have failed at both ends where gRPC's own status says so, whoever told of it, and HTTP's says nothing", () => {
    const { rows } = spansOf(
      [
        ...connected,
        ...[1, 3, 5, 7].map((stream) => streamRequest(40 + stream, 1, 10 + stream, 0, 3, stream, `/${stream}`)),
        ...[1, 3, 5].map((stream) => streamReceive(50 + stream, 2, 2 + stream, 1, stream, `/${stream}`)),
        streamResponse(56, 2, 3, 1, 1, 0, 6),
        streamResponse(57, 2, 5, 1, 3, 0, 1),
        streamResponse(58, 2, 7, 1, 5, 0, 6),
        streamEnd(60, 1, 11, 3, 1, 200, 0, 6),
        streamEnd(61, 1, 13, 3, 3, 200, 0, 1),
        // Given up before the trailers were read.
        streamEnd(62, 1, 15, 3, 5, 200, 2),
        streamEnd(63, 1, 17, 3, 7, 200, 0, 15),
      ].join("\n"),
    );
    const { failed, cancelled, unmatched } = spanFlags;
    expect(rows.map((row) => [row["name"], row["status"], row["grpc"], row["flags"]])).toEqual([
      ["GET b/1", 200, 6, failed],
      ["GET b/3", 200, 1, 0],
      ["GET b/5", 200, 6, failed | cancelled],
      ["GET b/7", 200, 15, failed | unmatched],
      ["GET /1", 200, 6, failed],
      ["GET /3", 200, 1, 0],
      ["GET /5", 200, 6, failed],
    ]);
  });
});

describe("calls without a whole answer", () => {
  const connected = [
    info(1, "gateway"),
    info(2, "service"),
    ends("socket_connect", 30, 1, 3, 4001, 81),
    ends("socket_accept", 31, 2, 1, 81, 4001),
    request(40, 1, 4, 0, 3, 0, "/x"),
    receive(50, 2, 2, 1, 70, "/x"),
  ];
  /** Name, end and flags of the call. */
  const callOf = (...more: readonly string[]) => {
    const row = spansOf([...connected, ...more].join("\n")).rows.find(({ kind }) => kind === 1);
    return [row?.["end"], row?.["flags"], row?.["status"]];
  };
  const { broken, cancelled } = spanFlags;

  it("are cancelled where their caller gave up, before the answer or within it", () => {
    expect(callOf(cut(60, 1, 4, 3, 2), answer(60, 1, 4, 0, 3, 0), close(60, 1, 3), response(62, 2, 2, 1, 0, 1))).toEqual([
      60,
      cancelled,
      0,
    ]);
    expect(callOf(answer(55, 1, 4, 0, 3), read(56, 1, 3, 0, 40), cut(60, 1, 4, 3, 2), close(60, 1, 3))).toEqual([60, cancelled, 200]);
  });

  it("are broken where the connection ended within the answer, whoever tells of it first", () => {
    expect(callOf(answer(55, 1, 4, 0, 3), read(56, 1, 3, 0, 40), cut(60, 1, 4, 3, 1), close(60, 1, 3))).toEqual([60, broken, 200]);
    // The server breaks off after bytes that the caller has read, all of them.
    const serverFirst = [answer(55, 1, 4, 0, 3), read(56, 1, 3, 0, 40), response(58, 2, 2, 1, 40, 1)];
    expect(callOf(...serverFirst, cut(60, 1, 4, 3, 1), close(60, 1, 3))).toEqual([60, broken, 200]);
    // A caller that tells only of its connection: another runtime.
    expect(callOf(...serverFirst, close(60, 1, 3))).toEqual([56, broken, 200]);
    expect(callOf(answer(55, 1, 4, 0, 3), response(57, 2, 2, 1, 80), read(58, 1, 3, 0, 40), close(60, 1, 3))).toEqual([58, broken, 200]);
  });

  it("are neither where all of it was read, though the connection ends with it", () => {
    expect(callOf(answer(55, 1, 4, 0, 3), response(57, 2, 2, 1, 80), read(58, 1, 3, 0, 80), close(60, 1, 3))).toEqual([58, 0, 200]);
  });
});

describe("retries", () => {
  /** Calls by one request: from, to, path, status; status 0: the connection broke. */
  const retriesOf = (...calls: readonly (readonly [number, number, string, number])[]): (number | undefined)[] => {
    const text = [
      info(1, "service"),
      ends("socket_accept", 5, 1, 1, 80, 4000),
      ...calls.map((_, i) => ends("socket_connect", 6, 1, 10 + i, 5000 + i, 81)),
      receive(10, 1, 2, 1, 90, "/outer"),
      ...calls.flatMap(([from, to, path, status], i) => [
        request(from, 1, 20 + i, 2, 10 + i, 0, path),
        ...(status === 0 ? [] : [answer(to - 1, 1, 20 + i, 2, 10 + i, status), read(to, 1, 10 + i, 0, 10)]),
        close(to, 1, 10 + i),
      ]),
      response(900, 1, 2, 1, 100),
    ].sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
    const { history } = analyseText([flows, node], text.join("\n"));
    const { spans } = new FlowQueries(history, 0n).get(0);
    return spans.filter(({ kind }) => kind === "http").map(({ retries }) => retries);
  };

  it("are the next alike after a call that failed, one after the other", () => {
    expect(retriesOf([20, 30, "/a", 0], [40, 50, "/a", 503], [60, 70, "/a", 200], [80, 90, "/a", 200])).toEqual([
      undefined,
      1,
      2,
      undefined,
    ]);
  });

  it("are not: what follows an answer, has another path, or may have asked for something else", () => {
    expect(retriesOf([20, 30, "/a", 404], [40, 50, "/a", 200])).toEqual([undefined, undefined]);
    expect(retriesOf([20, 30, "/a", 0], [40, 50, "/b", 200])).toEqual([undefined, undefined]);
    expect(retriesOf([20, 30, "/a?", 0], [40, 50, "/a?", 200])).toEqual([undefined, undefined]);
  });

  it("are not said where two alike are under way at once", () => {
    expect(retriesOf([20, 30, "/a", 0], [25, 35, "/a", 0], [40, 50, "/a", 200])).toEqual([undefined, undefined, undefined]);
    expect(retriesOf([20, 30, "/a", 0], [40, 50, "/a", 200], [45, 55, "/a", 200])).toEqual([undefined, undefined, undefined]);
    expect(retriesOf([20, 50, "/a", 200], [25, 30, "/a", 0], [40, 45, "/a", 200])).toEqual([undefined, undefined, undefined]);
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
