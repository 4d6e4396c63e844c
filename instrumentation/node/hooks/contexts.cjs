// The context that code runs in, which Node carries along callbacks and promises: AsyncLocalStorage, and what is below it where that is cheaper.
//
// Since Node 24, what Node carries is a frame: a Map from each AsyncLocalStorage to its value, copied for each entering. All that Node and other storages do with the
// current frame is to ask it for a value, and to copy it. So a context of ours is a frame by itself, with one value, itself: to enter it makes nothing and copies
// nothing. Where somebody else's values are in the frame already, ours goes in beside them, by the AsyncLocalStorage.
"use strict";
const { AsyncLocalStorage, AsyncResource } = require("node:async_hooks");

const storage = new AsyncLocalStorage();

/** A context. A server's request of HTTP/1 has its messages in it, until it is answered. */
exports.Context = class Context {
  #isOurs = true;

  constructor(id, request, response) {
    this.id = id;
    this.request = request;
    this.response = response;
    this.route = "";
  }

  // As a frame: what Node calls.

  has(key) {
    return key === storage;
  }

  get(key) {
    return key === storage ? this : undefined;
  }

  *[Symbol.iterator]() {
    yield [storage, this];
  }

  /** Somebody else's storage is disabled: it has nothing here. */
  disable() {
    // Nothing to be done.
  }

  static is(frame) {
    return #isOurs in frame;
  }
};
const { Context } = exports;

/** How to get and to set what Node carries; undefined where it carries no frames, or where a frame of ours is not as good as one of its own. */
function frames() {
  try {
    // A resource has the frame that it was made in.
    const resource = new AsyncResource("storescope");
    const key = Object.getOwnPropertySymbols(resource).find(({ description }) => description === "context_frame");
    if (key === undefined) return undefined;
    const before = resource[key];
    const own = new Context(0);
    const { current, set } = storage.run(own, () => new AsyncResource("storescope")[key].constructor);
    try {
      const other = new AsyncLocalStorage();
      set(own);
      const isCarried = current() === own && storage.getStore() === own && other.getStore() === undefined;
      const isCopied = other.run(1, () => current() !== own && storage.getStore() === own && other.getStore() === 1);
      other.disable();
      return isCarried && isCopied && storage.getStore() === own ? { current, set } : undefined;
    } finally {
      set(before);
    }
  } catch {
    return undefined;
  }
}

/** By frames where that can be, by the AsyncLocalStorage where not. */
function carriers() {
  const found = frames();
  if (found === undefined)
    return {
      current: () => storage.getStore(),
      enter(context) {
        const before = storage.getStore();
        storage.enterWith(context);
        return before;
      },
      leave: (before) => storage.enterWith(before),
    };
  const { current, set } = found;
  /** Whether nobody else's values are in a frame. */
  const isOnlyOurs = (frame) => frame === undefined || Context.is(frame);
  const contextIn = (frame) => (isOnlyOurs(frame) ? frame : frame.get(storage));
  return {
    current: () => contextIn(current()),
    enter(context) {
      const before = current();
      if (isOnlyOurs(before)) set(context);
      else storage.enterWith(context);
      return before;
    },
    // What others entered meanwhile stays, as it would without us.
    leave(before) {
      if (isOnlyOurs(before) && isOnlyOurs(current())) set(before);
      else storage.enterWith(contextIn(before));
    },
  };
}

/**
 * `current()`: the context below which code runs; undefined outside of any. `enter(context)` returns what `leave` is given to go back to where it was;
 * `run(context, task)` does both. `storage`: for those who want an AsyncLocalStorage; its values are the contexts.
 */
exports.create = () => {
  const { current, enter, leave } = carriers();
  return {
    storage,
    current,
    enter,
    leave,
    run(context, task) {
      const before = enter(context);
      try {
        return task();
      } finally {
        leave(before);
      }
    },
  };
};
