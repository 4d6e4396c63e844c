/**
 * LTTng's session daemon: used when one runs, started when none does, and stopped again by whoever leaves last.
 *
 * A daemon that Storescope started carries a mark in its environment. When a recording ends, a marked daemon without any session is stopped: so two
 * recordings at once share one daemon, and neither pulls it from under the other. A daemon that somebody else started is never stopped.
 * Starting (up to the creation of the session) and stopping exclude each other through a lock that the kernel releases with its process.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StorescopeError } from "../base/index.ts";
import { listSessions, lttng } from "./lttng.ts";

const mark = "STORESCOPE_SESSION_DAEMON=1";
const lockWaitMs = 30_000;
const stopWaitMs = 10_000;

/** Runs `task` while no other Storescope process of this user starts or stops a daemon. */
export async function withDaemonLock<T>(task: () => Promise<T>): Promise<T> {
  // A socket in the abstract namespace: taken by one process at a time, gone with it, and no file to clean up.
  const server = createServer();
  for (let waited = 0; ; waited += 20) {
    const isTaken = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(true) : reject(error)));
      server.listen(`\0storescope-session-daemon-${process.getuid?.() ?? 0}`, () => resolve(false));
    });
    if (!isTaken) break;
    if (waited > lockWaitMs)
      throw new StorescopeError(
        "RECORD_FAILED",
        "another Storescope process is starting or stopping LTTng's session daemon and does not end",
      );
    server.removeAllListeners();
    await delay(20);
  }
  try {
    return await task();
  } finally {
    server.close();
  }
}

/** Whether a session daemon answers this user. */
export async function isDaemonReachable(): Promise<boolean> {
  try {
    await lttng("list");
    return true;
  } catch (error) {
    if (error instanceof StorescopeError && error.code === "RECORD_FAILED") return false;
    throw error;
  }
}

/** Starts a daemon where none answers. True when it was started here. Call under the lock. */
export async function ensureDaemon(): Promise<boolean> {
  if (await isDaemonReachable()) return false;
  const [name, value] = mark.split("=") as [string, string];
  // User space only: Storescope records no kernel events, and loading LTTng's modules may not even be allowed.
  const { error, status, stderr } = spawnSync("lttng-sessiond", ["--daemonize", "--no-kernel"], {
    env: { ...process.env, [name]: value },
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (error !== undefined)
    throw new StorescopeError("TOOL_MISSING", "lttng-sessiond is not installed: apt install lttng-tools", { cause: error });
  if (status !== 0 && !(await isDaemonReachable()))
    throw new StorescopeError("RECORD_FAILED", `lttng-sessiond does not start: ${stderr.trim()}`);
  return true;
}

function pidFile(): string {
  if (process.getuid?.() === 0) return "/var/run/lttng/lttng-sessiond.pid";
  return join(process.env["LTTNG_HOME"] ?? homedir(), ".lttng", "lttng-sessiond.pid");
}

/** Text of a file; undefined when it is gone or not ours to read. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Pid of the daemon if Storescope started it. */
export function ownDaemon(): number | undefined {
  const pid = Number(readText(pidFile()));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const isOurs =
    readText(`/proc/${pid}/environ`)?.split("\0").includes(mark) && readText(`/proc/${pid}/comm`)?.startsWith("lttng-sessiond");
  return isOurs ? pid : undefined;
}

/** Whether a process is there and not just waiting to be reaped. */
export function isRunning(pid: number): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return stat !== undefined && stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}

/** Stops the daemon if Storescope started it and no session needs it. Call under the lock. */
export async function releaseDaemon(): Promise<void> {
  const pid = ownDaemon();
  if (pid === undefined || !isRunning(pid) || (await listSessions()).length > 0) return;
  process.kill(pid, "SIGTERM");
  for (let waited = 0; isRunning(pid); waited += 20) {
    if (waited > stopWaitMs)
      throw new StorescopeError("RECORD_FAILED", `lttng-sessiond (process ${pid}), started for this recording, does not stop`);
    await delay(20);
  }
}
