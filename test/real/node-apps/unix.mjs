// Services that speak over UNIX domain sockets: `unix.mjs STORE_SOCKET HTTP_SOCKET`. A gateway asks a service over HTTP_SOCKET, which asks the store over
// STORE_SOCKET; the gateway asks the store as well. Asks itself twenty times over TCP, and ends.
import http from "node:http";
import Redis from "ioredis";

const [storePath, socketPath] = process.argv.slice(2);
const store = new Redis({ path: storePath });
const get = (options) =>
  new Promise((resolve, reject) => {
    http.get(options, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
const service = http.createServer(async (_, response) => {
  await store.set("key", "1");
  response.end("ok");
});
await new Promise((resolve) => service.listen(socketPath, resolve));
const agent = new http.Agent({ keepAlive: true });
const gateway = http.createServer(async (_, response) => {
  await get({ socketPath, path: "/inner", agent });
  await store.get("key");
  response.end("ok");
});
await new Promise((resolve) => gateway.listen(0, "127.0.0.1", resolve));
for (let i = 0; i < 20; i++) await get({ host: "127.0.0.1", port: gateway.address().port, path: `/outer/${i}`, agent });
process.exit(0);
