/**
 * Builds instrumented data stores: the distribution's own source package, our semantic patches, our LTTng-UST provider.
 *
 *     source package --dpkg-source--> tree --Coccinelle--> probes in place --make--> server, cli, benchmark --rename--> cache
 *
 * The cache holds one folder per (store, revision, instrumentation, flags). A build happens in a folder beside it and is renamed when it is whole, so
 * a folder in the cache is always complete; a lock keeps two processes from building the same thing.
 *
 * The allocator is libc's, for the instrumented and the plain build alike. The distribution uses its shared jemalloc, whose headers are one more package to
 * install, and the bundled one costs 30 s of a two-core build; what tracing costs does not depend on it as long as both builds have the same.
 */
import { createHash } from "node:crypto";
import { appendFile, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { StorescopeError, type TaskOptions, UsageError } from "../../base/index.ts";
import { cacheRoot, hashPath } from "../cache.ts";
import { thisPackage } from "../package/index.ts";
import { upstreamVersion } from "./apt-sources.ts";
import { withLock } from "./lock.ts";
import { applyPatches, type Flavor, type Patch, parseManifest, patchesFor, type RuleMatch } from "./patches.ts";
import { findSourcePackages, unpackSourcePackage } from "./source-package.ts";
import { buildFailure, runStep } from "./tools.ts";

export type { Flavor, RuleMatch } from "./patches.ts";

export interface StoreOptions extends TaskOptions {
  readonly flavor: Flavor;
  /** Upstream version, `7.0.15`, or a prefix of it, `9.1`. Default: the newest one that can be built instrumented. */
  readonly version?: string | undefined;
  /** A source tree to build a copy of, instead of the distribution's package. */
  readonly source?: string | undefined;
  /** Default: `$XDG_CACHE_HOME/storescope` or `~/.cache/storescope`. */
  readonly cacheDirectory?: string | undefined;
}

export interface BuildOptions extends StoreOptions {
  /** Only look which rules would match; nothing is built. */
  readonly dryRun?: boolean | undefined;
  /** Build again though it is in the cache. */
  readonly force?: boolean | undefined;
}

/** A built store. After a dry run, the paths say where it would lie. */
export interface StoreBuild {
  readonly flavor: Flavor;
  /** Upstream version. */
  readonly version: string;
  /** The distribution's version, or `local` for a source tree. */
  readonly revision: string;
  readonly instrumented: boolean;
  readonly directory: string;
  readonly server: string;
  readonly benchmark: string;
  readonly cli: string;
  /** It was in the cache already. */
  readonly cached: boolean;
  /** How each rule of the semantic patches fared; empty for a plain build. */
  readonly rules: readonly RuleMatch[];
}

/** Part of the cache key: changes whenever a build made from the same inputs would come out different. */
const recipeVersion = 1;
const defaultVersions: Readonly<Record<Flavor, string>> = { redis: "7.0.15", valkey: "9.1" };
/** Versions, or prefixes of them, whose probes are complete: a rule without a match is an error there. */
const instrumentable: Readonly<Record<Flavor, readonly string[]>> = { redis: ["7.0.15", "8.0"], valkey: ["9.1"] };
// Later versions link with whole-program optimisation unless told otherwise, which doubles the build's time.
const makeFlags = ["BUILD_TLS=yes", "MALLOC=libc", "USE_SYSTEMD=no", "DEBUG=-g1", "OPTIMIZATION=-O2"];
const programs = ["server", "cli", "benchmark"] as const;
const sourceListMaxAgeMs = 24 * 3600 * 1000;

interface Recipe {
  readonly flavor: Flavor;
  readonly version: string;
  readonly instrumented: boolean;
  /** Hash of everything of ours that goes into the build. */
  readonly instrumentation: string;
  readonly patches: readonly Patch[];
  readonly patchDirectory: string;
  readonly providerDirectory: string;
}

async function makeRecipe(flavor: Flavor, version: string | undefined, instrumented: boolean): Promise<Recipe> {
  const root = join(thisPackage().root, "instrumentation/redis");
  const patchDirectory = join(root, "patches");
  const providerDirectory = join(root, "provider");
  const hash = createHash("sha256").update(JSON.stringify([recipeVersion, instrumented, makeFlags]));
  if (instrumented) {
    await hashPath(hash, patchDirectory);
    await hashPath(hash, providerDirectory);
  }
  const patches = instrumented ? parseManifest(await readFile(join(patchDirectory, "manifest.json"), "utf8")) : [];
  return {
    flavor,
    version: version ?? defaultVersions[flavor],
    instrumented,
    instrumentation: hash.digest("hex").slice(0, 16),
    patches,
    patchDirectory,
    providerDirectory,
  };
}

const kindOf = (recipe: Recipe) => (recipe.instrumented ? recipe.flavor : `${recipe.flavor}-plain`);

/** Folder of a finished build: `redis-7.0.15-1~deb12u10-<hash>`. */
function buildName(recipe: Recipe, revision: string): string {
  const safe = revision.replace(/^\d+:/, "").replace(/[^A-Za-z0-9.~+-]/g, "_");
  return `${kindOf(recipe)}-${safe}-${recipe.instrumentation}`;
}

interface BuildRecord {
  readonly version: string;
  readonly revision: string;
  readonly rules: readonly RuleMatch[];
}

function storeBuild(recipe: Recipe, directory: string, record: BuildRecord, cached: boolean): StoreBuild {
  const program = (name: string) => join(directory, `${recipe.flavor}-${name}`);
  return {
    flavor: recipe.flavor,
    version: record.version,
    revision: record.revision,
    instrumented: recipe.instrumented,
    directory,
    server: program("server"),
    benchmark: program("benchmark"),
    cli: program("cli"),
    cached,
    rules: record.rules,
  };
}

/** The build in `directory`, if one is there. Its record was written by us before the folder got its name. */
async function readBuild(recipe: Recipe, directory: string): Promise<StoreBuild | undefined> {
  try {
    const record = JSON.parse(await readFile(join(directory, "build.json"), "utf8")) as BuildRecord;
    await stat(join(directory, `${recipe.flavor}-server`));
    return storeBuild(recipe, directory, record, true);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/** The newest build in the cache that this recipe would make from some revision of its version. */
async function findBuild(recipe: Recipe, root: string): Promise<StoreBuild | undefined> {
  const folder = join(root, "stores");
  let best: { readonly build: StoreBuild; readonly time: number } | undefined;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${kindOf(recipe)}-`) || !name.endsWith(`-${recipe.instrumentation}`)) continue;
    const build = await readBuild(recipe, join(folder, name));
    if (build === undefined || build.revision === "local") continue;
    if (build.version !== recipe.version && !build.version.startsWith(`${recipe.version}.`)) continue;
    const time = (await stat(join(folder, name))).mtimeMs;
    if (best === undefined || time > best.time) best = { build, time };
  }
  return best?.build;
}

/** A source package's revision is looked up at most once a day: a build that is in the cache needs no network. */
async function isFresh(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs < sourceListMaxAgeMs;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw cause;
  }
}

/** Puts the provider into a patched tree and includes its fragment in the Makefile, before the first target. */
async function addProvider(recipe: Recipe, tree: string): Promise<void> {
  const source = join(tree, "src");
  for (const name of await readdir(recipe.providerDirectory)) await copyFile(join(recipe.providerDirectory, name), join(source, name));
  const makefile = await readFile(join(source, "Makefile"), "utf8");
  const [before, after] = makefile.split(/^(?=all:)/m, 2);
  if (before === undefined || after === undefined) throw new StorescopeError("BUILD_FAILED", "the store's Makefile has no target `all`");
  await writeFile(join(source, "Makefile"), `${before}include storescope.mk\n\n${makefile.slice(before.length)}`);
}

async function compile(recipe: Recipe, tree: string, work: string, log: string, task: TaskOptions): Promise<void> {
  const targets = programs.map((name) => `${recipe.flavor}-${name}`);
  // The object files of the three programs, by count: only for the progress bar.
  const expected = 130;
  let done = 0;
  await runStep("compiling", {
    program: "make",
    args: [`-j${availableParallelism()}`, ...makeFlags, ...targets],
    directory: join(tree, "src"),
    log,
    signal: task.signal,
    onErrorLine: (line) => {
      if (!/CC.*\.o\b/.test(line)) return;
      done++;
      task.onProgress?.({ label: "compiling", done: Math.min(done, expected), total: expected });
    },
  });
  await mkdir(join(work, "out"), { recursive: true });
  for (const target of targets) await copyFile(join(tree, "src", target), join(work, "out", target));
}

/** A tree to build, and what it is. */
interface Tree {
  readonly directory: string;
  readonly revision: string;
  readonly version: string;
}

/** A copy of the user's tree. */
async function copyTree(source: string, work: string): Promise<Tree> {
  const version = await localVersion(source);
  const directory = join(work, "source");
  await cp(source, directory, { recursive: true });
  return { directory, revision: "local", version };
}

async function localVersion(source: string): Promise<string> {
  const header = await readFile(join(source, "src/version.h"), "utf8").catch(() => {
    throw new UsageError(`${source} is not a store's source tree: it has no src/version.h`);
  });
  return /_VERSION "([^"]+)"/.exec(header)?.[1] ?? "unknown";
}

async function build(recipe: Recipe, options: BuildOptions): Promise<StoreBuild> {
  const root = cacheRoot(options);
  const stores = join(root, "stores");
  const freshness = join(root, `apt-${recipe.flavor}-${recipe.version}`);
  await mkdir(stores, { recursive: true });
  if (options.source === undefined && !options.force && !options.dryRun) {
    const found = await findBuild(recipe, root);
    if (found !== undefined && (await isFresh(freshness))) return found;
  }
  return withLock(join(root, `${kindOf(recipe)}.lock`), options, async () => {
    // What a killed build left behind: nobody else works on this kind while we hold the lock.
    const prefix = `work-${kindOf(recipe)}.`;
    for (const name of await readdir(root)) if (name.startsWith(prefix)) await rm(join(root, name), { recursive: true, force: true });
    const work = await mkdtemp(join(root, prefix));
    const log = join(root, `build-${kindOf(recipe)}.log`);
    await writeFile(log, "");
    try {
      return await buildIn(recipe, options, root, work, log, freshness);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/**
 * The newest source package that can be fetched (a mirror may list a revision whose files it does not have), unpacked; or the finished build of the newest
 * one, when the cache has that.
 */
async function fetchTree(
  recipe: Recipe,
  options: BuildOptions,
  root: string,
  work: string,
  log: string,
): Promise<{ readonly tree: Tree } | { readonly built: StoreBuild }> {
  options.onProgress?.({ label: "looking for the source package", done: 0, total: 0 });
  let failure: unknown;
  try {
    for await (const source of findSourcePackages(recipe.flavor, recipe.version, join(root, "apt"), log, options.signal)) {
      const found =
        options.force || options.dryRun ? undefined : await readBuild(recipe, join(root, "stores", buildName(recipe, source.revision)));
      if (found !== undefined) return { built: found };
      options.onProgress?.({ label: `fetching ${source.name} ${source.revision}`, done: 0, total: 0 });
      try {
        const directory = await unpackSourcePackage(
          source,
          join(work, source.revision.replace(/[^A-Za-z0-9.]/g, "_")),
          log,
          options.signal,
        );
        return { tree: { directory, revision: source.revision, version: upstreamVersion(source.revision) } };
      } catch (cause) {
        if (!(cause instanceof StorescopeError) || cause.code !== "BUILD_FAILED") throw cause;
        failure ??= cause;
      }
    }
  } catch (cause) {
    if (!(cause instanceof StorescopeError) || cause.code !== "BUILD_FAILED") throw cause;
    failure ??= cause;
  }
  // Offline, say: a build of an older revision is better than none.
  const older = options.force || options.dryRun ? undefined : await findBuild(recipe, root);
  if (older !== undefined) return { built: older };
  throw failure;
}

/** Patches, adds the provider, and compiles. Returns how the rules fared; in a dry run, nothing but that happens. */
async function instrument(recipe: Recipe, options: BuildOptions, tree: Tree, work: string, log: string): Promise<readonly RuleMatch[]> {
  const patches = patchesFor(recipe.patches, recipe.flavor, tree.version);
  const rules = await applyPatches(tree.directory, patches, recipe.patchDirectory, work, log, options.dryRun === true, options);
  const missing = rules.filter(({ matched }) => !matched);
  if (options.dryRun) return rules;
  if (missing.length > 0) {
    await appendFile(
      log,
      missing
        .map(
          ({ rule, patch, functions, file, found, wanted }) =>
            `${patch}: ${rule}: ${file}, ${functions.join(", ")}: ${found} of ${wanted}\n`,
        )
        .join(""),
    );
    throw await buildFailure(`${missing.length} of ${rules.length} rules do not match ${recipe.flavor} ${tree.version}`, log);
  }
  await addProvider(recipe, tree.directory);
  return rules;
}

async function buildIn(
  recipe: Recipe,
  options: BuildOptions,
  root: string,
  work: string,
  log: string,
  freshness: string,
): Promise<StoreBuild> {
  const isLocal = options.source !== undefined;
  const source = isLocal ? { tree: await copyTree(resolve(options.source), work) } : await fetchTree(recipe, options, root, work, log);
  if (!isLocal) await writeFile(freshness, "");
  if ("built" in source) return source.built;
  const { tree } = source;
  const { revision, version } = tree;
  const directory = join(root, "stores", buildName(recipe, revision === "local" ? `${version}-local` : revision));
  const rules = recipe.instrumented ? await instrument(recipe, options, tree, work, log) : [];
  if (options.dryRun) return storeBuild(recipe, directory, { version, revision, rules }, false);
  await compile(recipe, tree.directory, work, log, options);
  await writeFile(join(work, "out/build.json"), `${JSON.stringify({ version, revision, rules } satisfies BuildRecord, undefined, 1)}\n`);
  await copyFile(log, join(work, "out/build.log"));
  await rm(directory, { recursive: true, force: true });
  await rename(join(work, "out"), directory);
  return storeBuild(recipe, directory, { version, revision, rules }, false);
}

/**
 * The instrumented store, built when the cache does not have it (about a minute on two cores). Throws TOOL_MISSING, CANCELLED, or BUILD_FAILED with the log's
 * tail and path, also when a rule of the semantic patches does not match. Nothing stays behind after a failure but the log.
 */
export async function buildStore(options: BuildOptions): Promise<StoreBuild> {
  const recipe = await makeRecipe(options.flavor, options.version, true);
  const isAble = instrumentable[options.flavor].some((version) => `${recipe.version}.`.startsWith(`${version}.`));
  if (!options.dryRun && !isAble) {
    const able = Object.entries(instrumentable).flatMap(([flavor, versions]) => versions.map((version) => `${flavor} ${version}`));
    throw new UsageError(
      `${options.flavor} ${recipe.version} cannot be built instrumented yet, only ${able.join(", ")}; a dry run shows which rules match`,
    );
  }
  return build(recipe, options);
}

/** The same source and flags without instrumentation: what benchmarks compare with. */
export async function buildPlainStore(options: BuildOptions): Promise<StoreBuild> {
  return build(await makeRecipe(options.flavor, options.version, false), options);
}

/** The instrumented store if the cache has it. Never builds, never asks the network. */
export async function findStore(options: Partial<StoreOptions> = {}): Promise<StoreBuild | undefined> {
  const recipe = await makeRecipe(options.flavor ?? "redis", options.version, true);
  return findBuild(recipe, cacheRoot(options));
}
