// `npm run pack:check`: does the package work for somebody who installs it? Packs it, installs the tarball in an empty folder, and opens the trace that it ships, by
// command and by server. Nothing else is there: what the bundles need of other packages, they hold.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { run } from "./lib/run.mjs";

async function step(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${output}`);
  return output;
}

/** Serves a trace and asks for the page and for the API: both are there, and the trace is listed. */
async function serves(storescope, trace, cwd) {
  const server = spawn(storescope, ["serve", trace, "--port", "0"], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [text] = await Promise.race([once(server.stdout, "data"), once(server, "exit").then(() => ["nothing: it ended"])]);
    const url = /^http:\S+/.exec(text)?.[0];
    if (url === undefined) throw new Error(`serve printed ${text}`);
    const page = await (await fetch(url)).text();
    if (!page.includes('type="module"')) throw new Error(`the page is ${page}`);
    const { length } = await (await fetch(`${url}tsp/api/experiments`)).json();
    if (length !== 1) throw new Error(`the server lists ${length} experiments`);
  } finally {
    server.kill();
  }
}

const directory = mkdtempSync(join(tmpdir(), "storescope-pack-"));
try {
  await ensureBuilt({ report: console.error });
  await step("npm", ["pack", "--ignore-scripts", "--pack-destination", directory]);
  const tarball = readdirSync(directory).find((name) => name.endsWith(".tgz"));
  await step("npm", ["init", "--yes"], { cwd: directory });
  await step("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", join(directory, tarball)], { cwd: directory });
  const installed = join(directory, "node_modules", "storescope");
  const samples = readdirSync(join(installed, "samples"), { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith("."),
  );
  const beside = readdirSync(join(directory, "node_modules")).filter((name) => !name.startsWith("."));
  if (beside.length !== 1) throw new Error(`the package needs others: ${beside.join(", ")}`);
  const storescope = join(directory, "node_modules/.bin/storescope");
  if (samples.length === 0) throw new Error("the package ships no sample trace");
  for (const sample of samples) {
    const trace = join(installed, "samples", sample.name);
    const info = await step(storescope, ["info", trace], { cwd: directory });
    await serves(storescope, trace, directory);
    console.log(`samples/${sample.name}: ${info.split("\n")[0]}`);
  }
  console.log("pack:check: the installed package opens what it ships");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
