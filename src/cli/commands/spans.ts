/** `storescope spans`. */
import { type Experiment, type FlowInfo, flowFilterNames, type SpanInfo } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { count, duration, offset, table } from "../format.ts";
import { parseChoice, parseCount } from "../parse.ts";
import { addRangeOptions, addTraceOptions, type RangeOptions, rangeOf, type TraceOptions, timeHelp, withAnalyzed } from "../traces.ts";

interface Options extends TraceOptions, RangeOptions {
  readonly sort: string;
  readonly filter?: string;
  readonly limit: string;
  readonly id?: string;
}

const sorts = ["duration", "start"] as const;
const barWidth = 40;

/** What is to be known of a span besides its times. */
function remarks(span: SpanInfo): string {
  const said = [
    span.status > 0 ? String(span.status) : "",
    span.grpc === undefined || span.grpc === "OK" ? "" : `gRPC ${span.grpc}`,
    span.waitedNs > 0 ? `waited ${duration(span.waitedNs)} for a connection` : "",
    span.broken ? "aborted" : "",
    span.cancelled ? "timed out or cancelled by the caller" : "",
    span.retries === undefined ? "" : "retry",
    span.failed ? "failed" : "",
    span.complete ? "" : "cut",
    span.kind === "served" || span.kind === "message" || span.evidence !== "nothing" ? "" : "other end not traced",
    span.evidence === "order" ? "joined by order only" : "",
    span.redirected === undefined ? "" : redirectText(span.redirected.lostNs),
    span.repeats === undefined ? "" : "repeat of a redirected call",
    span.request === undefined ? "" : `request ${span.request}`,
  ];
  return said.filter((each) => each !== "").join(", ");
}

const redirectText = (lostNs: number | undefined): string => (lostNs === undefined ? "redirected" : `redirected, ${duration(lostNs)} lost`);

/** Its place in the flow: `=` where the flow's root waited for it, `-` where not. */
function bar(span: SpanInfo, flow: FlowInfo): string {
  const width = Math.max(1, Number(flow.root.end - flow.root.start)) / barWidth;
  const column = (time: bigint): number => Math.min(barWidth, Math.max(0, Number(time - flow.root.start) / width));
  const cells = Array.from({ length: barWidth }, () => " ");
  const paint = (from: bigint, to: bigint, mark: string): void => {
    const first = Math.min(barWidth - 1, Math.floor(column(from)));
    for (let i = first; i < Math.max(first + 1, Math.ceil(column(to))); i++) cells[i] = mark;
  };
  paint(span.start, span.end, "-");
  for (const part of flow.path) if (part.span === span.id) paint(part.start, part.end, "=");
  return cells.join("");
}

/** The flow's tree; below each command the phases that its request had in the store. */
function flowText(experiment: Experiment, flow: FlowInfo): string {
  const waited = new Map<number, number>();
  for (const { span, start, end } of flow.path) waited.set(span, (waited.get(span) ?? 0) + Number(end - start));
  const rows = flow.spans.flatMap((span) => {
    const own = waited.get(span.id);
    const row = [
      `${"  ".repeat(span.depth)}${span.name}`,
      span.process,
      offset(Number(span.start - experiment.start)),
      duration(span.durationNs),
      own === undefined ? "" : duration(own),
      `|${bar(span, flow)}|`,
      remarks(span),
    ];
    if (span.request === undefined) return [row];
    const request = experiment.request(span.request);
    const phases = request.phases.map((phase) => [
      `${"  ".repeat(span.depth + 1)}${phase.name}`,
      request.node,
      offset(Number(phase.start - experiment.start)),
      duration(Number(phase.end - phase.start)),
      "",
      "",
      (phase.holders ?? [])
        .map((holder) => `${holder.label} ${duration(Number(holder.end - holder.start))}`)
        .slice(0, 3)
        .join(", "),
    ]);
    return [row, ...phases];
  });
  const columns = [
    { title: "span" },
    { title: "process" },
    { title: "start", align: "right" },
    { title: "duration", align: "right" },
    { title: "waited for", align: "right" },
    { title: "" },
    { title: "" },
  ] as const;
  return table(columns, rows);
}

const spans: CommandFile = (command, shell) => {
  addRangeOptions(addTraceOptions(command))
    .option("--sort <by>", `${sorts.join(", ")}; the longest first, start in time order`, "duration")
    .option("--filter <expr>", "only flows for whose root this holds")
    .option("-n, --limit <count>", "at most this many", "20")
    .option("--id <id>", "one flow: its spans over all processes, and what was waited for when")
    .addHelpText(
      "after",
      `${timeHelp}
A flow is what was done for one request, over all traced processes: joined by the connections between them and the bytes on these, nothing is added to any
request. "Waited for" is the time that the whole flow was held up by the span's own work: its critical path.

Filters may use: ${flowFilterNames.join(", ")}; with ==, !=, <, >, =~ (regular expression), in, &&, ||, !, and units (2ms).

Examples:
  storescope spans trace
  storescope spans trace --filter 'process == "gateway" && duration > 20ms'
  storescope spans trace --id 17
`,
    )
    .action((paths: readonly string[], options: Options) =>
      withAnalyzed(shell, paths, options, (experiment) => {
        if (options.id !== undefined) {
          const flow = experiment.flow(parseCount(options.id, "--id"));
          if (options.json) shell.printJson(flow);
          else shell.print(flowText(experiment, flow));
          return;
        }
        const result = experiment.flows({
          ...rangeOf(experiment, options),
          sort: parseChoice(options.sort, "--sort", sorts),
          filter: options.filter,
          limit: parseCount(options.limit, "--limit"),
        });
        if (options.json) {
          shell.printJson(result);
          return;
        }
        const columns = [
          { title: "id", align: "right" },
          { title: "start", align: "right" },
          { title: "duration", align: "right" },
          { title: "process" },
          { title: "name" },
          { title: "" },
        ] as const;
        shell.print(
          table(
            columns,
            result.flows.map((span) => [
              String(span.id),
              offset(Number(span.start - experiment.start)),
              duration(span.durationNs),
              span.process,
              span.name,
              remarks(span),
            ]),
          ),
        );
        const { summary } = result;
        if (summary === undefined)
          shell.note("no process in this trace says what it serves and calls: record Node.js processes with the store");
        else
          shell.note(
            `${count(result.flows.length)} of ${count(result.total)} flows; ${count(summary.calls)} calls, of which ${count(summary.evidence["stream-offset"])} joined by stream offset${summary.evidence["stream-id"] > 0 ? `, ${count(summary.evidence["stream-id"])} by HTTP/2 stream` : ""}, ${count(summary.evidence.order)} by order, ${count(summary.evidence.nothing)} not at all`,
          );
      }),
    );
};

export default spans;
