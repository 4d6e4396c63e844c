import { describe, expect, it } from "vitest";
import type { HistoryReader } from "../../state/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import redis from "./index.ts";
import { connectionColumns, deliveryColumns, documents, messageColumns, type ProcessSummary, requestColumns, tables } from "./keys.ts";

const analyse = (text: string): HistoryReader => analyseText([redis], text).history;

function rows(
  history: HistoryReader,
  name: string,
  columns: readonly { readonly name: string; readonly type: string }[],
): Record<string, number | string>[] {
  const table = history.table(name);
  return Array.from({ length: table?.rowCount ?? 0 }, (_, i) => {
    const row = table!.row(i);
    return Object.fromEntries(columns.map((column, c) => [column.name, column.type === "text" ? table!.text(row[c]!) : row[c]!]));
  });
}

const requests = (history: HistoryReader): Record<string, number | string>[] => rows(history, tables.requests, requestColumns);

/** States of an attribute, one `start-end value` each. */
function states(history: HistoryReader, ...path: string[]): string[] {
  const quark = history.state.attributes.find(...path);
  const found: string[] = [];
  if (quark === undefined) return found;
  history.state.range([quark], 0, Number.POSITIVE_INFINITY, (_quark, start, end, value) => {
    if (value !== undefined) found.push(`${start}-${end} ${value}`);
    return true;
  });
  return found;
}

const server = `1 redis:server_info vpid=9 vtid=9 run_id="r" node_id="n1" flavor="redis" version="7.0.15" port=7001 tls_port=0 bus_port=17001 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=9 vtid=9 command=3 flags=2 name="set"
  2 redis:command_table vpid=9 vtid=9 command=4 flags=1 name="get"
  3 redis:connection_state vpid=9 vtid=9 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5000 read_offset=1000 write_offset=0`;
const batch = (end: number, words: string): string =>
  `${end} redis:steps vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;
const light = (end: number, words: string): string =>
  `${end} redis:commands vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;

describe("redis analysis", () => {
  it("leaves out what a batch, caught in its middle, says of a connection that it has not named", () => {
    const history = analyse(`${server}
      ${batch(
        900,
        `parsed@100 aux=3 end_offset=1030; call_start@120 aux=3 flags=4; call_end@140 aux=3 flags=4 reply_bytes=5; process_end@160;
         read_done@180 nread=3; poll_start@200; poll_end@300 aux=1; read_start@400 conn=7; read_done@420 nread=30; parsed@440 aux=3 end_offset=1030;
         call_start@460 aux=4 flags=4; call_end@480 aux=4 flags=4 reply_bytes=5; process_end@500; read_end@520 conn=7;
         write_start@700 conn=7; write_end@800 conn=7 nwritten=5`,
      )}`);
    expect(requests(history).map(({ command }) => command)).toEqual(["get"]);
    expect(rows(history, tables.connections, connectionColumns).map(({ connection }) => connection)).toEqual([7]);
    // The call did happen.
    const [process] = history.document(documents.processes) as readonly ProcessSummary[];
    expect(process?.calls).toEqual({ set: 1, get: 1 });
  });

  it("follows one request through each phase of its life", () => {
    const history = analyse(`${server}
      ${batch(
        900,
        `poll_start@10; poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=30; parsed@340 aux=3 end_offset=1030;
         call_start@400 aux=3 flags=4; call_end@500 aux=3 flags=4 reply_bytes=5; process_end@520; read_end@540 conn=7;
         write_start@700 conn=7; write_end@800 conn=7 nwritten=5`,
      )}`);
    expect(requests(history)).toEqual([
      {
        id: 0,
        process: 0,
        connection: 0,
        command: "set",
        flags: 2,
        readThread: 9,
        thread: 9,
        arrived: 100,
        readStart: 200,
        readEnd: 300,
        parseStart: 300,
        callStart: 400,
        callEnd: 500,
        writeStart: 700,
        writeEnd: 800,
        requestBytes: 30,
        replyBytes: 5,
      },
    ]);
    expect(states(history, "Redis", "test:7001", "Connections", "7", "State")).toEqual([
      "100-200 queued for read",
      "200-400 READ CLIENT",
      "400-500 set",
      "500-700 queued for write",
      "700-800 WRITE TO CLIENT",
    ]);
    expect(states(history, "Redis", "test:7001", "Threads", "9", "Operation")).toEqual([
      "100-200 EVENT LOOP",
      "200-400 READ CLIENT",
      "400-500 set",
      "500-540 READ CLIENT",
      "540-700 EVENT LOOP",
      "700-800 WRITE TO CLIENT",
      "800-900 EVENT LOOP",
    ]);
    expect(states(history, "Redis", "test:7001", "EventLoop", "Phase")).toEqual(["10-100 polling", "100-900 processing events"]);
  });

  it("answers a whole pipeline with one write: later requests queue behind earlier ones", () => {
    const history = analyse(`${server}
      ${batch(
        900,
        `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=60; parsed@310 end_offset=1030; call_start@320 aux=3 flags=4; call_end@400 aux=3 flags=4 reply_bytes=5; process_end@410;
         parsed@430 end_offset=1060; call_start@440 aux=4 flags=4; call_end@480 aux=4 flags=4 reply_bytes=9; process_end@490; read_end@500 conn=7; write_start@700 conn=7; write_end@800 conn=7 nwritten=14`,
      )}`);
    const [first, second] = requests(history);
    expect([first?.["arrived"], first?.["parseStart"], first?.["callEnd"], first?.["writeEnd"]]).toEqual([100, 300, 400, 800]);
    expect([second?.["arrived"], second?.["readEnd"], second?.["parseStart"], second?.["callStart"], second?.["writeEnd"]]).toEqual([
      100, 300, 410, 440, 800,
    ]);
    expect([first?.["requestBytes"], second?.["requestBytes"]]).toEqual([30, 30]);
  });

  it("tells the same story from the light set", () => {
    const history = analyse(`${server}
      ${light(
        900,
        `poll@100 duration=90 aux=1; read@300 duration=100 conn=7 nread=60; call@400 aux=3 flags=4 duration=80 end_offset=1030; call@480 aux=4 flags=4 duration=40 end_offset=1060; write@800 duration=100 conn=7 nwritten=14`,
      )}`);
    const [first, second] = requests(history);
    expect([
      first?.["arrived"],
      first?.["readStart"],
      first?.["callStart"],
      first?.["callEnd"],
      first?.["writeStart"],
      first?.["writeEnd"],
    ]).toEqual([100, 200, 320, 400, 700, 800]);
    expect([second?.["parseStart"], second?.["callStart"], second?.["requestBytes"]]).toEqual([400, 440, 30]);
  });

  it("lets a request that needs two reads arrive with its first byte", () => {
    const history = analyse(`${server}
      ${batch(450, `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=20; read_end@320 conn=7; poll_start@400`)}
      ${batch(900, `poll_end@500 aux=1; read_start@510 conn=7; read_done@520 nread=10; parsed@530 end_offset=1030; call_start@540 aux=3 flags=4; call_end@550 aux=3 flags=4 reply_bytes=5; read_end@560 conn=7; write_start@600 conn=7; write_end@700 conn=7 nwritten=5`)}`);
    expect(requests(history)).toMatchObject([{ arrived: 100, readStart: 200, readEnd: 520, callStart: 540, requestBytes: 30 }]);
  });

  it("counts calls as commandstats does: nested ones count, uncounted ones do not", () => {
    const history = analyse(`${server}
      ${batch(
        900,
        `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=30; parsed@310 end_offset=1030; call_start@320 aux=4 flags=4; call_start@330 aux=3 flags=5; call_end@340 aux=3 flags=5;
         call_end@400 aux=4 flags=4 reply_bytes=5; process_end@410; read_end@420 conn=7; write_start@500 conn=7; write_end@510 conn=7 nwritten=5`,
      )}`);
    const [process] = history.document(documents.processes) as ProcessSummary[];
    expect(process?.calls).toEqual({ get: 1, set: 1 });
    expect(process?.bytesIn).toBe(30);
    expect(requests(history)).toHaveLength(1);
  });

  it("keeps a parked connection blocked until it is released, and then answers it", () => {
    const history = analyse(`${server}
      ${batch(350, "poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=30; parsed@310 end_offset=1030; call_start@320 aux=3 flags=4")}
      360 redis:client_blocked vpid=9 vtid=9 conn_id=7 fd=8 type=1
      ${batch(450, "context@400 conn=7; call_end@400 aux=3 flags=16 reply_bytes=0; process_end@410; read_end@420 conn=7")}
      600 redis:client_unblocked vpid=9 vtid=9 conn_id=7 fd=8 type=1
      ${batch(900, "write_start@700 conn=7; write_end@800 conn=7 nwritten=5")}`);
    expect(states(history, "Redis", "test:7001", "Connections", "7", "State").slice(-4)).toEqual([
      "320-360 set",
      "360-600 BLOCKED",
      "600-700 queued for write",
      "700-800 WRITE TO CLIENT",
    ]);
  });

  it("knows a replica by its synchronisation, and does not wait for replies to it", () => {
    const call = (at: number): string =>
      `read@${at} duration=5 conn=7 nread=30; call@${at + 20} aux=9 flags=4 duration=10 end_offset=${900 + at}`;
    const history = analyse(`${server}
      2 redis:command_table vpid=9 vtid=9 command=9 flags=0 name="psync"
      ${light(900, `poll@90 duration=80 aux=1; ${call(100)}; write@150 duration=10 conn=7 nwritten=5; ${call(200)}`)}`);
    expect(states(history, "Redis", "test:7001", "Connections", "7", "Type")).toEqual(["3-120 client", "120-900 replica"]);
    expect(states(history, "Redis", "test:7001", "Connections", "7", "State").at(-1)).toBe("210-220 psync");
    expect(rows(history, tables.connections, connectionColumns)).toMatchObject([{ kind: "replica" }]);
  });

  it("notes what connections hold, and what they hold together, until they close", () => {
    const told = (time: number, id: number, output: number, memory: number): string =>
      `${time} redis:client_memory vpid=9 vtid=9 conn_id=${id} fd=8 query_buffer=${id} output_buffer=${output} memory=${memory}`;
    const history = analyse(`${server}
      ${told(100, 7, 0, 1000)}
      ${told(200, 7, 500, 1500)}
      ${told(300, 8, 0, 2000)}
      400 redis:connection_close vpid=9 vtid=9 conn_id=7 fd=8 reason=0
      500 redis:connection_close vpid=9 vtid=9 conn_id=8 fd=9 reason=0
      600 redis:server_state vpid=9 vtid=9 used_memory=9 connected_clients=0 blocked_clients=0 pending_reads=0 pending_writes=0 clients_to_close=0 repl_backlog=0 commands=0 net_input_bytes=0 net_output_bytes=0`);
    const connection = (name: string, id = "7") => states(history, "Redis", "test:7001", "Connections", id, name);
    expect(connection("TotalMemory")).toEqual(["100-200 1000", "200-400 1500"]);
    expect(connection("OutputBuffer")).toEqual(["200-400 500"]);
    expect(connection("Memory")).toEqual(["100-400 7"]);
    expect(connection("OutputBuffer", "8")).toEqual([]);
    expect(states(history, "Redis", "test:7001", "Server", "ClientMemory")).toEqual([
      "100-200 1000",
      "200-300 1500",
      "300-400 3500",
      "400-500 2000",
      "500-600 0",
    ]);
  });

  it("keeps a parsed command that is never called (queued by MULTI, redirected) as a request of its own", () => {
    const history = analyse(`${server}
      ${batch(900, `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=30; parsed@310 end_offset=1030; process_end@330; read_end@340 conn=7; write_start@500 conn=7; write_end@510 conn=7 nwritten=9`)}`);
    expect(requests(history)).toMatchObject([{ command: "(not executed)", flags: 16, callStart: 330, callEnd: 330, writeEnd: 510 }]);
  });

  it("knows requests that were never executed from the light set too", () => {
    const history = analyse(`${server}
      ${light(900, "poll@100 duration=90 aux=1; read@300 duration=100 conn=7 nread=60; parsed@310 aux=2 end_offset=1030; call@480 aux=4 flags=4 duration=40 end_offset=1060; write@800 duration=100 conn=7 nwritten=14")}`);
    expect(requests(history)).toMatchObject([
      { command: "(not executed)", requestBytes: 30, writeEnd: 800 },
      { command: "get", requestBytes: 30, callStart: 440 },
    ]);
  });

  it("gives each of several redirected requests of a pipeline its own redirect and command, in both sets", () => {
    const redirect = (time: number, command: number): string =>
      `${time} redis:cluster_redirect vpid=9 vtid=9 conn_id=7 fd=8 slot=5 kind=1 target="127.0.0.1:7002" command=${command}`;
    const found = [
      `${redirect(309, 3)}\n${redirect(319, 4)}\n${light(900, "poll@100 duration=90 aux=1; read@300 duration=100 conn=7 nread=60; parsed@310 aux=2 end_offset=1030; parsed@320 aux=2 end_offset=1060; write@800 duration=100 conn=7 nwritten=14")}`,
      `${redirect(310, 3)}\n${redirect(330, 4)}\n${batch(900, `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=60; parsed@305 end_offset=1030; process_end@315; parsed@325 end_offset=1060; process_end@335; read_end@340 conn=7; write_start@500 conn=7; write_end@510 conn=7 nwritten=14`)}`,
    ].map((text) => requests(analyse(`${server}\n${text}`)).map(({ command, flags }) => `${command} ${flags}`));
    expect(found).toEqual([
      ["set 146", "get 145"],
      ["set 146", "get 145"],
    ]);
  });

  it("says when a request was still under way at the end", () => {
    const history = analyse(`${server}
      ${batch(450, `poll_end@100 aux=1; read_start@200 conn=7; read_done@300 nread=30; parsed@310 end_offset=1030; call_start@320 aux=3 flags=4; call_end@400 aux=3 flags=4 reply_bytes=5`)}`);
    expect(requests(history)).toMatchObject([{ flags: 2 | 8, callEnd: 400 }]);
  });

  it("gives the wait between an io thread's read and the main thread's call its own name", () => {
    const history = analyse(`${server}
      ${`400 redis:steps vpid=9 vtid=10 thread=1 base_ticks=0 base_ns=0 end_ticks=400 end_ns=400 words={io_run_start@150 aux=1 items=1; read_start@200 conn=7; read_done@300 nread=30; read_end@320 conn=7; io_run_end@330 aux=1 items=1}`}
      ${batch(900, `poll_end@100 aux=1; read_queue_add@110 aux=1 conn=7; handle_reads_start@120 items=1; parsed@500 end_offset=1030; call_start@510 aux=3 flags=4; call_end@520 aux=3 flags=4 reply_bytes=5; process_end@530; handle_reads_end@540 items=1; write_start@600 conn=7; write_end@700 conn=7 nwritten=5`)}`);
    expect(requests(history)).toMatchObject([
      { readThread: 10, thread: 9, arrived: 100, readStart: 200, readEnd: 300, parseStart: 500, callStart: 510, writeEnd: 700 },
    ]);
    expect(states(history, "Redis", "test:7001", "Threads", "10", "Operation")).toEqual([
      "150-200 RUNNING TASK",
      "200-320 READ CLIENT",
      "320-330 RUNNING TASK",
    ]);
  });

  it("closes a connection once, whatever still refers to it afterwards", () => {
    const history = analyse(`${server}
      500 redis:free_client vpid=9 vtid=9 conn_id=7 fd=8 flags=0
      600 redis:connection_close vpid=9 vtid=9 conn_id=7 fd=8 reason=0
      ${batch(900, "poll_end@100 aux=1; read_start@400 conn=7; read_done@450 nread=0; read_end@650 conn=7 query_buffer=5")}`);
    expect(rows(history, tables.connections, connectionColumns)).toMatchObject([{ label: "fd 8 127.0.0.1:5000", closed: 600 }]);
    expect(states(history, "Redis", "test:7001", "Connections", "7", "State").at(-1)).toBe("500-600 FREEING CLIENT");
    expect(states(history, "Redis", "test:7001", "Connections", "7", "Memory")).toEqual([]);
  });

  it("matches bus messages by link and stream offset, whichever end is seen first", () => {
    const link = (pid: number, time: number, local: number, remote: number): string =>
      `${time} redis:link_open vpid=${pid} vtid=${pid} link=1 inbound=0 node_id="n${pid}" laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
    const steps = (pid: number, end: number, words: string): string =>
      `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;
    const history = analyse(`
      ${link(1, 1, 40000, 17002)}
      ${link(2, 2, 17002, 40000)}
      ${steps(2, 500, "cluster_packet@300 link=1 aux=4 length=2300 end_offset=2300")}
      ${steps(1, 600, "cluster_send@200 link=1 aux=4 length=2300 end_offset=2300; cluster_send@400 link=1 aux=0 length=100 end_offset=2400")}`);
    const messages = rows(history, tables.messages, messageColumns);
    // Processes are numbered as their events appear: pid 1 is 0, pid 2 is 1.
    expect(messages).toMatchObject([
      { from: 0, to: 1, type: 4, length: 2300, sent: 200, received: 300 },
      { from: 0, to: 65535, type: 0, sent: 400, received: Number.POSITIVE_INFINITY },
    ]);
  });

  it("follows a published message to every subscriber's socket, on the publisher's node and over the bus", () => {
    const node = (pid: number): string =>
      `1 redis:server_info vpid=${pid} vtid=${pid} run_id="r" node_id="n${pid}" flavor="redis" version="7.0.15" port=${7000 + pid} tls_port=0 bus_port=${17000 + pid} cluster_enabled=1 io_threads=1
       2 redis:command_table vpid=${pid} vtid=${pid} command=3 flags=4 name="publish"`;
    const link = (pid: number, local: number, remote: number): string =>
      `3 redis:link_open vpid=${pid} vtid=${pid} link=1 inbound=0 node_id="n${3 - pid}" laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
    const steps = (pid: number, end: number, words: string): string =>
      `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;
    const history = analyse(`${node(1)}
      ${node(2)}
      ${link(1, 40000, 17002)}
      ${link(2, 17002, 40000)}
      ${steps(
        1,
        900,
        `poll_end@100 aux=1; read_start@110 conn=7; read_done@120 nread=30; parsed@125 end_offset=30; call_start@130 aux=3 flags=4;
         deliver@131 conn=8; write_queue_add@132 conn=8; cluster_send@135 link=1 aux=4 length=2300 end_offset=2300; call_end@140 aux=3 flags=4 reply_bytes=5; process_end@141;
         read_end@142 conn=7; write_start@150 conn=8; write_end@155 conn=8 nwritten=40; write_start@160 conn=7; write_end@165 conn=7 nwritten=5; poll_start@170`,
      )}
      ${steps(
        2,
        901,
        `poll_end@200 aux=1; cluster_read@205 link=1 nread=4600; cluster_packet@206 link=1 aux=4 length=2300 end_offset=2300; deliver@210 conn=20; write_queue_add@211 conn=20; deliver@215 conn=21;
         cluster_packet@220 link=1 aux=4 length=2300 end_offset=4600; deliver@225 conn=20; write_start@230 conn=20; write_end@240 conn=20 nwritten=80;
         write_start@250 conn=21; write_end@260 conn=21 nwritten=10 left=30; poll_start@270`,
      )}`);
    const infinite = Number.POSITIVE_INFINITY;
    const found = rows(history, tables.deliveries, deliveryColumns);
    const ids = new Map(
      rows(history, tables.connections, connectionColumns).map(({ connection, process }, row) => [row, `${process}/${connection}`]),
    );
    const all: Record<string, unknown>[] = found.map(({ connection, ...row }) => ({ to: ids.get(Number(connection)), ...row }));
    const unknown = { request: 0xffff_ffff, from: 0xffff };
    expect(all.sort((left, right) => Number(left["queued"]) - Number(right["queued"]))).toEqual([
      { to: "0/8", process: 0, request: 0, from: 0, received: infinite, queued: 131, written: 155 },
      { to: "1/20", process: 1, request: 0, from: 0, received: 206, queued: 210, written: 240 },
      // Its socket took a part only.
      { to: "1/21", process: 1, request: 0, from: 0, received: 206, queued: 215, written: infinite },
      // The end that sent it is not in the trace.
      { to: "1/20", process: 1, ...unknown, received: 220, queued: 225, written: 240 },
    ]);
  });
});
