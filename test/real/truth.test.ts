/**
 * Whose command it was, for real and against the truth: every HTTP request uses keys of a length that only it uses, so the length of each command, which the store
 * tells, says whose it was. The commands found below each request must be exactly those that the application's code sends for it; also where a bundler has put
 * the libraries into one file with the application.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCertificate } from "../../scenarios/lib/certificate.ts";
import { encode } from "../../scenarios/lib/client.ts";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import type { Experiment } from "../../src/engine/index.ts";
import { ensureLibraries } from "./libraries.ts";
import { applicationNode, besideStore, recordedExperiment } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/truth.mjs", import.meta.url));
const count = 640;
const greetings: ReadonlySet<string> = new Set(["client", "hello", "info"]);

/** The newest versions are the repository's own; the others have folders, installed from their lock files when first wanted. */
interface Case {
  readonly name: string;
  readonly folder?: string;
  readonly client?: string;
  readonly callbacks?: boolean;
  readonly bundled?: "whole" | "minified";
  /** The first commands are issued before there is any connection. */
  readonly cold?: boolean;
}

const cases: readonly Case[] = [
  { name: "ioredis 6 and redis 6" },
  { name: "ioredis 5 and redis 5", folder: "ioredis-5-redis-5" },
  { name: "ioredis 4 and redis 4", folder: "ioredis-4-redis-4" },
  { name: "ioredis 4 and redis 3", folder: "ioredis-4-redis-3", callbacks: true },
  { name: "iovalkey and redis 5", folder: "iovalkey-0", client: "iovalkey" },
  { name: "ioredis 6 and redis 6, bundled", bundled: "whole" },
  { name: "ioredis 6 and redis 6, minified", bundled: "minified" },
  { name: "ioredis 5 and redis 5, bundled", folder: "ioredis-5-redis-5", bundled: "whole" },
  { name: "ioredis 4 and redis 4, bundled", folder: "ioredis-4-redis-4", bundled: "whole" },
  { name: "ioredis 4 and redis 4, minified", folder: "ioredis-4-redis-4", bundled: "minified" },
  { name: "ioredis 4 and redis 4, bundled, cold", folder: "ioredis-4-redis-4", bundled: "whole", cold: true },
  { name: "ioredis 4 and redis 3, bundled", folder: "ioredis-4-redis-3", callbacks: true, bundled: "whole" },
  { name: "iovalkey and redis 5, minified", folder: "iovalkey-0", client: "iovalkey", bundled: "minified" },
  { name: "ioredis 6 and redis 6, cold", cold: true },
  { name: "ioredis 6 and redis 6, bundled, cold", cold: true, bundled: "whole" },
];

/** The application as one file with the libraries that it would find from this folder. */
async function bundle(directory: string, { client = "ioredis", bundled }: Case, folder: string): Promise<string> {
  const outfile = join(directory, "bundle.cjs");
  const libraries = `{ ioredis: require("${client}"), redis: require("redis") }`;
  await build({
    stdin: { contents: `globalThis.truthLibraries = ${libraries}; import("${pathToFileURL(app)}");`, resolveDir: folder },
    outfile,
    bundle: true,
    minify: bundled === "minified",
    external: ["file:*"],
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return outfile;
}

/** Name and bytes of each command that the application sends for request N. */
function expected(number: number): readonly string[] {
  const key = `k${"x".repeat(number)}`;
  const say = (...command: readonly string[]): string => `${command[0]} ${encode(command).length}`;
  const [set, append, get] = [say("set", key, "1"), say("append", key, "2"), say("get", key)];
  const multi = [say("multi"), set, get, say("exec")];
  const styles = [
    [set, get],
    [set, append],
    [set, append, get],
    [say("blpop", key, "5"), say("rpush", key, "1")],
    multi,
    [set, get],
    multi,
    [set, get],
    ["subscribe", "unsubscribe"]
      .flatMap((name) => [say(name, key), say(name, key)])
      .concat(say("publish", key, "1"), say("publish", key, "2")),
  ];
  return (styles[number % styles.length] as readonly string[]).toSorted();
}

describe.each(cases)("commands of 640 requests, 64 at a time: $name", (each) => {
  const { folder, client, callbacks, bundled, cold } = each;
  let directory: string;
  let experiment: Experiment;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-truth-"));
    const output = join(directory, "trace");
    const [port = 0, tlsPort = 0] = await freePorts(2);
    const { certificateFile, keyFile } = writeCertificate(directory);
    const tls = `--tls-port ${tlsPort} --tls-cert-file ${certificateFile} --tls-key-file ${keyFile} --tls-auth-clients no`;
    const environment = [
      ...(folder === undefined ? [] : [`TRUTH_LIBRARIES="${ensureLibraries(folder)}"`]),
      ...(callbacks === true ? ["TRUTH_CALLBACKS=1"] : []),
      ...(client === undefined ? [] : [`TRUTH_CLIENT=${client}`]),
      ...(cold === true ? ["TRUTH_COLD=1"] : []),
    ].join(" ");
    const from = folder === undefined ? import.meta.dirname : dirname(ensureLibraries(folder));
    const file = bundled === undefined ? app : await bundle(directory, each, from);
    const script = besideStore(port, `${environment} "${applicationNode}" "${file}" ${port} ${tlsPort} "${certificateFile}"`, tls);
    experiment = await recordedExperiment(output, script, "full");
  }, 120_000);

  afterAll(() => {
    experiment?.close();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  it("are each found below the request that sent them, and no other: TLS, pipelines, MULTI, blocking, publish and subscribe, two libraries", () => {
    const roots = experiment.flows({ filter: 'kind == "http" && name =~ "/do/"', limit: 1000 }).flows;
    expect(roots).toHaveLength(count);
    let commands = 0;
    for (const { id, name, evidence } of roots) {
      expect(evidence).toBe("stream-offset");
      // A connection's own commands are not what the application asked for.
      const calls = experiment.flow(id).spans.filter(({ kind, name: each }) => kind === "store" && !greetings.has(each));
      const found = calls.map((call) => {
        expect(call.evidence).toBe("stream-offset");
        return `${call.name} ${experiment.request(call.request as number).requestBytes}`;
      });
      const number = Number(name.split("/").at(-1));
      // A bundled library is found with its first write: what was issued before is nobody's, and never another's.
      const isBefore = bundled !== undefined && cold === true && number < 64;
      expect(isBefore ? expected(number) : found.toSorted(), name).toEqual(isBefore ? expect.arrayContaining(found) : expected(number));
      commands += calls.length;
    }
    expect(commands).toBeGreaterThan(1300);
  });
});
