// A web application for the tests, an ES module that knows nothing of tracing. Says its ports as JSON; ends on SIGTERM.
//   /inner  answers; /http /fetch /tls /post call it once; /slow never answers; /fork /worker /cluster have another process or thread call it;
//   /upgrade and /dispatch upgrade a connection, by http and by undici, and echo ten bytes over it
import { fork } from "node:child_process";
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const file = fileURLToPath(import.meta.url);

function get(client, options) {
  return new Promise((resolve, reject) => {
    const request = client.request({ host: "127.0.0.1", ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

/** Sends ten bytes, one by one, each when the one before has come back. */
function echo(socket, resolve) {
  let left = 10;
  socket.on("data", () => (--left > 0 ? socket.write("x") : socket.destroy()));
  socket.on("close", () => resolve("echoed"));
  socket.write("x");
}

async function main(key, cert) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const tlsAgent = new https.Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false });
  let port;
  let tlsPort;
  const answer = async (request, path) => {
    switch (path) {
      case "/inner": {
        let bytes = 0;
        for await (const chunk of request) bytes += chunk.length;
        return `inner ${bytes}`;
      }
      case "/http":
        return get(http, { port, agent, path: "/inner?secret=1" });
      case "/fetch":
        return (await fetch(`http://127.0.0.1:${port}/inner?secret=1`)).text();
      case "/tls":
        return get(https, { port: tlsPort, agent: tlsAgent, path: "/inner" });
      case "/post":
        return get(http, { port, agent, path: "/inner", method: "POST", body: "é".repeat(50_000) });
      case "/upgrade":
        return new Promise((resolve) => {
          const headers = { connection: "upgrade", upgrade: "echo" };
          const upgrading = http.request({ host: "127.0.0.1", port, path: "/echo", headers });
          upgrading.on("upgrade", (_, socket) => echo(socket, resolve)).end();
        });
      case "/dispatch": {
        await fetch(`http://127.0.0.1:${port}/inner`).then((response) => response.text());
        const dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")];
        return new Promise((resolve, reject) => {
          const onUpgrade = (_status, _headers, socket) => echo(socket, resolve);
          const handler = { onConnect: () => undefined, onError: reject, onUpgrade };
          dispatcher.dispatch({ origin: `http://127.0.0.1:${port}`, path: "/echo", method: "GET", upgrade: "echo" }, handler);
        });
      }
      case "/slow":
        return new Promise(() => undefined);
      case "/fork":
        return new Promise((resolve) => fork(file, ["call", String(port)]).on("close", () => resolve("forked")));
      case "/worker":
        return new Promise((resolve) => new Worker(file, { workerData: { port } }).on("exit", () => resolve("worker")));
      case "/cluster":
        return new Promise((resolve) => {
          cluster.setupPrimary({ exec: file, args: ["call", String(port)] });
          cluster.fork().on("exit", () => resolve("cluster"));
        });
      default:
        return undefined;
    }
  };
  const listener = async (request, response) => {
    const text = await answer(request, request.url.split("?")[0]);
    response.statusCode = text === undefined ? 404 : 200;
    response.end(text);
  };
  const server = http.createServer(listener).listen(0, "127.0.0.1", () => {
    port = server.address().port;
    const tlsServer = https.createServer({ key, cert }, listener).listen(0, "127.0.0.1", () => {
      tlsPort = tlsServer.address().port;
      process.stdout.write(`${JSON.stringify({ port })}\n`);
    });
  });
  server.on("upgrade", (_, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    socket.pipe(socket).on("error", () => socket.destroy());
  });
  process.on("SIGTERM", () => process.exit(0));
}

if (!isMainThread) await get(http, { port: workerData.port, path: "/inner" });
else if (process.argv[2] === "call") {
  await get(http, { port: Number(process.argv[3]), path: "/inner" });
  process.exit(0);
} else await main(readFileSync(process.argv[2]), readFileSync(process.argv[3]));
