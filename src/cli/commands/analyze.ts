/** `storescope analyze`. */

import type { CommandFile } from "../contract.ts";
import { bytes, count, duration } from "../format.ts";
import { addTraceOptions, analyzeNoting, type TraceOptions, withExperiment } from "../traces.ts";

const analyze: CommandFile = (command, shell) => {
  addTraceOptions(command)
    .option("--force", "build the history again though it is there")
    .addHelpText(
      "after",
      "\nOther commands do this by themselves when they need it.\n\nExamples:\n  storescope analyze trace\n  storescope analyze trace --cache histories --json\n",
    )
    .action((paths: readonly string[], options: TraceOptions & { readonly force?: boolean }) =>
      withExperiment(shell, paths, options, async (experiment) => {
        const summary = await analyzeNoting(shell, experiment, { force: options.force === true });
        if (options.json) {
          shell.printJson(summary);
          return;
        }
        const perSecond = summary.wallMs > 0 ? `, ${count(Math.round((summary.events / summary.wallMs) * 1000))} events/s` : "";
        const how = summary.cached ? "found in the cache" : `built in ${duration(summary.wallMs * 1e6)}${perSecond}`;
        shell.print(`${summary.historyDirectory}: ${how}\n`);
        shell.print(
          `  trace    ${bytes(summary.traceBytes)}, ${count(summary.events)} events, ${count(summary.logicalEvents)} with those in batches\n`,
        );
        shell.print(
          `  history  ${bytes(summary.historyBytes)}, ${count(summary.requests)} requests, ${count(summary.intervals)} intervals\n`,
        );
      }),
    );
};

export default analyze;
