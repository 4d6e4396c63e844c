// `npm run pack:check`: does the package work for somebody who installs it? Packs it, installs the tarball in an empty folder, and opens the trace that it ships.
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
  if (samples.length === 0) throw new Error("the package ships no sample trace");
  for (const sample of samples) {
    const info = await step(join(directory, "node_modules/.bin/storescope"), ["info", join(installed, "samples", sample.name)], {
      cwd: directory,
    });
    console.log(`samples/${sample.name}: ${info.split("\n")[0]}`);
  }
  console.log("pack:check: the installed package opens what it ships");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
