// Requests that a library queues before they are sent: until a connection is made, a name is resolved, a pool has one free. Whoever ends the wait sends them, in
// the context of a stranger. So the library's own object for the request is followed, and what sends it runs in the context that it was asked for in:
//
//     asked, in its context                                 sent, after a wait
//     undici   Pool.dispatch(): the handler --------------> Client.dispatch() of the same handler
//     grpc-js  ResolvingCall.start(), the call -----------> getConfig(): LoadBalancingCall.start(), the attempt --> doPick()
"use strict";
const Stamp = require("./stamp.cjs");

const own = (object, name) => typeof object === "function" && Object.hasOwn(object.prototype, name);

exports.create = (tracer) => {
  const { patch } = tracer;

  function remember(object) {
    const store = tracer.storage.getStore();
    if (store !== undefined && Object(object) === object && Stamp.get(object) === undefined) Stamp.set(object, store);
  }

  const recall = (object) => (Object(object) === object ? Stamp.get(object) : undefined);

  function followCall(prototype, resume) {
    patch.before(prototype, "start", (call) => remember(call));
    patch.within(prototype, resume, (call) => recall(call));
  }

  function followPool(prototype) {
    const dispatch = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === "dispatch");
    if (dispatch !== undefined) patch.before(prototype, dispatch, (_pool, [, handler]) => remember(handler));
  }

  return {
    /** Follows a file of a library, where it is what we know. Returns whether the path is one of ours. */
    follow(path, exports) {
      if (/[\\/]@grpc[\\/]/.test(path)) {
        if (own(exports.ResolvingCall, "getConfig")) followCall(exports.ResolvingCall.prototype, "getConfig");
        if (own(exports.LoadBalancingCall, "doPick")) followCall(exports.LoadBalancingCall.prototype, "doPick");
        return true;
      }
      if (/[\\/]undici[\\/]/.test(path)) {
        if (typeof exports.PoolBase === "function") followPool(exports.PoolBase.prototype);
        else if (own(exports, "dispatch")) patch.within(exports.prototype, "dispatch", (_dispatcher, [, handler]) => recall(handler));
        return true;
      }
      return false;
    },
  };
};
