import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import netflow from "./index.ts";

const link = (pid: number, local: number, remote: number): string =>
  `3 redis:link_open vpid=${pid} vtid=${pid} link=1 inbound=0 node_id="n${pid}" laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
const info = (pid: number): string =>
  `1 redis:server_info vpid=${pid} vtid=${pid} run_id="r" node_id="n${pid}" flavor="redis" version="7.0.15" port=${7000 + pid} tls_port=0 bus_port=${17000 + pid} cluster_enabled=1 io_threads=1`;
const steps = (pid: number, end: number, words: string): string =>
  `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;

const request = (at: number, offset: number): string =>
  `poll_end@${at} aux=1; read_start@${at + 10} conn=7; read_done@${at + 20} nread=30; parsed@${at + 25} end_offset=${offset}; call_start@${at + 30} aux=3 flags=4;
   call_end@${at + 40} aux=3 flags=4 reply_bytes=5; process_end@${at + 41}; read_end@${at + 42} conn=7; write_start@${at + 50} conn=7; write_end@${at + 60} conn=7 nwritten=5; poll_start@${at + 61}`;

const text = `${info(1)}
  ${info(2)}
  2 redis:command_table vpid=1 vtid=1 command=3 flags=2 name="publish"
  3 redis:connection_state vpid=1 vtid=1 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  ${link(1, 40000, 17002)}
  ${link(2, 17002, 40000)}
  ${steps(1, 900, `${request(100, 30)}; cluster_send@180 link=1 aux=4 length=2300 end_offset=2300; ${request(300, 60)}`)}
  ${steps(2, 901, "cluster_packet@300 link=1 aux=4 length=2300 end_offset=2300")}`;

describe("netflow", () => {
  const context = analyseText([redis], text);
  const range = { start: 0, end: 901, columns: 901 };
  const entry = (label: string): number => netflow.tree(context).find((each) => each.labels[0] === label)!.id;

  it("has a row per thread and per connection, under their node", () => {
    const entries = netflow.tree(context);
    const name = new Map(entries.map((each) => [each.id, each.labels[0]]));
    expect(entries.map((each) => `${name.get(each.parent) ?? ""}/${each.labels.join(" ")}`)).toEqual([
      "/test:7001 redis 7.0.15",
      "test:7001/main tid 1",
      "test:7001/Connections ",
      "Connections/fd 8 127.0.0.1:5000 client",
      "/test:7002 redis 7.0.15",
      "test:7002/main tid 2",
      "test:7002/Connections ",
    ]);
  });

  it("starts out with connections folded when there are several nodes", () => {
    expect(netflow.expandLevel?.(context)).toBe(1);
  });

  it("names the states of a connection as the paper does", () => {
    const [states] = netflow.states(context, [entry("fd 8 127.0.0.1:5000")], { ...range, end: 200 });
    expect(states?.map(({ start, end, label }) => `${start}-${end} ${label}`)).toEqual([
      "100-110 queued for read",
      "110-130 READ CLIENT",
      "130-140 publish",
      "140-150 queued for write",
      "150-160 WRITE TO CLIENT",
    ]);
  });

  it("keeps short states visible when there is no room for all: one per run of columns, with how many it stands for", () => {
    const [states] = netflow.states(context, [entry("fd 8 127.0.0.1:5000")], { start: 0, end: 900, columns: 3 });
    expect(states?.reduce((sum, state) => sum + state.count, 0)).toBe(10);
  });

  it("draws an arrow from the thread that sent a bus message to the one that received it", () => {
    const [arrow] = netflow.arrows(context, range);
    const mains = netflow.tree(context).filter((each) => each.labels[0] === "main");
    expect(arrow).toMatchObject({
      source: mains[0]?.id,
      target: mains[1]?.id,
      start: 180,
      end: 300,
      label: "publish, 2300 bytes",
      style: "bus publish",
    });
    expect(netflow.arrows(context, { ...range, start: 400 })).toEqual([]);
  });

  it("has a style for every state it gives, and answers for rows it does not know", () => {
    const styles = netflow.styles(context);
    const rows = netflow.tree(context).map((each) => each.id);
    for (const states of netflow.states(context, rows, range)) for (const state of states) expect(styles).toHaveProperty(state.style);
    expect(netflow.states(context, [-1, 1.5, 1e9], range)).toEqual([[], [], []]);
    expect(netflow.tooltip(context, 1e9, 100)).toEqual({});
  });

  it("tells the request, the thread and the memory under the pointer", () => {
    expect(netflow.tooltip(context, entry("fd 8 127.0.0.1:5000"), 135)).toMatchObject({ State: "publish", Request: "0", Thread: "1" });
    expect(netflow.tooltip(context, entry("fd 8 127.0.0.1:5000"), 50)).toEqual({});
  });
});
