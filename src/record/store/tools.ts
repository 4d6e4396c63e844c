/** Programs that a store's build needs: runs them, with their output in the build's log, and stops them when the task is cancelled. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, readFile } from "node:fs/promises";
import { StorescopeError } from "../../base/index.ts";

export interface ToolRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Both outputs are appended to this file as they come. */
  readonly log?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for each whole line of the standard error. */
  readonly onErrorLine?: ((line: string) => void) | undefined;
}

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Debian's package of a program that is missing. */
const packages: Readonly<Record<string, string>> = {
  "apt-get": "apt",
  "apt-cache": "apt",
  "apt-config": "apt",
  "dpkg-source": "dpkg-dev",
  dpkg: "dpkg",
  spatch: "coccinelle",
  make: "make",
  cc: "gcc",
};

/** SIGTERM to the program's whole group: make's compilers go with it. */
function stopGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/**
 * Runs a program to its end in a process group of its own. Throws TOOL_MISSING when it is not installed and CANCELLED when `signal` aborts, after
 * the program has ended. An exit code other than 0 is the caller's to judge; death by a signal counts as 128.
 */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  if (run.signal?.aborted) throw new StorescopeError("CANCELLED", `cancelled before ${run.program}`);
  const result = await new Promise<ToolResult>((resolve, reject) => {
    const child = spawn(run.program, run.args, {
      cwd: run.directory,
      env: { ...process.env, LC_ALL: "C", ...run.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    let line = "";
    const onAbort = () => stopGroup(child);
    run.signal?.addEventListener("abort", onAbort, { once: true });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) run.onErrorLine?.(whole);
    });
    child.on("error", (cause: NodeJS.ErrnoException) => {
      run.signal?.removeEventListener("abort", onAbort);
      const name = packages[run.program];
      const fix = name === undefined ? "" : ` (Debian package: ${name})`;
      reject(
        new StorescopeError(
          "TOOL_MISSING",
          `cannot run ${run.program}: ${cause.code === "ENOENT" ? "it is not installed" : cause.message}${fix}`,
          { cause },
        ),
      );
    });
    child.on("close", (code) => {
      run.signal?.removeEventListener("abort", onAbort);
      resolve({ code: code ?? 128, stdout, stderr });
    });
  });
  if (run.log !== undefined) {
    await appendFile(run.log, `$ ${run.program} ${run.args.join(" ")}\n${result.stdout}${result.stderr}exit code ${result.code}\n\n`);
  }
  if (run.signal?.aborted) throw new StorescopeError("CANCELLED", `cancelled during ${run.program}`);
  return result;
}

/** Like `runTool`, but a failure is a BUILD_FAILED that shows the log's tail and says where the whole log is. */
export async function runStep(what: string, run: ToolRun & { readonly log: string }): Promise<ToolResult> {
  const result = await runTool(run);
  if (result.code === 0) return result;
  throw await buildFailure(`${what} failed: ${run.program} ended with exit code ${result.code}`, run.log);
}

/** A BUILD_FAILED with the last lines of the log. */
export async function buildFailure(message: string, log: string): Promise<StorescopeError> {
  const tail = (await readFile(log, "utf8")).trimEnd().split("\n").slice(-30).join("\n");
  return new StorescopeError("BUILD_FAILED", `${message}\n${tail}\nwhole log: ${log}`);
}
