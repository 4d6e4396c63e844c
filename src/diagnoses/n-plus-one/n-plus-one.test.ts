import { describe, expect, it } from "vitest";
import flows from "../../analyses/flows/index.ts";
import node from "../../analyses/node/index.ts";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { close, command, ends, info, read, receive, response } from "../../testing/two-services.ts";
import { Facts } from "../index.ts";
import nPlusOne from "./index.ts";

/** What the store does for commands that lie one after the other in its stream, `count` of them from number `first` on, read and answered at once. */
function serve(time: number, first: number, count: number): string {
  const calls = Array.from({ length: count }, (_, i) => {
    const parsed = `parsed@${time + 3} end_offset=${(first + i + 1) * 30}; call_start@${time + 3} aux=3 flags=4;`;
    return `${parsed} call_end@${time + 4} aux=3 flags=4 reply_bytes=5; process_end@${time + 4};`;
  });
  const before = `poll_end@${time + 1} aux=1; read_start@${time + 1} conn=7; read_done@${time + 2} nread=${count * 30};`;
  return `${before} ${calls.join(" ")} read_end@${time + 5} conn=7; write_start@${time + 6} conn=7; write_end@${time + 7} conn=7 nwritten=${count * 5}; poll_start@${time + 8};`;
}

const store = (
  words: string,
) => `1 redis:server_info vpid=3 vtid=3 run_id="r" node_id="n" flavor="redis" version="7.0.15" port=6379 tls_port=0 bus_port=0 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=3 vtid=3 command=3 flags=1 name="get"
  3 redis:connection_state vpid=3 vtid=3 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=6379 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  9000 redis:steps vpid=3 vtid=3 thread=0 base_ticks=0 base_ns=0 end_ticks=9000 end_ns=9000 words={${words}}`;

/** The answer to one request, from 100 on, that asks the store `times` times and then does other things for `rest` ns. A command takes 10 ns. */
function answer(times: number, rest: number, isAtOnce = false) {
  const numbers = Array.from({ length: times }, (_, i) => i);
  const at = (i: number): number => (isAtOnce ? 100 : 100 + 10 * i);
  const last = at(times - 1) + 10;
  const words = isAtOnce ? serve(100, 0, times) : numbers.map((i) => serve(at(i), i, 1)).join(" ");
  const text = [
    info(1, "shop"),
    ends("socket_accept", 10, 1, 1, 80, 4000),
    ends("socket_connect", 11, 1, 3, 5000, 6379),
    store(words),
    receive(100, 1, 2, 1, 90, "/list"),
    ...numbers.map((i) => command(at(i), 1, 2, 3, i * 30, i * 30 + 30, "get")),
    ...(isAtOnce ? [read(last, 1, 3, 0, 5 * times)] : numbers.map((i) => read(at(i) + 10, 1, 3, i * 5, 5))),
    response(last + rest, 1, 2, 1, 100),
    close(last + rest + 1, 1, 3),
  ];
  const { history, start, end } = analyseText([flows, node, redis], text.join("\n"));
  return nPlusOne.check(new Facts(history, start, end, () => []));
}

describe("n-plus-one", () => {
  it("is critical where a request mostly waits for one command after the other", () => {
    const found = answer(20, 0);
    expect(found).toMatchObject({ verdict: "found", findings: [{ severity: "critical", node: "shop", costNs: 200 }] });
  });

  it("is a warning where that is a fifth of it, and nothing where it is less", () => {
    expect(answer(20, 500)).toMatchObject({ verdict: "found", findings: [{ severity: "warning" }] });
    expect(answer(20, 900)).toMatchObject({ verdict: "not found" });
  });

  it("is not there with few commands, nor with many at the same time", () => {
    expect(answer(9, 0)).toMatchObject({ verdict: "not found" });
    expect(answer(20, 0, true)).toMatchObject({ verdict: "not found" });
  });

  it("cannot tell without services", () => {
    const { history, start, end } = analyseText([flows, node, redis], "1 other:event a=1");
    expect(nPlusOne.check(new Facts(history, start, end, () => []))).toMatchObject({ verdict: "cannot tell" });
  });
});
