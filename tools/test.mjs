// `npm test`: sets up what is missing, builds, and runs everything: the static checks, the unit tests, the real ones (LTTng, Redis, a browser), and those of
// Node.js applications on its other versions.
// The last line is `N passed, N failed`: tests, and the static checks as one. Arguments are passed on to vitest (`npm test -- test/real/record.test.ts`).
// Everything the tests start they stop; whatever is left over is counted as a failure and named.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureNodes, nodePath } from "./lib/nodes.mjs";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";
import { ensureNodeModules, ensurePackages, testPackages } from "./lib/setup.mjs";

const say = (line) => console.log(`== ${line}`);
const started = performance.now();

/** Everything that the tests start inherits this, so what is left over can be told from what others run. */
const mark = `STORESCOPE_TEST_RUN=${process.pid}`;

/** Ids and names of living processes that the tests started. */
function leftOver() {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark))
        found.push(`${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (${pid})`);
    } catch {
      // It ended while we looked, or is another user's.
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
const [name, value] = mark.split("=");
const env = { [name]: value };
const store = await run(process.execPath, ["bin/storescope", "build", "store", "redis"], { output: "inherit" });
if (store.code !== 0) {
  failed++;
  console.log("the instrumented store could not be built: the real tests will fail");
}

/** What is run, one after the other. */
const runs = [
  { title: "unit tests", project: "unit", args: vitestArgs, more: {} },
  { title: "real tests", project: "real", args: vitestArgs, more: {} },
];
// What traces Node.js, on its other versions: all of it on one, whose commands they are on each.
if (vitestArgs.length === 0) {
  const without = await ensureNodes(say);
  if (without === undefined) {
    const whose = ["truth", "database", "streams", "loaders"];
    const wanted = { 22: whose, 24: [...whose, "node", "flows", "endings", "redirected-calls", "python"], 26: whose };
    for (const [version, files] of Object.entries(wanted)) {
      const args = files.map((file) => `test/real/${file}.test.ts`);
      runs.push({ title: `applications on Node ${version}`, project: "real", args, more: { STORESCOPE_TEST_NODE: nodePath(version) } });
    }
  } else {
    console.log(`applications on other versions of Node are not tested: ${without}`);
  }
}

const reports = mkdtempSync(join(tmpdir(), "storescope-test-"));
for (const [i, { title, project, args, more }] of runs.entries()) {
  say(title);
  const report = join(reports, `${i}.json`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await run(process.execPath, [vitest, "run", "--project", project, "--passWithNoTests", ...reporters, ...args], {
    output: "inherit",
    env: { ...env, ...more },
  });
  let failedHere = 0;
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    passed += result.numPassedTests;
    failedHere = result.numFailedTests;
  } catch (error) {
    console.log(`no result from the ${title}: ${error.message}`);
  }
  // A file that could not be loaded, or an error outside any test, has no failed test of its own.
  failed += code !== 0 && failedHere === 0 ? 1 : failedHere;
}
rmSync(reports, { recursive: true, force: true });

// What was told to stop may take a moment.
for (let waited = 0; leftOver().length > 0 && waited < 5_000; waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
for (const description of leftOver()) {
  console.log(`left over: ${description}`);
  failed++;
}
say(`took ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
