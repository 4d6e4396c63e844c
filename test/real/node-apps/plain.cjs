// An application whose whole behaviour is its output: a server that calls itself, worker threads (some stopped abruptly), and what the arguments ask for.
"use strict";
const http = require("node:http");
const net = require("node:net");
const { Worker } = require("node:worker_threads");

const wishes = process.argv.slice(2);
if (wishes.includes("freeze")) {
  // Node assigns to these streams when they are first used.
  process.stdout.write("");
  process.stderr.write("");
  Object.freeze(net.Socket.prototype);
  Object.freeze(Error);
}
if (wishes.includes("replace")) {
  const { write } = net.Socket.prototype;
  net.Socket.prototype.write = function (...args) {
    return write.apply(this, args);
  };
}
const server = http.createServer((request, response) => {
  if (request.url === "/inner") return response.end("inner");
  http.get({ host: "127.0.0.1", port: server.address().port, path: "/inner" }, (inner) => {
    inner.pipe(response);
  });
});
if (wishes.includes("sabotage")) {
  // Whoever looks at these, it is not the application.
  const get = () => {
    throw new Error("nobody asks");
  };
  server.on("connection", (socket) => Object.defineProperties(socket, { bytesRead: { get }, bytesWritten: { get } }));
}
server.listen(0, "127.0.0.1", async () => {
  for (let i = 0; i < 20; i++) {
    const text = await (await fetch(`http://127.0.0.1:${server.address().port}/outer`)).text();
    console.log(text);
  }
  const storm = wishes.includes("storm") ? 24 : 0;
  const codes = await Promise.all(
    Array.from({ length: storm }, (_, i) => {
      const worker = new Worker(i % 2 === 0 ? "require('node:http')" : "setInterval(() => {}, 1000)", { eval: true });
      if (i % 2 === 1) setTimeout(() => worker.terminate(), i);
      return new Promise((resolve) => worker.on("exit", (code) => resolve(i % 2 === 0 ? code : "stopped")));
    }),
  );
  console.log(codes.join(" "));
  const { Module } = require("node:module");
  const { value, ...flags } = Object.getOwnPropertyDescriptor(Module.prototype, "_compile");
  console.log(JSON.stringify([value.name, value.length, flags]));
  console.error(Object.keys(new net.Socket()).includes("storescope") ? "seen" : "unseen");
  server.close();
  server.closeAllConnections();
});
