// Services that speak HTTP/2 and gRPC with each other: `streams.mjs PORT CERTIFICATE KEY LIBRARIES`. A gateway (HTTP/1) asks a service in the same process by the
// way that each request's path names; the service sets a key as long as the request's number says, so that the command tells whose it was. Asks itself COUNT times
// for each way, many at a time over one connection of each, and ends.
import { readFileSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { createRequire } from "node:module";
import Redis from "ioredis";

const [port, certificateFile, keyFile, libraries, countText] = process.argv.slice(2);
const grpc = createRequire(libraries)("@grpc/grpc-js");
const [cert, key] = [readFileSync(certificateFile), readFileSync(keyFile)];
const host = "127.0.0.1";
const count = Number(countText);
const store = new Redis({ port: Number(port) });

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** What a service does for request N: in an order that is not that of the requests. */
async function serve(number) {
  await sleep((number * 7) % 5);
  await store.set(`k${"x".repeat(number)}`, "1");
}
const listening = (server) => new Promise((resolve) => server.listen(0, host, () => resolve(server.address().port)));
const numberIn = (url) => Number(url.split(/[/?]/)[2]);
const textOf = async (stream) => {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
};

// Node's two ways to serve HTTP/2: streams, and requests like those of HTTP/1. A body of many packets comes before what is done for it.
const plain = http2.createServer().on("stream", async (stream, headers) => {
  if (headers[":method"] === "POST") await textOf(stream);
  await serve(numberIn(headers[":path"]));
  stream.respond({ ":status": 200 });
  stream.end("ok");
});
const secure = http2.createSecureServer({ cert, key }, async (request, response) => {
  await textOf(request);
  await serve(numberIn(request.url));
  response.end("ok");
});
const plainPort = await listening(plain);
const securePort = await listening(secure);

const path = "/shop.Orders/Place";
const number32 = {
  requestSerialize: (value) => Buffer.from(String(value)),
  requestDeserialize: (bytes) => Number(bytes.toString()),
  responseSerialize: (value) => Buffer.from(String(value)),
  responseDeserialize: (bytes) => Number(bytes.toString()),
};
const definition = {
  place: { path, requestStream: false, responseStream: false, ...number32 },
  list: { path: "/shop.Orders/List", requestStream: false, responseStream: true, ...number32 },
  refuse: { path: "/shop.Orders/Refuse", requestStream: false, responseStream: false, ...number32 },
  again: { path: "/shop.Orders/Again", requestStream: false, responseStream: false, ...number32 },
  breakOff: { path: "/shop.Orders/BreakOff", requestStream: false, responseStream: true, ...number32 },
};
const refusedOnce = new Set();
const rpc = new grpc.Server();
rpc.addService(definition, {
  place: ({ request }, done) => void serve(request).then(() => done(null, request)),
  async list(call) {
    for (let i = 0; i < 3; i++) {
      await sleep(2);
      call.write(i);
    }
    await serve(call.request);
    call.end();
  },
  // HTTP's status is 200 all the same.
  refuse: ({ request }, done) => void serve(request).then(() => done({ code: grpc.status.NOT_FOUND, details: "secret" })),
  async again({ request }, done) {
    if (refusedOnce.has(request)) {
      await serve(request);
      return done(null, request);
    }
    refusedOnce.add(request);
    await sleep((request * 3) % 4);
    done({ code: grpc.status.UNAVAILABLE, details: "secret" });
  },
  async breakOff(call) {
    call.write(1);
    await serve(call.request);
    call.emit("error", { code: grpc.status.RESOURCE_EXHAUSTED, details: "secret" });
  },
});
const rpcPort = await new Promise((resolve, reject) => {
  rpc.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
});
const Client = grpc.makeGenericClientConstructor(definition, "Orders");
const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.005s",
  maxBackoff: "0.01s",
  backoffMultiplier: 1,
  retryableStatusCodes: ["UNAVAILABLE"],
};
const serviceConfig = { loadBalancingConfig: [], methodConfig: [{ name: [{ service: "shop.Orders", method: "Again" }], retryPolicy }] };
const client = new Client(`${host}:${rpcPort}`, grpc.credentials.createInsecure(), {
  "grpc.service_config": JSON.stringify(serviceConfig),
});

const sessions = {
  plain: http2.connect(`http://${host}:${plainPort}`),
  secure: http2.connect(`https://localhost:${securePort}`, { ca: cert, servername: "storescope" }),
};
async function ask(session, headers, body) {
  const stream = session.request(headers);
  stream.end(body);
  await textOf(stream);
}
const ways = {
  plain: (n) => ask(sessions.plain, { ":path": `/do/${n}?secret=1` }),
  post: (n) => ask(sessions.plain, { ":path": `/do/${n}`, ":method": "POST" }, "x".repeat(200_000)),
  secure: (n) => ask(sessions.secure, { ":path": `/do/${n}` }),
  unary: (n) => new Promise((resolve, reject) => client.place(n, (error) => (error ? reject(error) : resolve()))),
  streaming: async (n) => {
    for await (const _ of client.list(n));
  },
  retried: (n) => new Promise((resolve, reject) => client.again(n, (error) => (error ? reject(error) : resolve()))),
  refused: (n) => new Promise((resolve) => client.refuse(n, resolve)),
  exhausted: async (n) => {
    try {
      for await (const _ of client.breakOff(n));
    } catch {
      // So it is meant.
    }
  },
};
const gateway = http.createServer(async (request, response) => {
  const [, way, number] = request.url.split("/");
  await ways[way](Number(number));
  // What follows an answer is done for the same request.
  await store.get(`k${"x".repeat(Number(number))}`);
  response.end("ok");
});
const gatewayPort = await listening(gateway);
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const get = (each) =>
  new Promise((resolve, reject) => {
    http.get({ host, port: gatewayPort, path: each, agent }, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
const names = Object.keys(ways);
await Promise.all(Array.from({ length: count * names.length }, (_, n) => get(`/${names[n % names.length]}/${n}`)));

agent.destroy();
for (const session of Object.values(sessions)) session.close();
for (const server of [gateway, plain, secure]) server.close();
client.close();
rpc.forceShutdown();
store.disconnect();
