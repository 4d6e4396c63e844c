// Collects garbage, and prints what Node says of it, with absolute times (ns, CLOCK_MONOTONIC): in the main thread and in a worker. Needs --expose-gc.
"use strict";
const { PerformanceObserver, performance } = require("node:perf_hooks");
const { isMainThread, threadId, Worker } = require("node:worker_threads");

const origin = Number(process.hrtime.bigint()) - performance.now() * 1e6;
const entries = [];
const observer = new PerformanceObserver((list) => {
  for (const { detail, startTime, duration } of list.getEntries())
    entries.push({ kind: detail.kind, start: Math.round(origin + startTime * 1e6), duration: Math.round(duration * 1e6) });
});
observer.observe({ entryTypes: ["gc"] });
const kept = [];
let rounds = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 50_000; i++) kept[i % 1000] = { rounds, i };
  gc();
  if (++rounds < 5) return;
  clearInterval(timer);
  setTimeout(() => {
    console.log(JSON.stringify({ thread: threadId, entries }));
    if (isMainThread) new Worker(__filename);
  }, 50);
}, 20);
