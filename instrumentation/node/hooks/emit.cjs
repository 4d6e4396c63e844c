// One function per event: numbers first, then strings, in the order of the definition. Numbers travel in an array that the addon shares (cheaper than
// arguments), the event's own behind them, then a number for each string: of a word that the addon knows, or 0. Strings are arguments; those with a number
// nobody looks at. Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit.
"use strict";

/** Bit of each event in the mask of those that a session records. */
exports.bits = {
  process_info: 1,
  socket_connect: 2,
  socket_accept: 4,
  socket_state: 8,
  socket_close: 16,
  socket_write: 32,
  socket_read: 64,
  http_server_receive: 128,
  http_server_response: 256,
  http_client_request: 512,
  http_client_response: 1024,
  store_command: 2048,
  http_client_cut: 4096,
  http2_server_receive: 8192,
  http2_server_response: 16384,
  http2_client_request: 32768,
  http2_client_end: 65536,
  database_query: 131072,
  database_send: 262144,
  database_result: 524288,
  context_start: 1048576,
  loop_iteration: 2097152,
  gc: 4194304,
  dns: 8388608,
  tracing_end: 16777216,
};
exports.HOW_NONE = 0;
exports.HOW_PROTOCOL = 1;
exports.HOW_LIBRARY = 2;
exports.LIBRARY_UNKNOWN = 0;
exports.LIBRARY_IOREDIS = 1;
exports.LIBRARY_NODE_REDIS = 2;
exports.LIBRARY_IOVALKEY = 3;
exports.DATABASE_LIBRARY_MYSQL2 = 1;
exports.DATABASE_LIBRARY_PG = 2;
exports.DATABASE_STATEMENT = 0;
exports.DATABASE_CONNECTION = 1;
exports.CONTEXT_PUSH = 0;
exports.END_WHOLE = 0;
exports.END_BROKEN = 1;
exports.END_CANCELLED = 2;

/** The emitters over the addon: its function `emit`, the array `numbers` shared with it, and `learn`, which gives a word a number as long as there is room. */
exports.emitters = ({ emit: native, numbers: n, learn }) => {
  const known = new Map();
  function wordNumber(word) {
    const number = known.get(word);
    if (number !== undefined) return number;
    const given = learn(word);
    if (given !== 0) known.set(word, given);
    return given;
  }
  return {
    process_info(thread, cluster_worker, node_version, script, service) {
      n[0] = thread;
      n[1] = cluster_worker;
      n[8] = 0;
      n[9] = 0;
      n[10] = 0;
      n[11] = 0;
      native(node_version, script, service);
    },
    socket_connect(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = context;
      n[3] = tls;
      n[4] = lport;
      n[5] = rport;
      n[6] = read_offset;
      n[7] = write_offset;
      n[8] = 1;
      n[9] = 0;
      n[10] = 0;
      native(laddr, raddr);
    },
    socket_accept(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = context;
      n[3] = tls;
      n[4] = lport;
      n[5] = rport;
      n[6] = read_offset;
      n[7] = write_offset;
      n[8] = 2;
      n[9] = 0;
      n[10] = 0;
      native(laddr, raddr);
    },
    socket_state(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = context;
      n[3] = tls;
      n[4] = lport;
      n[5] = rport;
      n[6] = read_offset;
      n[7] = write_offset;
      n[8] = 3;
      n[9] = 0;
      n[10] = 0;
      native(laddr, raddr);
    },
    socket_close(conn_id, fd, read_offset, write_offset) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = read_offset;
      n[3] = write_offset;
      n[8] = 4;
      native();
    },
    socket_write(conn_id, fd, context, how, offset, length) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = context;
      n[3] = how;
      n[4] = offset;
      n[5] = length;
      n[8] = 5;
      native();
    },
    socket_read(conn_id, fd, offset, length) {
      n[0] = conn_id;
      n[1] = fd;
      n[2] = offset;
      n[3] = length;
      n[8] = 6;
      native();
    },
    http_server_receive(context, conn_id, fd, read_offset, method, path) {
      n[0] = context;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = read_offset;
      n[8] = 7;
      n[9] = wordNumber(method);
      n[10] = 0;
      native(method, path);
    },
    http_server_response(context, conn_id, fd, start_offset, end_offset, status, aborted, route) {
      n[0] = context;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = start_offset;
      n[4] = end_offset;
      n[5] = status;
      n[6] = aborted;
      n[8] = 8;
      n[9] = wordNumber(route);
      native(route);
    },
    http_client_request(request, context, conn_id, fd, write_offset, method, host, path) {
      n[0] = request;
      n[1] = context;
      n[2] = conn_id;
      n[3] = fd;
      n[4] = write_offset;
      n[8] = 9;
      n[9] = wordNumber(method);
      n[10] = wordNumber(host);
      n[11] = 0;
      native(method, host, path);
    },
    http_client_response(request, context, conn_id, fd, read_offset, status) {
      n[0] = request;
      n[1] = context;
      n[2] = conn_id;
      n[3] = fd;
      n[4] = read_offset;
      n[5] = status;
      n[8] = 10;
      native();
    },
    store_command(context, conn_id, fd, how, library, start_offset, end_offset, name) {
      n[0] = context;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = how;
      n[4] = library;
      n[5] = start_offset;
      n[6] = end_offset;
      n[8] = 11;
      n[9] = wordNumber(name);
      native(name);
    },
    http_client_cut(request, conn_id, fd, read_offset, end) {
      n[0] = request;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = read_offset;
      n[4] = end;
      n[8] = 12;
      native();
    },
    http2_server_receive(context, conn_id, fd, stream, method, path) {
      n[0] = context;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = stream;
      n[8] = 13;
      n[9] = wordNumber(method);
      n[10] = 0;
      native(method, path);
    },
    http2_server_response(context, conn_id, fd, stream, status, aborted, grpc) {
      n[0] = context;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = stream;
      n[4] = status;
      n[5] = aborted;
      n[6] = grpc;
      n[8] = 14;
      native();
    },
    http2_client_request(request, context, conn_id, fd, stream, method, host, path) {
      n[0] = request;
      n[1] = context;
      n[2] = conn_id;
      n[3] = fd;
      n[4] = stream;
      n[8] = 15;
      n[9] = wordNumber(method);
      n[10] = wordNumber(host);
      n[11] = 0;
      native(method, host, path);
    },
    http2_client_end(request, conn_id, fd, stream, status, end, grpc) {
      n[0] = request;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = stream;
      n[4] = status;
      n[5] = end;
      n[6] = grpc;
      n[8] = 16;
      native();
    },
    database_query(request, context, how, library, kind, name) {
      n[0] = request;
      n[1] = context;
      n[2] = how;
      n[3] = library;
      n[4] = kind;
      n[8] = 17;
      n[9] = wordNumber(name);
      native(name);
    },
    database_send(request, conn_id, fd, write_offset) {
      n[0] = request;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = write_offset;
      n[8] = 18;
      native();
    },
    database_result(request, conn_id, fd, read_offset, failed) {
      n[0] = request;
      n[1] = conn_id;
      n[2] = fd;
      n[3] = read_offset;
      n[4] = failed;
      n[8] = 19;
      native();
    },
    context_start(context, parent, kind, conn_id, fd, offset, length) {
      n[0] = context;
      n[1] = parent;
      n[2] = kind;
      n[3] = conn_id;
      n[4] = fd;
      n[5] = offset;
      n[6] = length;
      n[8] = 20;
      native();
    },
    loop_iteration(poll_ns, busy_ns, poll1_ns, busy1_ns, poll2_ns, busy2_ns, poll3_ns, busy3_ns) {
      n[0] = poll_ns;
      n[1] = busy_ns;
      n[2] = poll1_ns;
      n[3] = busy1_ns;
      n[4] = poll2_ns;
      n[5] = busy2_ns;
      n[6] = poll3_ns;
      n[7] = busy3_ns;
      n[8] = 21;
      native();
    },
    gc(kind, start_ns, duration_ns) {
      n[0] = kind;
      n[1] = start_ns;
      n[2] = duration_ns;
      n[8] = 22;
      native();
    },
    dns(start_ns, duration_ns, host) {
      n[0] = start_ns;
      n[1] = duration_ns;
      n[8] = 23;
      n[9] = wordNumber(host);
      native(host);
    },
    tracing_end(reason) {
      n[8] = 24;
      n[9] = 0;
      native(reason);
    },
  };
};
