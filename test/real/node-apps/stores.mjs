// An application that uses a store through several clients, each request below keys of its own: /CLIENT/KEY. Says its port as JSON; ends on SIGTERM.
import http from "node:http";
import net from "node:net";
import Redis from "ioredis";
import { createClient } from "redis";

const port = Number(process.argv[2]);
const io = new Redis({ port });
const auto = new Redis({ port, enableAutoPipelining: true });
const modern = createClient({ socket: { port } });
await modern.connect();
const subscriber = new Redis({ port });
const modernSubscriber = modern.duplicate();
await modernSubscriber.connect();
const consumer = new Redis({ port });
subscriber.on("message", (_channel, message) => void consumer.set(message, "1"));
await subscriber.subscribe("news");
await modernSubscriber.subscribe("letters", (message) => void consumer.set(message, "1"));

/** A client that nobody knows: commands of several requests share a connection. */
const raw = net.connect(port, "127.0.0.1");
const waiting = [];
raw.on("data", (chunk) => {
  for (const _ of chunk.toString().matchAll(/\r\n/g)) waiting.shift()?.();
});
const rawSet = (key) =>
  new Promise((resolve) => {
    waiting.push(resolve);
    raw.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\n1\r\n`);
  });

const clients = {
  async io(key) {
    await io.set(key, "1");
    await io.get(key);
    await io.set(key, Buffer.from("2"));
  },
  async auto(key) {
    await Promise.all([auto.set(key, "é"), auto.get(key)]);
    await auto.append(key, Buffer.from("2"));
  },
  pipeline: (key) => io.pipeline().set(key, Buffer.from("1")).get(key).exec(),
  multi: (key) => io.multi().set(key, "1").get(key).exec(),
  async modern(key) {
    await Promise.all([modern.set(key, "1"), modern.get(key)]);
    await modern.set(key, Buffer.from("2"));
  },
  modernMulti: (key) => modern.multi().set(key, "1").get(key).exec(),
  /** Commands from before there is a connection. */
  async offline(key) {
    const client = new Redis({ port });
    await Promise.all([client.set(key, "1"), client.get(key)]);
    client.disconnect();
  },
  raw: rawSet,
  publish: (key) => io.publish("news", key),
  modernPublish: (key) => io.publish("letters", key),
};

const server = http.createServer(async (request, response) => {
  const [, client, key] = request.url.split("/");
  await clients[client](key);
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.on("SIGTERM", () => process.exit(0));
