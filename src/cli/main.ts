/**
 * The command line. `main` finds the command, loads only its file (so that `storescope info` starts fast), and turns what it throws into an exit code:
 * 0 done, 1 failed, 2 wrong use, 128 + n stopped by signal n.
 *
 * To add a command: a file in commands/ with a default export of type `CommandFile`, and a line in the table below.
 */
import { constants } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Command, CommanderError } from "commander";
import { StorescopeError } from "../base/index.ts";
import { thisPackage } from "../record/package/index.ts";
import type { CommandFile } from "./contract.ts";
import { createShell, type Shell } from "./shell.ts";

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: CommandFile }>;
}

const entries: readonly Entry[] = [
  {
    name: "demo",
    summary: "run a real Redis cluster under load, trace it, and show what happened",
    load: () => import("./commands/demo.ts"),
  },
  { name: "doctor", summary: "say what this machine can do, and the fix for what it can't", load: () => import("./commands/doctor.ts") },
  { name: "build", summary: "build an instrumented Redis", load: () => import("./commands/build.ts") },
  { name: "record", summary: "record a trace until a command ends, or Ctrl-C", load: () => import("./commands/record.ts") },
  { name: "info", summary: "what a trace holds: streams, events, duration, losses", load: () => import("./commands/info.ts") },
  { name: "events", summary: "print events", load: () => import("./commands/events.ts") },
  { name: "analyze", summary: "build the state history of a trace", load: () => import("./commands/analyze.ts") },
  { name: "state", summary: "the state of every part at a time, or over a range", load: () => import("./commands/state.ts") },
  { name: "requests", summary: "the slowest requests, with every phase of their lives", load: () => import("./commands/requests.ts") },
  {
    name: "spans",
    summary: "the slowest HTTP requests, through every process and into the store",
    load: () => import("./commands/spans.ts"),
  },
  { name: "stats", summary: "calls, bytes and latencies by command, connection and bus link", load: () => import("./commands/stats.ts") },
  { name: "diagnose", summary: "say what is wrong, why, and what to do", load: () => import("./commands/diagnose.ts") },
  { name: "open", summary: "analyse a trace and show it in the browser", load: () => import("./commands/open.ts") },
  { name: "serve", summary: "serve traces on loopback, without a browser", load: () => import("./commands/serve.ts") },
  { name: "clean", summary: "show and remove caches", load: () => import("./commands/clean.ts") },
];

function exitCodeOf(error: unknown, shell: Shell): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (shell.signal.aborted) {
    const name = String(shell.signal.reason) as NodeJS.Signals;
    if (!(error instanceof StorescopeError) || error.code !== "CANCELLED")
      shell.note(`storescope: ${error instanceof Error ? error.message : String(error)}`);
    return 128 + (constants.signals[name] ?? 0);
  }
  if (error instanceof StorescopeError) {
    shell.note(`storescope: ${error.message}`);
    if (error.code === "USAGE") return 2;
    shell.note(`(${error.code}; docs/errors.md says more)`);
    return 1;
  }
  shell.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  shell.note("storescope: this is a bug in Storescope; please report it with the lines above");
  return 1;
}

/** Runs one command line (without the program's own name). Sets `process.exitCode`; the process ends when what it started has ended. */
export async function main(argv: readonly string[]): Promise<void> {
  // V8 lets a heap grow to several times what is alive before it collects. All threads: a third less for a trace of 9 GB, and no more time.
  setFlagsFromString("--heap-growing-percent=100");
  const shell = createShell();
  try {
    const program = new Command("storescope")
      .description("Opens the data store in a trace: from a request into Redis, its threads, its event loop and its cluster bus.")
      .version(thisPackage().version)
      .exitOverride()
      .enablePositionalOptions()
      .showHelpAfterError("(--help says what is possible)")
      .addHelpText("after", "\nFirst steps:\n  storescope doctor\n  storescope demo\n  storescope open samples/redis-cluster\n");
    const wanted = argv.find((argument) => !argument.startsWith("-"));
    const named = wanted === "help" ? argv[argv.indexOf(wanted) + 1] : wanted;
    for (const entry of entries) {
      const command = program
        .command(entry.name)
        .summary(entry.summary)
        .description(`${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.`);
      if (entry.name === named) (await entry.load()).default(command, shell);
    }
    if (argv.length === 0) {
      program.outputHelp();
      return;
    }
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error, shell);
  }
}
