// Libraries that have no file of their own, because a bundler put them into the application's: their classes are looked for in closures (closures.cjs), for all that
// follow some.
"use strict";
const closures = require("./closures.cjs");

/**
 * How often a thread looks for a library, in closures and in what passes an answer on: the former takes some 10 ms, and an application's own client is never found.
 * With STORESCOPE_CLOSURES=0 it does not look at all.
 */
const mostSearches = process.env.STORESCOPE_CLOSURES === "0" ? 0 : 8;

exports.create = (tracer) => {
  /** Each is given every class that is found. */
  const followers = [];
  /** Prototypes that are followed: a bundle may be reached from many places. */
  const followed = new WeakSet();
  /** What listens to the emitters that were searched from: the next one of the same code leads to the same classes. */
  const searched = new Set();
  let watches = 0;

  function onClass(prototype, variablesOf) {
    for (const follow of followers) {
      const further = follow(prototype, variablesOf);
      if (further !== undefined) return further;
    }
    return undefined;
  }

  /** Searches from an emitter, until `isDone()`. */
  function search(emitter, isDone) {
    if (searched.size >= mostSearches) return;
    const code = closures.codeAround(emitter);
    if (searched.has(code)) return;
    searched.add(code);
    try {
      closures.search(emitter, onClass, isDone);
    } catch {
      // No inspector here, or none for us: what a bundle does is told without a context.
    }
  }

  return {
    search,
    /** Whether another emitter should be looked for, by `watch`. */
    mayWatch: () => watches++ < mostSearches,
    /** Calls `onEmitter` with who is the next to emit such an event, before the next microtask: it passes on what the socket, or stream, is about to emit. */
    watch: (socket, event, onEmitter) => closures.watch(socket, event, tracer.guard(onEmitter)),
    /** Follows classes of objects that an emitter holds in properties of these names. */
    lookBelow: (emitter, names) => closures.classesBelow(emitter, names, (prototype) => onClass(prototype)),
    /**
     * Adds a follower: `follow(prototype, variablesOf)` follows a class if it is one it knows by its methods: they keep their names, also in a minified bundle. It returns a
     * method to look further from, if any.
     */
    add: (follow) => void followers.push(follow),
    /** Whether a prototype was not followed yet; it is from now on. */
    isNew(prototype) {
      if (followed.has(prototype)) return false;
      followed.add(prototype);
      return true;
    },
  };
};

/** Whether a class has these methods itself. */
exports.hasMethods = closures.hasMethods;
