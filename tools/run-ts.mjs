// `node tools/run-ts.mjs FILE.ts [ARGS]`: runs a TypeScript file of this checkout (Node 20 cannot by itself). Also `importTypeScript` for other tools.
// The file is bundled by esbuild, packages left out, and imported from a temporary file beside node_modules so that packages resolve.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/root.mjs";

/** Each file keeps its own `import.meta.url` in the bundle. */
const ownUrl = {
  name: "own-url",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: "ts",
    }));
  },
};

/** Imports a TypeScript file and what it imports; returns its exports. */
export async function importTypeScript(file) {
  const { build } = await import("esbuild");
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "run-ts-"));
  try {
    const outfile = join(directory, "main.mjs");
    await build({
      entryPoints: [resolve(root, file)],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      sourcemap: "inline",
      logLevel: "error",
      plugins: [ownUrl],
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , file, ...args] = process.argv;
  if (file === undefined) {
    console.error("usage: node tools/run-ts.mjs FILE.ts [ARGS]");
    process.exit(2);
  }
  process.argv.splice(1, process.argv.length - 1, resolve(root, file), ...args);
  process.setSourceMapsEnabled(true);
  await importTypeScript(file);
}
