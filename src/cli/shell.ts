/**
 * What a command has around it: where data goes, where progress goes, and how it is told to stop.
 * Data goes to stdout, everything else to stderr; progress bars only where stderr is a terminal.
 */
import type { SingleBar } from "cli-progress";
import type { Progress, TaskOptions } from "../base/index.ts";
import { toJson } from "./json.ts";

export interface Shell {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, with the signal's name as reason. */
  readonly signal: AbortSignal;
  /** Data. */
  print(text: string): void;
  /** Data as one JSON document. */
  printJson(value: unknown): void;
  /** Something for the person, not for the pipe. */
  note(text: string): void;
  /** Runs a long task with a progress bar where there is a terminal to draw it on. */
  withProgress<T>(task: (options: TaskOptions) => Promise<T>): Promise<T>;
  /** A word in bold where stdout is a terminal that likes it. */
  bold(text: string): string;
}

/** Signals that end a command. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Draws reports of progress as one bar per label; at most ten times a second. Loads what draws it at the first report: most tasks end before. */
function progressBar(): { readonly report: (progress: Progress) => void; readonly stop: () => Promise<void> } {
  let loading: Promise<SingleBar> | undefined;
  let bar: SingleBar | undefined;
  let label: string | undefined;
  const load = async (): Promise<SingleBar> => {
    const { default: cliProgress } = await import("cli-progress");
    bar = new cliProgress.SingleBar({
      format: "{label} {bar} {percentage}% {eta_formatted}",
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: null,
      barsize: 30,
      fps: 10,
    });
    return bar;
  };
  return {
    report: (progress) => {
      if (progress.total === 0) return;
      loading ??= load();
      if (bar === undefined) return;
      if (progress.label !== label) {
        label = progress.label;
        bar.stop();
        bar.start(progress.total, progress.done, { label });
      } else {
        bar.update(progress.done, { label });
      }
    },
    stop: async () => (await loading)?.stop(),
  };
}

/** The shell of this process. Call once: it takes over signals and broken pipes. */
export function createShell(): Shell {
  const controller = new AbortController();
  for (const name of endings) {
    process.on(name, () => {
      // A second one does not wait for cleaning up; what runs at exit still does.
      if (controller.signal.aborted) process.exit(130);
      controller.abort(name);
    });
  }
  // `storescope events | head`: the reader has seen enough, which is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const hasColor = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  return {
    signal: controller.signal,
    print: (text) => process.stdout.write(text),
    printJson: (value) => process.stdout.write(`${toJson(value)}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    bold: (text) => (hasColor ? `\u001b[1m${text}\u001b[22m` : text),
    withProgress: async (task) => {
      if (!process.stderr.isTTY) return await task({ signal: controller.signal });
      const { report, stop } = progressBar();
      try {
        return await task({ signal: controller.signal, onProgress: report });
      } finally {
        await stop();
      }
    },
  };
}
