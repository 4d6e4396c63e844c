/**
 * A small shop, run and traced: five services as the paper's use case 1 has them, a MariaDB, and a Redis cluster of three nodes.
 *
 *     customers --> gateway --> user  --> redis-gateway --> Redis cluster (publishes orders, and hears of them)
 *                          \--> order --> mysql-gateway --> MariaDB
 *
 * The services (services/) are ordinary programs over express, axios, ioredis or node-redis, and mysql2; nothing in them traces.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StorescopeError } from "../../src/base/index.ts";
import type { RecordResult } from "../../src/record/index.ts";
import type { ScenarioContext, ScenarioSize } from "../contract.ts";
import { startMariadb } from "../lib/mariadb.ts";
import { Processes } from "../lib/processes.ts";
import { freePorts, startCluster } from "../lib/redis-cluster.ts";

/** How long customers come for, and how many requests they send a second. */
const seconds: Readonly<Record<ScenarioSize, number>> = { small: 5, medium: 20, large: 120 };
const rate = 48;
const services = ["mysql-gateway", "redis-gateway", "user", "order", "gateway"] as const;
const startSeconds = 30;
/** After the first requests everything is compiled, connected and prepared. */
const warmUp = 64;

export interface Shop {
  /** Variables of the services: what is wrong with this one. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  /** Requests a second, a multiple of the customers' eight connections; default 48. */
  readonly rate?: number;
  /** Instead of customers the shop's own tests come; throws where one of them fails. */
  readonly isTested?: boolean;
}

/** The shop's libraries come with a clone's development packages only. */
function requireLibraries(): void {
  try {
    for (const name of ["autocannon", "axios", "express", "ioredis", "mysql2", "redis"]) import.meta.resolve(name);
  } catch (cause) {
    throw new StorescopeError("TOOL_MISSING", "the shop's libraries are not installed: run it in a clone of Storescope, after npm ci", {
      cause,
    });
  }
}

/** Starts the shop, records its customers' requests, and stops everything. */
export async function recordShop(context: ScenarioContext, shop: Shop = {}): Promise<RecordResult> {
  requireLibraries();
  const processes = new Processes(context.directory, context.signal);
  try {
    const cluster = await context.step("starting a Redis cluster of 3 nodes", () =>
      startCluster(processes, context.store, context.directory, 3, { tls: shop.tls === true }),
    );
    const mariadb = await context.step("starting MariaDB", () => startMariadb(processes, context.directory));
    const ports = await freePorts(services.length);
    const url = (name: (typeof services)[number]): string => `http://127.0.0.1:${ports[services.indexOf(name)]}`;
    const common = {
      NODE_ENV: "production",
      USER_URL: url("user"),
      ORDER_URL: url("order"),
      REDIS_GATEWAY_URL: url("redis-gateway"),
      MYSQL_GATEWAY_URL: url("mysql-gateway"),
      GATEWAY_URL: url("gateway"),
      MYSQL_SOCKET: mariadb.socketPath,
      MYSQL_USER: mariadb.user,
      REDIS_PORTS: (cluster.tls?.ports ?? cluster.ports).join(","),
      ...(cluster.tls === undefined ? {} : { REDIS_CA: cluster.tls.certificateFile, REDIS_PLAIN_PORTS: cluster.ports.join(",") }),
      ...shop.environment,
    };
    const program = (name: string): readonly string[] => [join(context.programs, "shop", `${name}.js`)];
    const load = (amount: number, perSecond: number, log: string): Promise<string> =>
      processes.run(process.execPath, program("load"), {
        log,
        environment: { ...common, LOAD_RATE: String(perSecond), LOAD_AMOUNT: String(amount), LOAD_SEED: String(context.seed) },
      });
    await context.step("filling MariaDB and Redis", () =>
      processes.run(process.execPath, program("prepare"), { environment: common, log: "prepare" }),
    );
    const traced = await context.tracedNode();
    const pids = [...cluster.pids];
    await context.step("starting the services", async () => {
      for (const [i, name] of services.entries()) {
        const environment = { ...common, ...traced, STORESCOPE_SERVICE: name, PORT: String(ports[i]) };
        pids.push(await processes.start(process.execPath, program(name), { log: name, environment }));
      }
      for (const name of services) await processes.waitFor(`the answer of ${name}`, startSeconds, () => isHealthy(url(name)));
      await load(warmUp, rate, "warm-up");
    });
    const recording = await context.step("starting to record", () =>
      context.startRecording({ output: context.output, events: context.events, pids }),
    );
    try {
      await processes.waitFor("all processes being traced", 20, async () => {
        const found = await recording.processes();
        return pids.every((pid) => found.some((each) => each.pid === pid));
      });
      await delay(500, undefined, { signal: context.signal });
      const perSecond = shop.rate ?? rate;
      const amount = perSecond * seconds[context.size];
      if (shop.isTested === true)
        await context.step("the shop's own tests", () =>
          processes.run(process.execPath, program("check"), { log: "check", environment: common }),
        );
      else await context.step(`${amount} requests of customers`, () => load(amount, perSecond, "load"));
      processes.check();
    } finally {
      await context.step("writing the trace", () => recording.stop());
    }
    return await recording.stop();
  } finally {
    await processes.stop();
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch (error) {
    if (error instanceof StorescopeError) throw error;
    return false; // Not listening yet.
  }
}
