/** A small system of two Node.js services and a store for tests of flows and views, and the events (trace-from-text.ts) it is made of. */
export const info = (pid: number, service: string): string =>
  `1 node:process_info vpid=${pid} environment=0 thread=0 cluster_worker=0 node_version="v20" script="/app/x.js" service="${service}"`;
export const ends = (name: string, time: number, pid: number, conn: number, local: number, remote: number): string =>
  `${time} node:${name} vpid=${pid} conn_id=${conn} fd=9 context=0 tls=0 laddr="127.0.0.1" lport=${local} raddr="127.0.0.1" rport=${remote} read_offset=0 write_offset=0`;
export const receive = (time: number, pid: number, context: number, conn: number, offset: number, path: string): string =>
  `${time} node:http_server_receive vpid=${pid} context=${context} conn_id=${conn} fd=9 read_offset=${offset} method="GET" path="${path}"`;
export const response = (time: number, pid: number, context: number, conn: number, end: number, aborted = 0): string =>
  `${time} node:http_server_response vpid=${pid} context=${context} conn_id=${conn} fd=9 start_offset=0 end_offset=${end} status=200 aborted=${aborted} route=""`;
export const request = (time: number, pid: number, id: number, context: number, conn: number, offset: number, path: string): string =>
  `${time} node:http_client_request vpid=${pid} request=${id} context=${context} conn_id=${conn} fd=9 write_offset=${offset} method="GET" host="b" path="${path}"`;
export const answer = (time: number, pid: number, id: number, context: number, conn: number, status = 200): string =>
  `${time} node:http_client_response vpid=${pid} request=${id} context=${context} conn_id=${conn} fd=9 read_offset=0 status=${status}`;
export const read = (time: number, pid: number, conn: number, offset: number, length: number): string =>
  `${time} node:socket_read vpid=${pid} conn_id=${conn} fd=9 offset=${offset} length=${length}`;
export const command = (time: number, pid: number, context: number, conn: number, start: number, end: number, name: string): string =>
  `${time} node:store_command vpid=${pid} context=${context} conn_id=${conn} fd=9 how=2 library=1 start_offset=${start} end_offset=${end} name="${name}"`;
export const streamRequest = (time: number, pid: number, id: number, context: number, conn: number, stream: number, path: string): string =>
  `${time} node:http2_client_request vpid=${pid} request=${id} context=${context} conn_id=${conn} fd=9 stream=${stream} method="GET" host="b" path="${path}"`;
export const streamEnd = (
  time: number,
  pid: number,
  id: number,
  conn: number,
  stream: number,
  status: number,
  end: number,
  grpc = 0,
): string =>
  `${time} node:http2_client_end vpid=${pid} request=${id} conn_id=${conn} fd=9 stream=${stream} status=${status} end=${end} grpc=${grpc}`;
export const streamReceive = (time: number, pid: number, context: number, conn: number, stream: number, path: string): string =>
  `${time} node:http2_server_receive vpid=${pid} context=${context} conn_id=${conn} fd=9 stream=${stream} method="GET" path="${path}"`;
export const streamResponse = (
  time: number,
  pid: number,
  context: number,
  conn: number,
  stream: number,
  aborted: number,
  grpc = 0,
): string =>
  `${time} node:http2_server_response vpid=${pid} context=${context} conn_id=${conn} fd=9 stream=${stream} status=200 aborted=${aborted} grpc=${grpc}`;
/** A request over HTTP/1 that was sent ended before its whole answer; end 1: the connection did, 2: its caller gave it up. */
export const cut = (time: number, pid: number, id: number, conn: number, end: number): string =>
  `${time} node:http_client_cut vpid=${pid} request=${id} conn_id=${conn} fd=9 read_offset=0 end=${end}`;
export const close = (time: number, pid: number, conn: number): string =>
  `${time} node:socket_close vpid=${pid} conn_id=${conn} fd=9 read_offset=0 write_offset=0`;
export const push = (time: number, pid: number, context: number, conn: number): string =>
  `${time} node:context_start vpid=${pid} context=${context} parent=0 kind=0 conn_id=${conn} fd=9 offset=500 length=50`;

/** A statement to a database: asked for, sent over the connection, answered. */
export const statement = (pid: number, id: number, context: number, conn: number, asked: number, sent: number, answered: number): string =>
  [
    `${asked} node:database_query vpid=${pid} request=${id} context=${context} how=2 library=1 kind=0 name="SELECT"`,
    `${sent} node:database_send vpid=${pid} request=${id} conn_id=${conn} fd=9 write_offset=0`,
    `${answered} node:database_result vpid=${pid} request=${id} conn_id=${conn} fd=9 read_offset=0 failed=0`,
  ].join("\n");

/** A store whose connection 7 comes from port 5000: it reads two pipelined commands of 30 bytes at once, and answers both by one write. */
const store = `1 redis:server_info vpid=3 vtid=3 run_id="r" node_id="n" flavor="redis" version="7.0.15" port=6379 tls_port=0 bus_port=0 cluster_enabled=0 io_threads=1
  2 redis:command_table vpid=3 vtid=3 command=3 flags=2 name="get"
  3 redis:connection_state vpid=3 vtid=3 conn_id=7 fd=8 kind=0 tls=0 laddr="127.0.0.1" lport=6379 raddr="127.0.0.1" rport=5000 read_offset=0 write_offset=0
  900 redis:steps vpid=3 vtid=3 thread=0 base_ticks=0 base_ns=0 end_ticks=900 end_ns=900 words={poll_end@200 aux=1; read_start@201 conn=7; read_done@205 nread=60;
   parsed@206 end_offset=30; call_start@207 aux=3 flags=4; call_end@210 aux=3 flags=4 reply_bytes=5; process_end@211;
   parsed@212 end_offset=60; call_start@213 aux=3 flags=4; call_end@220 aux=3 flags=4 reply_bytes=5; process_end@221; read_end@222 conn=7;
   write_start@230 conn=7; write_end@235 conn=7 nwritten=10; poll_start@240}`;
export const iteration = (time: number, pid: number, poll: number, busy: number): string =>
  `${time} node:loop_iteration vpid=${pid} environment=0 poll_ns=${poll} busy_ns=${busy}`;

/** A gateway (pid 1) calls a service (pid 2) twice over one connection; the service asks the store. */
export const twoServices = [
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
  iteration(400, 1, 100, 300),
  iteration(960, 1, 500, 50),
].join("\n");
