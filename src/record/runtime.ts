/**
 * Builds what a runtime is instrumented with: a folder of scripts and compiled libraries, made once into the cache, in a folder beside it that gets its name
 * when it is whole.
 *
 *     instrumentation/<runtime>/{scripts} --copy--> folder <--cc-- instrumentation/<runtime>/native
 */
import { createHash } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { TaskOptions } from "../base/index.ts";
import { cacheRoot, hashPath } from "./cache.ts";
import { thisPackage } from "./package/index.ts";
import { withLock } from "./store/lock.ts";
import { runStep } from "./store/tools.ts";

export interface RuntimeBuildOptions extends TaskOptions {
  /** Default: `$XDG_CACHE_HOME/storescope` or `~/.cache/storescope`. */
  readonly cacheDirectory?: string | undefined;
  /** Build again though it is in the cache. */
  readonly force?: boolean | undefined;
}

export interface Runtime {
  /** Name of its folder in instrumentation/, and in the cache. */
  readonly id: string;
  readonly title: string;
  /** Files and folders that are copied as they are. */
  readonly scripts: readonly string[];
  /** Shared libraries: where each goes in the folder, from which sources in native/, and the compiler's further arguments. */
  libraries(): Promise<readonly { readonly target: string; readonly sources: readonly string[]; readonly args: readonly string[] }[]>;
}

export interface RuntimeBuild {
  readonly directory: string;
  /** It was in the cache already. */
  readonly cached: boolean;
}

/** Part of the cache key: changes whenever a build made from the same files would come out different. */
const recipeVersion = 3;
const compilerFlags = ["-std=gnu11", "-O2", "-g1", "-fPIC", "-shared", "-Wall"];

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

const sourceOf = ({ id }: Runtime): string => join(thisPackage().root, "instrumentation", id);

async function buildDirectory(runtime: Runtime, options: RuntimeBuildOptions): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([recipeVersion, compilerFlags, process.arch]));
  for (const name of ["native", ...runtime.scripts]) await hashPath(hash, join(sourceOf(runtime), name));
  return join(cacheRoot(options), runtime.id, hash.digest("hex").slice(0, 16));
}

/** The build if the cache has it. Never builds. */
export async function findRuntime(runtime: Runtime, options: RuntimeBuildOptions = {}): Promise<RuntimeBuild | undefined> {
  const directory = await buildDirectory(runtime, options);
  return (await exists(directory)) ? { directory, cached: true } : undefined;
}

/** The build, made when the cache does not have it (two seconds). Throws TOOL_MISSING, CANCELLED, or BUILD_FAILED with the compiler's words. */
export async function buildRuntime(runtime: Runtime, options: RuntimeBuildOptions = {}): Promise<RuntimeBuild> {
  const { id, title, scripts } = runtime;
  const directory = await buildDirectory(runtime, options);
  if (!options.force && (await exists(directory))) return { directory, cached: true };
  const root = cacheRoot(options);
  await mkdir(dirname(directory), { recursive: true });
  return withLock(join(root, `${id}.lock`), options, async () => {
    if (!options.force && (await exists(directory))) return { directory, cached: true };
    options.onProgress?.({ label: `building ${title}'s instrumentation`, done: 0, total: 0 });
    const work = await mkdtemp(join(root, `work-${id}.`));
    const log = join(root, `build-${id}.log`);
    const source = sourceOf(runtime);
    try {
      await writeFile(log, "");
      for (const name of scripts)
        await cp(join(source, name), join(work, name), { recursive: true, filter: (path) => basename(path) !== "__pycache__" });
      const native = join(source, "native");
      for (const { target, sources, args } of await runtime.libraries())
        await runStep(`compiling ${basename(target)}`, {
          program: "cc",
          args: [...compilerFlags, "-o", join(work, target), ...sources.map((name) => join(native, name)), `-I${native}`, ...args],
          log,
          signal: options.signal,
        });
      await rm(directory, { recursive: true, force: true });
      await rename(work, directory);
      await chmod(directory, 0o755);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return { directory, cached: false };
  });
}
