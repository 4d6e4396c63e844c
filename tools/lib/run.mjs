// Running programs from tools. Nothing goes through a shell, and a tool that is stopped stops what it started.
import { spawn } from "node:child_process";
import { root } from "./root.mjs";

/** Children that are running, with the id that signals go to: minus the pid for the leader of a process group of its own. */
const running = new Map();

function stopChildren(signal) {
  for (const target of running.values()) {
    try {
      process.kill(target, signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error; // It ended between its last report and now.
    }
  }
}

let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // The first signal asks the children to clean up after themselves, and the tool ends when they have; a second one is not patient.
    stopChildren(isStopping ? "SIGKILL" : signal);
    if (running.size === 0 || isStopping) process.exit(130);
    isStopping = true;
  });
}
process.on("exit", () => stopChildren("SIGTERM"));

/**
 * Runs a program in the checkout.
 * `output`: "inherit" passes its output through; "capture" (default) collects both streams, in order of arrival.
 * `isInteractive`: it may ask at the terminal (sudo), so it stays in our process group.
 * Resolves with its exit code (128 + 1 for death by signal) and the collected output; never rejects for a failing program, only when it cannot be started.
 */
export function run(command, args, { output = "capture", isInteractive = false, env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: !isInteractive,
      stdio: [isInteractive ? "inherit" : "ignore", ...(output === "inherit" ? ["inherit", "inherit"] : ["pipe", "pipe"])],
    });
    if (child.pid !== undefined) running.set(child, isInteractive ? child.pid : -child.pid);
    let text = "";
    const collect = (chunk) => {
      text += chunk;
    };
    child.stdout?.setEncoding("utf8").on("data", collect);
    child.stderr?.setEncoding("utf8").on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      if (isStopping) process.exit(130);
      resolve({ code: code ?? 129, output: text, seconds: (performance.now() - started) / 1000 });
    });
  });
}
