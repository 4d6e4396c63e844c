/** `storescope diagnose`. */
import { UsageError } from "../../base/index.ts";
import { diagnosisList, type Experiment, severities } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { findingsText, unansweredText } from "../findings.ts";
import { parseChoice } from "../parse.ts";
import { addTraceOptions, type TraceOptions, withAnalyzed } from "../traces.ts";

interface Options extends TraceOptions {
  readonly failOn?: string;
  readonly explain?: string;
}

/** Exit code when there is a finding at or above `--fail-on`. */
const foundCode = 3;

const list = await diagnosisList();

const diagnose: CommandFile = (command, shell) => {
  addTraceOptions(command, "[trace...]")
    .option("--fail-on <severity>", `exit with ${foundCode} when there is a finding of this severity (${severities.join(", ")}) or above`)
    .option("--explain <id>", "what a diagnosis looks for, how it decides, and why its thresholds are what they are")
    .addHelpText(
      "after",
      `
Diagnoses: ${list.map(({ id }) => id).join(", ")}.

Examples:
  storescope diagnose trace
  storescope diagnose trace --fail-on warning --json
  storescope diagnose --explain fork-stall
`,
    )
    .action(async (paths: readonly string[], options: Options) => {
      const failOn = options.failOn === undefined ? undefined : parseChoice(options.failOn, "--fail-on", severities);
      if (options.explain !== undefined) {
        const id = parseChoice(
          options.explain,
          "--explain",
          list.map((each) => each.id),
        );
        const { title, version, needs, explanation } = list.find((each) => each.id === id) ?? {
          title: "",
          version: 0,
          needs: [],
          explanation: "",
        };
        if (options.json) shell.printJson({ id, title, version, needs, explanation });
        else shell.print(`${shell.bold(id)}: ${title}\n\n${explanation}\n\nNeeds the events ${needs.join(", ")}.\n`);
        return;
      }
      if (paths.length === 0) throw new UsageError("name a trace, or a diagnosis with --explain");
      await withAnalyzed(shell, paths, options, async (experiment: Experiment) => {
        const report = await shell.withProgress((progress) => experiment.diagnose(progress));
        if (options.json) shell.printJson(report);
        else {
          shell.print(findingsText(shell, experiment, report, paths));
          shell.print(unansweredText(report));
        }
        const least = failOn === undefined ? severities.length : severities.indexOf(failOn);
        if (report.findings.some(({ severity }) => severities.indexOf(severity) >= least)) process.exitCode = foundCode;
      });
    });
};

export default diagnose;
