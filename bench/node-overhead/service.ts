/** A service that is measured, with its customers: each has a core for itself. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PrivateLttng } from "../../test/real/private-lttng.ts";

export interface Load {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  /** Requests a second; as many as there can be where absent. */
  readonly rate?: number;
}

/** One connection for latency, 32 saturate; none and twenty commands tell the cost of an HTTP request from that of a command. */
export const loads: readonly Load[] = [
  { name: "2 commands, 1 connection", path: "/calls/2", connections: 1 },
  { name: "2 commands, 32 connections", path: "/calls/2", connections: 32 },
  { name: "no command, 32 connections", path: "/calls/0", connections: 32 },
  { name: "20 commands, 32 connections", path: "/calls/20", connections: 32 },
];
export interface Sample {
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly rate: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** CPU time of the process' threads so far, in microseconds. */
function cpuTime(pid: number): number {
  const threads = execFileSync("sh", ["-c", `cat /proc/${pid}/task/*/schedstat`], { encoding: "utf8" });
  return threads
    .trim()
    .split("\n")
    .reduce((total, line) => total + Number(line.split(" ")[0]) / 1000, 0);
}

/** A service with its customers. */
export class Service {
  readonly app: ChildProcess;
  readonly customers: ChildProcess;
  private readonly answers: Interface;

  private constructor(app: ChildProcess, customers: ChildProcess) {
    this.app = app;
    this.customers = customers;
    this.answers = createInterface({ input: customers.stdout as NodeJS.ReadableStream });
  }

  static async start(
    lttng: PrivateLttng,
    node: string,
    redisPort: number,
    environment: readonly string[],
    directory: string,
  ): Promise<Service> {
    const out = join(directory, `out-${performance.now()}`);
    const app = lttng.start("sh", [
      "-c",
      'out=$1; shift; exec "$@" >"$out"',
      "sh",
      out,
      "taskset",
      "--cpu-list",
      "0",
      "env",
      ...environment,
      node,
      here("app.mjs"),
      `${redisPort}`,
    ]);
    let port = "";
    for (let tries = 0; port === "" && tries < 200; tries++) {
      await sleep(50);
      try {
        port = readFileSync(out, "utf8").trim();
      } catch {
        // Not begun yet.
      }
    }
    const customers = lttng.start("taskset", ["--cpu-list", "1", process.execPath, here("load.mjs"), port], ["pipe", "pipe", "inherit"]);
    return new Service(app, customers);
  }

  async slice(load: Load, ms: number): Promise<Sample> {
    const before = cpuTime(this.app.pid ?? 0);
    this.customers.stdin?.write(`${load.path} ${load.connections} ${ms} ${load.rate ?? 0}\n`);
    const [line] = (await once(this.answers, "line")) as [string];
    const cpu = cpuTime(this.app.pid ?? 0) - before;
    const { requests, p50Us, p99Us } = JSON.parse(line) as { requests: number; p50Us: number; p99Us: number };
    return { cpuUs: cpu / requests, p50Us, p99Us, rate: (requests / ms) * 1000 };
  }

  async stop(): Promise<void> {
    for (const child of [this.customers, this.app]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
}
