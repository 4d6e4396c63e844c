import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import eventCounts from "../analyses/event-counts/index.ts";
import redis from "../analyses/redis/index.ts";
import { type HistoryReader, openHistory } from "../state/index.ts";
import { analyseText } from "../testing/analyse-text.ts";
import { redirectedCluster } from "../testing/redirected-cluster.ts";
import { traceFromText } from "../testing/trace-from-text.ts";
import type { TraceSource } from "../trace/index.ts";
import { buildHistory } from "./build-history.ts";
import { EventRows } from "./event-rows.ts";
import { RequestQueries } from "./requests.ts";

const trace = `1 redis:server_info vpid=9 vtid=9 run_id="r" node_id="n1" flavor="redis" version="7.0.15" port=7001 tls_port=0 bus_port=17001 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=9 vtid=9 command=3 flags=2 name="set"
  2 redis:command_table vpid=9 vtid=9 command=4 flags=1 name="get"
  3 redis:connection_state vpid=9 vtid=9 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  3 redis:connection_state vpid=9 vtid=9 conn_id=8 fd=9 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5001 read_offset=0 write_offset=0
  900 redis:steps vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=900 end_ns=900 words={poll_end@100 aux=2;
    read_start@110 conn=7; read_done@120 nread=30; parsed@125 end_offset=30; call_start@130 aux=3 flags=4; call_end@400 aux=3 flags=4 reply_bytes=5; process_end@405; read_end@410 conn=7;
    read_start@420 conn=8; read_done@430 nread=20; parsed@435 end_offset=20; call_start@440 aux=4 flags=4; call_end@450 aux=4 flags=4 reply_bytes=9; process_end@455; read_end@460 conn=8;
    write_start@500 conn=7; write_end@600 conn=7 nwritten=5; write_start@600 conn=8; write_end@700 conn=8 nwritten=9}`;

let directory = "";
let history: HistoryReader;
let source: TraceSource;
let queries: RequestQueries;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-test-"));
  source = traceFromText(trace);
  await buildHistory(source, [eventCounts, redis], directory, "test", {});
  const opened = openHistory(directory, { identity: "test" });
  if (opened === undefined) throw new Error("no history");
  history = opened;
  queries = new RequestQueries(history, source.origin);
});

afterEach(() => {
  history.close();
  rmSync(directory, { recursive: true });
});

const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

describe("RequestQueries", () => {
  it("names who held the thread while a request waited, with the request it served", () => {
    const get = queries.get(1);
    expect(get.command).toBe("get");
    const [wait] = get.phases;
    expect(wait?.name).toBe("queued-for-read");
    expect(wait?.holders?.map(({ label, request, start, end }) => [label, request, Number(start), Number(end)])).toEqual([
      ["EVENT LOOP", undefined, 100, 110],
      ["READ CLIENT", undefined, 110, 130],
      ["set", 0, 130, 400],
      ["READ CLIENT", undefined, 400, 410],
      ["EVENT LOOP", undefined, 410, 420],
    ]);
  });

  it("gives phases that follow each other and add up to the whole, waits wholly attributed", () => {
    for (const id of [0, 1]) {
      const { phases, start, end } = queries.get(id);
      let reached = start;
      for (const phase of phases) {
        expect(phase.start).toBe(reached);
        reached = phase.end;
        if (phase.holders === undefined) continue;
        let held = phase.start;
        for (const holder of phase.holders) {
          expect(holder.start).toBe(held);
          held = holder.end;
        }
        expect(held).toBe(phase.end);
      }
      expect(reached).toBe(end);
    }
  });

  it("filters and sorts", () => {
    expect(queries.find({ filter: 'command == "get" && duration > 100ns' }, ...everything)).toMatchObject({
      total: 1,
      requests: [{ id: 1 }],
    });
    expect(queries.find({ sort: "execute", limit: 1 }, ...everything)).toMatchObject({ total: 2, requests: [{ id: 0 }] });
    expect(queries.find({ sort: "wait", limit: 1 }, ...everything)).toMatchObject({ total: 2, requests: [{ id: 1 }] });
    for (const limit of [0, 1, 2, 100])
      expect(queries.find({ limit }, ...everything)).toEqual(queries.find({ limit, filter: "duration >= 0ns" }, ...everything));
    expect(() => queries.find({ filter: 'command = "get"' }, ...everything)).toThrow(/\^/);
    expect(() => queries.find({ filter: "wrong > 3" }, ...everything)).toThrow(/unknown name/);
  });

  it("finds the request behind a row of the netflow view at a time", () => {
    const row = history.state.attributes.find("Redis", "test:7001", "Connections", "8", "State");
    expect(queries.at(row ?? -1, 105)?.id).toBe(1);
    expect(queries.at(row ?? -1, 445)?.id).toBe(1);
    expect(queries.at(row ?? -1, 800)).toBeUndefined();
    const thread = history.state.attributes.find("Redis", "test:7001", "Threads", "9", "Operation");
    expect(queries.at(thread ?? -1, 300)?.id).toBe(0);
  });

  it("sums what commands did", () => {
    const [node] = queries.stats(...everything);
    expect(node).toMatchObject({ node: "test:7001", requests: 2, bytesIn: 50, bytesOut: 14 });
    expect(node?.commands.map(({ command, calls, requestBytes, replyBytes }) => [command, calls, requestBytes, replyBytes])).toEqual([
      ["get", 1, 20, 9],
      ["set", 1, 30, 5],
    ]);
    expect(node?.commands[1]?.phases.execute?.max).toBe(270);
  });
});

describe("a redirected request", () => {
  const { history: cluster } = analyseText([redis], redirectedCluster(2, true));
  const all = new RequestQueries(cluster, 0n);
  const { requests } = all.find({ sort: "start" }, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const [redirected, asking, repeat] = requests;

  it("shows all its hops, from whichever it is asked for, and what was lost", () => {
    expect(requests.map(({ command, node }) => `${command} ${node}`).slice(0, 3)).toEqual([
      "set test:7001",
      "asking test:7002",
      "set test:7002",
    ]);
    const whole = all.get(redirected!.id).redirected;
    expect(whole).toMatchObject({
      durationNs: 6100,
      lostNs: 4000,
      evidence: "order",
      hops: [
        { request: redirected!.id, node: "test:7001", start: 20_000n, end: 21_100n, asking: undefined },
        { request: repeat!.id, node: "test:7002", start: 24_000n, end: 26_100n, asking: asking!.id, redirect: undefined },
      ],
    });
    expect(whole?.hops[0]?.redirect).toEqual({ kind: "ask", slot: 5, target: "127.0.0.1:7002" });
    expect(all.get(repeat!.id).redirected).toEqual(whole);
    expect(all.get(asking!.id).redirected).toBeUndefined();
  });

  it("has one hop where the trace does not tell how it was followed", () => {
    const alone = new RequestQueries(analyseText([redis], redirectedCluster(1).replaceAll("lport=7002", "lport=7003")).history, 0n);
    const { requests: found } = alone.find({ sort: "start" }, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    expect(alone.get(found[0]!.id).redirected).toMatchObject({ evidence: "nothing", lostNs: 0, hops: [{ request: found[0]!.id }] });
    expect(alone.get(found[1]!.id).redirected).toBeUndefined();
  });
});

describe("EventRows", () => {
  it("gives records of a batch as events at their own times, by index and by time", () => {
    const rows = new EventRows(source, history, source.origin);
    expect(rows.count).toBe(5 + 19);
    const all = rows.rows(0, 100);
    expect(all).toHaveLength(rows.count);
    expect(all.map((row) => row.index)).toEqual(all.map((_, i) => i));
    expect(all.every((row, i) => i === 0 || row.time >= (all[i - 1]?.time ?? 0n))).toBe(true);
    expect(all.at(-1)).toMatchObject({ time: 700n, node: "test:7001", thread: 9, name: "redis:write_to_client_end" });
    expect(rows.rows(rows.indexAt(130), 1)).toMatchObject([
      {
        time: 130n,
        name: "redis:call_command_start",
        fields: [
          ["conn_id", "7"],
          ["name", "set"],
          ["nesting", "0"],
        ],
      },
    ]);
    expect(rows.indexAt(100_000)).toBe(rows.count);
  });

  it("gives the events of one connection in a stretch of time", () => {
    const rows = new EventRows(source, history, source.origin).ofConnection(0, 8, 100, 455, 100);
    expect(rows.map((row) => row.name.slice(6))).toEqual([
      "start_read_client_query",
      "read_client_query",
      "command_parsed",
      "call_command_start",
      "call_command_end",
      "end_process_command",
    ]);
  });
});
