// `npm test`: sets up what is missing, builds, and runs everything: the static checks, the unit tests, the real ones (LTTng, Redis, a browser).
// The last line is `N passed, N failed`: tests, and the static checks as one. Arguments are passed on to vitest (`npm test -- test/real/record.test.ts`).
// Everything the tests start they stop; whatever is left over is counted as a failure and named.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";
import { ensureNodeModules, ensurePackages, testPackages } from "./lib/setup.mjs";

const say = (line) => console.log(`== ${line}`);
const started = performance.now();

/** Ids and names of the processes that a test could have started and forgotten. */
function suspects() {
  const found = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
      if (/^(redis-|lttng-|chrom|storescope)/.test(name)) found.set(pid, name);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

const problem = await ensurePackages(testPackages, say);
if (problem !== undefined) {
  console.error(`npm test needs LTTng, Redis' build tools and a browser: ${problem}`);
  process.exit(1);
}
await ensureNodeModules(say);
await ensureBuilt({ report: say });

const before = suspects();
let passed = 0;
let failed = 0;
const vitestArgs = process.argv.slice(2);

if (vitestArgs.length === 0) {
  say("static checks");
  const { code } = await run(process.execPath, ["tools/check.mjs", "--static"], { output: "inherit" });
  if (code === 0) passed++;
  else failed++;
}

say("instrumented store");
const store = await run(process.execPath, ["bin/storescope", "build", "store", "redis"], { output: "inherit" });
if (store.code !== 0) {
  failed++;
  console.log("the instrumented store could not be built: the real tests will fail");
}

const reports = mkdtempSync(join(tmpdir(), "storescope-test-"));
for (const project of ["unit", "real"]) {
  say(`${project} tests`);
  const report = join(reports, `${project}.json`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await run(process.execPath, [vitest, "run", "--project", project, "--passWithNoTests", ...reporters, ...vitestArgs], {
    output: "inherit",
  });
  let failedHere = 0;
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    passed += result.numPassedTests;
    failedHere = result.numFailedTests;
  } catch (error) {
    console.log(`no result from the ${project} tests: ${error.message}`);
  }
  // A file that could not be loaded, or an error outside any test, has no failed test of its own.
  failed += code !== 0 && failedHere === 0 ? 1 : failedHere;
}
rmSync(reports, { recursive: true, force: true });

for (const [pid, name] of suspects()) {
  if (before.has(pid)) continue;
  console.log(`left over: ${name} (${pid})`);
  failed++;
}
say(`took ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
