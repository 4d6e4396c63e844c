// `npm run check`: the one gate, what CI runs. Everything that can be known without recording: generated files, format and lint, types (three projects),
// import rules, unit tests. Runs all, two at a time, and prints only what failed. `--static` leaves the unit tests out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/root.mjs";
import { run } from "./lib/run.mjs";

const bin = (name) => join(root, "node_modules", ".bin", name);
const folders = ["src", "scenarios", "bench", "test", "tools"].filter((name) => existsSync(join(root, name)));

const steps = [
  { name: "types", command: bin("tsc"), args: ["-p", "tsconfig.json"] },
  { name: "types of pure code", command: bin("tsc"), args: ["-p", "tsconfig.pure.json"] },
  { name: "types of web code", command: bin("tsc"), args: ["-p", "tsconfig.web.json"] },
  { name: "generated files", command: process.execPath, args: ["tools/gen.mjs", "--check"] },
  { name: "format and lint", command: bin("biome"), args: ["check", "--error-on-warnings", "."] },
  { name: "imports", command: bin("depcruise"), args: ["--config", ".dependency-cruiser.mjs", ...folders] },
];
if (!process.argv.includes("--static")) steps.push({ name: "unit tests", command: bin("vitest"), args: ["run", "--project", "unit"] });

const failed = [];
const waiting = [...steps];
async function worker() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const { code, output, seconds } = await run(step.command, step.args);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${step.name} (${seconds.toFixed(1)} s)`);
    if (code !== 0) {
      failed.push(step.name);
      console.log(output.trimEnd());
    }
  }
}
await Promise.all([worker(), worker()]);
console.log(failed.length === 0 ? `check: all ${steps.length} steps passed` : `check: failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
