/** What commands on traces share: the arguments, opening, analysing, closing. */
import type { Command } from "commander";
import { type AnalysisSummary, type Experiment, openExperiment, type TraceInfo } from "../engine/index.ts";
import { parseTime } from "./parse.ts";
import type { Shell } from "./shell.ts";

export interface TraceOptions {
  readonly cache?: string;
  readonly json?: boolean;
}

export interface RangeOptions {
  readonly from?: string;
  readonly to?: string;
}

/** Help about times, for commands that take them. */
export const timeHelp = "\nTimes: an offset from the trace's start (+1.5s, 250ms), ns since 1970, or 2026-11-23T20:31:36.363Z (UTC).\n";

/** `TRACE...`, `--cache` and `--json`; "[trace...]" where a command can do without. */
export function addTraceOptions(command: Command, argument: "<trace...>" | "[trace...]" = "<trace...>"): Command {
  return command
    .argument(argument, "CTF directory, or a directory of them")
    .option("--cache <dir>", "folder for state histories (default: .storescope beside the trace)")
    .option("--json", "print JSON; times are ns since 1970, as integers");
}

/** `--from` and `--to`. */
export function addRangeOptions(command: Command): Command {
  return command.option("--from <time>", "begin here").option("--to <time>", "end here");
}

/** The parsed range; undefined where not given. */
export function rangeOf(
  experiment: Experiment,
  { from, to }: RangeOptions,
): { readonly from: bigint | undefined; readonly to: bigint | undefined } {
  const parse = (text: string | undefined) => (text === undefined ? undefined : parseTime(text, experiment.start));
  return { from: parse(from), to: parse(to) };
}

/** Opens the traces as one experiment for the length of `task`. */
export async function withExperiment<T>(
  shell: Shell,
  paths: readonly string[],
  options: TraceOptions,
  task: (experiment: Experiment) => Promise<T> | T,
): Promise<T> {
  const experiment = await shell.withProgress((progress) => openExperiment(paths, { cacheDirectory: options.cache, ...progress }));
  try {
    return await task(experiment);
  } finally {
    experiment.close();
  }
}

/** The same, analysed: from the cache, or with a progress bar. */
export function withAnalyzed<T>(
  shell: Shell,
  paths: readonly string[],
  options: TraceOptions,
  task: (experiment: Experiment) => Promise<T> | T,
): Promise<T> {
  return withExperiment(shell, paths, options, async (experiment) => {
    await analyzeNoting(shell, experiment);
    return await task(experiment);
  });
}

/** Analyses with a progress bar, and notes what only an analysis finds wrong with a trace; `info` tells the rest. */
export async function analyzeNoting(
  shell: Shell,
  experiment: Experiment,
  options: { readonly force?: boolean } = {},
): Promise<AnalysisSummary> {
  const warnings = (): TraceInfo["warnings"] => experiment.traces.flatMap((trace) => trace.warnings);
  const known = new Set(warnings());
  const summary = await shell.withProgress((progress) => experiment.analyze({ ...progress, ...options }));
  for (const warning of warnings()) if (!known.has(warning)) shell.note(`warning: ${warning.message}`);
  return summary;
}
