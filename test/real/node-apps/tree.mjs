// Three processes that call each other in trees drawn from a seed: `tree.mjs STORE_PORT SEED TREES`. A request /node/PATH does what plan(seed, PATH) says: its
// children, at once or one after the other, and a command of the store before or after. Asks for all trees, some at a time, and ends.
import { fork } from "node:child_process";
import http from "node:http";
import { fileURLToPath } from "node:url";
import Redis from "ioredis";
import { plan } from "./tree-plan.mjs";

const [storePort, seed, trees, mode] = process.argv.slice(2);
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
// Without a limit: trees that wait for each other over few connections could wait for ever.
const agent = new http.Agent({ keepAlive: true });
const get = (port, path) =>
  new Promise((resolve, reject) => {
    http.get({ host: "127.0.0.1", port, path, agent }, (response) => response.resume().on("end", resolve)).on("error", reject);
  });

if (mode === "serve") {
  const redis = new Redis({ port: Number(storePort) });
  let ports = [];
  const server = http.createServer(async (request, response) => {
    const path = request.url.split("/")[2];
    const { children, isParallel, command } = plan(Number(seed), path);
    if (command === "get") await redis.get(path);
    const ask = ({ process: at, path: child }) => get(ports[at], `/node/${child}`);
    if (isParallel) await Promise.all(children.map(ask));
    else for (const child of children) await ask(child);
    if (command === "set") await redis.set(path, "1");
    response.end(path);
  });
  process.send(await listen(server));
  process.on("message", (all) => {
    ports = all;
    process.send("ready");
  });
  process.on("disconnect", () => process.exit(0));
} else {
  const answer = (child) => new Promise((resolve) => child.once("message", resolve));
  const children = Array.from({ length: 3 }, (_, i) =>
    fork(fileURLToPath(import.meta.url), [storePort, seed, trees, "serve"], { env: { ...process.env, STORESCOPE_SERVICE: `tree-${i}` } }),
  );
  const ports = await Promise.all(children.map(answer));
  await Promise.all(
    children.map((child) => {
      const ready = answer(child);
      child.send(ports);
      return ready;
    }),
  );
  await Promise.all(Array.from({ length: Number(trees) }, (_, i) => get(ports[i % 3], `/node/${i}`)));
  for (const child of children) child.disconnect();
  agent.destroy();
}
