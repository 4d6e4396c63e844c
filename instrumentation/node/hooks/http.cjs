// HTTP requests, in and out: http, https, fetch and undici. Node and undici publish them on diagnostics channels; what those leave open comes from the
// sockets: a request's first byte, a response's bytes, a connection that broke.
//
// A request that a server receives starts a context. Everything done below it inherits the context (AsyncLocalStorage).
"use strict";
const diagnostics = require("node:diagnostics_channel");
const http = require("node:http");
const { Context } = require("./contexts.cjs");
const { END_BROKEN, END_CANCELLED } = require("./emit.cjs");
const { askedPath, pathOf } = require("./paths.cjs");
const Stamp = require("./stamp.cjs");

/** Whether it was the caller who gave up, by the error that undici ends a request with. */
const isPatienceOver = (error) => /ABORT|_TIMEOUT$/.test(String(error?.code)) || /^(?:Abort|Timeout)Error$/.test(String(error?.name));

exports.create = (tracer, queues) => {
  const { emit, patch } = tracer;
  let sockets;
  let isPatched = false;

  const isObject = (value) => typeof value === "object" && value !== null;

  /** The context of a request that is not answered yet, by its request or response. A connection has few of them, so they are looked for there. */
  function contextOf(connection, message) {
    for (const context of connection.requests) if (context.response === message || context.request === message) return context;
    return undefined;
  }

  const onServerRequest = ({ request, response, socket }) => {
    const connection = sockets.touch(socket, 0);
    connection.isServer = true;
    sockets.readUpToNow(socket, connection);
    const context = new Context(tracer.nextId(), request, response);
    connection.requests.push(context);
    emit.http_server_receive(context.id, connection.id, connection.fd, connection.read, request.method, pathOf(request.url));
    tracer.enter(context);
  };

  function endServerRequest(connection, context, isAborted, route) {
    const { id, response } = context;
    const start = connection.answered;
    const end = connection.written;
    connection.answered = end;
    emit.http_server_response(
      id,
      connection.id,
      connection.fd,
      start,
      end,
      isAborted && !response.headersSent ? 0 : response.statusCode,
      isAborted ? 1 : 0,
      route,
    );
  }

  /**
   * A request is over. The rest of a body that was not all there is still for its context, which timers of the connection may keep for long: the application's
   * objects are not to stay for that.
   */
  function leave(context) {
    if (!context.request.complete) Stamp.set(context.request, context);
    context.request = context.response = undefined;
  }

  const onServerResponse = ({ request, response, socket }) => {
    const connection = sockets.of(socket);
    const context = connection === undefined ? undefined : contextOf(connection, response);
    if (context === undefined) return;
    // Nearly always there is no other.
    if (connection.requests.length === 1) connection.requests.pop();
    else connection.requests.splice(connection.requests.indexOf(context), 1);
    const path = request.route?.path;
    const route = context.route || (typeof path === "string" ? (request.baseUrl ? `${request.baseUrl}${path}` : path) : "");
    sockets.writeUpToNow(socket, connection);
    endServerRequest(connection, context, false, route);
    leave(context);
  };

  const onFastifyRoute = ({ request, route }) => {
    const socket = request?.raw?.socket;
    const connection = isObject(socket) ? sockets.of(socket) : undefined;
    const context = connection === undefined ? undefined : contextOf(connection, request.raw);
    if (context !== undefined) context.route = String(route?.url ?? "");
  };

  /** A request to somebody else, from when it is known in its own context; it begins with its first byte. */
  const newClientRequest = (method, host, path) => ({
    id: tracer.nextId(),
    context: tracer.currentId(),
    method,
    host,
    path,
    connection: undefined,
    isAnswered: false,
    isOver: false,
    /** What undici sends: it writes to the socket itself. -1 for others. */
    startOffset: -1,
    /** Once it is sent, the connection is somebody else's: Upgrade and CONNECT. */
    isTunnel: false,
  });

  function clientRequest(message) {
    let request = Stamp.get(message);
    if (request === undefined) {
      request = newClientRequest(message.method, message.getHeader("host") ?? "", askedPath(message.path));
      Stamp.set(message, request);
    }
    return request;
  }

  function begin(request, connection) {
    request.connection = connection;
    connection.client = request;
  }

  function tellBegin(request, offset) {
    const { id, context, connection, method, host, path } = request;
    emit.http_client_request(id, context, connection.id, connection.fd, offset, method, host, path);
  }

  function answer(request, status) {
    if (request?.connection === undefined || request.isAnswered) return;
    request.isAnswered = true;
    const { id, context, connection } = request;
    emit.http_client_response(id, context, connection.id, connection.fd, connection.read, status);
  }

  // Published when the whole request was handed over: after its first write, or, in a queue of the agent, before.
  const onClientRequest = ({ request }) => void clientRequest(request);
  const onClientResponse = ({ request, response }) => answer(Stamp.get(request), response.statusCode);

  const onUndiciCreate = ({ request }) => {
    const host = String(request.origin ?? "").replace(/^[a-z]+:\/\//, "");
    const created = newClientRequest(request.method, host, askedPath(request.path));
    if (!queues.isUndiciFollowed(request)) created.context = 0;
    Stamp.set(request, created);
  };
  // Published right before the headers are written.
  const onUndiciSend = ({ request, socket }) => {
    const known = Stamp.get(request);
    if (known === undefined) return;
    queues.onUndiciSend(request, socket);
    const connection = sockets.touch(socket, 0);
    begin(known, connection);
    known.startOffset = connection.written;
    known.isTunnel = request.method === "CONNECT" || Boolean(request.upgrade);
    tellBegin(known, connection.written);
  };
  const onUndiciHeaders = ({ request, response }) => answer(Stamp.get(request), response.statusCode);
  const onUndiciEnd = ({ request }) => {
    const known = Stamp.get(request);
    if (known !== undefined) known.isOver = true;
  };
  const onUndiciError = ({ request, error }) => {
    const known = Stamp.get(request);
    if (known === undefined) return;
    cut(known, isPatienceOver(error));
    answer(known, 0);
  };

  /** A request that was sent is over without its whole answer. */
  function cut(request, isCancelled) {
    const { id, connection, isOver } = request;
    if (connection === undefined || isOver) return;
    request.isOver = true;
    emit.http_client_cut(id, connection.id, connection.fd, connection.read, isCancelled ? END_CANCELLED : END_BROKEN);
  }

  /** The connection that a request was sent over is gone: was the answer whole, and if not, whose doing was it? */
  function endClientRequest(request, socket, error) {
    if (request.startOffset >= 0) {
      if (!request.isTunnel) cut(request, isPatienceOver(error));
      return;
    }
    const message = socket._httpMessage;
    if (message == null || Stamp.get(message) !== request) return;
    const { res } = message;
    if (res?.complete === true || res?.upgrade === true || message.method === "CONNECT") return;
    // Who gives up destroys the request or its response, and that the socket; or the socket itself, for no reason. Node destroys those after the socket, and
    // that for a reason: an error, which it notes, or the end of what the other side sends.
    const isGivenUp = message.destroyed || res?.destroyed === true || (error == null && socket._readableState?.ended !== true);
    cut(request, isGivenUp && socket._hadError !== true);
  }

  const subscriptions = Object.entries({
    "http.server.request.start": onServerRequest,
    "http.server.response.finish": onServerResponse,
    "tracing:fastify.request.handler:start": onFastifyRoute,
    "http.client.request.start": onClientRequest,
    "http.client.response.finish": onClientResponse,
    "undici:request:create": onUndiciCreate,
    "undici:client:sendHeaders": onUndiciSend,
    "undici:request:headers": onUndiciHeaders,
    "undici:request:trailers": onUndiciEnd,
    "undici:request:error": onUndiciError,
  }).map(([name, handler]) => [name, tracer.guard(handler)]);

  function install() {
    isPatched = true;
    // A body's later packets arrive in whatever context the connection's parser has: on AsyncContextFrame (Node 24), in none.
    patch.within(http.IncomingMessage.prototype, "push", (message) => {
      const connection = isObject(message.socket) ? sockets.of(message.socket) : undefined;
      return connection?.isServer ? (contextOf(connection, message) ?? Stamp.get(message)) : undefined;
    });
  }

  return {
    useSockets(given) {
      sockets = given;
    },
    /** A write for an HTTP message at this offset. Returns the id of the context that the message belongs to; -1 when it is not known. */
    onWrite(connection, message, offset) {
      if (message instanceof http.ClientRequest) {
        const request = clientRequest(message);
        if (request.connection !== connection) {
          begin(request, connection);
          tellBegin(request, offset);
        }
        return request.context;
      }
      const context = contextOf(connection, message);
      return context === undefined ? -1 : context.id;
    },
    /**
     * Whether bytes that no message object stands for, written at this offset of a client's connection, are this request's. After an upgrade they are not: the
     * connection then belongs to no request.
     */
    isSending: ({ startOffset, isTunnel }, offset) => startOffset >= 0 && (offset === startOffset || !isTunnel),
    /** The connection is gone, and what waited for it. `error` is what its socket is destroyed with. */
    onClose(connection, socket, error) {
      for (const context of connection.requests) {
        endServerRequest(connection, context, true, context.route);
        leave(context);
      }
      connection.requests = [];
      const { client } = connection;
      if (client === undefined) return;
      endClientRequest(client, socket, error);
      answer(client, 0);
    },
    start() {
      if (!isPatched) install();
      for (const [name, handler] of subscriptions) diagnostics.subscribe(name, handler);
    },
    stop() {
      for (const [name, handler] of subscriptions) diagnostics.unsubscribe(name, handler);
    },
  };
};
