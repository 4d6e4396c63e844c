/**
 * Node.js with the preload against the contract (src/environments/node/events.ts): real LTTng, real sockets, babeltrace2 as the reader. What the load
 * generator sent (this process, untraced) and what a proxy before Redis saw are the truth that traces are judged by.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build as bundle } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { events, nodeEventNames } from "../../src/environments/node/index.ts";
import { buildNode, type NodeBuild, preloadEnvironment } from "../../src/record/node/index.ts";
import { buildStore } from "../../src/record/store/index.ts";
import { connections, matchRequests, type NodeTraceEvent, readNodeTrace, tile } from "./node-trace.ts";
import { PrivateLttng } from "./private-lttng.ts";
import { answers, applicationNode, freePort, run, start } from "./support.ts";

let build: NodeBuild;
let lttng: PrivateLttng;
let directory: string;
let traces = 0;
const running: ChildProcess[] = [];
/** Path of an application of ours; other paths as they are. */
const app = (name: string) => resolve(import.meta.dirname, "node-apps", name);
const newTrace = () => join(directory, `trace-${traces++}`);
/** Sessions are looked for five times a second. */
const noticeMs = 500;

beforeAll(async () => {
  build = await buildNode();
  lttng = await PrivateLttng.open();
  directory = mkdtempSync(join(tmpdir(), "storescope-node-"));
  const pair = ["-keyout", join(directory, "key.pem"), "-out", join(directory, "cert.pem")];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", ...pair],
    {
      stdio: "ignore",
    },
  );
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await lttng?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** An application that says its port, started below the preload in the private LTTng's namespace. */
class App {
  readonly child: ChildProcess;
  readonly port: number;
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(name: string, ...args: readonly string[]): Promise<App> {
    const { NODE_OPTIONS } = preloadEnvironment(build.preload, "");
    const out = join(directory, `out-${running.length}`);
    writeFileSync(out, "");
    const child = lttng.start("sh", [
      "-c",
      'out=$1; shift; exec "$@" >"$out" 2>&1',
      "sh",
      out,
      "env",
      `NODE_OPTIONS=${NODE_OPTIONS}`,
      "STORESCOPE_SERVICE=shop",
      applicationNode,
      app(name),
      ...args,
    ]);
    running.push(child);
    for (let tries = 0; tries < 400; tries++) {
      const text = readFileSync(out, "utf8");
      if (text.endsWith("}\n")) return new App(child, (JSON.parse(text) as { port: number }).port);
      if (child.exitCode !== null) throw new Error(text);
      await sleep(25);
    }
    throw new Error(`${name} does not say its port: ${readFileSync(out, "utf8")}`);
  }

  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = http.get({ host: "127.0.0.1", port: this.port, path, agent: this.agent }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve(`${response.statusCode} ${text}`));
      });
      request.on("error", reject);
    });
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await sleep(50);
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
  }
}

const startWeb = () => App.start("web.mjs", join(directory, "key.pem"), join(directory, "cert.pem"));
const named = (found: readonly NodeTraceEvent[], name: string) => found.filter((event) => event.name === name);
const tally = (values: readonly string[]) =>
  Object.fromEntries([...new Set(values)].sort().map((value) => [value, values.filter((other) => other === value).length]));

/** Each stream of each connection is told without gap or overlap, and up to its end where the connection was closed. */
function expectTiled(found: readonly NodeTraceEvent[]): void {
  const ends = connections(found);
  expect(ends.length).toBeGreaterThan(0);
  for (const end of ends) {
    const [close] = end.events.filter(({ name }) => name === "socket_close");
    for (const [piece, offset] of [
      ["socket_write", "write_offset"],
      ["socket_read", "read_offset"],
    ] as const) {
      const { brokenAt, end: length } = tile(end, piece);
      expect(brokenAt, `${piece} of ${end.local} to ${end.remote}`).toBe(-1);
      if (close !== undefined) expect(length).toBe(close.number(offset));
    }
  }
}

/** Each traced client request is one traced server request, found by connection and bytes alone. */
function expectMatched(found: readonly NodeTraceEvent[]): number {
  const matched = matchRequests(connections(found));
  for (const { request, receives } of matched)
    expect(receives.map((event) => event.text("path"))).toEqual([request.text("path").replace(/\\?\?$/, "")]);
  return matched.length;
}

describe("Node.js below the preload", () => {
  it("offers exactly the events of the definition", async () => {
    const web = await startWeb();
    const listed = lttng.run("lttng", ["list", "--userspace", "--fields"]);
    const offered: Record<string, string[]> = {};
    let fields: string[] | undefined;
    for (const line of listed.split("\n")) {
      const event = /^\s+(\w+):(\w+) \(loglevel/.exec(line);
      if (event !== null) {
        fields = event[1] === "node" ? [] : undefined;
        if (fields !== undefined) offered[event[2] as string] = fields;
      }
      const field = /^\s+field: (\w+) \((\w+)\)/.exec(line);
      if (field !== null) fields?.unshift(`${field[1]} ${field[2]}`); // Listed last field first.
    }
    const declared = events.map(({ name, fields: own }) => [
      name,
      own.map((field) => `${field.name} ${field.type === "string" ? "string" : "integer"}`),
    ]);
    expect(offered).toEqual(Object.fromEntries(declared));
    await web.stop();
  });

  it("sees every request once, with bytes that match at both ends, over http, https and fetch", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    const web = await startWeb();
    const sent = { "/http": 40, "/fetch": 40, "/tls": 40, "/post": 10, "/nowhere": 5 };
    const paths = Object.entries(sent).flatMap(([path, times]) => Array.from({ length: times }, () => path));
    const replies = await Promise.all(paths.map((path) => web.get(`${path}?secret=2`)));
    expect(tally(replies)).toEqual({ "200 inner 0": 120, "200 inner 100000": 10, "404 ": 5 });
    await web.stop();
    session.stop();

    const found = readNodeTrace(trace);
    expect(tally(named(found, "http_server_receive").map((event) => event.text("path")))).toEqual({ ...sent, "/inner": 130 });
    expect(tally(named(found, "http_server_response").map((event) => event.text("status")))).toEqual({ "200": 260, "404": 5 });
    expect(named(found, "http_client_request")).toHaveLength(130);
    expect(tally(named(found, "http_client_response").map((event) => event.text("status")))).toEqual({ "200": 130 });
    // Work done below a request is told as its work: each outer request made one inner one.
    const outer = named(found, "http_server_receive").filter((event) => !["/inner", "/nowhere"].includes(event.text("path")));
    expect(
      named(found, "http_client_request")
        .map((event) => event.text("context"))
        .sort(),
    ).toEqual(outer.map((event) => event.text("context")).sort());
    expectTiled(found);
    expect(expectMatched(found)).toBe(130);
    const [info] = named(found, "process_info");
    expect([info?.text("service"), info?.text("node_version"), info?.text("thread")]).toEqual([
      "shop",
      execFileSync(applicationNode, ["--version"], { encoding: "utf8" }).trim(),
      "0",
    ]);
    // Iterations follow each other without a gap, so what they tell of makes up all of the time between the first and the last: none is lost or told twice.
    const iterations = named(found, "loop_iteration");
    expect(iterations.length).toBeGreaterThan(10);
    const lengths = iterations.map((event) =>
      ["poll", "busy"].flatMap((what) => ["", 1, 2, 3].map((i) => event.number(`${what}${i}_ns`))).reduce((sum, ns) => sum + ns, 0),
    );
    const lasted = (iterations.at(-1)?.time ?? 0) - (iterations[0]?.time ?? 0);
    const told = lengths.slice(1).reduce((sum, ns) => sum + ns, 0);
    expect(Math.abs(told / lasted - 1)).toBeLessThan(0.02);
    expect(iterations.some((event) => event.number("poll1_ns") + event.number("busy1_ns") > 0)).toBe(true);
    // Query strings are nowhere in the trace.
    expect(execFileSync("babeltrace2", [trace], { encoding: "utf8", maxBuffer: 1 << 30 })).not.toContain("secret");
  });

  it("knows which bytes each response is where single writes are not recorded, as its caller reads them", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames(false));
    const web = await startWeb();
    const paths = ["/http", "/fetch", "/tls", "/post"].flatMap((path) => Array.from({ length: 20 }, () => path));
    await Promise.all(paths.map((path) => web.get(path)));
    await web.stop();
    session.stop();
    const ends = connections(readNodeTrace(trace));
    let compared = 0;
    for (const server of ends.filter(({ isAccepted }) => isAccepted)) {
      const responses = named(server.events, "http_server_response");
      let at = 0;
      for (const response of responses) {
        expect(response.number("start_offset")).toBe(at);
        at = response.number("end_offset");
        expect(at).toBeGreaterThan(response.number("start_offset"));
      }
      const caller = ends.find((end) => end.local === server.remote && end.remote === server.local);
      // Others are the test's own.
      if (caller === undefined) continue;
      expect(tile(caller, "socket_read")).toEqual({ brokenAt: -1, end: at });
      compared += responses.length;
    }
    expect(compared).toBe(paths.length);
  });

  it("follows worker threads, child processes and cluster workers", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    const web = await startWeb();
    for (const path of ["/worker", "/fork", "/cluster"]) expect(await web.get(path)).toMatch(/^200/);
    await web.stop();
    session.stop();
    const found = readNodeTrace(trace);
    const infos = named(found, "process_info");
    expect(infos).toHaveLength(4);
    expect(infos.filter((event) => event.number("thread") > 0)).toHaveLength(1);
    expect(infos.filter((event) => event.number("cluster_worker") > 0)).toHaveLength(1);
    expect(named(found, "http_server_receive").filter((event) => event.text("path") === "/inner")).toHaveLength(3);
    expect(expectMatched(found)).toBe(3);
    expectTiled(found);
  });

  it("tells of requests whose connection broke", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    const web = await startWeb();
    const socket = net.connect(web.port, "127.0.0.1").end("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await sleep(200);
    socket.destroy();
    await sleep(200);
    await web.stop();
    session.stop();
    expect(named(readNodeTrace(trace), "http_server_response").map((event) => event.text("aborted"))).toEqual(["1"]);
  });

  it.each(["/hang", "/exit"])("tells of what it did last where it does not come back: %s", async (path) => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames(false));
    const service = await App.start("ends.cjs");
    const ended = once(service.child, "exit");
    expect(await service.get("/first")).toBe("200 done");
    const asked = service.get(path).catch(() => "broken");
    // The watcher tells of a loop that is held up once it has looked twice.
    await sleep(1000);
    service.child.kill("SIGKILL");
    await ended;
    expect(await asked).toBe("broken");
    session.stop();
    expect(named(readNodeTrace(trace), "http_server_receive").map((event) => event.text("path"))).toEqual(["/first", path]);
  });

  it("says when each event happened, which is told later", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames(false));
    const service = await App.start("ends.cjs");
    for (let i = 0; i < 5; i++) expect(await service.get("/busy")).toBe("200 done");
    await service.stop();
    session.stop();
    const found = readNodeTrace(trace);
    const times = found.map((event) => event.number("at_ns"));
    expect(times).toEqual([...times].sort((left, right) => left - right));
    const whenOf = (name: string) => named(found, name).map((event) => event.number("at_ns"));
    const took = whenOf("http_server_response").map((end, i) => end - (whenOf("http_server_receive")[i] ?? 0));
    expect(took).toHaveLength(5);
    for (const ns of took) expect(ns).toBeGreaterThan(99e6);
    // What is told at once tells how far the two clocks are apart; a request is told when its iteration is over.
    const apart = Math.min(...found.map((event) => event.time - event.number("at_ns")));
    for (const event of named(found, "http_server_receive")) expect(event.time - event.number("at_ns") - apart).toBeGreaterThan(99e6);
  });

  it("tells of each garbage collection when and for how long it was, as Node does", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, ["node:process_info", "node:gc"]);
    const { NODE_OPTIONS } = preloadEnvironment(build.preload, "");
    const traced = lttng.enter("env", [`NODE_OPTIONS=${NODE_OPTIONS}`, applicationNode, "--expose-gc", app("collections.cjs")]);
    const out = execFileSync("nsenter", traced, { encoding: "utf8" });
    session.stop();
    const found = readNodeTrace(trace);
    const threads = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { thread: number; entries: { kind: number; start: number; duration: number }[] });
    expect(threads).toHaveLength(2);
    for (const { thread, entries } of threads) {
      const environment = named(found, "process_info")
        .find((event) => event.number("thread") === thread)
        ?.text("environment");
      const told = named(found, "gc").filter((event) => event.text("environment") === environment);
      expect(entries.filter(({ kind }) => kind === 4).length).toBeGreaterThanOrEqual(5);
      const differences = entries.map(({ kind, start, duration }) => {
        const apart = told
          .filter((event) => event.number("kind") === kind)
          .map((event) => Math.max(Math.abs(event.number("start_ns") - start), Math.abs(event.number("duration_ns") - duration)));
        return Math.min(...apart);
      });
      // Between two looks at the clock the thread may lose its core.
      for (const difference of differences) expect(difference).toBeLessThan(10e6);
      expect(differences.filter((difference) => difference < 200_000).length).toBeGreaterThanOrEqual(0.75 * differences.length);
    }
  });

  it("carries contexts beside the application's own storages, as frames where Node has them", () => {
    const hooks = join(import.meta.dirname, "../../instrumentation/node/hooks");
    const seen: unknown = JSON.parse(execFileSync(applicationNode, [app("contexts.cjs"), hooks], { encoding: "utf8" }));
    const version = Number(/^v(\d+)/.exec(execFileSync(applicationNode, ["--version"], { encoding: "utf8" }))?.[1]);
    expect(seen).toEqual({
      isFrame: version >= 24,
      outside: ["none - -"],
      inside: ["1 - -"],
      within: ["2 - -"],
      atOnce: [["1 - -"], ["2 - -"], ["1 - -"]],
      after: ["none - -"],
      theirsInside: ["1 a -"],
      insideTheirs: ["1 a -"],
      sandwich: ["2 b -"],
      sandwichLeft: ["2 b -", "1 a -"],
      exited: "1 - -",
      entered: ["none c -"],
      enteredTwice: ["none c d"],
      bound: ["1 a -", "1 a -"],
      snapshot: "1 - -",
      disabled: "1 - -",
      disabledElsewhere: "1 - -",
      thrown: "1 - -",
    });
  });

  it.each(["/upgrade", "/dispatch"])("gives what is sent over an upgraded connection to no request: %s", async (path) => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    const web = await startWeb();
    expect(await web.get(path)).toBe("200 echoed");
    await web.stop();
    session.stop();
    const found = readNodeTrace(trace);
    const upgrade = named(found, "http_client_request").find((event) => event.text("path") === "/echo");
    expect(upgrade?.text("context")).not.toBe("0");
    const written = named(found, "socket_write").filter((event) => event.text("conn_id") === upgrade?.text("conn_id"));
    const sent = written.filter((event) => event.number("offset") >= (upgrade?.number("write_offset") ?? 0));
    const none = Array.from({ length: 10 }, () => "0 by 0");
    expect(sent.map((event) => `${event.text("context")} by ${event.text("how")}`)).toEqual([`${upgrade?.text("context")} by 1`, ...none]);
    expectTiled(found);
  });

  it("starts and stops with sessions while the application runs, and knows offsets from before", async () => {
    const web = await startWeb();
    const load = async () => {
      const paths = ["/http", "/fetch", "/tls"].flatMap((path) => Array.from({ length: 20 }, () => path));
      for (const reply of await Promise.all(paths.map((path) => web.get(path)))) expect(reply).toBe("200 inner 0");
    };
    await load();
    for (let round = 0; round < 2; round++) {
      const trace = newTrace();
      const session = lttng.record(trace, nodeEventNames());
      await sleep(noticeMs);
      await load();
      session.stop();
      await sleep(noticeMs);
      await load();
      const found = readNodeTrace(trace);
      expect(tally(named(found, "http_server_receive").map((event) => event.text("path")))).toEqual({
        "/fetch": 20,
        "/http": 20,
        "/inner": 60,
        "/tls": 20,
      });
      expect(named(found, "socket_state").some((event) => event.number("write_offset") > 0)).toBe(true);
      expectTiled(found);
      expect(expectMatched(found)).toBe(60);
    }
    await web.stop();
  });
});

/** A command as a store receives it. */
interface Received {
  readonly port: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly key: string;
}

/** One command at the beginning of the bytes; undefined when it is not whole. */
function parseCommand(bytes: Buffer): { readonly args: readonly string[]; readonly length: number } | undefined {
  let at = 0;
  const line = () => {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const text = bytes.toString("latin1", at + 1, end);
    at = end + 2;
    return Number(text);
  };
  const count = line();
  if (count === undefined) return undefined;
  const args: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = line();
    if (length === undefined || at + length + 2 > bytes.length) return undefined;
    args.push(bytes.toString("utf8", at, at + length));
    at += length + 2;
  }
  return { args, length: at };
}

/** Stands before a store and notes what it receives. */
async function startProxy(
  storePort: number,
): Promise<{ readonly port: number; readonly received: readonly Received[]; readonly close: () => void }> {
  const received: Received[] = [];
  const server = net.createServer((client) => {
    const store = net.connect(storePort, "127.0.0.1");
    const port = client.remotePort ?? 0;
    let rest = Buffer.alloc(0);
    let offset = 0;
    client.on("data", (chunk: Buffer) => {
      store.write(chunk);
      rest = Buffer.concat([rest, chunk]);
      for (let command = parseCommand(rest); command !== undefined; command = parseCommand(rest)) {
        const [name = "", key = ""] = command.args;
        received.push({ port, start: offset, end: offset + command.length, name: name.toLowerCase(), key });
        offset += command.length;
        rest = rest.subarray(command.length);
      }
    });
    store.on("data", (chunk) => client.write(chunk));
    for (const [one, other] of [
      [client, store],
      [store, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as net.AddressInfo).port, received, close: () => server.close() };
}

/** The application and its libraries as one minified module. */
async function bundled(name: string): Promise<string> {
  const outfile = join(directory, name);
  // What the libraries require of Node has no name of its own in a module.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await bundle({ entryPoints: [app(name)], outfile, banner, bundle: true, minify: true, platform: "node", format: "esm" });
  return outfile;
}

describe.each(["files", "a bundle"])("store commands of libraries in %s", (where) => {
  it("are each attributed to the request that issued them, or to none: ioredis, node-redis, and a client that nobody knows", async () => {
    const store = await buildStore({ flavor: "redis" });
    const storePort = await freePort();
    running.push(spawn(store.server, ["--port", `${storePort}`, "--bind", "127.0.0.1", "--save", ""], { stdio: "ignore" }));
    await answers(store.cli, storePort);
    const proxy = await startProxy(storePort);
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    const stores = await App.start(where === "files" ? "stores.mjs" : await bundled("stores.mjs"), `${proxy.port}`);
    const kinds = ["io", "auto", "pipeline", "multi", "modern", "modernMulti", "offline", "raw", "publish", "modernPublish"];
    const keys = Array.from({ length: 40 }, (_, i) => kinds.map((kind) => `/${kind}/${kind}-${i}`)).flat();
    for (const reply of await Promise.all(keys.map((path) => stores.get(path)))) expect(reply).toBe("200 ok");
    await sleep(200);
    await stores.stop();
    session.stop();
    proxy.close();

    const found = readNodeTrace(trace);
    const pathOf = new Map(named(found, "http_server_receive").map((event) => [event.text("context"), event.text("path")]));
    const portOf = new Map(named(found, "socket_connect").map((event) => [event.text("conn_id"), event.text("lport")]));
    const told = new Map(
      named(found, "store_command").map((event) => [
        `${portOf.get(event.text("conn_id"))} ${event.text("start_offset")} ${event.text("end_offset")}`,
        event,
      ]),
    );
    const pushes = new Set(named(found, "context_start").map((event) => event.text("context")));
    const verdicts: string[] = [];
    for (const { port, start: from, end, name, key } of proxy.received) {
      const [kind = ""] = key.split("-");
      if (!kinds.includes(kind)) continue;
      const event = told.get(`${port} ${from} ${end}`);
      if (event === undefined) verdicts.push(`${kind}: no event`);
      else if (event.text("name") !== name) verdicts.push(`${kind}: another command's name`);
      else if (event.text("context") === "0") verdicts.push(`${kind}: none`);
      else if (pushes.has(event.text("context"))) verdicts.push(`${kind}: a message's`);
      else verdicts.push(`${kind}: ${pathOf.get(event.text("context")) === `/${kind}/${key}` ? "right" : "WRONG"}`);
    }
    expect(tally(verdicts)).toEqual({
      "auto: right": 120,
      "io: right": 120,
      "modern: right": 120,
      "modernMulti: right": 80,
      "modernPublish: a message's": 40,
      "multi: right": 80,
      "offline: right": 80,
      "pipeline: right": 80,
      "publish: a message's": 40,
      "raw: none": 40,
    });
    const publishes = named(found, "store_command").filter((event) => event.text("name") === "publish");
    expect(tally(publishes.map((event) => pathOf.get(event.text("context"))?.split("/")[1] ?? "none"))).toEqual({
      modernPublish: 40,
      publish: 40,
    });
    expect(named(found, "store_command").filter((event) => event.text("how") === "0" && event.text("context") !== "0")).toEqual([]);
    expectTiled(found);
    // All that the store received is told, exactly.
    expect(told.size).toBe(proxy.received.length);
  });
});

describe("the application", () => {
  interface Behaviour {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  /** What plain.cjs says and how it ends. */
  async function behave(
    preload: string | undefined,
    wishes: readonly string[] = [],
    nodeArgs: readonly string[] = [],
    wrapper: readonly string[] = [],
  ): Promise<Behaviour> {
    const [program = "", ...args] = [...wrapper, applicationNode, ...nodeArgs, app("plain.cjs"), ...wishes];
    const { NODE_OPTIONS: _, ...environment } = process.env;
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...environment, ...(preload === undefined ? {} : preloadEnvironment(preload, "")) },
    });
    running.push(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout, stderr };
  }

  /** A copy of the build that somebody damaged. */
  function damaged(name: string, damage: (folder: string) => void): string {
    const folder = join(directory, `damaged ${name}`);
    cpSync(build.directory, folder, { recursive: true });
    damage(folder);
    return join(folder, "preload.cjs");
  }

  const cases: readonly { readonly name: string; readonly wishes?: readonly string[]; readonly args?: readonly string[] }[] = [
    { name: "as it is" },
    { name: "that freezes prototypes", wishes: ["freeze"] },
    { name: "that replaces Socket.write", wishes: ["replace"] },
    { name: "that makes our hooks throw", wishes: ["sabotage"] },
    { name: "that starts and stops worker threads in a storm", wishes: ["storm"] },
    { name: "with frozen intrinsics", args: ["--frozen-intrinsics", "--no-warnings"] },
    { name: "without addons", args: ["--no-addons"] },
  ];

  it("behaves as without us, whether a session records it or not", async () => {
    const trace = newTrace();
    const session = lttng.record(trace, nodeEventNames());
    for (const { name, wishes, args } of cases) {
      const [alone, idle, traced] = await Promise.all([
        behave(undefined, wishes, args),
        behave(build.preload, wishes, args),
        behave(build.preload, wishes, args, ["nsenter", ...lttng.enter("env", [])]),
      ]);
      expect(alone?.code, name).toBe(0);
      expect(idle, `${name}, no session`).toEqual(alone);
      expect(traced, `${name}, recorded`).toEqual(alone);
    }
    session.stop();
    // They were recorded indeed: all but the one without addons.
    const events = readNodeTrace(trace);
    const scripts = named(events, "process_info").filter((event) => event.number("thread") === 0);
    expect(scripts).toHaveLength(cases.length - 1);
    // And to their end: only what makes our hooks throw ended the tracing.
    expect(named(events, "tracing_end")).toHaveLength(1);
  });

  it("behaves as without us when our files are missing, damaged, or from elsewhere", async () => {
    const alone = await behave(undefined);
    const elf = readFileSync("/bin/true");
    const preloads = [
      damaged("addon missing", (folder) => rmSync(join(folder, "storescope.node"))),
      damaged("addon is a program", (folder) => writeFileSync(join(folder, "storescope.node"), elf)),
      damaged("addon is noise", (folder) => writeFileSync(join(folder, "storescope.node"), "noise")),
      damaged("provider missing", (folder) => rmSync(join(folder, "libstorescope-node.so"))),
      damaged("provider is noise", (folder) => writeFileSync(join(folder, "libstorescope-node.so"), "noise")),
      damaged("hooks missing", (folder) => rmSync(join(folder, "hooks"), { recursive: true })),
    ];
    for (const behaviour of await Promise.all(preloads.map((preload) => behave(preload)))) expect(behaviour).toEqual(alone);
  });

  it("behaves as without us on a read-only file system", async () => {
    const readOnly = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount --bind / /mnt && mount -o remount,bind,ro /mnt && exec chroot /mnt "$@"',
      "sh",
    ];
    const [alone, preloaded] = await Promise.all([behave(undefined), behave(build.preload, [], [], readOnly)]);
    expect(preloaded).toEqual(alone);
  });

  it("goes on when LTTng's daemons are killed while it is traced", async () => {
    const own = await PrivateLttng.open();
    try {
      const session = own.record(newTrace(), nodeEventNames());
      expect(session).toBeDefined();
      const port = await freePort();
      const { NODE_OPTIONS } = preloadEnvironment(build.preload, "");
      const script = `require("node:http").createServer((q, s) => s.end("ok")).listen(${port}, "127.0.0.1")`;
      const child = own.start("env", [`NODE_OPTIONS=${NODE_OPTIONS}`, applicationNode, "-e", script]);
      const ask = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
      for (let tries = 0; ; tries++) {
        try {
          await ask();
          break;
        } catch (error) {
          if (tries > 200) throw error;
          await sleep(25);
        }
      }
      own.daemon.kill("SIGKILL");
      await once(own.daemon, "exit");
      for (let i = 0; i < 200; i++) expect(await ask()).toBe("ok");
      await sleep(noticeMs);
      expect(await ask()).toBe("ok");
      expect(child.exitCode).toBeNull();
    } finally {
      await own.close();
    }
  });
});

describe("storescope record -- node", () => {
  it("says where its own failure ended the tracing of a thread, which runs on", async () => {
    const output = newTrace();
    const script = `
      const net = require("node:net");
      const server = require("node:http").createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1", async () => {
        const ask = async () => (await fetch("http://127.0.0.1:" + server.address().port)).text();
        for (let i = 0; i < 3; i++) await ask();
        // What no hook of ours expects.
        Object.defineProperty(net.Socket.prototype, "encrypted", { get() {
          if (new Error().stack.includes("sockets.cjs")) throw new TypeError("secret");
          return undefined;
        } });
        server.closeIdleConnections();
        const agent = new (require("node:http").Agent)();
        require("node:http").get({ host: "127.0.0.1", port: server.address().port, agent }, (response) => {
          response.resume().on("end", async () => { console.log(await ask()); process.exit(); });
        });
      });`;
    const recording = start(["record", "--output", output, "--", applicationNode, "-e", script]);
    const { code, stdout } = await recording.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("ok\n") });
    const text = execFileSync("babeltrace2", [output], { encoding: "utf8", maxBuffer: 1 << 30 });
    const ends = text.split("\n").filter((line) => line.includes("node:tracing_end"));
    expect(ends).toEqual([expect.stringMatching(/reason = "TypeError at sockets\.cjs:\d+"/)]);
    expect(text).not.toContain("secret");
    const { stderr } = await run(["analyze", output]);
    expect(stderr).toMatch(/warning: .* is not traced from \+\d+\.\d{6} s on.*TypeError at /);
  });

  it("traces the command and everything below it, and says nothing in its output", async () => {
    const output = newTrace();
    const recording = start(["record", "--output", output, "--", "sh", "-c", `"${applicationNode}" "${app("plain.cjs")}"`]);
    const { code, stdout } = await recording.ended;
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 20)).toEqual(Array.from({ length: 20 }, () => "inner"));
    const text = execFileSync("babeltrace2", [output], { encoding: "utf8", maxBuffer: 1 << 30 });
    expect(text.split("node:http_server_receive").length - 1).toBe(40);
    // The product's reader sees the same events.
    const counted = await run(["events", output, "--count", "--filter", 'name == "node:http_server_receive"']);
    expect(counted.stdout.trim()).toBe("40");
  });
});
