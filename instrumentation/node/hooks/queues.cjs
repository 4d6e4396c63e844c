// Requests that a library queues before they are sent: until a connection is made, a name is resolved, a pool has one free. Whoever ends the wait sends them, in
// the context of a stranger. So the library's own object for the request is followed, and what sends it runs in the context that it was asked for in:
//
//     asked, in its context                                 sent, after a wait
//     undici   Pool.dispatch(): the handler --------------> Client.dispatch() of the same handler
//     grpc-js  ResolvingCall.start(), the call -----------> getConfig(): LoadBalancingCall.start(), the attempt --> doPick()
//
// What was queued before we followed is sent below nobody. In a bundle these classes are looked for: undici's from the socket that its first request is sent on, gRPC's
// in what the application's own object for a call holds, once that emits the metadata of the first answer. Until then, requests are told without a context.
"use strict";
const { hasMethods } = require("./bundles.cjs");
const Stamp = require("./stamp.cjs");

const own = (object, name) => typeof object === "function" && Object.hasOwn(object.prototype, name);

const SOUGHT = 2;

exports.create = (tracer) => {
  const { patch, bundles } = tracer;
  /** How many of undici's classes that queue are followed. */
  let pools = 0;
  /** Which of gRPC's classes are followed. */
  const grpcFollowed = { resolving: false, balancing: false };
  /** By class of undici's requests: whether its pools are followed, or have none that queues; `SOUGHT` of one that is to be looked for. */
  const undicis = new WeakMap();

  /** Whether a class that just made a request is that of Node's own undici, whose pools have no limit and so no queue: the frame that publishes says so. */
  function isNodesOwn() {
    const { stackTraceLimit } = Error;
    // An application may have frozen Error: then as many frames as there are have to do.
    Reflect.set(Error, "stackTraceLimit", 20);
    const frames = String(new Error().stack).split("\n");
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
    const publisher = frames[frames.findLastIndex((frame) => frame.includes("node:diagnostics_channel")) + 1];
    return publisher?.includes("node:internal/deps/undici/") === true;
  }

  function remember(object) {
    // What nobody asked for must not run in the context of a stranger either.
    const store = tracer.current();
    if (Object(object) === object && Stamp.get(object) === undefined) Stamp.set(object, store);
  }

  const recall = (object) => (Object(object) === object ? Stamp.get(object) : undefined);

  function followCall(prototype, resume) {
    if (!bundles.isNew(prototype)) return;
    patch.before(prototype, "start", (call) => remember(call));
    patch.within(prototype, resume, (call) => recall(call) ?? tracer.outside);
  }

  function followResolvingCall(prototype) {
    followCall(prototype, "getConfig");
    grpcFollowed.resolving = true;
  }

  function followBalancingCall(prototype) {
    followCall(prototype, "doPick");
    grpcFollowed.balancing = true;
  }

  const isGrpcFollowed = () => grpcFollowed.resolving && grpcFollowed.balancing;
  const isGrpc = (headers) => /^(?:.* )?grpc-node-js\//.test(String(headers?.["user-agent"]));

  const symbolOf = (prototype, name) => Object.getOwnPropertySymbols(prototype).find(({ description }) => description === name);

  function followPool(prototype) {
    const dispatch = symbolOf(prototype, "dispatch");
    if (dispatch === undefined || !bundles.isNew(prototype)) return;
    pools++;
    patch.before(prototype, dispatch, (_pool, _options, handler) => remember(handler));
    // A new client begins with what waits, whoever asked for it.
    const addClient = symbolOf(prototype, "add client");
    if (addClient !== undefined) patch.within(prototype, addClient, () => tracer.outside);
  }

  function followDispatcher(prototype) {
    if (!bundles.isNew(prototype)) return;
    patch.within(prototype, "dispatch", (_dispatcher, _options, handler) => recall(handler));
    // A client that is free again: a pool sends what waits.
    patch.within(prototype, "emit", (_dispatcher, event) => (event === "drain" ? tracer.outside : undefined));
  }

  bundles.add((prototype) => {
    if (hasMethods(prototype, ["close", "destroy", "dispatch"])) followDispatcher(prototype);
    else if (symbolOf(prototype, "add client") !== undefined) followPool(prototype);
    else if (hasMethods(prototype, ["start", "getConfig", "getCallNumber"])) followResolvingCall(prototype);
    else if (hasMethods(prototype, ["start", "doPick", "getCallNumber"])) followBalancingCall(prototype);
    return undefined;
  });

  return {
    /** Follows a file of a library, where it is what we know. Returns whether the path is one of ours. */
    follow(path, exports) {
      if (/[\\/]@grpc[\\/]/.test(path)) {
        if (own(exports.ResolvingCall, "getConfig")) followResolvingCall(exports.ResolvingCall.prototype);
        if (own(exports.LoadBalancingCall, "doPick")) followBalancingCall(exports.LoadBalancingCall.prototype);
        return true;
      }
      if (/[\\/]undici[\\/]/.test(path)) {
        if (path.endsWith("request.js")) undicis.set(exports, true);
        else if (typeof exports.PoolBase === "function") followPool(exports.PoolBase.prototype);
        else if (own(exports, "dispatch")) followDispatcher(exports.prototype);
        return true;
      }
      return false;
    },
    /** Whether the current context is that of who asked for this request of undici. Call while it is created. */
    isUndiciFollowed({ constructor: type }) {
      if (!undicis.has(type)) undicis.set(type, isNodesOwn() || SOUGHT);
      return undicis.get(type) === true;
    },
    /** A request of undici's is sent. Where it is of a class that nobody follows, the classes around the socket are looked for, once. */
    onUndiciSend({ constructor: type }, socket) {
      if (undicis.get(type) !== SOUGHT) return;
      const before = pools;
      bundles.search(socket, () => pools > before);
      undicis.set(type, pools > before);
    },
    /** Whether the current context is that of who asked for the HTTP/2 request with these headers. */
    isStreamFollowed: (headers) => isGrpcFollowed() || !isGrpc(headers),
    /** A stream is about to pass on the head of an answer. Where that is for a call of a gRPC that nobody follows, its classes are looked for. */
    onStreamAnswer(stream) {
      if (isGrpcFollowed() || !isGrpc(stream.sentHeaders) || !bundles.mayWatch()) return;
      bundles.watch(stream, "metadata", (call) => bundles.lookBelow(call, ["call", "nextCall", "child", "underlyingCalls"]));
    },
  };
};
