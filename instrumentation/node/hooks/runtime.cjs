// Who this thread is, and what holds its event loop up: iterations and garbage collections (natively, in the addon), and host name look-ups (as Node measures
// them; it tells of them a moment later). Collections too are as Node measures them where V8 tells the addon of none.
"use strict";
const cluster = require("node:cluster");
const { PerformanceObserver, performance } = require("node:perf_hooks");
const { basename } = require("node:path");
const { threadId } = require("node:worker_threads");

exports.create = (tracer, addon, bits) => {
  let observer;
  let isLoopWatched = false;
  let areCollectionsWatched = false;

  function describe() {
    const script = process.argv[1] ?? "";
    const service = process.env.STORESCOPE_SERVICE ?? process.env.npm_package_name ?? basename(script);
    tracer.emit.process_info(threadId, cluster.worker?.id ?? 0, process.version, script, service);
  }

  const observe = tracer.guard((list) => {
    // performance.now() counts from an origin of its own; both clocks are CLOCK_MONOTONIC.
    const origin = Number(process.hrtime.bigint()) - performance.now() * 1e6;
    for (const entry of list.getEntries()) {
      const start = Math.round(origin + entry.startTime * 1e6);
      const duration = Math.round(entry.duration * 1e6);
      if (entry.entryType === "gc") tracer.emit.gc(entry.detail?.kind ?? 0, start, duration);
      else if (entry.name === "lookup") tracer.emit.dns(start, duration, entry.detail?.hostname ?? "");
    }
  });

  return {
    update(mask, isNewSession) {
      if (isNewSession) describe();
      const watchCollections = (mask & bits.gc) !== 0;
      if (watchCollections !== areCollectionsWatched) areCollectionsWatched = addon.watchCollections(watchCollections);
      const wanted = [...(watchCollections && !areCollectionsWatched ? ["gc"] : []), ...(mask & bits.dns ? ["dns"] : [])];
      observer?.disconnect();
      observer = undefined;
      if (wanted.length > 0) {
        observer = new PerformanceObserver(observe);
        observer.observe({ entryTypes: wanted });
      }
      const watch = (mask & bits.loop_iteration) !== 0;
      if (watch !== isLoopWatched) addon.watchLoop(watch);
      isLoopWatched = watch;
    },
    stop() {
      observer?.disconnect();
      observer = undefined;
      if (isLoopWatched) addon.watchLoop(false);
      isLoopWatched = false;
      if (areCollectionsWatched) addon.watchCollections(false);
      areCollectionsWatched = false;
    },
  };
};
