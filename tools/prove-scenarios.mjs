// Runs every scenario at several sizes with several seeds and prints a table of what was found: docs/scenarios.md is made of it. Takes about an hour.
// Usage: node tools/prove-scenarios.mjs [--only NAME,...] [--runs small:3,medium:2,large:1] > table.md
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { parseArgs, promisify } from "node:util";

const { values } = parseArgs({ options: { only: { type: "string" }, runs: { type: "string", default: "small:3,medium:2,large:1" } } });
const only = values.only?.split(",");
const names = readdirSync("scenarios").filter((name) => existsSync(`scenarios/${name}/index.ts`) && (only?.includes(name) ?? true));
const runs = values.runs.split(",").map((run) => run.split(":"));
const run = promisify(execFile);

console.log("| scenario | size | seed | seconds | found, the worst first | numbers of the first |");
console.log("|---|---|---|---|---|---|");
for (const name of names) {
  for (const [size, seeds] of runs) {
    for (let seed = 1; seed <= Number(seeds); seed++) {
      const start = performance.now();
      const args = ["bin/storescope", "demo", name, "--size", size, "--seed", String(seed), "--no-open", "--json"];
      let found;
      let numbers = "";
      try {
        const { stdout } = await run(process.execPath, args, { maxBuffer: 1e9 });
        const { findings, cannotTell } = JSON.parse(stdout);
        found = findings.map(({ id, severity, confidence }) => `${id} (${severity}, ${confidence})`).join(", ") || "nothing";
        if (cannotTell?.length > 0) found += `; cannot tell: ${cannotTell.map(({ id }) => id).join(", ")}`;
        const format = ({ name: measure, value, unit }) =>
          `${measure} ${unit === "ns" ? `${(value / 1e6).toFixed(2)} ms` : Math.round(value * 100) / 100}`;
        numbers = (findings[0]?.evidence ?? []).slice(0, 3).map(format).join("; ");
      } catch (error) {
        found = `FAILED: ${String(error.stderr ?? error.message)
          .trim()
          .split("\n")
          .at(-1)}`;
      }
      console.log(`| ${name} | ${size} | ${seed} | ${((performance.now() - start) / 1000).toFixed(0)} | ${found} | ${numbers} |`);
    }
  }
}
