// A service with a cluster client whose slot map is wrong again and again, and a slot that moves while it is used: `redirects.mjs PORT PORT PORT ioredis|redis`.
// Request N uses keys as long as N says, so a command's length tells whose it was. Says how often the client was answered MOVED and ASK, as JSON.
import http from "node:http";
import Redis from "ioredis";
import { createCluster } from "redis";

const ports = process.argv.slice(2, 5).map(Number);
const host = "127.0.0.1";
const admins = ports.map((port) => new Redis({ host, port }));
const counts = { moved: 0, ask: 0 };
const count = (error) => {
  const [kind] = error.message.split(" ", 1);
  if (kind === "MOVED") counts.moved++;
  if (kind === "ASK") counts.ask++;
};

/** `forget(N)` makes the client believe that every slot is on one node. */
async function openIoredis() {
  const cluster = new Redis.Cluster(ports.map((port) => ({ host, port })));
  await new Promise((resolve) => cluster.once("ready", resolve));
  const { handleError } = cluster;
  cluster.handleError = function (error, ...rest) {
    count(error);
    return handleError.call(this, error, ...rest);
  };
  return {
    cluster,
    forget(number) {
      for (let slot = 0; slot < 16384; slot++) cluster.slots[slot] = [`${host}:${ports[number % 3]}`];
    },
    close: () => cluster.disconnect(),
  };
}
async function openNodeRedis() {
  const cluster = createCluster({ rootNodes: ports.map((port) => ({ socket: { host, port } })) });
  await cluster.connect();
  // Its clients count: the cluster hides what it follows.
  for (const master of cluster.masters) {
    const client = await cluster.nodeClient(master);
    const { sendCommand } = client;
    client.sendCommand = function (...args) {
      const reply = sendCommand.apply(this, args);
      reply.catch(count);
      return reply;
    };
  }
  return {
    cluster,
    forget: (number) => cluster.slots.fill({ master: cluster.masters[number % 3], replicas: [] }),
    close: () => cluster.destroy(),
  };
}
const { cluster, forget, close } = await (process.argv[5] === "redis" ? openNodeRedis() : openIoredis());

const server = http.createServer(async (request, response) => {
  const [, path, rest] = request.url.split("/");
  const number = Number(rest);
  const key = `${path === "do" ? "key" : "{moving}"}${"x".repeat(number)}`;
  if (path === "do") forget(number);
  await cluster.set(key, "1");
  if (path === "do") forget(number + 1);
  await Promise.all([cluster.get(key), cluster.append(`${key}-other`, "2"), cluster.incr(`${key}-third`)]);
  await cluster.get(key);
  response.end("ok");
});
await new Promise((resolve) => server.listen(0, host, resolve));
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const ask = (path) =>
  new Promise((resolve, reject) => {
    http.get({ host, port: server.address().port, path, agent }, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
await Promise.all(Array.from({ length: 200 }, (_, number) => ask(`/do/${number}`)));

// A real migration: what is not there yet is asked for at the other node.
const slot = await admins[0].cluster("KEYSLOT", "{moving}");
const source = Math.min(2, Math.floor(slot / 5461));
const target = (source + 1) % 3;
const ids = await Promise.all(admins.map((admin) => admin.cluster("MYID")));
await admins[target].cluster("SETSLOT", slot, "IMPORTING", ids[source]);
await admins[source].cluster("SETSLOT", slot, "MIGRATING", ids[target]);
await Promise.all(Array.from({ length: 40 }, (_, number) => ask(`/moving/${number}`)));
for (const node of [target, source, 3 - target - source]) await admins[node].cluster("SETSLOT", slot, "NODE", ids[target]);
await Promise.all(Array.from({ length: 40 }, (_, number) => ask(`/moved/${number + 40}`)));

process.stdout.write(`${JSON.stringify(counts)}\n`);
agent.destroy();
server.close();
close();
for (const client of admins) client.disconnect();
