/** `storescope stats`. */
import type { ExperimentStats, NodeStats } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { bytes, count, duration, printable, table } from "../format.ts";
import { busTable, commandTable } from "../tables.ts";
import { addRangeOptions, addTraceOptions, type RangeOptions, rangeOf, type TraceOptions, timeHelp, withAnalyzed } from "../traces.ts";

const right = "right";

function connectionTable(node: NodeStats): string {
  const columns = [
    { title: "connection" },
    { title: "type" },
    ...["requests", "in", "out"].map((title) => ({ title, align: right }) as const),
  ];
  return table(
    columns,
    node.connections.map(({ label, type, requests, bytesIn, bytesOut }) => [label, type, count(requests), bytes(bytesIn), bytes(bytesOut)]),
  );
}

const indent = (text: string) => text.replace(/^(?=.)/gm, "  ");

function statsText(stats: ExperimentStats, hasConnections: boolean): string {
  const parts = [`${duration(Number(stats.end - stats.start))}, ${count(stats.events)} events, ${count(stats.lostEvents)} lost\n`];
  for (const node of stats.nodes) {
    parts.push(
      `\n${printable(node.node)} ${printable(`${node.flavor} ${node.version}`)}, process ${node.pid}: ${count(node.requests)} requests, ${bytes(node.bytesIn)} in, ${bytes(node.bytesOut)} out\n`,
    );
    if (node.commands.length > 0) parts.push(indent(commandTable(node)));
    if (hasConnections && node.connections.length > 0) parts.push("\n", indent(connectionTable(node)));
    if (node.bus.length > 0) parts.push("\n", indent(busTable(node)));
  }
  return parts.join("");
}

const stats: CommandFile = (command, shell) => {
  addRangeOptions(addTraceOptions(command))
    .option("--connections", "a line per connection, too")
    .addHelpText(
      "after",
      `${timeHelp}
Calls are counted as INFO commandstats counts them, bytes in as total_net_input_bytes. Durations in JSON are in ns.

Examples:
  storescope stats trace
  storescope stats trace --json | jq '.nodes[].commands[] | {command, calls, p99: .whole.p99}'
`,
    )
    .action((paths: readonly string[], options: TraceOptions & RangeOptions & { readonly connections?: boolean }) =>
      withAnalyzed(shell, paths, options, (experiment) => {
        const result = experiment.stats(rangeOf(experiment, options));
        if (options.json) shell.printJson(result);
        else shell.print(statsText(result, options.connections === true));
      }),
    );
};

export default stats;
