// Writes what tools/gen-provider.ts, gen-node.ts and gen-python.ts generate; with --check, fails when a committed file is stale. Node 20 cannot run TypeScript, so esbuild bundles it first.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** The exports of a TypeScript file of this folder. */
async function load(name) {
  const bundle = await build({ entryPoints: [`tools/${name}`], bundle: true, format: "esm", platform: "node", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString("base64")}`);
}

const { generateProvider } = await load("gen-provider.ts");
const { generateNode } = await load("gen-node.ts");
const { generatePython } = await load("gen-python.ts");

const read = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
};
const stale = [...generateProvider(), ...generateNode(), ...generatePython()].filter(({ path, text }) => read(path) !== text);
if (process.argv.includes("--check")) {
  for (const { path } of stale) console.error(`${path} is stale: run npm run gen`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { path, text } of stale) writeFileSync(path, text);
}
