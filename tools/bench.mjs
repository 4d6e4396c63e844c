// `npm run bench -- NAME [--json] [ARGS]`: runs bench/NAME/index.ts, which exports `run({ json, args })`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";
import { importTypeScript } from "./run-ts.mjs";

const args = process.argv.slice(2).filter((arg) => arg !== "--json");
const name = args.shift();
const folder = join(root, "bench");
const names = existsSync(folder) ? readdirSync(folder).filter((entry) => existsSync(join(folder, entry, "index.ts"))) : [];
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--json]\nbenchmarks: ${names.join(", ")}`);
  process.exit(2);
}
const { run } = await importTypeScript(`bench/${name}/index.ts`);
await run({ json: process.argv.includes("--json"), args });
