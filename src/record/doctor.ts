/**
 * What this machine can do, and the exact fix for what it cannot. Every check looks at the real thing: the session daemon is really reached (or started
 * and stopped again), the port really opened. Nothing is left behind or installed.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { StorescopeError } from "../base/index.ts";
import { channelBytes, channelFor, freeSharedMemory } from "./channel.ts";
import { findNodeHeaders } from "./node/index.ts";
import { ensureDaemon, isDaemonReachable, releaseDaemon, withDaemonLock } from "./session-daemon.ts";

/** What cannot be done while a check has a problem. */
export type Ability = "run" | "record" | "build" | "node" | "compare";

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly status: "ok" | "problem";
  /** What was found. */
  readonly detail: string;
  /** What to do about a problem: a command, or a sentence. */
  readonly fix: string | undefined;
  /** record: tracing; build: making the instrumented store; node: tracing Node.js; run: anything at all; compare: only our own tests need it. */
  readonly neededTo: Ability;
}

export interface Diagnosis {
  readonly checks: readonly Check[];
  readonly canRecord: boolean;
}

type Finding = { readonly detail: string; readonly fix?: string };

const gib = 1024 ** 3;
const inMib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

/** First line of what a program prints; undefined when it is not installed. */
function versionOf(program: string, ...args: readonly string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, args.length === 0 ? ["--version"] : args, { encoding: "utf8" });
  return error === undefined ? (stdout || stderr).split("\n")[0]?.trim() : undefined;
}

function program(name: string, debianPackage: string): Finding {
  const version = versionOf(name);
  return version === undefined ? { detail: "not installed", fix: `apt install ${debianPackage}` } : { detail: version };
}

/** A file below one of the folders, or below its subfolder named after the architecture (`x86_64-linux-gnu`). */
function fileBelow(folders: readonly string[], name: string, debianPackage: string): Finding {
  const there = folders.filter((path) => existsSync(path));
  const nested = there.flatMap((path) => readdirSync(path).flatMap((entry) => (entry.includes("-linux-") ? [join(path, entry)] : [])));
  const found = [...there, ...nested].map((path) => join(path, name)).find((path) => existsSync(path));
  return found === undefined ? { detail: "not installed", fix: `apt install ${debianPackage}` } : { detail: found };
}

async function sessionDaemon(): Promise<Finding> {
  try {
    return await withDaemonLock(async () => {
      if (await isDaemonReachable()) return { detail: "running" };
      await ensureDaemon();
      await releaseDaemon();
      return { detail: "not running; can be started" };
    });
  } catch (error) {
    if (!(error instanceof StorescopeError)) throw error;
    const fix = error.code === "TOOL_MISSING" ? "apt install lttng-tools" : "run `lttng-sessiond --no-kernel` and read what it says";
    return { detail: error.message, fix };
  }
}

function sharedMemory(): Finding {
  const free = freeSharedMemory();
  const wanted = channelBytes(channelFor("full"));
  if (free === Number.POSITIVE_INFINITY) return { detail: "/dev/shm is not there", fix: "mount -t tmpfs tmpfs /dev/shm" };
  const detail = `${inMib(free)} free in /dev/shm, a recording with all events takes ${inMib(wanted)}`;
  return free < 2 * wanted ? { detail, fix: "mount -o remount,size=512M /dev/shm (containers: --shm-size=512m)" } : { detail };
}

/** Source packages come from where the machine's packages come from. */
function aptSources(): Finding {
  if (versionOf("apt-get") === undefined)
    return { detail: "no apt-get", fix: "give the sources yourself: storescope build store --source DIR" };
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /\.(list|sources)$/.test(name))
          .map((name) => join(folder, name))
      : []),
  ];
  const uses = files.filter((path) => existsSync(path) && /^(deb|Types:.*\bdeb\b|URIs:)/m.test(readFileSync(path, "utf8")));
  if (uses.length === 0) return { detail: "no package source is configured", fix: "add Debian's to /etc/apt/sources.list" };
  return { detail: uses.join(", ") };
}

function port(): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", (error) =>
      resolve({ detail: `127.0.0.1 cannot be listened on: ${error.message}`, fix: "bring the loopback interface up: ip link set lo up" }),
    );
    server.listen(0, "127.0.0.1", () => server.close(() => resolve({ detail: "127.0.0.1 can be listened on" })));
  });
}

function disk(): Finding {
  const folders = [process.cwd(), tmpdir(), homedir()];
  const free = folders.map((path) => {
    const { bavail, bsize } = statfsSync(path);
    return { path, bytes: bavail * bsize };
  });
  const short = free.filter(({ bytes }) => bytes < gib);
  const detail = free.map(({ path, bytes }) => `${path}: ${(bytes / gib).toFixed(1)} GiB free`).join(", ");
  return short.length === 0
    ? { detail }
    : { detail, fix: `make room in ${short.map(({ path }) => path).join(", ")}: recordings and builds take up to 1 GiB` };
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isOld = major < 20 || (major === 20 && minor < 19);
  return isOld ? { detail: process.version, fix: "install Node 20.19 or newer" } : { detail: process.version };
}

function writable(): Finding {
  try {
    accessSync(process.cwd(), constants.W_OK);
    return { detail: process.cwd() };
  } catch {
    return { detail: `${process.cwd()} cannot be written to`, fix: "record elsewhere with --output DIR" };
  }
}

/** Looks at everything. Takes about a second when no session daemon runs. `store` is the instrumented server, when one is built. */
export async function examine(store: string | undefined): Promise<Diagnosis> {
  const checks: Check[] = [];
  const add = (id: string, title: string, neededTo: Ability, { detail, fix }: Finding) =>
    checks.push({ id, title, neededTo, detail, fix, status: fix === undefined ? "ok" : "problem" });

  add("node", "Node", "run", node());
  add(
    "lttng",
    "LTTng",
    "record",
    process.platform === "linux"
      ? program("lttng", "lttng-tools")
      : { detail: `no LTTng-UST on ${process.platform}`, fix: "record on Linux; traces open anywhere" },
  );
  add("session-daemon", "Session daemon", "record", await sessionDaemon());
  add("ust", "LTTng-UST library", "record", fileBelow(["/usr/lib", "/usr/lib64", "/usr/local/lib"], "liblttng-ust.so.1", "liblttng-ust1"));
  add("shared-memory", "Shared memory", "record", sharedMemory());
  add(
    "store",
    "Instrumented Redis",
    "record",
    store === undefined ? { detail: "not built yet", fix: "storescope build store redis" } : { detail: store },
  );
  add("output", "Working folder", "record", writable());
  add("disk", "Disk space", "record", disk());
  add("loopback", "Loopback ports", "run", await port());
  add("compiler", "C compiler", "build", program("gcc", "gcc libc6-dev"));
  add("make", "make", "build", program("make", "make"));
  add("coccinelle", "Coccinelle", "build", program("spatch", "coccinelle"));
  add(
    "ust-headers",
    "LTTng-UST headers",
    "build",
    fileBelow(["/usr/include", "/usr/local/include"], "lttng/tracepoint.h", "liblttng-ust-dev"),
  );
  add("openssl-headers", "OpenSSL headers", "build", fileBelow(["/usr/include", "/usr/local/include"], "openssl/ssl.h", "libssl-dev"));
  add("dpkg-source", "dpkg-source", "build", program("dpkg-source", "dpkg-dev"));
  add("apt-sources", "Package sources", "build", aptSources());
  const headers = await findNodeHeaders();
  add(
    "node-headers",
    "Node.js headers",
    "node",
    headers === undefined ? { detail: "node_api.h not found", fix: "apt install libnode-dev" } : { detail: headers },
  );
  add("babeltrace2", "Babeltrace 2 (optional)", "compare", program("babeltrace2", "babeltrace2"));

  const hasProblem = (ability: Ability) => checks.some((check) => check.status === "problem" && check.neededTo === ability);
  // A missing store is no obstacle where it can be built.
  const canBuild = !hasProblem("build");
  const blocking = checks.filter(
    ({ status, neededTo, id }) => status === "problem" && (neededTo === "record" || neededTo === "run") && !(id === "store" && canBuild),
  );
  return { checks, canRecord: blocking.length === 0 };
}
