import { describe, expect, it } from "vitest";
import flows from "../analyses/flows/index.ts";
import { documents, evidences, none, spanColumns, spanFlags, spanKinds, tables } from "../analyses/flows/keys.ts";
import node from "../analyses/node/index.ts";
import redis from "../analyses/redis/index.ts";
import { analyseText } from "../testing/analyse-text.ts";

const info = (pid: number, service: string): string =>
  `1 node:process_info vpid=${pid} environment=0 thread=0 cluster_worker=0 node_version="v20" script="/app/x.js" service="${service}"`;
const ends = (name: string, time: number, pid: number, conn: number, local: number, remote: number): string =>
  `${time} node:${name} vpid=${pid} conn_id=${conn} fd=9 context=0 tls=0 laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
const receive = (time: number, pid: number, context: number, conn: number, offset: number, path: string): string =>
  `${time} node:http_server_receive vpid=${pid} context=${context} conn_id=${conn} fd=9 read_offset=${offset} method="GET" path="${path}"`;
const response = (time: number, pid: number, context: number, conn: number, end: number, aborted = 0): string =>
  `${time} node:http_server_response vpid=${pid} context=${context} conn_id=${conn} fd=9 start_offset=0 end_offset=${end} status=200 aborted=${aborted} route=""`;
const request = (time: number, pid: number, id: number, context: number, conn: number, offset: number, path: string): string =>
  `${time} node:http_client_request vpid=${pid} request=${id} context=${context} conn_id=${conn} fd=9 write_offset=${offset} method="GET" host="b" path="${path}"`;
const answer = (time: number, pid: number, id: number, context: number, conn: number, status = 200): string =>
  `${time} node:http_client_response vpid=${pid} request=${id} context=${context} conn_id=${conn} fd=9 read_offset=0 status=${status}`;
const read = (time: number, pid: number, conn: number, offset: number, length: number): string =>
  `${time} node:socket_read vpid=${pid} conn_id=${conn} fd=9 offset=${offset} length=${length}`;
const command = (time: number, pid: number, context: number, conn: number, start: number, end: number, name: string): string =>
  `${time} node:store_command vpid=${pid} context=${context} conn_id=${conn} fd=9 how=2 library=1 start_offset=${start} end_offset=${end} name="${name}"`;
const close = (time: number, pid: number, conn: number): string =>
  `${time} node:socket_close vpid=${pid} conn_id=${conn} fd=9 read_offset=0 write_offset=0`;
const push = (time: number, pid: number, context: number, conn: number): string =>
  `${time} node:context_start vpid=${pid} context=${context} parent=0 kind=0 conn_id=${conn} fd=9 offset=500 length=50`;

/** A store whose connection 7 comes from port 5000: it reads two pipelined commands of 30 bytes at once, and answers both by one write. */
const store = `1 redis:server_info vpid=3 vtid=3 run_id="r" node_id="n" flavor="redis" version="7.0.15" port=6379 tls_port=0 bus_port=0 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=3 vtid=3 command=3 flags=2 name="get"
  3 redis:connection_state vpid=3 vtid=3 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=6379 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  900 redis:steps vpid=3 vtid=3 thread=0 base_ticks=0 base_ns=0 end_ticks=900 end_ns=900 words={poll_end@200 aux=1; read_start@201 conn=7; read_done@205 nread=60;
   parsed@206 end_offset=30; call_start@207 aux=3 flags=4; call_end@210 aux=3 flags=4 reply_bytes=5; process_end@211;
   parsed@212 end_offset=60; call_start@213 aux=3 flags=4; call_end@220 aux=3 flags=4 reply_bytes=5; process_end@221; read_end@222 conn=7;
   write_start@230 conn=7; write_end@235 conn=7 nwritten=10; poll_start@240}`;

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

/** A gateway (pid 1) calls a service (pid 2) twice over one connection; the service asks the store. */
const chain = [
  info(1, "gateway"),
  info(2, "service"),
  store,
  ends("socket_accept", 10, 1, 1, 80, 4000),
  receive(20, 1, 2, 1, 90, "/outer"),
  ends("socket_connect", 30, 1, 3, 4001, 81),
  ends("socket_accept", 31, 2, 1, 81, 4001),
  request(40, 1, 4, 2, 3, 0, "/inner"),
  receive(50, 2, 2, 1, 70, "/inner"),
  ends("socket_connect", 60, 2, 3, 5000, 6379),
  command(100, 2, 2, 3, 0, 30, "get"),
  command(101, 2, 2, 3, 30, 60, "get"),
  read(250, 2, 3, 0, 10),
  response(260, 2, 2, 1, 120),
  answer(270, 1, 4, 2, 3),
  read(271, 1, 3, 0, 100),
  read(275, 1, 3, 100, 20),
  request(280, 1, 5, 2, 3, 70, "/again"),
  receive(290, 2, 6, 1, 140, "/again"),
  response(300, 2, 6, 1, 240),
  answer(310, 1, 5, 2, 3),
  read(311, 1, 3, 120, 120),
  response(320, 1, 2, 1, 300),
  read(950, 1, 3, 240, 1),
].join("\n");

describe("flows", () => {
  it("follows one request over two processes into the store, by connection and bytes alone", () => {
    const { rows, summary } = spansOf(chain);
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
    expect(spansOf(chain).lanes).toEqual([
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
    const again = chain
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
});
