// `npm run demo`: from a fresh clone to the UI. Installs what is missing, builds, and hands over to `storescope demo`, with all arguments.
// Where LTTng cannot be had, it says why in one line and opens the trace that ships in samples/ instead.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./lib/root.mjs";

const say = (line) => console.error(`== ${line}`);
const { ensureNodeModules, ensurePackages, recordPackages, shopPackages } = await import("./lib/setup.mjs");

const wanted = process.argv.slice(2).some((name) => name.includes("shop")) ? [...recordPackages, ...shopPackages] : recordPackages;
const [problem] = await Promise.all([ensurePackages(wanted, say), ensureNodeModules(say)]);
const { ensureBuilt } = await import("./build.mjs");
await ensureBuilt({ report: say });

// In our process group, so that Ctrl-C reaches it; we wait for it to clean up.
const child = spawn(process.execPath, [join(root, "bin/storescope"), "demo", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: problem === undefined ? process.env : { ...process.env, STORESCOPE_NO_RECORDING: problem },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.removeAllListeners(signal);
  process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
}
child.on("close", (code) => process.exit(code ?? 1));
