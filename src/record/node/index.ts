/**
 * Node.js' instrumentation, ready to use: a folder with the preload, its hooks, the addon and the provider library.
 *
 * The addon uses Node-API alone, so one build serves every Node. The folder needs nothing else and may be copied into an image.
 */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { StorescopeError } from "../../base/index.ts";
import { buildRuntime, exists, findRuntime, type Runtime, type RuntimeBuild, type RuntimeBuildOptions } from "../runtime.ts";

export interface NodeBuild extends RuntimeBuild {
  /** What NODE_OPTIONS=--require= takes. */
  readonly preload: string;
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

const runtime: Runtime = {
  id: "node",
  title: "Node",
  scripts: ["hooks", "preload.cjs"],
  async libraries() {
    const headers = await findNodeHeaders();
    if (headers === undefined)
      throw new StorescopeError(
        "TOOL_MISSING",
        `Node's headers (node_api.h) are in none of ${headerFolders().join(", ")}: apt install libnode-dev`,
      );
    return [
      // Never unloaded: Node closes a worker's addons when it ends, and the watcher's code must stay.
      { target: "storescope.node", sources: ["addon.c"], args: [`-I${headers}`, "-Wl,-z,nodelete"] },
      { target: "libstorescope-node.so", sources: ["provider.c", "node_tp.c"], args: ["-llttng-ust", "-ldl"] },
    ];
  },
};

const nodeBuild = (build: RuntimeBuild): NodeBuild => ({ ...build, preload: join(build.directory, "preload.cjs") });

/** The build if the cache has it. Never builds. */
export async function findNode(options: RuntimeBuildOptions = {}): Promise<NodeBuild | undefined> {
  const build = await findRuntime(runtime, options);
  return build && nodeBuild(build);
}

/** The build, made when the cache does not have it (two seconds). Throws TOOL_MISSING, CANCELLED, or BUILD_FAILED with the compiler's words. */
export async function buildNode(options: RuntimeBuildOptions = {}): Promise<NodeBuild> {
  return nodeBuild(await buildRuntime(runtime, options));
}

/** One of NODE_OPTIONS' words: a path with a space or a quote in it needs quotes, and backslashes inside them. */
const quoted = (word: string): string => (/[\s"\\]/.test(word) ? `"${word.replace(/["\\]/g, "\\$&")}"` : word);

/** Environment in which every Node.js process runs the preload first. Keeps the options that are there. */
export function preloadEnvironment(preload: string, options = process.env["NODE_OPTIONS"] ?? ""): { readonly NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `${options} ${quoted(`--require=${preload}`)}`.trim() };
}
