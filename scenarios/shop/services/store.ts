/** The commands that the shop needs, by ioredis or by node-redis: a cluster, over TLS or not. */
import { readFileSync } from "node:fs";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { setting } from "./listen.ts";

export interface Store {
  get(key: string): Promise<string | null>;
  getMany(keys: readonly string[]): Promise<readonly (string | null)[]>;
  /** Expires after so many milliseconds; 0: never. */
  set(key: string, value: string, expireMs?: number): Promise<unknown>;
  increment(key: string): Promise<unknown>;
  /** How many keys match; over connections of its own, since it takes a while. */
  keys(pattern: string): Promise<number>;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string, onMessage: (message: string) => void): Promise<unknown>;
}

const host = "127.0.0.1";
const ports = setting("REDIS_PORTS").split(",").map(Number);
const certificate = process.env["REDIS_CA"];
/** Nodes tell of their plain ports; where they are reached over TLS, in the same order. */
const plainPorts = (process.env["REDIS_PLAIN_PORTS"] ?? "").split(",").filter((port) => port !== "");
const natMap = Object.fromEntries(plainPorts.map((port, i) => [`${host}:${port}`, { host, port: ports[i] as number }]));
const tls = certificate === undefined ? undefined : { ca: readFileSync(certificate), servername: "storescope" };

function byIoredis(): Store {
  const connect = () =>
    new Cluster(
      ports.map((port) => ({ host, port })),
      tls === undefined ? {} : { natMap, redisOptions: { tls } },
    );
  const cluster = connect();
  let slow: Cluster | undefined;
  return {
    get: (key) => cluster.get(key),
    getMany: (keys) => cluster.mget([...keys]),
    set: (key, value, expireMs = 0) => (expireMs === 0 ? cluster.set(key, value) : cluster.set(key, value, "PX", expireMs)),
    increment: (key) => cluster.incr(key),
    keys: async (pattern) => {
      slow ??= connect();
      await slow.ping();
      return (await Promise.all(slow.nodes("master").map((node) => node.keys(pattern)))).flat().length;
    },
    publish: (channel, message) => cluster.publish(channel, message),
    subscribe: async (channel, onMessage) => {
      const subscriber = connect();
      subscriber.on("message", (_channel, message) => onMessage(message));
      await subscriber.subscribe(channel);
    },
  };
}

async function byNodeRedis(): Promise<Store> {
  const socket = tls === undefined ? {} : { socket: { tls: true as const, ...tls } };
  const connect = async () =>
    await createCluster({
      rootNodes: ports.map((port) => ({ url: `redis://${host}:${port}` })),
      defaults: socket,
      nodeAddressMap: natMap,
    }).connect();
  const cluster = await connect();
  let slow: ReturnType<typeof connect> | undefined;
  return {
    get: (key) => cluster.get(key),
    getMany: (keys) => cluster.mGet([...keys]),
    set: (key, value, expireMs = 0) => cluster.set(key, value, expireMs === 0 ? {} : { expiration: { type: "PX", value: expireMs } }),
    increment: (key) => cluster.incr(key),
    keys: async (pattern) => {
      slow ??= connect();
      const own = await slow;
      const found = await Promise.all(own.masters.map(async (node) => (await own.nodeClient(node)).keys(pattern)));
      return found.flat().length;
    },
    publish: (channel, message) => cluster.publish(channel, message),
    subscribe: async (channel, onMessage) => (await connect()).subscribe(channel, onMessage),
  };
}

export const openStore = async (): Promise<Store> => (process.env["REDIS_CLIENT"] === "node-redis" ? byNodeRedis() : byIoredis());
