/**
 * Libraries that serve and call, under every way to load them, for real: Fastify, axios, undici's pool, ioredis and node-redis; as ESM and CommonJS by tsx, and as one
 * bundle. Each command's length says whose it is: it is found with its own request.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode } from "../../scenarios/lib/client.ts";
import type { Experiment } from "../../src/engine/index.ts";
import { ensureLibraries } from "./libraries.ts";
import { applicationNode, besideStore, freePort, recordedExperiment } from "./support.ts";

const source = fileURLToPath(new URL("node-apps/libraries.ts", import.meta.url));
const ownModules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const perWay = 60;
const ways = ["axios", "undici", "fetch"];
let directory: string;
let libraries: string;

beforeAll(() => {
  libraries = dirname(ensureLibraries("web"));
  directory = mkdtempSync(join(tmpdir(), "storescope-loaders-"));
  // What the application imports is found from its folder up.
  const found = join(directory, "node_modules");
  mkdirSync(found);
  for (const each of ["axios", "fastify", "ioredis", "redis"]) symlinkSync(join(ownModules, each), join(found, each));
  for (const each of ["tsx", "undici"]) symlinkSync(join(libraries, "node_modules", each), join(found, each));
});

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

async function bundle(): Promise<readonly string[]> {
  const outfile = join(directory, "bundle", "bundle.cjs");
  await build({
    entryPoints: [source],
    outfile,
    nodePaths: [join(directory, "node_modules")],
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return [outfile];
}

/** The application below tsx, as modules of this type. */
function byTsx(type: "module" | "commonjs"): readonly string[] {
  const folder = join(directory, type);
  cpSync(source, join(folder, "app.ts"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
  return [join(directory, "node_modules/tsx/dist/cli.mjs"), join(folder, "app.ts")];
}

const cases: readonly {
  readonly name: string;
  readonly prepare: () => readonly string[] | Promise<readonly string[]>;
  /** Whether undici's pool and, in a bundle, the store's clients are. */
  readonly isFollowed: boolean;
  /** The first 64 requests ask before the pool has any connection. */
  readonly isCold?: boolean;
  /** In front of the command. */
  readonly environment?: string;
}[] = [
  { name: "tsx, ESM", prepare: () => byTsx("module"), isFollowed: true },
  { name: "tsx, CommonJS", prepare: () => byTsx("commonjs"), isFollowed: true },
  { name: "one bundle by esbuild", prepare: bundle, isFollowed: true },
  { name: "one bundle, cold", prepare: bundle, isFollowed: true, isCold: true, environment: "LIBRARIES_COLD=1 " },
  { name: "one bundle, closures not searched", prepare: bundle, isFollowed: false, environment: "STORESCOPE_CLOSURES=0 " },
];

describe.each(cases)("an application loaded by $name", ({ name, prepare, isFollowed, isCold, environment = "" }) => {
  const commands = isFollowed ? 3 : 0;
  let experiment: Experiment;

  beforeAll(async () => {
    const output = join(directory, `trace ${name}`);
    const port = await freePort();
    const args = (await prepare()).map((each) => `"${each}"`).join(" ");
    const script = besideStore(port, `${environment}"${applicationNode}" ${args} ${port}`);
    experiment = await recordedExperiment(output, script);
  }, 120_000);

  afterAll(() => experiment?.close());

  it.each(ways)("has what it does for a request below that request, or nowhere: %s", (way) => {
    const { flows } = experiment.flows({ filter: `kind == "http" && name =~ ":[0-9]+/${way}/"`, limit: 1000 });
    const wrong: string[] = [];
    let [right, calls] = [0, 0];
    for (const { id } of flows) {
      const { spans } = experiment.flow(id);
      for (const span of spans) {
        const numbers = spans
          .filter(({ kind, name: each }) => kind === "http" && each.includes(`/${way}/`))
          .map((call) => call.name.split("/").at(-1));
        if (new Set(numbers).size !== 1) wrong.push(`calls for ${numbers.join()}`);
        if (span.kind === "http" && span.parent !== undefined) calls++;
        if (span.kind !== "store") continue;
        const key = `k${"x".repeat(Number(numbers[0]))}`;
        const own = { set: ["set", key, "1"], append: ["append", key, "2"], get: ["get", key] }[span.name] ?? [];
        if (experiment.request(span.request ?? -1).requestBytes === encode(own).length) right++;
        else wrong.push(`${span.name} for ${numbers[0]}`);
      }
    }
    expect(wrong).toEqual([]);
    // What a bundled pool was asked for before it was found is nobody's.
    const early = isCold === true ? Array.from({ length: 64 }, (_, i) => ways[i % ways.length]).filter((each) => each === way).length : 0;
    const followed = isFollowed ? perWay - early : 0;
    expect({ right, calls }).toEqual({ right: commands * perWay, calls: way === "undici" ? followed : perWay });
  });

  it(commands > 0 ? "has no command below nobody" : "has all commands below nobody", () => {
    const filter = 'kind == "store" && (name == "set" || name == "append" || name == "get")';
    const { total } = experiment.flows({ filter, limit: 1 });
    expect(total).toBe((3 - commands) * perWay * ways.length);
  });
});
