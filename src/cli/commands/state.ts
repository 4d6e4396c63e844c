/** `storescope state`. */
import { UsageError } from "../../base/index.ts";
import { compileGlob, type Experiment } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { duration, offset, table } from "../format.ts";
import { parseTime } from "../parse.ts";
import { addRangeOptions, addTraceOptions, type RangeOptions, rangeOf, type TraceOptions, timeHelp, withAnalyzed } from "../traces.ts";

interface Options extends TraceOptions, RangeOptions {
  readonly at?: string;
  readonly path?: string;
}

interface Row {
  readonly path: string;
  readonly value: string | number;
  readonly start: bigint;
  readonly end: bigint;
}

/** Every state of the matching attributes that touches the range, per attribute in time order. */
function statesIn(experiment: Experiment, from: bigint, to: bigint, glob: string): readonly Row[] {
  const { attributes } = experiment.state;
  const matches = compileGlob(glob);
  const quarks = Array.from({ length: attributes.count }, (_, quark) => quark).filter((quark) => matches(attributes.path(quark).join("/")));
  const rows: Row[] = [];
  experiment.state.range(quarks, experiment.relative(from), experiment.relative(to), (quark, start, end, value) => {
    if (value === undefined) return;
    rows.push({ path: attributes.path(quark).join("/"), value, start: experiment.absolute(start), end: experiment.absolute(end) });
  });
  return rows;
}

const state: CommandFile = (command, shell) => {
  addRangeOptions(addTraceOptions(command))
    .option("--at <time>", "the state at this time")
    .option("--path <glob>", "only attributes like this: * any name, ** any path", "**")
    .addHelpText(
      "after",
      `${timeHelp}
Examples:
  storescope state trace --at +1.5s
  storescope state trace --at +1.5s --path '**/Threads/**'
  storescope state trace --from +1s --to +1.01s --path '**/Connections/*/State'
`,
    )
    .action((paths: readonly string[], options: Options) =>
      withAnalyzed(shell, paths, options, (experiment) => {
        const { from, to } = rangeOf(experiment, options);
        if ((options.at === undefined) === (from === undefined && to === undefined))
          throw new UsageError("give a time (--at T) or a range (--from T --to T)");
        const rows: readonly Row[] =
          options.at === undefined
            ? statesIn(experiment, from ?? experiment.start, to ?? experiment.end, options.path ?? "**")
            : experiment
                .stateAt(parseTime(options.at, experiment.start), options.path)
                .flatMap(({ path, interval }) =>
                  interval.value === undefined
                    ? []
                    : [{ path, value: interval.value, start: experiment.absolute(interval.start), end: experiment.absolute(interval.end) }],
                );
        if (options.json) {
          shell.printJson(rows);
          return;
        }
        const cells = rows.map((row) => [
          offset(Number(row.start - experiment.start)),
          duration(Number(row.end - row.start)),
          row.path,
          String(row.value),
        ]);
        shell.print(
          table(
            [{ title: "since", align: "right" }, { title: "lasts", align: "right" }, { title: "attribute" }, { title: "state" }],
            cells,
          ),
        );
      }),
    );
};

export default state;
