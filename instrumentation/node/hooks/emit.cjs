// One function per event: numbers first, then strings, in the order of the definition, and last the time (ms) where that is not now. Each writes a record into the queue that the addon shares:
//
//     event's number | its numbers, the last of which is the time | for each string: the number of a word that the addon knows, or -length of the next text
//
// The addon tells what is in it when the event loop turns, and when it is full. Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit.
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

/**
 * The emitters over the addon: `queue`, the memory shared with it (used numbers and bytes, numbers, bytes of texts), `tell`, which empties it, `learn`, which
 * gives a word a number as long as there is room, and `setClock`, which is told the time by the clock `now` (ms). `tellAtOnce(isOn)`: without any queueing.
 */
exports.emitters = ({ queue, tell, learn, setClock }, now) => {
  const used = new Int32Array(queue, 0, 2);
  const n = new Float64Array(queue, 8, 1024);
  const bytes = new Uint8Array(queue, 8200, 8192);
  const lastNumber = 1012;
  const lastText = 6656;
  const encoder = new TextEncoder();
  const known = new Map();
  let isTelling = false;
  // The first calls take longer than the others.
  for (let i = 0; i < 5; i++) setClock(now());

  function makeRoom() {
    tell();
    return used[0];
  }
  function word(string) {
    const number = known.get(string);
    if (number !== undefined) return number;
    const given = learn(string);
    if (given === 0) return text(string);
    known.set(string, given);
    return given;
  }
  /** What is no string becomes an empty one. */
  function text(string) {
    const start = used[1];
    const length = typeof string === "string" ? Math.min(string.length, 511) : 0;
    for (let i = 0; i < length; i++) {
      const code = string.charCodeAt(i);
      if (code > 127) return encoded(string, start);
      bytes[start + i] = code;
    }
    return finish(start, length);
  }
  function encoded(string, start) {
    return finish(start, encoder.encodeInto(string, bytes.subarray(start, start + 511)).written);
  }
  function finish(start, length) {
    bytes[start + length] = 0;
    used[1] = start + length + 1;
    return -length;
  }
  const emit = {
    process_info(thread, cluster_worker, node_version, script, service, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 0;
      n[at + 1] = thread;
      n[at + 2] = cluster_worker;
      n[at + 3] = happened;
      n[at + 4] = text(node_version);
      n[at + 5] = text(script);
      n[at + 6] = text(service);
      used[0] = at + 7;
      if (isTelling) tell();
    },
    socket_connect(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 1;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = context;
      n[at + 4] = tls;
      n[at + 5] = lport;
      n[at + 6] = rport;
      n[at + 7] = read_offset;
      n[at + 8] = write_offset;
      n[at + 9] = happened;
      n[at + 10] = text(laddr);
      n[at + 11] = text(raddr);
      used[0] = at + 12;
      if (isTelling) tell();
    },
    socket_accept(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 2;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = context;
      n[at + 4] = tls;
      n[at + 5] = lport;
      n[at + 6] = rport;
      n[at + 7] = read_offset;
      n[at + 8] = write_offset;
      n[at + 9] = happened;
      n[at + 10] = text(laddr);
      n[at + 11] = text(raddr);
      used[0] = at + 12;
      if (isTelling) tell();
    },
    socket_state(conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 3;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = context;
      n[at + 4] = tls;
      n[at + 5] = lport;
      n[at + 6] = rport;
      n[at + 7] = read_offset;
      n[at + 8] = write_offset;
      n[at + 9] = happened;
      n[at + 10] = text(laddr);
      n[at + 11] = text(raddr);
      used[0] = at + 12;
      if (isTelling) tell();
    },
    socket_close(conn_id, fd, read_offset, write_offset, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 4;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = read_offset;
      n[at + 4] = write_offset;
      n[at + 5] = happened;
      used[0] = at + 6;
      if (isTelling) tell();
    },
    socket_write(conn_id, fd, context, how, offset, length, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 5;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = context;
      n[at + 4] = how;
      n[at + 5] = offset;
      n[at + 6] = length;
      n[at + 7] = happened;
      used[0] = at + 8;
      if (isTelling) tell();
    },
    socket_read(conn_id, fd, offset, length, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 6;
      n[at + 1] = conn_id;
      n[at + 2] = fd;
      n[at + 3] = offset;
      n[at + 4] = length;
      n[at + 5] = happened;
      used[0] = at + 6;
      if (isTelling) tell();
    },
    http_server_receive(context, conn_id, fd, read_offset, method, path, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 7;
      n[at + 1] = context;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = read_offset;
      n[at + 5] = happened;
      n[at + 6] = word(method);
      n[at + 7] = text(path);
      used[0] = at + 8;
      if (isTelling) tell();
    },
    http_server_response(context, conn_id, fd, start_offset, end_offset, status, aborted, route, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 8;
      n[at + 1] = context;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = start_offset;
      n[at + 5] = end_offset;
      n[at + 6] = status;
      n[at + 7] = aborted;
      n[at + 8] = happened;
      n[at + 9] = word(route);
      used[0] = at + 10;
      if (isTelling) tell();
    },
    http_client_request(request, context, conn_id, fd, write_offset, method, host, path, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 9;
      n[at + 1] = request;
      n[at + 2] = context;
      n[at + 3] = conn_id;
      n[at + 4] = fd;
      n[at + 5] = write_offset;
      n[at + 6] = happened;
      n[at + 7] = word(method);
      n[at + 8] = word(host);
      n[at + 9] = text(path);
      used[0] = at + 10;
      if (isTelling) tell();
    },
    http_client_response(request, context, conn_id, fd, read_offset, status, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 10;
      n[at + 1] = request;
      n[at + 2] = context;
      n[at + 3] = conn_id;
      n[at + 4] = fd;
      n[at + 5] = read_offset;
      n[at + 6] = status;
      n[at + 7] = happened;
      used[0] = at + 8;
      if (isTelling) tell();
    },
    store_command(context, conn_id, fd, how, library, start_offset, end_offset, name, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 11;
      n[at + 1] = context;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = how;
      n[at + 5] = library;
      n[at + 6] = start_offset;
      n[at + 7] = end_offset;
      n[at + 8] = happened;
      n[at + 9] = word(name);
      used[0] = at + 10;
      if (isTelling) tell();
    },
    http_client_cut(request, conn_id, fd, read_offset, end, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 12;
      n[at + 1] = request;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = read_offset;
      n[at + 5] = end;
      n[at + 6] = happened;
      used[0] = at + 7;
      if (isTelling) tell();
    },
    http2_server_receive(context, conn_id, fd, stream, method, path, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 13;
      n[at + 1] = context;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = stream;
      n[at + 5] = happened;
      n[at + 6] = word(method);
      n[at + 7] = text(path);
      used[0] = at + 8;
      if (isTelling) tell();
    },
    http2_server_response(context, conn_id, fd, stream, status, aborted, grpc, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 14;
      n[at + 1] = context;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = stream;
      n[at + 5] = status;
      n[at + 6] = aborted;
      n[at + 7] = grpc;
      n[at + 8] = happened;
      used[0] = at + 9;
      if (isTelling) tell();
    },
    http2_client_request(request, context, conn_id, fd, stream, method, host, path, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 15;
      n[at + 1] = request;
      n[at + 2] = context;
      n[at + 3] = conn_id;
      n[at + 4] = fd;
      n[at + 5] = stream;
      n[at + 6] = happened;
      n[at + 7] = word(method);
      n[at + 8] = word(host);
      n[at + 9] = text(path);
      used[0] = at + 10;
      if (isTelling) tell();
    },
    http2_client_end(request, conn_id, fd, stream, status, end, grpc, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 16;
      n[at + 1] = request;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = stream;
      n[at + 5] = status;
      n[at + 6] = end;
      n[at + 7] = grpc;
      n[at + 8] = happened;
      used[0] = at + 9;
      if (isTelling) tell();
    },
    database_query(request, context, how, library, kind, name, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 17;
      n[at + 1] = request;
      n[at + 2] = context;
      n[at + 3] = how;
      n[at + 4] = library;
      n[at + 5] = kind;
      n[at + 6] = happened;
      n[at + 7] = word(name);
      used[0] = at + 8;
      if (isTelling) tell();
    },
    database_send(request, conn_id, fd, write_offset, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 18;
      n[at + 1] = request;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = write_offset;
      n[at + 5] = happened;
      used[0] = at + 6;
      if (isTelling) tell();
    },
    database_result(request, conn_id, fd, read_offset, failed, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 19;
      n[at + 1] = request;
      n[at + 2] = conn_id;
      n[at + 3] = fd;
      n[at + 4] = read_offset;
      n[at + 5] = failed;
      n[at + 6] = happened;
      used[0] = at + 7;
      if (isTelling) tell();
    },
    context_start(context, parent, kind, conn_id, fd, offset, length, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 20;
      n[at + 1] = context;
      n[at + 2] = parent;
      n[at + 3] = kind;
      n[at + 4] = conn_id;
      n[at + 5] = fd;
      n[at + 6] = offset;
      n[at + 7] = length;
      n[at + 8] = happened;
      used[0] = at + 9;
      if (isTelling) tell();
    },
    loop_iteration(poll_ns, busy_ns, poll1_ns, busy1_ns, poll2_ns, busy2_ns, poll3_ns, busy3_ns, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 21;
      n[at + 1] = poll_ns;
      n[at + 2] = busy_ns;
      n[at + 3] = poll1_ns;
      n[at + 4] = busy1_ns;
      n[at + 5] = poll2_ns;
      n[at + 6] = busy2_ns;
      n[at + 7] = poll3_ns;
      n[at + 8] = busy3_ns;
      n[at + 9] = happened;
      used[0] = at + 10;
      if (isTelling) tell();
    },
    gc(kind, start_ns, duration_ns, happened = now()) {
      let at = used[0];
      if (at > lastNumber) at = makeRoom();
      n[at] = 22;
      n[at + 1] = kind;
      n[at + 2] = start_ns;
      n[at + 3] = duration_ns;
      n[at + 4] = happened;
      used[0] = at + 5;
      if (isTelling) tell();
    },
    dns(start_ns, duration_ns, host, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 23;
      n[at + 1] = start_ns;
      n[at + 2] = duration_ns;
      n[at + 3] = happened;
      n[at + 4] = word(host);
      used[0] = at + 5;
      if (isTelling) tell();
    },
    tracing_end(reason, happened = now()) {
      let at = used[0];
      if (at > lastNumber || used[1] > lastText) at = makeRoom();
      n[at] = 24;
      n[at + 1] = happened;
      n[at + 2] = text(reason);
      used[0] = at + 3;
      if (isTelling) tell();
    },
  };
  return {
    emit,
    tellAtOnce(isOn) {
      isTelling = isOn;
    },
  };
};
