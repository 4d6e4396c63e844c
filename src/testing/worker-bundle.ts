/** Modules of other threads for tests, which run from the sources: bundled as the build does it, into a folder that must lie inside the checkout. */
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Bundles analysis-worker.ts, or another module, into the folder. */
export async function bundleWorker(directory: string, module = "../engine/analysis-worker.ts"): Promise<URL> {
  const outfile = join(directory, `${basename(module, ".ts")}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(module, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
  return pathToFileURL(outfile);
}
