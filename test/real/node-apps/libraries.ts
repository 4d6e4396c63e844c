// A shop of two services in one process, the way applications are written, for any loader and for a bundler: `libraries.ts PORT`. Fastify serves /WAY/NUMBER and
// asks the other service for the same by the way the path names (axios, a pool of undici that has far too few connections, fetch); that one sets and appends to a
// key as long as the number says, by two clients of the store. Asks itself for all of it, 64 at a time, and ends. Bundled libraries are found when they first write, so
// that is waited for; not with LIBRARIES_COLD: then the first 64 ask all at once, before the pool has any connection.
import http from "node:http";
import axios from "axios";
import fastify from "fastify";
import Redis from "ioredis";
import { createClient } from "redis";
// @ts-expect-error: one of libraries/web
import { Pool } from "undici";

const perWay = 60;
const atOnce = 64;
const host = "127.0.0.1";

async function main(port: number): Promise<void> {
  const io = new Redis({ port, enableAutoPipelining: true });
  const modern = createClient({ socket: { port, host } });
  await modern.connect();

  const service = http.createServer(async (request, response) => {
    const [, way, number] = (request.url ?? "").split("/");
    const key = `k${"x".repeat(Number(number))}`;
    if (way !== "first") await Promise.all([io.set(key, "1"), modern.append(key, "2")]);
    response.end("ok");
  });
  await new Promise<void>((resolve) => service.listen(0, host, resolve));
  const base = `http://${host}:${(service.address() as { port: number }).port}`;
  const pool = new Pool(base, { connections: 2 });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const ways: Record<string, (path: string) => Promise<unknown>> = {
    axios: (path) => axios.get(`${base}${path}`, { httpAgent: agent }),
    undici: async (path) => (await pool.request({ path, method: "GET" })).body.text(),
    fetch: async (path) => (await fetch(`${base}${path}`)).text(),
  };

  const isCold = process.env["LIBRARIES_COLD"] !== undefined;
  if (!isCold) await ways["undici"]?.("/first/0");
  let arrived = 0;
  let begin = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    begin = resolve;
  });

  const front = fastify();
  front.get<{ Params: { way: string; number: string } }>("/:way/:number", async ({ params: { way, number } }) => {
    if (isCold) {
      if (++arrived === atOnce) begin();
      await all;
    }
    await ways[way]?.(`/${way}/${number}`);
    // After the answer, whoever's callback brought it.
    await io.get(`k${"x".repeat(Number(number))}`);
    return "ok";
  });
  const address = await front.listen({ port: 0, host });
  const loader = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const names = Object.keys(ways);
  await Promise.all(
    Array.from({ length: perWay * names.length }, (_, i) => axios.get(`${address}/${names[i % names.length]}/${i}`, { httpAgent: loader })),
  );
  process.exit(0);
}

void main(Number(process.argv[2]));
