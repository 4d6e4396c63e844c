// Storescope's preload for Node.js: `NODE_OPTIONS=--require=/path/to/preload.cjs node app.js` and nothing else.
//
// It loads the addon beside it, and waits. Until a session records the `node` provider's events, nothing of Node is changed, apart from one look at each
// loaded file's name (libraries that need following must be known before they are used). When one does, hooks/ are loaded and installed; when it ends, they
// become dead branches.
//
// Harmless comes first. Whatever is missing or fails here (no addon, no LTTng, another platform, a frozen prototype, a bug of ours), the application
// runs as without us, and nothing is printed: set STORESCOPE_DEBUG to see why. CommonJS, since --require runs before any loader and in every worker.
"use strict";

function debug(error) {
  if (process.env.STORESCOPE_DEBUG) process.stderr.write(`storescope: ${error?.stack ?? error}\n`);
}

/** Libraries to follow, by the end of their file's path. */
const followed = new RegExp(
  [
    "ioredis/built/[Cc]ommand",
    "iovalkey/built/[Cc]ommand",
    "redis/index",
    "@redis/client/dist/lib/client/(?:commands-queue|linked-list|pub-sub|RESP2/encoder)",
    "mysql2/lib/(?:base/)?(?:connection|pool)",
    "mysql2/lib/commands/command",
    "pg/lib/(?:client|query)",
    "pg-pool/index",
    "undici/lib/(?:core/request|(?:dispatcher/)?(?:pool|dispatcher)-base)",
    "@grpc/grpc-js/build/src/(?:resolving|load-balancing)-call",
  ]
    .map((path) => `/${path}\\.js$`)
    .join("|"),
);

/** Calls `onLoaded(path, exports)` for each file of a followed library, once it is loaded. Loaders all end in _compile; tsx replaces what is above it. */
function watchModules(onLoaded) {
  const { Module } = require("node:module");
  const { replace } = require("./hooks/patch.cjs");
  replace(
    Module.prototype,
    "_compile",
    (original) =>
      function (...args) {
        const result = Reflect.apply(original, this, args);
        if (typeof args[1] === "string" && args[1].endsWith(".js") && followed.test(args[1])) {
          try {
            onLoaded(args[1], this.exports);
          } catch (error) {
            debug(error);
          }
        }
        return result;
      },
  );
}

function main() {
  // An addon that asks for a newer Node-API than there is crashes Node instead of failing.
  if (process.platform !== "linux" || !(Number(process.versions.napi) >= 8)) return;
  const { join } = require("node:path");
  const { performance } = require("node:perf_hooks");
  const now = performance.now.bind(performance);
  const addon = require("./storescope.node");
  if (!addon.open(join(__dirname, "libstorescope-node.so")))
    return debug("the provider library cannot be loaded (is liblttng-ust installed?)");

  const libraries = [];
  let tracer;
  const update = (mask, isNewSession) => {
    try {
      if (tracer === undefined && mask !== 0) {
        tracer = require("./hooks/tracer.cjs").create(addon, now, debug);
        for (const [path, exports] of libraries) tracer.follow(path, exports);
      }
      tracer?.update(mask, isNewSession);
    } catch (error) {
      debug(error);
    }
  };
  watchModules((path, exports) => {
    libraries.push([path, exports]);
    tracer?.follow(path, exports);
  });
  const mask = addon.start(update);
  if (mask) update(mask, true);
}

try {
  main();
} catch (error) {
  debug(error);
}
