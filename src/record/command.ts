/** The command that a recording is wrapped around: runs at the user's terminal, and gets the signals that we get. */
import { spawn } from "node:child_process";
import { StorescopeError } from "../base/index.ts";

export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** How long a command may take to end after it was asked to. */
const patienceMs = 10_000;

/**
 * Runs a program with our terminal, and waits for its end.
 * When `signal` aborts, its reason (a signal's name) is passed on, except a Ctrl-C at the terminal, which the program got itself; one that does not
 * end within ten seconds is killed. Throws TOOL_MISSING when it cannot be started.
 */
export function runCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, { stdio: "inherit", env: environment });
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      const reason = signal?.reason === "SIGINT" ? "SIGINT" : "SIGTERM";
      if (reason !== "SIGINT" || !process.stdin.isTTY) child.kill(reason);
      killTimer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    };
    const settle = () => {
      clearTimeout(killTimer);
      signal?.removeEventListener("abort", onAbort);
    };
    child.on("error", (cause: NodeJS.ErrnoException) => {
      settle();
      const why = cause.code === "ENOENT" ? "there is no such program" : cause.message;
      reject(new StorescopeError("TOOL_MISSING", `cannot run ${program}: ${why}`, { cause }));
    });
    child.on("close", (exitCode, exitSignal) => {
      settle();
      resolve({ exitCode: exitCode ?? undefined, signal: exitSignal ?? undefined });
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
