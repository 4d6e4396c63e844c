// A gateway and a service in one process, whose calls end in every way: `endings.mjs LIBRARIES`. Each request to the gateway is /CLIENT/WHAT/NUMBER: it asks the
// service for /WHAT/NUMBER by that client, bears what comes, and answers. Asks itself for all of them, some at a time, and ends.
import http from "node:http";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { Pool } = createRequire(process.argv[2])("undici");
const grpc = createRequire(process.argv[2])("@grpc/grpc-js");
const { default: axios } = await import("axios");
const host = "127.0.0.1";
const rounds = 4;
/** Longer than this nobody waits; the service is silent for as long as it takes. */
const patience = 600;

const tried = new Map();
const listening = (server) => new Promise((resolve) => server.listen(0, host, () => resolve(server.address().port)));

/** Answers by what the path asks for. `head` and `body` write, `breakOff` ends what carries it. */
async function answer(path, { head, body, end, breakOff }) {
  const [, , what] = path.split("/");
  switch (what) {
    case "stream":
      head(200);
      for (let i = 0; i < 5; i++) {
        await sleep(20);
        body("x".repeat(1000));
      }
      return end();
    case "silent":
      return undefined;
    case "stalled":
      head(200);
      return body("x".repeat(1000));
    case "broken":
      return breakOff();
    case "broken-within":
      head(200);
      body("x".repeat(1000));
      await sleep(30);
      return breakOff();
    case "retried": {
      const times = (tried.get(path) ?? 0) + 1;
      tried.set(path, times);
      if (times === 1) return breakOff();
      head(times === 2 ? 503 : 200);
      return end();
    }
    default:
      head(200);
      return end("ok");
  }
}

const service = http.createServer((request, response) =>
  answer(request.url, {
    head: (status) => response.writeHead(status),
    body: (text) => response.write(text),
    end: (text) => response.end(text),
    breakOff: () => request.socket.destroy(),
  }),
);
const service2 = http2.createServer().on("stream", (stream, headers) => {
  stream.on("error", () => undefined);
  answer(headers[":path"], {
    head: (status) => stream.respond({ ":status": status }),
    body: (text) => stream.write(text),
    end: (text) => stream.end(text),
    breakOff: () => stream.destroy(new Error("broken off")),
  });
});
const [port, port2] = [await listening(service), await listening(service2)];
const base = `http://${host}:${port}`;
const pool = new Pool(base, { connections: 8 });
const session = http2.connect(`http://${host}:${port2}`);

const bytes = {
  requestSerialize: (value) => Buffer.from(value),
  requestDeserialize: String,
  responseSerialize: (value) => Buffer.from(value),
  responseDeserialize: String,
};
const definition = { ask: { path: "/test.Service/Ask", requestStream: false, responseStream: false, ...bytes } };
const rpc = new grpc.Server();
rpc.addService(definition, { ask: ({ request }, done) => (request === "silent" ? undefined : done(null, "ok")) });
const rpcPort = await new Promise((resolve) => {
  rpc.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (_error, bound) => resolve(bound));
});
const rpcClient = new (grpc.makeGenericClientConstructor(definition, "Service"))(`${host}:${rpcPort}`, grpc.credentials.createInsecure());

const drain = async (stream) => {
  for await (const _ of stream);
};
const agent = new http.Agent({ keepAlive: true });
/** Each asks for a path and resolves with the status, or rejects. */
const clients = {
  http: (path) =>
    new Promise((resolve, reject) => {
      const request = http.get(`${base}/http${path}`, { agent, timeout: patience }, (response) => {
        drain(response).then(() => resolve(response.statusCode), reject);
      });
      request.on("timeout", () => request.destroy(new Error("patience"))).on("error", reject);
    }),
  axios: async (path) =>
    (await axios.get(`${base}/axios${path}`, { httpAgent: agent, timeout: patience, validateStatus: () => true })).status,
  fetch: async (path) => {
    const response = await fetch(`${base}/fetch${path}`, { signal: AbortSignal.timeout(patience) });
    await response.text();
    return response.status;
  },
  undici: async (path) => {
    const response = await pool.request({
      path: `/undici${path}`,
      method: "GET",
      headersTimeout: patience,
      bodyTimeout: patience,
      signal: AbortSignal.timeout(5 * patience),
    });
    await response.body.text();
    return response.statusCode;
  },
  http2: (path) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": `/http2${path}` });
      let status = 0;
      const timer = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), patience);
      stream.on("response", (headers) => {
        status = headers[":status"];
      });
      stream
        .on("error", () => undefined)
        .on("close", () => {
          clearTimeout(timer);
          if (stream.rstCode === 0) resolve(status);
          else reject(new Error(`reset ${stream.rstCode}`));
        });
      stream.resume();
    }),
  grpc: (path) =>
    new Promise((resolve, reject) => {
      const call = rpcClient.ask(path.split("/")[1], (error) => (error === null ? resolve(200) : reject(error)));
      setTimeout(() => call.cancel(), patience).unref();
    }),
};

const gateway = http.createServer(async (request, response) => {
  const [, client, what, number] = request.url.split("/");
  for (let attempt = 0; attempt < 3; attempt++) {
    const status = await clients[client](`/${what}/${number}`).catch(() => 0);
    // The truth: whoever wrote this knows how each ends.
    const isWhole = what === "whole" || what === "stream" || (what === "retried" && attempt > 0);
    if (isWhole !== status > 0) process.exit(3);
    if (status === 200 || what !== "retried") break;
    await sleep(5);
  }
  response.end("ok");
});
const gatewayPort = await listening(gateway);
const get = (path) =>
  new Promise((resolve, reject) => {
    http.get({ host, port: gatewayPort, path }, (response) => response.resume().on("end", resolve)).on("error", reject);
  });
const whats = ["whole", "stream", "silent", "stalled", "broken", "broken-within", "retried"];
for (let round = 0; round < rounds; round++) {
  for (const what of whats) {
    const own = Object.keys(clients).filter((client) => client !== "grpc" || what === "whole" || what === "silent");
    await Promise.all(own.map((client) => get(`/${client}/${what}/${round}`)));
  }
}
process.exit(0);
