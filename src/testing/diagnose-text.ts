/** A diagnosis over a text trace (trace-from-text.ts), without a file. */
import redis from "../analyses/redis/index.ts";
import { type Answer, type ConnectionEvents, type Diagnosis, Facts } from "../diagnoses/index.ts";
import { analyseText } from "./analyse-text.ts";

/** A server with connections 7 and 8, and commands set (3), get (4), keys (5), sort (6). */
export const redisServer = `1 redis:server_info vpid=9 vtid=9 run_id="r" node_id="n1" flavor="redis" version="7.0.15" port=7001 tls_port=0 bus_port=17001 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=9 vtid=9 command=3 flags=2 name="set"
  2 redis:command_table vpid=9 vtid=9 command=4 flags=1 name="get"
  2 redis:command_table vpid=9 vtid=9 command=5 flags=1 name="keys"
  2 redis:command_table vpid=9 vtid=9 command=6 flags=2 name="sort"
  3 redis:connection_state vpid=9 vtid=9 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5000 read_offset=1000 write_offset=0
  3 redis:connection_state vpid=9 vtid=9 conn_id=8 fd=9 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5001 read_offset=1000 write_offset=0`;

const writeEnd = (left: number): ReturnType<ConnectionEvents> => [
  { time: 0, thread: 9, name: "redis:write_to_client_end", fields: [["left", String(left)]] },
];

/** Its answer; `left` is what its reading of single events finds as bytes left after a write, unless `events` says what it finds. */
export function diagnoseText(diagnosis: Diagnosis, text: string, left = 0, events = writeEnd(left)): Answer {
  const { history, start, end } = analyseText([redis], text);
  return diagnosis.check(new Facts(history, start, end, () => events));
}
