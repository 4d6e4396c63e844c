// `npm run gen`: runs every generator, tools/gen-*.mjs. Each writes what it generates, or with --check fails when that is stale.
import { readdirSync } from "node:fs";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";

const generators = readdirSync(`${root}/tools`)
  .filter((name) => /^gen-.*\.mjs$/.test(name))
  .sort();
let failed = false;
for (const name of generators) {
  const { code } = await run(process.execPath, [`tools/${name}`, ...process.argv.slice(2)], { output: "inherit" });
  if (code !== 0) failed = true;
}
process.exitCode = failed ? 1 : 0;
