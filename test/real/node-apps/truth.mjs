// A service whose every request N uses keys that only it uses, as long as N says: `truth.mjs PORT TLS_PORT CERTIFICATE`. So how long a command is in the store
// tells whose it was. Asks itself 640 times, 64 at a time over connections that are kept, and ends. TRUTH_LIBRARIES: a folder with other versions of the
// client libraries; TRUTH_CLIENT: the one to use like ioredis. Run by a bundle that has the libraries in itself, it gets them from there.
// TRUTH_COLD: it does not wait for its first connections.
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(process.env.TRUTH_LIBRARIES ?? import.meta.url);
const libraries = globalThis.truthLibraries ?? { ioredis: require(process.env.TRUTH_CLIENT ?? "ioredis"), redis: require("redis") };
const Redis = libraries.ioredis.default;
const { createClient } = libraries.redis;
const [port, tlsPort] = process.argv.slice(2, 4).map(Number);
const ca = readFileSync(process.argv[4]);
const tls = { ca, servername: "storescope" };
const plain = new Redis({ port });
const auto = new Redis({ port, enableAutoPipelining: true });
const secure = new Redis({ port: tlsPort, host: "127.0.0.1", tls });
const blocking = new Redis({ port });
const listener = new Redis({ port });
const newModern = () =>
  process.env.TRUTH_CALLBACKS === undefined
    ? createClient({ socket: { host: "127.0.0.1", port: tlsPort, tls: true, ...tls } })
    : promising(createClient({ host: "127.0.0.1", port: tlsPort, tls }));
const modern = newModern();
const modernListener = newModern();
const connected = Promise.all([modern.connect(), modernListener.connect()]);
if (process.env.TRUTH_COLD === undefined) await connected;
/** Node-redis 3 as if it were a later one. Values are bytes now and then, which it writes in pieces. */
function promising(client) {
  let calls = 0;
  const promise = (call) => new Promise((resolve, reject) => call((error, reply) => (error ? reject(error) : resolve(reply))));
  const value = (text) => (calls++ % 3 === 0 ? Buffer.from(text) : text);
  return {
    connect: () => promise((done) => client.ping(done)),
    set: (key, text) => promise((done) => client.set(key, value(text), done)),
    append: (key, text) => promise((done) => client.append(key, value(text), done)),
    publish: (channel, text) => promise((done) => client.publish(channel, value(text), done)),
    subscribe: (channel) => promise((done) => client.subscribe(channel, done)),
    unsubscribe: (channel) => promise((done) => client.unsubscribe(channel, done)),
    multi() {
      const multi = client.multi();
      const chain = {
        set: (key, text) => multi.set(key, value(text)) && chain,
        get: (key) => multi.get(key) && chain,
        exec: () => promise((done) => multi.exec(done)),
      };
      return chain;
    },
    destroy: () => client.end(false),
  };
}

const count = 640;
const atOnce = 64;

const styles = [
  async (key) => {
    await secure.set(key, "1");
    await secure.get(key);
  },
  (key) => Promise.all([modern.set(key, "1"), modern.append(key, "2")]),
  (key) => Promise.all([auto.set(key, "1"), auto.append(key, "2"), auto.get(key)]),
  // All wait on one connection, each for a list that another connection fills while it waits.
  async (key) => {
    const popped = blocking.blpop(key, 5);
    await plain.rpush(key, "1");
    await popped;
  },
  (key) => plain.multi().set(key, "1").get(key).exec(),
  (key) => secure.pipeline().set(key, "1").get(key).exec(),
  (key) => modern.multi().set(key, "1").get(key).exec(),
  // Issued before the connection is there.
  async (key) => {
    const own = new Redis({ port, lazyConnect: true });
    await Promise.all([own.set(key, "1"), own.get(key)]);
    own.disconnect();
  },
  // All subscribe on one connection of each library.
  async (key) => {
    const nothing = () => undefined;
    await Promise.all([listener.subscribe(key), modernListener.subscribe(key, nothing)]);
    await Promise.all([plain.publish(key, "1"), modern.publish(key, "2")]);
    await Promise.all([listener.unsubscribe(key), modernListener.unsubscribe(key)]);
  },
];

// Bundled libraries are found when they first write.
if (process.env.TRUTH_COLD === undefined) await Promise.all([plain.ping(), modern.ping?.()]);
const server = http.createServer(async (request, response) => {
  const number = Number(request.url.split("/")[2]);
  await styles[number % styles.length](`k${"x".repeat(number)}`);
  response.end("ok");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
await Promise.all(
  Array.from(
    { length: count },
    (_, number) =>
      new Promise((resolve, reject) => {
        http
          .get({ host: "127.0.0.1", port: server.address().port, path: `/do/${number}`, agent }, (response) =>
            response.resume().on("end", resolve),
          )
          .on("error", reject);
      }),
  ),
);
agent.destroy();
server.close();
for (const client of [plain, auto, secure, blocking, listener]) client.disconnect();
for (const client of [modern, modernListener]) await (client.destroy ?? client.disconnect).call(client);
// The inspector is for bundles alone.
const isInspected = process.moduleLoadList.includes("NativeModule inspector");
if (isInspected !== (globalThis.truthLibraries !== undefined)) process.exitCode = 1;
