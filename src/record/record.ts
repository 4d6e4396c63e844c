/** `storescope record`: a recording around a command, or until it is told to stop. */
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { type CommandResult, runCommand } from "./command.ts";
import { type Recording, type RecordingOptions, type RecordResult, startRecording } from "./recording.ts";

export interface RecordOptions extends RecordingOptions {
  /** Program and arguments. Without it, recording goes on until `signal` aborts. */
  readonly command?: readonly string[] | undefined;
  /** An instrumented server: its folder is put first in the command's PATH, so that `redis-server` means this one. */
  readonly server?: string | undefined;
  /** Variables that the command and all below it run with, so that its Node.js and Python processes are traced. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Ends the recording. Its reason (a signal's name) is passed on to the command. */
  readonly signal?: AbortSignal | undefined;
  /** Called once tracing is on, before the command starts. */
  readonly onStarted?: ((recording: Recording) => void | Promise<void>) | undefined;
}

export interface RecordSummary extends RecordResult {
  readonly command: (CommandResult & { readonly argv: readonly string[] }) | undefined;
}

/** Resolves when the signal aborts. Keeps the process alive meanwhile: neither a promise nor a signal handler does. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    const end = () => {
      clearInterval(alive);
      resolve();
    };
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}

/** Records. Resolves when all is on disk and nothing of LTTng that was started here runs any more; the same when it throws. */
export async function record(options: RecordOptions): Promise<RecordSummary> {
  const recording = await startRecording(options);
  try {
    await options.onStarted?.(recording);
    let command: RecordSummary["command"];
    if (options.command === undefined) {
      await aborted(options.signal);
    } else {
      const path = [...(options.server === undefined ? [] : [dirname(options.server)]), process.env["PATH"] ?? ""].join(":");
      const environment = { ...process.env, PATH: path, ...options.environment };
      command = { argv: options.command, ...(await runCommand(options.command, environment, options.signal)) };
    }
    return { ...(await recording.stop()), command };
  } catch (error) {
    await recording.stop();
    // The folder was empty or not there: all in it is half a recording of nothing.
    rmSync(recording.directory, { recursive: true, force: true });
    throw error;
  }
}
