/**
 * Node.js' instrumentation, ready to use: a folder with the preload, its hooks, the addon and the provider library.
 *
 *     instrumentation/node/{preload.cjs, hooks/} --copy--> folder <--gcc-- instrumentation/node/native/{addon.c, provider.c}
 *
 * The addon uses Node-API alone, so one build serves every Node. The folder needs nothing else and may be copied into an image. It is built once into the
 * cache, like a store: in a folder beside it that gets its name when it is whole.
 */
import { createHash } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { StorescopeError, type TaskOptions } from "../../base/index.ts";
import { cacheRoot, hashFolder } from "../cache.ts";
import { thisPackage } from "../package-root.ts";
import { withLock } from "../store/lock.ts";
import { runStep } from "../store/tools.ts";

export interface NodeBuildOptions extends TaskOptions {
  /** Default: `$XDG_CACHE_HOME/storescope` or `~/.cache/storescope`. */
  readonly cacheDirectory?: string | undefined;
  /** Build again though it is in the cache. */
  readonly force?: boolean | undefined;
}

export interface NodeBuild {
  readonly directory: string;
  /** What NODE_OPTIONS=--require= takes. */
  readonly preload: string;
  /** It was in the cache already. */
  readonly cached: boolean;
}

/** Part of the cache key: changes whenever a build made from the same files would come out different. */
const recipeVersion = 1;
const compilerFlags = ["-std=gnu11", "-O2", "-g1", "-fPIC", "-shared", "-Wall"];

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Folders that may hold node_api.h and uv.h: beside this Node, the distribution's, and what npm fetched for building addons. */
const headerFolders = () => [
  join(dirname(dirname(process.execPath)), "include/node"),
  "/usr/include/node",
  join(homedir(), ".cache/node-gyp", process.versions.node, "include/node"),
];

/** Node's headers; undefined where there are none. */
export async function findNodeHeaders(): Promise<string | undefined> {
  for (const folder of headerFolders()) if (await exists(join(folder, "node_api.h"))) return folder;
  return undefined;
}

async function buildDirectory(options: NodeBuildOptions): Promise<{ readonly source: string; readonly directory: string }> {
  const source = join(thisPackage().root, "instrumentation/node");
  const hash = createHash("sha256").update(JSON.stringify([recipeVersion, compilerFlags, process.arch]));
  for (const folder of ["native", "hooks"]) await hashFolder(hash, join(source, folder));
  hash.update(await readFile(join(source, "preload.cjs")));
  return { source, directory: join(cacheRoot(options), "node", hash.digest("hex").slice(0, 16)) };
}

const nodeBuild = (directory: string, cached: boolean): NodeBuild => ({ directory, preload: join(directory, "preload.cjs"), cached });

/** The build if the cache has it. Never builds. */
export async function findNode(options: NodeBuildOptions = {}): Promise<NodeBuild | undefined> {
  const { directory } = await buildDirectory(options);
  return (await exists(directory)) ? nodeBuild(directory, true) : undefined;
}

/** The build, made when the cache does not have it (two seconds). Throws TOOL_MISSING, CANCELLED, or BUILD_FAILED with the compiler's words. */
export async function buildNode(options: NodeBuildOptions = {}): Promise<NodeBuild> {
  const { source, directory } = await buildDirectory(options);
  if (!options.force && (await exists(directory))) return nodeBuild(directory, true);
  const root = cacheRoot(options);
  await mkdir(dirname(directory), { recursive: true });
  return withLock(join(root, "node.lock"), options, async () => {
    if (!options.force && (await exists(directory))) return nodeBuild(directory, true);
    options.onProgress?.({ label: "building Node's instrumentation", done: 0, total: 0 });
    const work = await mkdtemp(join(root, "work-node."));
    const log = join(root, "build-node.log");
    try {
      await writeFile(log, "");
      const native = join(source, "native");
      const headers = await findNodeHeaders();
      if (headers === undefined)
        throw new StorescopeError(
          "TOOL_MISSING",
          `Node's headers (node_api.h) are in none of ${headerFolders().join(", ")}: apt install libnode-dev`,
        );
      const compile = async (target: string, sources: readonly string[], ...more: readonly string[]) =>
        await runStep(`compiling ${target}`, {
          program: "cc",
          args: [...compilerFlags, "-o", join(work, target), ...sources.map((name) => join(native, name)), ...more],
          log,
          signal: options.signal,
        });
      await compile("storescope.node", ["addon.c"], `-I${headers}`);
      await compile("libstorescope-node.so", ["provider.c", "node_tp.c"], `-I${native}`, "-llttng-ust", "-ldl");
      await cp(join(source, "hooks"), join(work, "hooks"), { recursive: true });
      await cp(join(source, "preload.cjs"), join(work, "preload.cjs"));
      await rm(directory, { recursive: true, force: true });
      await rename(work, directory);
      await chmod(directory, 0o755);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return nodeBuild(directory, false);
  });
}

/** One of NODE_OPTIONS' words: a path with a space or a quote in it needs quotes, and backslashes inside them. */
const quoted = (word: string): string => (/[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, "\\$&")}"` : word);

/** Environment in which every Node.js process runs the preload first. Keeps the options that are there. */
export function preloadEnvironment(preload: string, options = process.env["NODE_OPTIONS"] ?? ""): { readonly NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `${options} ${quoted(`--require=${preload}`)}`.trim() };
}
