/** A small cluster for tests of views and diagnoses. */
const link = (pid: number, local: number, remote: number): string =>
  `3 redis:link_open vpid=${pid} vtid=${pid} link=1 inbound=0 node_id="n${pid}" laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
const info = (pid: number): string =>
  `1 redis:server_info vpid=${pid} vtid=${pid} run_id="r" node_id="n${pid}" flavor="redis" version="7.0.15" port=${7000 + pid} tls_port=0 bus_port=${17000 + pid} cluster_enabled=1 io_threads=1`;
const steps = (pid: number, end: number, words: string): string =>
  `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;

const request = (at: number, offset: number): string =>
  `poll_end@${at} aux=1; read_start@${at + 10} conn=7; read_done@${at + 20} nread=30; parsed@${at + 25} end_offset=${offset}; call_start@${at + 30} aux=3 flags=4;
   call_end@${at + 40} aux=3 flags=4 reply_bytes=5; process_end@${at + 41}; read_end@${at + 42} conn=7; write_start@${at + 50} conn=7; write_end@${at + 60} conn=7 nwritten=5; poll_start@${at + 61}`;

/** Events (trace-from-text.ts) of two nodes: one connection publishes twice at the first, 2300 bytes go to the second over the bus at 180, received at 300. */
export const twoNodes = `${info(1)}
  ${info(2)}
  2 redis:command_table vpid=1 vtid=1 command=3 flags=2 name="publish"
  3 redis:connection_state vpid=1 vtid=1 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  ${link(1, 40000, 17002)}
  ${link(2, 17002, 40000)}
  ${steps(1, 900, `${request(100, 30)}; cluster_send@180 link=1 aux=4 length=2300 end_offset=2300; ${request(300, 60)}`)}
  ${steps(2, 901, "cluster_packet@300 link=1 aux=4 length=2300 end_offset=2300")}`;
