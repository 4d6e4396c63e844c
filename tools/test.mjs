// `npm test`: sets up what is missing, builds, and runs everything: the static checks, the unit tests, the real ones (LTTng, Redis, a browser), and those of
// Node.js applications on its other versions.
// The last line is `N passed, N failed`: tests, and the static checks as one. Arguments are passed on to vitest (`npm test -- test/real/record.test.ts`).
// Everything the tests start they stop; whatever is left over is counted as a failure and named.
import { spawnSync } from "node:child_process";
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

const real = (names) => names.map((name) => `test/real/${name}.test.ts`);
/** Real tests that compile stores, which needs all cores, and with them some whose results do not depend on how fast a machine is. */
const stores = real(["instrumentation", "valkey", "new", "client-list", "cluster-counters", "redirects", "replication", "unix"]);
/** Real tests of what a traced application asks others: each version of Node.js does that in its own way. */
const commands = ["truth", "database", "streams", "loaders"];
/** Real tests of traced applications: most of their time is waiting. */
const applications = [...commands, "node", "endings", "redirected-calls", "python"];

const onNode = (version) => ({ STORESCOPE_TEST_NODE: nodePath(version) });

/** Applications on this Node.js, and on its other versions: `applications` on one, `commands` on each. */
function applicationRuns(hasOtherNodes) {
  const found = [{ title: "applications on this Node", project: "real", args: real(applications), more: {} }];
  if (!hasOtherNodes) return found;
  for (const [version, names] of Object.entries({ 22: commands, 24: applications, 26: commands }))
    found.push({ title: `applications on Node ${version}`, project: "real", args: real(names), more: onNode(version) });
  return found;
}

/** What makes a program's LTTng its own, so that another one can record at the same time: it sees neither our session daemon nor our tracepoints' shared memory. */
const apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];
apart.push('mkdir -p /run/lttng && mount -t tmpfs tmpfs /run/lttng && mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh");
const canBeApart = () => process.getuid?.() === 0 && spawnSync(apart[0], [...apart.slice(1), "true"], { stdio: "ignore" }).status === 0;

const reports = mkdtempSync(join(tmpdir(), "storescope-test-"));
let reportsMade = 0;
/** One run of vitest, counted; `prefix`: a program and arguments that start it. Its output is passed on as it comes, or, where another run is beside it, at its end. */
async function runTests({ title, project, args, more }, { prefix = [], output = "inherit" } = {}) {
  if (output === "inherit") say(title);
  const report = join(reports, `${reportsMade++}.json`);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const command = [...prefix, process.execPath, vitest, "run", "--project", project, "--passWithNoTests", ...reporters, ...args];
  const { code, output: text } = await run(command[0], command.slice(1), { output, env: { ...env, ...more } });
  if (output === "capture") {
    say(title);
    process.stdout.write(text);
  }
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

await runTests({ title: "unit tests", project: "unit", args: vitestArgs, more: {} });
if (vitestArgs.length > 0) await runTests({ title: "real tests", project: "real", args: vitestArgs, more: {} });
else {
  // The compiler waits for nothing, applications wait most of the time: at once these two take less time than one after the other.
  const isBeside = canBeApart();
  const without = await ensureNodes(say);
  const hasOtherNodes = without === undefined;
  if (!hasOtherNodes) console.log(`applications on other versions of Node are not tested: ${without}`);
  const compiling = () => runTests({ title: "stores", project: "real", args: stores, more: {} });
  const tracing = async () => {
    const how = isBeside ? { prefix: apart, output: "capture" } : {};
    for (const one of applicationRuns(hasOtherNodes)) await runTests(one, how);
  };
  if (isBeside) await Promise.all([compiling(), tracing()]);
  else {
    await compiling();
    await tracing();
  }
  // Among the others are those whose findings are about time: nothing else runs beside them.
  const done = [...stores, ...real(applications)].flatMap((file) => ["--exclude", file]);
  await runTests({ title: "all other real tests", project: "real", args: done, more: {} });
  if (hasOtherNodes) await runTests({ title: "flows on Node 24", project: "real", args: real(["flows"]), more: onNode(24) });
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
