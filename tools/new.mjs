// `npm run new -- view|analysis|diagnosis|environment NAME`: makes a feature that works, with its test, from tools/templates/, and registers it (npm run gen).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";

const folders = { view: "views", analysis: "analyses", diagnosis: "diagnoses", environment: "environments" };

function refuse(message) {
  console.error(message);
  process.exit(2);
}

const [kind, name] = process.argv.slice(2);
const folder = Object.hasOwn(folders, kind ?? "") ? folders[kind] : undefined;
if (folder === undefined || name === undefined) refuse(`usage: npm run new -- ${Object.keys(folders).join("|")} NAME`);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) refuse(`"${name}" is not kebab-case: use a name such as slow-commands`);
const target = join(root, "src", folder, name);
if (existsSync(target)) refuse(`src/${folder}/${name} is there already`);

const words = name.split("-");
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const replacements = {
  __ID__: name,
  __CAMEL__: words[0] + words.slice(1).map(capital).join(""),
  __TITLE__: [capital(words[0]), ...words.slice(1)].join(" "),
};
const fill = (text) => text.replace(/__(ID|CAMEL|TITLE)__/g, (placeholder) => replacements[placeholder]);

const templates = join(root, "tools", "templates", kind);
mkdirSync(target);
for (const template of readdirSync(templates)) {
  const file = fill(template.replace(/\.template$/, ""));
  writeFileSync(join(target, file), fill(readFileSync(join(templates, template), "utf8")));
  console.log(`wrote src/${folder}/${name}/${file}`);
}
await run(join(root, "node_modules", ".bin", "biome"), ["check", "--write", target], { output: "inherit" });
const { code } = await run(process.execPath, ["tools/gen.mjs"], { output: "inherit" });
process.exitCode = code;
