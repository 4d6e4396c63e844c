/**
 * A second runtime, for real: Node.js services before and behind a Python service, and the store behind both. Each request uses keys of a length that only it
 * uses, so what the store read says whose each command was. And Python itself: whatever is wrong with our part, a program runs as if it were not there.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode } from "../../scenarios/lib/client.ts";
import type { Experiment, SpanInfo } from "../../src/engine/index.ts";
import { buildPython, pythonEnvironment } from "../../src/record/python/index.ts";
import { applicationNode, besideStore, freePort, recordedExperiment, start } from "./support.ts";

/** The distribution's: it has redis-py, by apt. */
const python = "/usr/bin/python3";
const front = fileURLToPath(new URL("node-apps/python-front.mjs", import.meta.url));
const count = 120;
let directory: string;
let experiment: Experiment;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-python-"));
  const output = join(directory, "trace");
  const port = await freePort();
  const script = besideStore(port, `STORESCOPE_SERVICE=front "${applicationNode}" "${front}" ${python} ${port} ${count}`);
  experiment = await recordedExperiment(output, script, "full");
}, 120_000);

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe("Node.js, Python and the store", () => {
  it("are one tree for each request: every call where it was made, every command with whom it belongs to, by stream offsets", () => {
    const { flows } = experiment.flows({ filter: 'kind == "http" && name =~ "/front/"', limit: 1000 });
    expect(flows).toHaveLength(count);
    for (const { id, name } of flows) {
      const all = experiment.flow(id).spans;
      const say = (span: SpanInfo): string => {
        if (span.kind !== "served") expect(span.evidence, span.name).toBe("stream-offset");
        const bytes = span.kind === "store" ? ` ${experiment.request(span.request as number).requestBytes}` : "";
        const below = all.filter(({ parent }) => parent === span.id).map(say);
        return `${span.process} ${span.kind} ${span.name.replace(/127\.0\.0\.1:\d+/, "host")}${bytes} [${below.sort().join(", ")}]`;
      };
      const number = Number(name.split("/").at(-1));
      const command = (who: string, ...words: readonly string[]): string =>
        `${who} store ${words[0]?.toLowerCase()} ${encode(words).length} []`;
      const key = `k${"x".repeat(number)}`;
      const call = (from: string, to: string, path: string, inside: readonly string[]): string =>
        `${from} http GET host${path}${path.startsWith("/inner") ? "?" : ""} [${to} served GET ${path} [${inside.toSorted().join(", ")}]]`;
      const work = [
        command("python-service", "SET", key, "1"),
        command("python-service", "GET", key),
        command("python-service", "APPEND", key, "2"),
        ...(number % 3 === 0
          ? [call("python-service", "front", `/inner/${number}`, [command("front", "INCR", `n${"x".repeat(number)}`)])]
          : []),
      ];
      const outer = [
        call("front", "python-service", `/task/${number}`, work),
        ...(number % 2 === 1 ? [call("front", "python-service", `/plain/${number}`, [])] : []),
      ];
      const root = all.find(({ parent }) => parent === undefined) as SpanInfo;
      expect(say(root)).toBe(call("front", "front", `/front/${number}`, outer));
    }
  });

  it("says nothing of query strings, and what the runtime is", () => {
    const lines = execFileSync("babeltrace2", [join(directory, "trace")], { encoding: "utf8", maxBuffer: 1 << 30 }).split("\n");
    const text = lines.filter((line) => line.includes(" python:"));
    expect(text.length).toBeGreaterThan(1000);
    expect(text.filter((line) => line.includes("secret"))).toEqual([]);
    expect(text.filter((line) => line.includes("process_info"))).toHaveLength(1);
    expect(text.filter((line) => line.includes("tracing_end"))).toEqual([]);
  });
});

describe("a Python program with our folder in PYTHONPATH", () => {
  const program = `
import http.client, http.server, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(3):
    client = http.client.HTTPConnection("127.0.0.1", server.server_port)
    client.request("GET", "/x?y=1"); answer = client.getresponse(); print(answer.status, answer.read().decode()); client.close()
server.shutdown()
`;
  const run = (folder: string | undefined, more: NodeJS.ProcessEnv = {}) => {
    const environment = { ...process.env, ...(folder === undefined ? {} : pythonEnvironment(folder, more["PYTHONPATH"])) };
    const { status, stdout, stderr } = spawnSync(python, ["-c", program], { encoding: "utf8", env: environment, timeout: 30_000 });
    return { status, stdout, stderr };
  };
  let build: string;
  let alone: ReturnType<typeof run>;
  const copy = (name: string): string => {
    const folder = join(directory, name);
    cpSync(build, folder, { recursive: true });
    return folder;
  };

  beforeAll(async () => {
    build = (await buildPython()).directory;
    alone = run(undefined);
    expect(alone).toMatchObject({ status: 0, stdout: "200 ok\n200 ok\n200 ok\n", stderr: "" });
  });

  it("does what it does without, where no session records", () => {
    expect(run(build)).toEqual(alone);
  });

  it("does so without the library, with one that is none, and with one of another kind", () => {
    const missing = copy("missing");
    rmSync(join(missing, "storescope/libstorescope-python.so"));
    expect(run(missing)).toEqual(alone);
    const broken = copy("broken");
    writeFileSync(join(broken, "storescope/libstorescope-python.so"), "no library");
    expect(run(broken)).toEqual(alone);
    const other = copy("other");
    execFileSync("cc", ["-shared", "-o", join(other, "storescope/libstorescope-python.so"), "-x", "c", "/dev/null"]);
    expect(run(other)).toEqual(alone);
  });

  it("does so when a hook of ours fails in the middle of a recording, which says so", async () => {
    const failing = copy("failing");
    const hooks = join(failing, "storescope/hooks.py");
    writeFileSync(
      hooks,
      `${execFileSync("cat", [hooks], { encoding: "utf8" })}\n\ndef _fail(*args):\n    raise ValueError("secret")\n\n\nHooks.received = _fail\n`,
    );
    const output = join(directory, "failing-trace");
    const { code, stdout, stderr } = await start([
      "record",
      "--output",
      output,
      "--",
      "env",
      `PYTHONPATH=${failing}`,
      python,
      "-c",
      program,
    ]).ended;
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(alone.stdout);
    const text = execFileSync("babeltrace2", [output], { encoding: "utf8" });
    expect(text).toMatch(/python:tracing_end: .*reason = "ValueError at hooks\.py:\d+"/);
    expect(text).not.toContain("secret");
  });

  it("runs the sitecustomize that ours hides", () => {
    const own = join(directory, "own");
    mkdirSync(own);
    writeFileSync(join(own, "sitecustomize.py"), 'print("the application\'s own")\n');
    expect(run(build, { PYTHONPATH: own })).toEqual({ ...alone, stdout: `the application's own\n${alone.stdout}` });
  });
});
