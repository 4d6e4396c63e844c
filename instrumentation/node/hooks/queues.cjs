// Requests that a library queues before they are sent: until a connection is made, a name is resolved, a pool has one free. Whoever ends the wait sends them, in
// the context of a stranger. So the library's own object for the request is followed, and what sends it runs in the context that it was asked for in:
//
//     asked, in its context                                 sent, after a wait
//     undici   Pool.dispatch(): the handler --------------> Client.dispatch() of the same handler
//     grpc-js  ResolvingCall.start(), the call -----------> getConfig(): LoadBalancingCall.start(), the attempt --> doPick()
//
// A library that is bundled into the application has no such file. Its requests are told without a context: the one that they are sent in may be a stranger's.
"use strict";
const Stamp = require("./stamp.cjs");

const own = (object, name) => typeof object === "function" && Object.hasOwn(object.prototype, name);

exports.create = (tracer) => {
  const { patch } = tracer;
  let isGrpcFollowed = false;
  /** Whether it is followed, by class of undici's requests. */
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
    patch.before(prototype, "start", (call) => remember(call));
    patch.within(prototype, resume, (call) => recall(call));
  }

  function followPool(prototype) {
    const dispatch = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === "dispatch");
    if (dispatch !== undefined) patch.before(prototype, dispatch, (_pool, _options, handler) => remember(handler));
  }

  return {
    /** Follows a file of a library, where it is what we know. Returns whether the path is one of ours. */
    follow(path, exports) {
      if (/[\\/]@grpc[\\/]/.test(path)) {
        if (own(exports.ResolvingCall, "getConfig")) followCall(exports.ResolvingCall.prototype, "getConfig");
        if (own(exports.LoadBalancingCall, "doPick")) {
          followCall(exports.LoadBalancingCall.prototype, "doPick");
          isGrpcFollowed = true;
        }
        return true;
      }
      if (/[\\/]undici[\\/]/.test(path)) {
        if (path.endsWith("request.js")) undicis.set(exports, true);
        else if (typeof exports.PoolBase === "function") followPool(exports.PoolBase.prototype);
        else if (own(exports, "dispatch")) patch.within(exports.prototype, "dispatch", (_dispatcher, _options, handler) => recall(handler));
        return true;
      }
      return false;
    },
    /** Whether the current context is that of who asked for this request of undici. Call while it is created. */
    isUndiciFollowed(request) {
      const known = undicis.get(request.constructor);
      if (known !== undefined) return known;
      const is = isNodesOwn();
      undicis.set(request.constructor, is);
      return is;
    },
    /** Whether the current context is that of who asked for the HTTP/2 request with these headers. */
    isStreamFollowed: (headers) => isGrpcFollowed || !/^(?:.* )?grpc-node-js\//.test(String(headers?.["user-agent"])),
  };
};
