// In front of, and behind, a Python service, for the test of flows: `python-front.mjs PYTHON STORE_PORT REQUESTS`. Asked for /front/N it asks Python's /task/N, for
// odd N at the same time /plain/N; Python asks its /inner/N for every third. Loads itself, 16 at a time, and ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";
import Redis from "ioredis";

const [, , python, storePort, requests] = process.argv;
const agent = new http.Agent({ keepAlive: true });
const redis = new Redis({ port: Number(storePort) });
const get = (port, path) =>
  new Promise((resolve, reject) => {
    http.get({ host: "127.0.0.1", port, path, agent }, (response) => response.resume().on("end", resolve)).on("error", reject);
  });

let pythonPort = 0;
const server = http.createServer(async (request, response) => {
  const [, what, number] = request.url.split("?")[0].split("/");
  if (what === "inner") await redis.incr(`n${"x".repeat(Number(number))}`);
  else await Promise.all([get(pythonPort, `/task/${number}`), ...(number % 2 === 1 ? [get(pythonPort, `/plain/${number}`)] : [])]);
  response.end("done");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
const service = spawn(python, [fileURLToPath(new URL("../python-apps/service.py", import.meta.url)), storePort, String(port)], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, STORESCOPE_SERVICE: "python-service" },
});
pythonPort = Number((await once(service.stdout, "data"))[0]);
let next = 0;
const client = async () => {
  while (next < Number(requests)) await get(port, `/front/${next++}`);
};
await Promise.all(Array.from({ length: 16 }, client));
service.kill();
await once(service, "exit");
agent.destroy();
server.close();
redis.disconnect();
