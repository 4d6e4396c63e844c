// HTTP/2 requests, in and out, and with them gRPC. Node's library writes and reads their bytes natively, so no offsets are known here; but each request is a
// stream of its connection, whose number both ends know.
//
//     client  session.request() in its context --> the stream gets its id: it is sent ----------> _destroy(): the answer is whole, or never will be
//     server  session.emit("stream") below a new context --> push(): a body's bytes, below it too --> _destroy(): answered, or broken
//
// Node's diagnostics channels for this are there from some releases of 22 on, and none of them can run a listener in a context, so methods are followed on all
// versions alike. Node exports none of their classes: a session that leads nowhere shows them, and is made once the application has loaded http2 itself.
"use strict";
const { Duplex } = require("node:stream");
const { Socket } = require("node:net");
const { Context } = require("./contexts.cjs");
const { END_BROKEN, END_CANCELLED, END_WHOLE } = require("./emit.cjs");
const { askedPath, pathOf } = require("./paths.cjs");
const Stamp = require("./stamp.cjs");

/** 1 + gRPC's own status among these headers or trailers; 0: none. */
function grpcStatus(headers) {
  const status = headers?.["grpc-status"];
  const code = status === undefined ? -1 : Number(status);
  return Number.isInteger(code) && code >= 0 && code < 255 ? code + 1 : 0;
}

exports.create = (tracer, queues) => {
  const { emit, patch } = tracer;
  let sockets;
  let isPatched = false;
  let isStreamPatched = false;

  /** The connection below a session: its public `socket` is a proxy. Undefined where it is not one of the network's. */
  function connectionOf(session) {
    const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === "socket");
    const socket = key === undefined ? undefined : session[key];
    return socket instanceof Socket ? { socket, connection: sockets.touch(socket, 0) } : undefined;
  }

  function followStream(stream) {
    if (isStreamPatched) return;
    isStreamPatched = true;
    // ClientHttp2Stream and ServerHttp2Stream are both Http2Streams.
    const prototype = Object.getPrototypeOf(Object.getPrototypeOf(stream));
    patch.within(prototype, "push", (each, chunk) => {
      const known = Stamp.get(each);
      if (chunk === null && known !== undefined) onReceived(each, known);
      return known?.store;
    });
    patch.before(prototype, "close", (each) => onLocalEnd(each));
    patch.before(prototype, "_destroy", (each, error) => onDestroy(each, error));
  }

  /** The application ends a stream. Node does the same itself to all of a connection that is gone. */
  function onLocalEnd(stream) {
    const known = Stamp.get(stream);
    if (known !== undefined && !stream.closed && !known.socket.destroyed) known.isEndedHere = true;
  }

  /**
   * All bytes that will come have come: an answer is whole, unless a reset ended it, or it is a head alone, which is told of after this. So are gRPC's trailers.
   */
  function onReceived(stream, known) {
    if (known.isServer || known.status === 0 || stream.rstCode !== 0 || known.isEndedHere) return;
    if (!known.isGrpc || known.grpc !== 0) tellClientEnd(known, END_WHOLE);
  }

  function tellClientEnd(known, end) {
    if (known.isOver) return;
    known.isOver = true;
    const { id, connection, number, status, grpc } = known;
    if (known.epoch === tracer.epoch) emit.http2_client_end(id, connection.id, connection.fd, number, status, end, grpc);
  }

  function onDestroy(stream, error) {
    const known = Stamp.get(stream);
    if (known === undefined || known.isOver) return;
    const isWhole = stream.closed && stream.rstCode === 0 && error == null;
    if (!isWhole && !stream.closed) onLocalEnd(stream);
    if (!known.isServer) {
      tellClientEnd(known, isWhole ? END_WHOLE : known.isEndedHere ? END_CANCELLED : END_BROKEN);
      return;
    }
    known.isOver = true;
    const { id, connection, number } = known;
    const status = stream.sentHeaders?.[":status"] ?? 0;
    const grpc = grpcStatus(stream.sentTrailers) || grpcStatus(stream.sentHeaders);
    if (known.epoch === tracer.epoch) emit.http2_server_response(id, connection.id, connection.fd, number, status, isWhole ? 0 : 1, grpc);
  }

  function newStream(stream, { socket, connection }, isServer) {
    followStream(stream);
    const id = tracer.nextId();
    const store = isServer ? new Context(id) : tracer.storage.getStore();
    const known = {
      id,
      epoch: tracer.epoch,
      store,
      socket,
      connection,
      isServer,
      number: 0,
      status: 0,
      isGrpc: false,
      grpc: 0,
      isEndedHere: false,
      isOver: false,
    };
    Stamp.set(stream, known);
    return known;
  }

  /** A client's stream, from when the application asks for it. */
  function onRequest(session, stream) {
    const below = connectionOf(session);
    if (below === undefined || stream == null || Stamp.get(stream) !== undefined) return;
    const known = newStream(stream, below, false);
    stream.prependListener(
      "response",
      tracer.guard((headers) => {
        known.status = headers[":status"] ?? 0;
        queues.onStreamAnswer(stream);
        known.isGrpc = /^application\/grpc\b/.test(headers["content-type"] ?? "");
        known.grpc = grpcStatus(headers);
        // A refusal may be a head alone.
        if (known.grpc !== 0) onReceived(stream, known);
      }),
    );
    stream.prependListener(
      "trailers",
      tracer.guard((trailers) => {
        if (!known.isGrpc) return;
        known.grpc = grpcStatus(trailers);
        onReceived(stream, known);
      }),
    );
    const tell = () => {
      known.number = stream.id;
      // What waited for its connection is told of when that is there.
      known.connection = sockets.touch(below.socket, 0);
      const headers = stream.sentHeaders ?? {};
      const host = String(headers[":authority"] ?? headers.host ?? "");
      const method = String(headers[":method"] ?? "GET");
      const { id, store, connection, number } = known;
      emit.http2_client_request(id, store?.id ?? 0, connection.id, connection.fd, number, method, host, askedPath(headers[":path"] ?? "/"));
    };
    if (stream.id !== undefined) tell();
    else stream.prependOnceListener("ready", tracer.guard(tell));
  }

  /** Returns the context of a server's new stream; undefined for all else that a session tells. */
  function onSessionEvent(session, name, stream, headers) {
    if (name !== "stream" || session.type !== 0 || Stamp.get(stream) !== undefined) return undefined;
    const below = connectionOf(session);
    if (below === undefined) return undefined;
    const known = newStream(stream, below, true);
    known.number = stream.id;
    const { id, connection, number } = known;
    const path = pathOf(headers[":path"] ?? "");
    emit.http2_server_receive(id, connection.id, connection.fd, number, String(headers[":method"] ?? ""), path);
    return known.store;
  }

  function install() {
    isPatched = true;
    const nowhere = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const session = require("node:http2").connect("http://localhost", { createConnection: () => nowhere });
    session.on("error", () => undefined);
    const prototype = Object.getPrototypeOf(session);
    session.destroy();
    patch.after(prototype, "request", onRequest);
    patch.within(prototype, "request", (_session, headers) => (queues.isStreamFollowed(headers) ? undefined : tracer.outside));
    patch.within(Object.getPrototypeOf(prototype), "emit", onSessionEvent);
  }

  /** Follows HTTP/2 once it is loaded; until then, nobody pays for loading it. */
  function look() {
    if (!isPatched && process.moduleLoadList.includes("NativeModule http2")) tracer.run(tracer.outside, install);
  }

  return {
    useSockets(given) {
      sockets = given;
    },
    /** A connection was made: HTTP/2 may be spoken over it. */
    onConnection: look,
    start: look,
    stop: () => undefined,
  };
};
