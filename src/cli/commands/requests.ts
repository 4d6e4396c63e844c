/** `storescope requests`. */
import { type Experiment, type RedirectedInfo, type RequestInfo, requestFilterNames } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { bytes, count, duration, offset, printable } from "../format.ts";
import { parseChoice, parseCount } from "../parse.ts";
import { requestTable } from "../tables.ts";
import { addRangeOptions, addTraceOptions, type RangeOptions, rangeOf, type TraceOptions, timeHelp, withAnalyzed } from "../traces.ts";

interface Options extends TraceOptions, RangeOptions {
  readonly sort: string;
  readonly filter?: string;
  readonly limit: string;
  readonly id?: string;
}

const sorts = ["duration", "start", "wait", "execute"] as const;

/** `light` traces do not hold every size. */
const sizeText = (size: number | undefined) => (size === undefined ? "unknown bytes" : bytes(size));

/** One request: each phase with its thread and, for waits, who held that thread. */
function requestText(experiment: Experiment, request: RequestInfo): string {
  const lines = [
    `request ${request.id}: ${printable(request.command)} (${request.type}) on ${printable(request.node)}, ${printable(request.connectionLabel)}`,
    `  ${duration(request.durationNs)} from ${offset(Number(request.start - experiment.start))}; ${sizeText(request.requestBytes)} in, ${sizeText(request.replyBytes)} out${request.failed ? "; failed" : ""}${request.complete ? "" : "; cut by an end of the trace"}`,
  ];
  for (const phase of request.phases) {
    const at = offset(Number(phase.start - experiment.start));
    lines.push(
      `  ${at}  ${duration(Number(phase.end - phase.start)).padStart(8)}  ${phase.name}${phase.holders === undefined ? `  thread ${phase.thread}` : ""}`,
    );
    for (const holder of phase.holders ?? []) {
      const whom = holder.request === undefined ? "" : ` for request ${holder.request}`;
      lines.push(
        `  ${" ".repeat(at.length)}  ${duration(Number(holder.end - holder.start)).padStart(8)}    ${printable(holder.label)}${whom}`,
      );
    }
  }
  if (request.redirected !== undefined) lines.push(...redirectedLines(request, request.redirected));
  for (const { node, connectionLabel, received, queued, written } of request.deliveries ?? []) {
    const since = (time: bigint | undefined): string =>
      time === undefined ? "never, as far as the trace goes" : `+${duration(Number(time - request.start))}`;
    const bus = received === undefined ? "" : `over the bus ${since(received)}, `;
    lines.push(
      `  delivered to ${printable(node)}, ${printable(connectionLabel)}: ${bus}queued ${since(queued)}, written ${since(written)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** All hops of what the client sees as one request. */
function redirectedLines(request: RequestInfo, { hops, durationNs, lostNs, evidence }: RedirectedInfo): readonly string[] {
  const first = hops[0]?.start ?? request.start;
  const likely = evidence === "order" ? "; the hops are joined by their order: likely, not certain" : "";
  const head =
    hops.length > 1
      ? `  redirected: ${duration(durationNs)} over ${hops.length} hops, of which ${duration(lostNs)} lost${likely}`
      : "  redirected: how it was followed the trace does not tell";
  return [
    head,
    ...hops.map(({ request: id, node, connectionLabel, start, end, asking, redirect }) => {
      const before = asking === undefined ? "" : `after ASKING (request ${asking}) `;
      const then =
        redirect === undefined ? "served" : `${redirect.kind.toUpperCase()}, slot ${redirect.slot}, to ${printable(redirect.target)}`;
      return `    +${duration(Number(start - first))} to +${duration(Number(end - first))}  ${before}request ${id} on ${printable(node)}, ${printable(connectionLabel)}: ${then}`;
    }),
  ];
}

const requests: CommandFile = (command, shell) => {
  addRangeOptions(addTraceOptions(command))
    .option("--sort <by>", `${sorts.join(", ")}; the largest first, start in time order`, "duration")
    .option("--filter <expr>", "only requests for which this holds")
    .option("-n, --limit <count>", "at most this many", "20")
    .option("--id <id>", "one request, with who held the thread while it waited")
    .addHelpText(
      "after",
      `${timeHelp}
Filters may use: ${requestFilterNames.join(", ")}; with ==, !=, <, >, =~ (regular expression), in, &&, ||, !, and units (2ms, 4KiB).

Examples:
  storescope requests trace
  storescope requests trace --filter 'command == "publish" && duration > 2ms' --sort wait
  storescope requests trace --id 17
`,
    )
    .action((paths: readonly string[], options: Options) =>
      withAnalyzed(shell, paths, options, (experiment) => {
        if (options.id !== undefined) {
          const request = experiment.request(parseCount(options.id, "--id"));
          if (options.json) shell.printJson(request);
          else shell.print(requestText(experiment, request));
          return;
        }
        const result = experiment.requests({
          ...rangeOf(experiment, options),
          sort: parseChoice(options.sort, "--sort", sorts),
          filter: options.filter,
          limit: parseCount(options.limit, "--limit"),
        });
        if (options.json) {
          shell.printJson(result);
          return;
        }
        shell.print(requestTable(experiment, result.requests));
        if (result.requests.length < result.total)
          shell.note(`${count(result.requests.length)} of ${count(result.total)}; --limit shows more`);
      }),
    );
};

export default requests;
