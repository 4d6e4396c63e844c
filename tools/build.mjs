// `npm run build`: dist/ from the sources. Only what is stale is built; `--force` builds everything.
//
//     src/cli/main.ts, src/engine/{index,analysis-worker,packing-worker,print-worker}.ts, scenarios/*/index.ts, scenarios/*/services/*.ts
//                  --esbuild--> dist/{cli,index,analysis-worker,packing-worker,print-worker}.js, dist/scenarios/*.js, dist/*/*.js, dist/chunks/
//     src/web/                                                   --vite-----> dist/web/
//
// A part is stale when the fingerprint of its inputs (path, size, time of change) differs from the one kept in dist/. bin/storescope asks before each run
// in a checkout, so `ensureBuilt` must be fast when there is nothing to do: it loads nothing and only looks at files.
// Several builds may be asked for at once (parallel tests): the first one builds, the others wait for it. Chunks have their hash as a name, and old ones
// are kept for an hour, so that a running program still finds those it has not loaded yet.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/root.mjs";

const dist = join(root, "dist");
const keptChunksMs = 3_600_000;

const parts = [
  {
    name: "node",
    title: "command and library",
    inputs: ["src", "scenarios", "package.json", "tools/build.mjs"],
    skip: "src/web",
    build: buildNode,
  },
  {
    name: "web",
    title: "web UI",
    inputs: ["src/web", "src/tsp", "src/base", "package-lock.json", "vite.config.ts", "tools/build.mjs"],
    skip: undefined,
    build: buildWeb,
  },
];

function addFiles(path, skip, lines) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined || path === skip || /\.test\.tsx?$/.test(path)) return;
  if (stat.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) addFiles(`${path}/${name}`, skip, lines);
  } else {
    lines.push(`${path} ${stat.size} ${stat.mtimeMs}`);
  }
}

function fingerprint(part) {
  const lines = [];
  for (const input of part.inputs) addFiles(input, part.skip, lines);
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

const stampFile = (part) => join(dist, `.${part.name}.stamp`);
const isFresh = (part, print) => existsSync(stampFile(part)) && readFileSync(stampFile(part), "utf8") === print;

/** Writes a file so that readers see the old or the new content, never a half. */
function replaceFile(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, content);
  renameSync(`${path}.${process.pid}`, path);
}

/**
 * Packages that scenarios use are what is traced, or drives it: they stay packages. Those of the command are taken in: Node takes longer to find and read a hundred
 * small files than for all else of the start.
 */
const scenariosPackages = {
  name: "scenarios-packages",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ importer, path }) => {
      const isExternal = importer.startsWith(join(root, "scenarios/")) && !path.startsWith("node:");
      return isExternal ? { path, external: true } : undefined;
    });
  },
};
/** What fastify and its plugins load for options that the server does not set: more code than all that is used of them. Whoever sets one hears of it at once. */
const unusedPackages = {
  name: "unused-packages",
  setup(build) {
    build.onResolve(
      { filter: /^(@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request|pino|glob)$/ },
      ({ path }) => ({
        path,
        namespace: "unused",
      }),
    );
    // `glob` is taken out of its package when that is loaded, and called only where an option wants it.
    build.onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({
      contents: `const refuse = () => { throw new Error(${JSON.stringify(`${path} is left out of the bundle (tools/build.mjs)`)}); };
        module.exports = new Proxy(refuse, { get: (_target, name) => name === "glob" ? refuse : refuse() });`,
    }));
  },
};
/** CommonJS packages ask for Node's own modules by `require`, which an ES module does not have. */
const requireOfNode = 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);';

async function buildNode() {
  const esbuild = await import("esbuild");
  const entryPoints = {
    cli: "src/cli/main.ts",
    index: "src/engine/index.ts",
    "analysis-worker": "src/engine/analysis-worker.ts",
    "packing-worker": "src/engine/packing-worker.ts",
    "print-worker": "src/engine/print-worker.ts",
  };
  for (const entry of readdirSync(join(root, "scenarios"), { withFileTypes: true })) {
    if (entry.isDirectory() && existsSync(join(root, "scenarios", entry.name, "index.ts"))) {
      entryPoints[`scenarios/${entry.name}`] = `scenarios/${entry.name}/index.ts`;
    }
    // What a scenario runs beside servers: programs of their own.
    const programs = `scenarios/${entry.name}/services`;
    for (const file of existsSync(join(root, programs)) ? readdirSync(join(root, programs)) : [])
      entryPoints[`${entry.name}/${file.replace(/\.ts$/, "")}`] = `${programs}/${file}`;
  }
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    platform: "node",
    target: "node20",
    plugins: [scenariosPackages, unusedPackages],
    banner: { js: requireOfNode },
    metafile: true,
    sourcemap: true,
    write: false,
    logLevel: "silent",
  });
  const written = new Set(result.outputFiles.map((file) => file.path));
  // Chunks first: an entry never names a chunk that is not there yet.
  const chunksFirst = [...result.outputFiles].sort((a, b) => Number(b.path.includes("/chunks/")) - Number(a.path.includes("/chunks/")));
  for (const file of chunksFirst) replaceFile(file.path, file.contents);
  const { thirdPartyText } = await import("./lib/third-party.mjs");
  const modules = Object.keys(result.metafile.inputs).map((path) => join(root, path));
  replaceFile(join(dist, "THIRD-PARTY.txt"), thirdPartyText(modules));
  const chunks = join(dist, "chunks");
  for (const name of existsSync(chunks) ? readdirSync(chunks) : []) {
    const path = join(chunks, name);
    if (!written.has(path) && Date.now() - statSync(path).mtimeMs > keptChunksMs) rmSync(path);
  }
}

async function buildWeb() {
  const { build } = await import("vite");
  // Whoever builds, tests too, which say otherwise: React is half as large and half as slow without its checks.
  process.env.NODE_ENV = "production";
  const next = join(dist, `.web.${process.pid}`);
  await build({ configFile: join(root, "vite.config.ts"), root: join(root, "src/web"), build: { outDir: next }, logLevel: "warn" });
  rmSync(join(dist, "web"), { recursive: true, force: true });
  renameSync(next, join(dist, "web"));
}

/** Waits until this process is the only one that builds. The lock of a process that is gone is taken over. */
async function lock() {
  const directory = join(dist, ".lock");
  const owner = join(directory, "pid");
  mkdirSync(dist, { recursive: true });
  for (let waited = 0; ; waited += 50) {
    try {
      mkdirSync(directory);
      writeFileSync(owner, String(process.pid));
      return () => {
        rmSync(owner, { force: true });
        rmdirSync(directory);
      };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const pid = existsSync(owner) ? Number(readFileSync(owner, "utf8")) : 0;
    const isGone = pid > 0 ? !existsSync(`/proc/${pid}`) && process.platform === "linux" : waited > 2000;
    if (isGone || waited > 300_000) rmSync(directory, { recursive: true, force: true });
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Builds what is stale; `report` gets a line per part that is built. Throws what the bundler throws. */
export async function ensureBuilt({ isForced = false, report = () => undefined } = {}) {
  const stale = () => parts.filter((part) => isForced || !isFresh(part, fingerprint(part)));
  if (stale().length === 0) return;
  const unlock = await lock();
  try {
    for (const part of stale()) {
      const print = fingerprint(part);
      const started = performance.now();
      report(`building ${part.title}`);
      await part.build();
      replaceFile(stampFile(part), print);
      report(`built ${part.title} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
  } finally {
    unlock();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await ensureBuilt({ isForced: process.argv.includes("--force"), report: (line) => console.error(line) });
}
