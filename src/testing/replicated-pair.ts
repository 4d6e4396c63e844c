/** A primary with one replica, for tests: events (trace-from-text.ts). */
const node = (pid: number, kind: number, local: number, remote: number): string =>
  `1 redis:server_info vpid=${pid} vtid=${pid} run_id="r" node_id="" flavor="redis" version="7.0.15" port=${7000 + pid} tls_port=0 bus_port=0 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=${pid} vtid=${pid} command=3 flags=2 name="set"
  3 redis:connection_state vpid=${pid} vtid=${pid} conn_id=7 fd=8 kind=${kind} tls=0 laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=100 write_offset=200`;
const steps = (pid: number, end: number, words: string): string =>
  `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;
const call = (at: number, end: number): string =>
  `parsed@${at} end_offset=${end}; call_start@${at + 1} aux=3 flags=4; call_end@${at + 5} aux=3 flags=4 reply_bytes=0; process_end@${at + 6}`;

/** The primary's side: at 100 it writes 60 bytes of the history, from its byte 1000 on, and at 200 another 40. */
export const primarySide = `${node(21, 1, 7021, 6000)}
  50 redis:replication_offset vpid=21 vtid=21 conn_id=7 fd=8 offset=1000
  ${steps(21, 900, "write_start@100 conn=7; write_end@110 conn=7 nwritten=60; write_start@200 conn=7; write_end@210 conn=7 nwritten=40")}`;

/**
 * The replica's side: it reads 80 bytes at 300, which hold a command of 50 and a part of the next, executed at 305; and 20 more at 500, the rest of it,
 * executed at 505; between them it says how far it has come. So what was written first is received at 300 and, since it ends inside the second command, applied with that.
 */
export const replicaSide = `${node(22, 2, 6000, 7021)}
  50 redis:replication_offset vpid=22 vtid=22 conn_id=7 fd=8 offset=1000
  ${steps(
    22,
    901,
    `read_start@290 conn=7; read_done@300 nread=80; ${call(300, 150)}; read_end@310 conn=7;
     write_start@400 conn=7; write_end@410 conn=7 nwritten=37;
     read_start@490 conn=7; read_done@500 nread=20; ${call(500, 200)}; read_end@510 conn=7`,
  )}`;

export const replicatedPair = `${primarySide}\n${replicaSide}`;
