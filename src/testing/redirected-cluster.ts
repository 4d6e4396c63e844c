/** A cluster of two nodes and one client without a slot map, for tests: events (trace-from-text.ts). */
const node = (pid: number): string =>
  `1 redis:server_info vpid=${pid} vtid=${pid} run_id="r" node_id="n${pid}" flavor="redis" version="7.0.15" port=${7000 + pid} tls_port=0 bus_port=${17000 + pid} cluster_enabled=1 io_threads=1
  2 redis:command_table vpid=${pid} vtid=${pid} command=3 flags=2 name="set"
  2 redis:command_table vpid=${pid} vtid=${pid} command=9 flags=0 name="asking"
  3 redis:connection_state vpid=${pid} vtid=${pid} conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=${7000 + pid} raddr="127.0.0.1" rport=${5000 + pid} read_offset=0 write_offset=0`;
const steps = (pid: number, end: number, words: string): string =>
  `${end} redis:steps vpid=${pid} vtid=${pid} thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;

/**
 * So many times, every 10000 ns from 20000 on: SET arrives at the first node (7001), whose answer is written from 1000 ns after that, and again at the second
 * (7002) another 3000 ns later, where the answer is written 2000 ns after that. With `asking` the answer is ASK, and the second SET stands behind ASKING.
 */
export function redirectedCluster(times: number, asking = false): string {
  const starts = Array.from({ length: times }, (_, i) => 20_000 + i * 10_000);
  const first = starts.map(
    (
      at,
      i,
    ) => `poll_end@${at} aux=1; read_start@${at + 10} conn=7; read_done@${at + 100} nread=30; parsed@${at + 200} end_offset=${30 * (i + 1)};
      process_end@${at + 400}; read_end@${at + 500} conn=7; write_start@${at + 1000} conn=7; write_end@${at + 1100} conn=7 nwritten=20; poll_start@${at + 1200};`,
  );
  const size = asking ? 50 : 30;
  const second = starts.map((start, i) => {
    const at = start + 4000;
    const before = asking
      ? `parsed@${at + 110} end_offset=${size * i + 20}; call_start@${at + 120} aux=9 flags=4; call_end@${at + 130} aux=9 flags=4 reply_bytes=5; process_end@${at + 140};`
      : "";
    return `poll_end@${at} aux=1; read_start@${at + 10} conn=7; read_done@${at + 100} nread=${size}; ${before} parsed@${at + 200} end_offset=${size * (i + 1)};
      call_start@${at + 300} aux=3 flags=4; call_end@${at + 400} aux=3 flags=4 reply_bytes=5; process_end@${at + 410}; read_end@${at + 500} conn=7;
      write_start@${at + 2000} conn=7; write_end@${at + 2100} conn=7 nwritten=10; poll_start@${at + 2200};`;
  });
  const redirects = starts.map(
    (at) =>
      `${at + 300} redis:cluster_redirect vpid=1 vtid=1 conn_id=7 fd=8 slot=5 kind=${asking ? 2 : 1} target="127.0.0.1:7002" command=3`,
  );
  const end = 20_000 + times * 10_000;
  return [node(1), node(2), ...redirects, steps(1, end, first.join(" ")), steps(2, end + 1, second.join(" "))].join("\n");
}
