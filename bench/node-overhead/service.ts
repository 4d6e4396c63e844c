/** Services that are measured, and their customers: each side has a core for itself. */
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

/** A service, on a core that it shares with other services only. */
export class Service {
  readonly app: ChildProcess;
  readonly port: string;

  private constructor(app: ChildProcess, port: string) {
    this.app = app;
    this.port = port;
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
    for (let tries = 0; tries < 200; tries++) {
      await sleep(50);
      try {
        const port = readFileSync(out, "utf8").trim();
        if (port !== "") return new Service(app, port);
      } catch {
        // Not begun yet.
      }
    }
    throw new Error(`the service does not say its port: ${readFileSync(out, "utf8")}`);
  }

  stop(): Promise<void> {
    return stop(this.app);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Who asks services, all at the same time, from another core. */
export class Customers {
  private readonly services: readonly Service[];
  private readonly process: ChildProcess;
  private readonly answers: Interface;

  constructor(lttng: PrivateLttng, ...services: readonly Service[]) {
    this.services = services;
    const ports = services.map(({ port }) => port);
    this.process = lttng.start("taskset", ["--cpu-list", "1", process.execPath, here("load.mjs"), ...ports], ["pipe", "pipe", "inherit"]);
    this.answers = createInterface({ input: this.process.stdout as NodeJS.ReadableStream });
  }

  /** Asks for so long. A sample for each service, in their order. */
  async ask(load: Load, ms: number): Promise<readonly Sample[]> {
    // They wait for customers before and after: the scheduler's sums are whole.
    const times = (): number[] => this.services.map(({ app }) => cpuTime(app.pid ?? 0));
    const before = times();
    this.process.stdin?.write(`${load.path} ${load.connections} ${ms} ${load.rate ?? 0}\n`);
    const [line] = (await once(this.answers, "line")) as [string];
    const after = times();
    const answers = JSON.parse(line) as readonly { requests: number; p50Us: number; p99Us: number }[];
    return answers.map(({ requests, p50Us, p99Us }, i) => ({
      cpuUs: ((after[i] ?? 0) - (before[i] ?? 0)) / requests,
      p50Us,
      p99Us,
      rate: (requests / ms) * 1000,
    }));
  }

  stop(): Promise<void> {
    return stop(this.process);
  }
}
