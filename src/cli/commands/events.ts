/** `storescope events`. */
import { printEvents } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { count } from "../format.ts";
import { parseChoice, parseCount } from "../parse.ts";
import { addRangeOptions, addTraceOptions, type RangeOptions, rangeOf, type TraceOptions, timeHelp, withExperiment } from "../traces.ts";

interface Options extends TraceOptions, RangeOptions {
  readonly format?: string;
  readonly filter?: string;
  readonly limit?: string;
  readonly count?: boolean;
  readonly clockSeconds?: boolean;
  readonly delta: boolean;
}

const formats = ["text", "babeltrace", "json", "csv"] as const;

/**
 * Writes to stdout; a promise where the system has not taken all of it yet. (`write` itself says "wait" for every piece beyond the stream's own small limit,
 * also where a file or pipe has taken it at once.)
 */
function writeToStdout(bytes: Uint8Array): Promise<void> | undefined {
  // Not the event "drain": there is none after a piece smaller than the stream's limit, though a full pipe has not taken it.
  const written = new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
  if (process.stdout.writableLength > 0) return written;
  written.catch(() => undefined);
  return undefined;
}

const events: CommandFile = (command, shell) => {
  addRangeOptions(addTraceOptions(command))
    .option("-f, --format <format>", `${formats.join(", ")}; babeltrace is byte for byte what babeltrace2 prints (default: text)`)
    .option("--filter <expr>", "only events for which this holds, over name and field names")
    .option("-n, --limit <count>", "at most this many")
    .option("-c, --count", "print how many there are instead")
    .option("--clock-seconds", "with babeltrace: times in seconds since 1970")
    .option("--no-delta", "with babeltrace: without the time since the event before")
    .addHelpText(
      "after",
      `${timeHelp}
--json is --format json: one document per line.

Examples:
  storescope events trace --limit 20
  storescope events trace --filter 'name == "redis:connection_open" && rport > 50000'
  storescope events trace --from +1s --to +1.2s --format csv > part.csv
`,
    )
    .action((paths: readonly string[], options: Options) =>
      withExperiment(shell, paths, options, async (experiment) => {
        const format = parseChoice(options.format ?? (options.json ? "json" : "text"), "--format", formats);
        const matched = await printEvents(experiment, {
          ...rangeOf(experiment, options),
          format,
          filter: options.filter,
          limit: options.limit === undefined ? undefined : parseCount(options.limit, "--limit"),
          countOnly: options.count,
          clockSeconds: options.clockSeconds,
          noDelta: !options.delta,
          signal: shell.signal,
          write: writeToStdout,
          notice: (text) => process.stderr.write(text),
        });
        if (options.count) shell.print(options.json ? `${JSON.stringify({ count: matched })}\n` : `${count(matched)}\n`);
      }),
    );
};

export default events;
