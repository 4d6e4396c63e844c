/** `storescope info`. */
import { compareText } from "../../base/index.ts";
import type { TraceInfo } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { bytes, count, duration, printable, table, timeOfDay } from "../format.ts";
import { addTraceOptions, type TraceOptions, withExperiment } from "../traces.ts";

/** A trace that was written to this recently is perhaps still being recorded. */
const recentNs = 5_000_000_000n;

function traceText(trace: TraceInfo): string {
  const age = BigInt(Date.now()) * 1_000_000n - (trace.changed ?? 0n);
  const packets = trace.streams.reduce((sum, stream) => sum + stream.packets, 0);
  const lines: (readonly [string, string])[] = [
    ["format", trace.format],
    ["start", `${timeOfDay(trace.start)} UTC`],
    ["duration", duration(Number(trace.end - trace.start))],
    ["size", `${bytes(trace.bytes)} in ${count(trace.streams.length)} streams, ${count(packets)} packets`],
    ...(age >= recentNs
      ? []
      : [["last written", `${duration(Math.max(0, Number(age)))} ago: perhaps still being recorded; this is what is there`] as const]),
    ["events lost", count(trace.discardedEvents)],
    ["packets lost", count(trace.discardedPackets)],
    ...(trace.clock === undefined ? [] : [["clock", clockText(trace.clock)] as const]),
    ...Object.entries(trace.environment).map(([name, value]) => [name, String(value)] as const),
    ...trace.warnings.map(({ file, offset, message }) => ["warning", `${file}: byte ${offset}: ${message}`] as const),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return `${printable(trace.path)}\n${lines.map(([name, value]) => `  ${printable(name).padEnd(width)}  ${printable(value)}\n`).join("")}`;
}

/** How the trace's clock was made to agree with the others'. */
function clockText(clock: NonNullable<TraceInfo["clock"]>): string {
  switch (clock.state) {
    case "reference":
      return "the others follow it";
    case "alone":
      return "taken as it is: no messages between it and the others are in the traces";
    case "synchronised":
    case "inconsistent": {
      const sign = clock.correctionNs < 0n ? "-" : "+";
      const shift = duration(Math.abs(Number(clock.correctionNs)));
      const bound = clock.state === "synchronised" ? "right to" : "no even clock fits all messages, by";
      return `corrected by ${sign}${shift} and ${clock.skewPpm.toFixed(2)} ppm, ${bound} ${duration(clock.accuracyNs)} (${count(clock.messages)} messages)`;
    }
  }
}

const info: CommandFile = (command, shell) => {
  addTraceOptions(command)
    .option("--no-counts", "do not count events by name, which reads the whole trace unless it is analysed")
    .addHelpText(
      "after",
      "\nExamples:\n  storescope info samples/redis-cluster\n  storescope info trace --json | jq '.traces[0].discardedEvents'\n",
    )
    .action((paths: readonly string[], options: TraceOptions & { readonly counts: boolean }) =>
      withExperiment(shell, paths, options, async (experiment) => {
        const events = options.counts ? await shell.withProgress((progress) => experiment.eventCounts(progress)) : undefined;
        if (options.json) {
          shell.printJson({ name: experiment.name, start: experiment.start, end: experiment.end, traces: experiment.traces, events });
          return;
        }
        for (const trace of experiment.traces) shell.print(traceText(trace));
        if (events === undefined) return;
        const rows = [...events]
          .sort((a, b) => b.count - a.count || compareText(a.name, b.name))
          .map(({ name, count: n }) => [count(n), name]);
        const total = events.reduce((sum, event) => sum + event.count, 0);
        shell.print(`\n${table([{ title: "events", align: "right" }, { title: "name" }], [...rows, [count(total), "in all"]])}`);
      }),
    );
};

export default info;
