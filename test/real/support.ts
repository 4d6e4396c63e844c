/** What the real tests of recording and the command line share: running the command, an instrumented Redis, and looking for what was left behind. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { type Experiment, openExperiment } from "../../src/engine/index.ts";

export const storescope = fileURLToPath(new URL("../../bin/storescope", import.meta.url));

/** The Node.js that traced applications run on: ours, or another one (tools/test-nodes.mjs). */
export const applicationNode = process.env["STORESCOPE_TEST_NODE"] ?? process.execPath;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `storescope`. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves once stderr or stdout holds the text; fails when the process ends before. */
  says(text: string): Promise<void>;
  /** What it has printed so far. */
  stdout(): string;
  readonly ended: Promise<Outcome>;
}

/** Starts the command, in a process group of its own as a shell would. */
export function start(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(process.execPath, [storescope, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return {
    child,
    ended,
    stdout: () => stdout,
    says: async (text) => {
      for (let waited = 0; !(stdout + stderr).includes(text); waited += 20) {
        if (child.exitCode !== null || child.signalCode !== null || waited > 120_000)
          throw new Error(`never said "${text}":\n${stdout}${stderr}`);
        await delay(20);
      }
    },
  };
}

/** Runs the command to its end. */
export function run(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
  return start(args, options).ended;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Waits until a Redis on this port answers. */
export async function answers(cli: string, port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    try {
      if (execFileSync(cli, ["-p", String(port), "ping"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).startsWith("PONG"))
        return;
    } catch {
      // Not listening yet.
    }
    await delay(50);
  }
  throw new Error(`nothing answers on port ${port}`);
}

/** Sessions of Storescope, as LTTng lists them; none when no daemon runs. */
export function sessions(): readonly string[] {
  try {
    const text = execFileSync("lttng", ["--no-sessiond", "list"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...text.matchAll(/storescope-\S+/g)].map(([name]) => name);
  } catch {
    return [];
  }
}

/** Sessions that this process made. */
export const sessionsOf = (pid: number | undefined) => sessions().filter((name) => name.includes(`-${pid}-`));

/** Ids of living processes whose command line holds the text. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && existsSync(`/proc/${pid}/cmdline`))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").includes(text);
      } catch {
        return false; // Ended meanwhile.
      }
    });
}

/** Ids of living processes whose working folder lies in this one. Redis rewrites its command line, but works where it was told to. */
export function processesIn(folder: string): readonly number[] {
  return processesWith("").filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // Ended meanwhile.
    }
  });
}

/** Session daemons that Storescope started and that are still there, though no session needs them. */
export function idleDaemons(): readonly number[] {
  if (sessions().length > 0) return [];
  return processesWith("lttng-sessiond").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes("STORESCOPE_SESSION_DAEMON=1");
    } catch {
      return false;
    }
  });
}

/**
 * A shell's script that starts a store, on a port of loopback or a UNIX socket, runs the command once the store answers, and ends as that does. `more` are the
 * store's other options.
 */
export function besideStore(where: number | string, command: string, more = ""): string {
  const [options, address] =
    typeof where === "number" ? [`--port ${where} --bind 127.0.0.1`, `-p ${where}`] : [`--port 0 --unixsocket "${where}"`, `-s "${where}"`];
  return `redis-server ${options} --save "" --daemonize no ${more} >/dev/null & store=$!
    until redis-cli ${address} ping >/dev/null 2>&1; do sleep 0.1; done
    ${command}; code=$?; sleep 0.3; kill $store; wait $store; exit $code`;
}

/** Records a command that must succeed, and opens what was recorded, analysed. A text is a shell's script. */
export async function recordedExperiment(output: string, command: string | readonly string[], events?: string): Promise<Experiment> {
  const set = events === undefined ? [] : ["--events", events];
  const args = typeof command === "string" ? ["sh", "-c", command] : command;
  const { code, stdout, stderr } = await start(["record", ...set, "--output", output, "--", ...args]).ended;
  expect(code, stdout + stderr).toBe(0);
  const experiment = await openExperiment([output]);
  await experiment.analyze();
  return experiment;
}
