/**
 * The processes of one scenario. Each is started without a shell, in a process group of its own (Ctrl-C at the terminal reaches only us, and we stop them in
 * order), and asks the kernel to be killed should we die without having stopped it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StorescopeError } from "../../src/base/index.ts";

const setpriv = "/usr/bin/setpriv";
const patienceMs = 5_000;

export interface StartOptions {
  /** Base name of the log in the processes' folder, which takes both outputs. Default: the program's name. */
  readonly log?: string;
  /** Variables added to the program's environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

export class Processes {
  private readonly directory: string;
  private readonly signal: AbortSignal;
  private readonly running: Running[] = [];
  private readonly stopNow = () => {
    for (const { child } of this.running) child.kill("SIGKILL");
  };

  /** `directory` takes the logs. When `signal` aborts, `run` and `waitFor` throw CANCELLED. */
  constructor(directory: string, signal: AbortSignal) {
    this.directory = directory;
    this.signal = signal;
    process.on("exit", this.stopNow);
  }

  private failure(what: string, log: string): StorescopeError {
    const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n");
    return new StorescopeError("RECORD_FAILED", `${what}${tail === "" ? "" : `:\n${tail}`}`);
  }

  private spawn(program: string, args: readonly string[], options: StartOptions): Running & { readonly log: string } {
    const name = options.log ?? basename(program);
    const log = join(this.directory, `${name}.log`);
    const output = openSync(log, "a");
    const argv = existsSync(setpriv) ? [setpriv, "--pdeathsig", "KILL", program, ...args] : [program, ...args];
    const child = spawn(argv[0] as string, argv.slice(1), {
      stdio: ["ignore", output, output],
      detached: true,
      cwd: this.directory,
      env: { ...process.env, ...options.environment },
    });
    closeSync(output);
    const exited = new Promise<void>((resolve, reject) => {
      child.on("close", () => resolve());
      child.on("error", (cause) => reject(new StorescopeError("RECORD_FAILED", `cannot start ${program}: ${cause.message}`, { cause })));
    });
    exited.catch(() => undefined);
    const entry = { name, child, exited };
    this.running.push(entry);
    return { ...entry, log };
  }

  /** Starts a program that stays until `stop`. Returns its process id; throws RECORD_FAILED when it cannot be started. */
  async start(program: string, args: readonly string[], options: StartOptions = {}): Promise<number> {
    const { child, exited } = this.spawn(program, args, options);
    if (child.pid === undefined) await exited;
    return child.pid ?? 0;
  }

  /** Runs a program to its end and returns what it printed. Throws RECORD_FAILED with the end of its output when it fails, CANCELLED when told to stop. */
  async run(program: string, args: readonly string[], options: StartOptions = {}): Promise<string> {
    const { child, exited, log, name } = this.spawn(program, args, options);
    const onAbort = () => child.kill("SIGTERM");
    this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (this.signal.aborted) onAbort();
      await exited;
    } finally {
      this.signal.removeEventListener("abort", onAbort);
      this.running.splice(
        this.running.findIndex((entry) => entry.child === child),
        1,
      );
    }
    this.throwIfAborted();
    if (child.exitCode !== 0) throw this.failure(`${name} ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`, log);
    return readFileSync(log, "utf8");
  }

  /** Waits until a program that was started has ended, at most for `seconds`; returns whether it has. */
  async hasEnded(pid: number, seconds: number): Promise<boolean> {
    this.throwIfAborted();
    const entry = this.running.find(({ child }) => child.pid === pid);
    if (entry === undefined) return true;
    const patience = new AbortController();
    const late = delay(seconds * 1000, undefined, { signal: AbortSignal.any([this.signal, patience.signal]) }).catch(() => undefined);
    await Promise.race([entry.exited, late]);
    patience.abort();
    this.throwIfAborted();
    return !isRunning(entry.child);
  }

  /** Throws RECORD_FAILED when a program that should stay is gone. */
  check(): void {
    this.throwIfAborted();
    for (const { name, child } of this.running) {
      if (isRunning(child)) continue;
      throw this.failure(
        `${name} ended by itself with ${child.signalCode ?? `exit code ${child.exitCode}`}`,
        join(this.directory, `${name}.log`),
      );
    }
  }

  /** Asks `isTrue` until it is, at most for `seconds`; meanwhile the programs must stay alive. */
  async waitFor(what: string, seconds: number, isTrue: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!(await isTrue())) {
      this.check();
      if (performance.now() > end) throw new StorescopeError("RECORD_FAILED", `${what} did not happen within ${seconds} s`);
      await delay(50);
    }
  }

  private throwIfAborted(): void {
    if (this.signal.aborted) throw new StorescopeError("CANCELLED", "stopped");
  }

  /** Stops everything, newest first: SIGTERM, and SIGKILL for what takes longer than five seconds. */
  async stop(): Promise<void> {
    for (const { child, exited } of this.running.toReversed()) {
      if (isRunning(child)) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await exited.catch(() => undefined);
      clearTimeout(timer);
    }
    this.running.length = 0;
    process.off("exit", this.stopNow);
  }
}
