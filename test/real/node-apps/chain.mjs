// Two services and a store, for the tests of flows: `chain.mjs STORE_PORT`. The outer one, asked for /order/N, calls the inner one (another process) twice, for
// odd N at the same time; /item there is two commands one after the other, /user three in a pipeline. Loads itself over plain sockets, and ends.
import { fork } from "node:child_process";
import http from "node:http";
import net from "node:net";
import { fileURLToPath } from "node:url";
import Redis from "ioredis";

// CHAIN_GETS: /item asks so often, one after the other; CHAIN_BLOCK_MS: and computes for so long, for the seventh order.
const gets = Number(process.env.CHAIN_GETS ?? 1);
const blockMs = Number(process.env.CHAIN_BLOCK_MS ?? 0);
const clients = 8;
const perClient = 5;
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

function block(ms) {
  for (const end = performance.now() + ms; performance.now() < end; );
}

async function inner(storePort) {
  const redis = new Redis({ port: storePort });
  const server = http.createServer(async (request, response) => {
    const [, what, key] = request.url.split("/");
    if (what === "item") {
      await redis.set(key, "1");
      for (let i = 0; i < gets; i++) await redis.get(key);
      if (key === "7") block(blockMs);
    } else await redis.pipeline().incr(`n${key}`).get(key).exists(key).exec();
    response.end(what);
  });
  process.send(await listen(server));
  process.on("disconnect", () => process.exit(0));
}

async function outer(storePort) {
  const child = fork(fileURLToPath(import.meta.url), [storePort, "inner"]);
  const port = await new Promise((resolve) => child.once("message", resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const get = (path) =>
    new Promise((resolve, reject) => {
      const request = http.get({ host: "127.0.0.1", port, path, agent }, (response) => response.resume().on("end", resolve));
      request.on("error", reject);
    });
  const server = http.createServer(async (request, response) => {
    const number = Number.parseInt(request.url.split("/")[2], 10);
    if (number % 2 === 0) {
      await get(`/item/${number}`);
      await get(`/user/${number}`);
    } else await Promise.all([get(`/item/${number}`), get(`/user/${number}`)]);
    response.end("x".repeat(number * 3000));
  });
  const own = await listen(server);
  await Promise.all(Array.from({ length: clients }, (_, client) => load(own, client)));
  agent.destroy();
  child.disconnect();
  server.close();
}

/** Asks one request after the other over one connection. */
function load(port, client) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let number = client * perClient;
    let head = "";
    let left = 0;
    const ask = () => socket.write(`GET /order/${number}?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.on("data", (chunk) => {
      if (left === 0) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        left = Number(/content-length: (\d+)/i.exec(head)[1]) - (head.length - end - 4);
        head = "";
      } else left -= chunk.length;
      if (left > 0) return;
      if (++number < (client + 1) * perClient) return ask();
      socket.end(resolve);
    });
    socket.on("error", reject);
    ask();
  });
}

await (process.argv[3] === "inner" ? inner : outer)(process.argv[2]);
