// Connections and their byte streams: who is at both ends, and which bytes were written and read when, and on whose behalf.
//
//     application --write--> [offset, offset + length) --> connection --> [offset, offset + length) --push--> application
//
// Offsets count plaintext from the connection's start: TLSSocket inherits these methods. What is written before a session began is counted by Node
// (bytesWritten, bytesRead); from then on here, since a byte's place must be known when it is handed over, not when it is sent.
// A server's HTTP connections are read by Node's parser without any JavaScript; their reads are told up to each HTTP event. What is written to an accepted connection
// Node counts as well as we could, so it is asked where a number is needed.
"use strict";
const { Buffer } = require("node:buffer");
const diagnostics = require("node:diagnostics_channel");
const net = require("node:net");
const tls = require("node:tls");
const { Context } = require("./contexts.cjs");
const { bits, HOW_NONE, HOW_PROTOCOL, CONTEXT_PUSH } = require("./emit.cjs");
const { looksLikeMessage } = require("./resp.cjs");
const { OfSocket } = require("./stamp.cjs");

/** An IPv4 address is written alike at both ends, also where one of them listens on IPv6. */
const plain = (address) => (address === undefined ? "" : address.startsWith("::ffff:") ? address.slice(7) : address);

exports.create = (tracer, http, stores, http2) => {
  const { emit, patch } = tracer;
  let isPatched = false;
  /** Whether single writes and reads are recorded that no analysis needs. */
  let isDetailed = false;

  function create(socket, isServer) {
    const connection = {
      id: tracer.nextId(),
      fd: -1,
      isServer,
      isClosed: false,
      /** Session in which it was last told of; 0: never. */
      epoch: 0,
      /** Context that asked for the connection. */
      context: 0,
      read: 0,
      written: 0,
      /** Where a server's last response ended. */
      answered: 0,
      /** HTTP requests that a server has not answered yet. */
      requests: [],
      /** HTTP request that a client is sending, or sent last. */
      client: undefined,
      /** What stores.cjs knows of it. */
      library: 0,
      scanner: undefined,
      isSubscriber: false,
      isSought: false,
    };
    OfSocket.set(socket, connection);
    http2.onConnection();
    return connection;
  }

  function tell(event, socket, connection) {
    connection.epoch = tracer.epoch;
    connection.fd = socket._handle?.fd ?? -1;
    event(
      connection.id,
      connection.fd,
      connection.context,
      socket.encrypted === true ? 1 : 0,
      socket.localPort ?? 0,
      socket.remotePort ?? 0,
      connection.read,
      connection.written,
      plain(socket.localAddress),
      plain(socket.remoteAddress),
    );
  }

  /** What happened before is what Node says. */
  function adopt(socket, connection, arrived) {
    connection.read = (socket.bytesRead || 0) - arrived;
    connection.written = connection.answered = socket.bytesWritten || 0;
  }

  /** The connection behind a socket that is being used. `arrived`: bytes of a read that Node has counted already. */
  function touch(socket, arrived) {
    let connection = OfSocket.get(socket);
    if (connection === undefined || connection.isClosed) {
      connection = create(socket, socket.server != null);
      adopt(socket, connection, arrived);
      if (connection.read + connection.written > 0) tell(emit.socket_state, socket, connection);
    }
    if (connection.epoch !== tracer.epoch && !socket.connecting) {
      if (connection.epoch === 0) {
        tell(connection.isServer ? emit.socket_accept : emit.socket_connect, socket, connection);
      } else {
        adopt(socket, connection, arrived);
        tell(emit.socket_state, socket, connection);
      }
    }
    return connection;
  }

  /** Tells of the bytes that Node's parser has read since. */
  function readUpToNow(socket, connection) {
    const now = socket.bytesRead || 0;
    if (now > connection.read && isDetailed) emit.socket_read(connection.id, connection.fd, connection.read, now - connection.read);
    connection.read = now;
  }

  /** What was handed over until now to a connection that was accepted. */
  function writeUpToNow(socket, connection) {
    // The public number looks through what waits to be sent; there nearly always is nothing.
    connection.written = (socket.writableLength === 0 ? socket._bytesDispatched : socket.bytesWritten) || connection.written;
  }

  function lengthOf(socket, chunk, encoding) {
    if (typeof chunk === "string")
      return Buffer.byteLength(chunk, typeof encoding === "string" ? encoding : (socket._writableState?.defaultEncoding ?? "utf8"));
    return ArrayBuffer.isView(chunk) ? chunk.byteLength : 0;
  }

  /** A whole command that is being written: whoever writes it waits for the store, which waits for the bytes, so all else is done after that. */
  const late = { connection: undefined, socket: undefined, chunk: undefined, encoding: undefined, at: 0 };

  function finishLate() {
    const { connection, socket, chunk, encoding, at } = late;
    if (connection === undefined) return;
    late.connection = late.socket = late.chunk = late.encoding = undefined;
    if (!tracer.isOn) return;
    const start = connection.written;
    connection.written += lengthOf(socket, chunk, encoding);
    stores.tellWhole(connection, start, connection.written, at);
  }

  /** Returns something where `finishLate` is to be called after the write. */
  function onWrite(socket, chunk, encoding) {
    if (late.connection !== undefined) finishLate();
    const known = OfSocket.get(socket);
    // A response: its bytes are asked for when it is over.
    if (!isDetailed && known?.requests.length > 0) return undefined;
    if (socket.destroyed || socket.writableEnded) return undefined;
    if (!isDetailed && known !== undefined && known.library !== 0 && known.epoch === tracer.epoch && stores.takeWhole(known, chunk)) {
      late.connection = known;
      late.socket = socket;
      late.chunk = chunk;
      late.encoding = encoding;
      late.at = tracer.now();
      return late;
    }
    onOtherWrite(socket, chunk, encoding);
    return undefined;
  }

  function onOtherWrite(socket, chunk, encoding) {
    const length = lengthOf(socket, chunk, encoding);
    if (length === 0) return;
    const connection = touch(socket, 0);
    if (connection.isServer) writeUpToNow(socket, connection);
    const offset = connection.written;
    connection.written += length;
    const message = socket._httpMessage;
    let context = 0;
    let how = HOW_NONE;
    if (message != null) {
      context = http.onWrite(connection, message, offset);
      if (context >= 0) how = HOW_PROTOCOL;
      else context = 0;
    } else if (connection.client !== undefined) {
      if (http.isSending(connection.client, offset)) {
        context = connection.client.context;
        how = HOW_PROTOCOL;
      }
    } else if (!connection.isServer) {
      ({ context, how } = stores.onWrite(connection, chunk, length, offset, socket));
    }
    if (isDetailed) emit.socket_write(connection.id, connection.fd, context, how, offset, length);
  }

  /** Returns the context in which the application is to see the bytes; undefined leaves it as it is. */
  function onPush(socket, chunk) {
    const length = typeof chunk === "string" ? Buffer.byteLength(chunk) : (chunk?.byteLength ?? 0);
    if (length === 0) return undefined;
    const connection = touch(socket, length);
    const offset = connection.read;
    connection.read += length;
    if (isDetailed || !connection.isServer) emit.socket_read(connection.id, connection.fd, offset, length);
    if (connection.isServer || connection.client !== undefined) return undefined;
    if (connection.isSought) stores.onAnswer(connection, socket);
    // It may have subscribed before anybody recorded.
    if (!connection.isSubscriber && looksLikeMessage(chunk)) connection.isSubscriber = true;
    if (!connection.isSubscriber) return tracer.outside;
    const context = new Context(tracer.nextId());
    emit.context_start(context.id, 0, CONTEXT_PUSH, connection.id, connection.fd, offset, length);
    return context;
  }

  function onConnect(socket) {
    if (!socket.connecting) return;
    const known = OfSocket.get(socket);
    const connection = known === undefined || known.isClosed ? create(socket, false) : known;
    connection.context = tracer.currentId();
    socket.prependOnceListener(
      "connect",
      tracer.guard(() => tell(emit.socket_connect, socket, connection)),
    );
  }

  function onClose(socket, error) {
    finishLate();
    const connection = OfSocket.get(socket);
    if (connection === undefined || connection.isClosed) return;
    connection.isClosed = true;
    if (connection.epoch !== tracer.epoch) return;
    if (connection.isServer) {
      readUpToNow(socket, connection);
      writeUpToNow(socket, connection);
    }
    http.onClose(connection, socket, error);
    emit.socket_close(connection.id, connection.fd, connection.read, connection.written);
  }

  function install() {
    isPatched = true;
    const { prototype } = net.Socket;
    patch.around(prototype, "write", onWrite, finishLate);
    // end(chunk) writes without calling write().
    patch.around(prototype, "end", onWrite, finishLate);
    patch.within(prototype, "push", onPush);
    patch.after(prototype, "connect", onConnect);
    patch.before(prototype, "_destroy", onClose);
    // A TLS server's connection is born here: the socket below it was accepted, but carries no plaintext.
    patch.after(tls.TLSSocket.prototype, "_init", (socket) => {
      if (OfSocket.get(socket) === undefined) create(socket, socket._tlsOptions?.isServer === true);
    });
  }

  const onAccept = tracer.guard(({ socket }) => {
    if (!(socket.server instanceof tls.Server)) touch(socket, 0);
  });

  return {
    /** What is known of a socket; undefined where nothing is. */
    of: (socket) => OfSocket.get(socket),
    touch,
    readUpToNow,
    writeUpToNow,
    update(mask) {
      isDetailed = (mask & bits.socket_write) !== 0;
    },
    start() {
      if (!isPatched) install();
      diagnostics.subscribe("net.server.socket", onAccept);
    },
    stop() {
      late.connection = undefined;
      diagnostics.unsubscribe("net.server.socket", onAccept);
    },
  };
};
