/** Tables that several commands print. */
import type { Experiment, NodeStats, RequestInfo } from "../engine/index.ts";
import { bytes, count, duration, offset, table } from "./format.ts";

const right = "right";

/** Calls and latencies by command; `whole` is from readable socket to reply written. */
export function commandTable(node: NodeStats): string {
  const columns = [
    { title: "command" },
    ...["calls", "failed", "in", "out", "p50", "p95", "p99", "max", "execute p50", "execute p99"].map(
      (title) => ({ title, align: right }) as const,
    ),
  ];
  const rows = node.commands.map(({ command, calls, failed, requestBytes, replyBytes, whole, phases }) => [
    command,
    count(calls),
    count(failed),
    bytes(requestBytes),
    bytes(replyBytes),
    ...[whole.p50, whole.p95, whole.p99, whole.max].map(duration),
    ...[phases.execute?.p50, phases.execute?.p99].map((value) => (value === undefined ? "" : duration(value))),
  ]);
  return table(columns, rows);
}

/** Messages and bytes by peer and type of communication. */
export function busTable(node: NodeStats): string {
  const columns = [
    { title: "bus peer" },
    { title: "type" },
    ...["sent", "bytes", "received", "bytes"].map((title) => ({ title, align: right }) as const),
  ];
  return table(
    columns,
    node.bus.map((link) => [
      link.peer,
      link.type,
      count(link.messagesSent),
      bytes(link.bytesSent),
      count(link.messagesReceived),
      bytes(link.bytesReceived),
    ]),
  );
}

/** Columns of the list; the phases follow, each request's in order. */
export function requestTable(experiment: Experiment, requests: readonly RequestInfo[]): string {
  const columns = [
    { title: "id", align: "right" },
    { title: "start", align: "right" },
    { title: "duration", align: "right" },
    { title: "command" },
    { title: "node" },
    { title: "connection" },
    { title: "phases" },
  ] as const;
  const rows = requests.map((request) => [
    String(request.id),
    offset(Number(request.start - experiment.start)),
    duration(request.durationNs),
    `${request.command}${request.failed ? " (failed)" : ""}${request.complete ? "" : " (cut)"}`,
    request.node,
    request.connectionLabel,
    request.phases.map(({ name, start, end }) => `${name} ${duration(Number(end - start))}`).join(", "),
  ]);
  return table(columns, rows);
}
