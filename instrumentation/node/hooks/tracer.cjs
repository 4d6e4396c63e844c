// The tracer of one JavaScript thread: what all hooks share, and switching on and off.
//
//     sockets.cjs   connections and their byte streams          http.cjs   requests, in and out
//     stores.cjs    commands of Redis clients                   http2.cjs  the same of HTTP/2 and gRPC
//     runtime.cjs   event loop, garbage collector, DNS
//
// Hooks look at `tracer.isOn` first and change nothing while it is false. A hook that throws switches the thread's tracing off for good, and the trace says so:
// `fail`.
"use strict";
const { Context, create: createContexts } = require("./contexts.cjs");
const { bits, emitters } = require("./emit.cjs");

/** What failed and in which line of ours. Nothing of the message: it may be the application's. */
function place(error) {
  const [, name = "error"] = /^([A-Za-z]{1,40})\b/.exec(String(error?.name)) ?? [];
  const own =
    String(error?.stack)
      .split("\n")
      .find((frame) => frame.includes(__dirname)) ?? "";
  const [, line = "an unknown place"] = /([\w-]+\.cjs:\d+):\d+\)?$/.exec(own) ?? [];
  return `${name} at ${line}`;
}

/** `now` is the clock of events: that of performance.now(), whatever the application does to it later. */
exports.create = (addon, now, debug) => {
  const { emit, tellAtOnce } = emitters(addon, now);
  const contexts = createContexts();
  let ids = 0;
  let isBroken = false;
  const parts = [];

  const tracer = {
    isOn: false,
    /** Counts sessions: what is told once per session has been told in this one when its number equals it. */
    epoch: 0,
    emit,
    /** The clock of events. */
    now,
    /** The contexts below which code runs, as an AsyncLocalStorage. */
    storage: contexts.storage,
    /** From here on, code runs in this context. */
    enter: contexts.enter,
    /** Runs `task` in a context. */
    run: contexts.run,
    /** The context of callbacks of which nothing is known: a connection's, say, that many requests share. */
    outside: new Context(0),
    /** An id for a connection, context or request: unique in this thread. */
    nextId: () => ++ids,
    /** The current context; `outside` where there is none. */
    current: () => contexts.current() ?? tracer.outside,
    /** Id of the current context; 0 outside of any. */
    currentId: () => tracer.current().id,
    /** Called when a hook of ours threw. */
    fail(error) {
      try {
        if (tracer.isOn && !isBroken) tracer.emit.tracing_end(place(error));
      } catch {
        // An error that cannot be looked at: its thread ends untold.
      }
      isBroken = true;
      debug(error);
      switchOff();
    },
    /** Runs our part of a patched method, which must not fail the application's call. */
    attempt(part, ...args) {
      try {
        return part(...args);
      } catch (error) {
        tracer.fail(error);
        return undefined;
      }
    },
    /** Wraps a function of one argument whose failure must not reach the application. */
    guard: (handler) => (value) => {
      if (!tracer.isOn) return;
      try {
        handler(value);
      } catch (error) {
        tracer.fail(error);
      }
    },
    /** Follows a library's file that was loaded. */
    follow: (path, exports) => stores.follow(path, exports),
    /** What is recorded has changed. */
    update(mask, isNewSession) {
      if (isBroken) return;
      if (mask === 0) return switchOff();
      // Whoever records single bytes reads the trace with tools that know an event's own time only.
      tellAtOnce((mask & bits.socket_write) !== 0);
      if (isNewSession) tracer.epoch++;
      if (!tracer.isOn) {
        tracer.isOn = true;
        for (const part of parts) part.start?.();
      }
      for (const part of parts) part.update?.(mask, isNewSession);
    },
  };

  function switchOff() {
    if (!tracer.isOn) return;
    tracer.isOn = false;
    for (const part of parts) {
      try {
        part.stop();
      } catch (error) {
        debug(error);
      }
    }
    contexts.storage.disable();
  }

  tracer.patch = require("./patch.cjs").create(tracer, contexts);
  tracer.bundles = require("./bundles.cjs").create(tracer);
  const queues = require("./queues.cjs").create(tracer);
  const stores = require("./stores.cjs").create(tracer, queues);
  const http = require("./http.cjs").create(tracer, queues);
  const http2 = require("./http2.cjs").create(tracer, queues);
  const sockets = require("./sockets.cjs").create(tracer, http, stores, http2);
  http.useSockets(sockets);
  http2.useSockets(sockets);
  parts.push(require("./runtime.cjs").create(tracer, addon, bits), sockets, http, http2, stores);
  return tracer;
};
