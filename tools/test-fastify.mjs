// Fastify's own tests, without us and while a session records them with the preload active: the same must pass. Takes a few minutes and npm's registry.
// Usage: node tools/test-fastify.mjs
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";

const version = "5.12.8";
const folder = join(root, ".cache", `fastify-${version}`);
const source = join(folder, "package");

async function must(command, args, cwd) {
  const result = await run(command, args, { cwd });
  if (result.code !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.output}`);
}

if (!existsSync(join(source, "node_modules"))) {
  mkdirSync(folder, { recursive: true });
  await must("npm", ["pack", `fastify@${version}`], folder);
  await must("tar", ["xzf", readdirSync(folder).find((name) => name.endsWith(".tgz"))], folder);
  await must("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], source);
}

/** Its tests' lines `ok name` and `not ok name`, sorted. */
async function tests(prefix) {
  const borp = ["npx", "borp", "--reporter=tap", "--concurrency=2"];
  const [command, ...args] = [...prefix, ...borp];
  const { output } = await run(command, args, { cwd: source });
  writeFileSync(join(folder, `${prefix.length === 0 ? "without" : "with"}.tap`), output);
  return [...output.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)].map(([, result, name]) => `${result} ${name}`).sort();
}

const trace = join(folder, "trace");
rmSync(trace, { recursive: true, force: true });
const without = await tests([]);
const traced = await tests([process.execPath, join(root, "bin", "storescope"), "record", "--output", trace, "--"]);
const count = (lines) =>
  `${lines.filter((line) => line.startsWith("ok ")).length} ok, ${lines.filter((line) => line.startsWith("not ok ")).length} not`;
console.log(`without: ${count(without)}; traced: ${count(traced)}`);
const differ = [
  ...traced.filter((line) => !without.includes(line)),
  ...without.filter((line) => !traced.includes(line)).map((line) => `missing: ${line}`),
];
for (const line of differ) console.log(line);
process.exitCode = without.length > 0 && differ.length === 0 ? 0 : 1;
