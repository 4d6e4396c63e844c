/**
 * Slow consumer: a client does not read what the server writes to it, so its replies or messages pile up in the server's memory.
 *
 *     healthy   |WRITE|                      |WRITE|            the socket takes everything
 *     sick      |WRITE|..queued for write..|WRITE|..queued..    the socket is full: bytes are left after each write
 */
import { branches, connectionStates, root } from "../../analyses/redis/keys.ts";
import { bytes, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { type ConnectionFacts, connectionsOf } from "../facts.ts";

/** A reader that is only far away or loses a packet drains its socket within a few round trips or a retransmission (200 ms). */
const noticeNs = 500_000_000;
/** A full socket holds at least the smallest send buffer that Linux gives; connections that were sent less never had one. */
const leastBytes = 16_384;
/** How far before the end of a backlog its last writes are looked for. */
const lookBackNs = 1_000_000_000;

interface Backlog {
  readonly connection: ConnectionFacts;
  readonly start: number;
  readonly end: number;
  readonly writes: number;
}

/** The longest time in which the connection always had bytes left to write; undefined where there was none. */
function longestBacklog(context: DiagnosisContext, node: NodeFacts, connection: ConnectionFacts): Backlog | undefined {
  const { state } = context.history;
  const quark = state.attributes.find(root, node.name, branches.connections, String(connection.connection), "State");
  if (quark === undefined) return undefined;
  let best: Backlog | undefined;
  let start = -1;
  let writes = 0;
  let previousEnd = -1;
  let previous: unknown;
  state.range([quark], context.start, Number.POSITIVE_INFINITY, (_quark, from, to, value) => {
    if (value === undefined) return true;
    if (from > previousEnd) start = -1;
    // Queued again right after a write: bytes were left.
    if (start < 0 && value === connectionStates.queuedForWrite && previous === connectionStates.writing && from === previousEnd) {
      start = from;
      writes = 1;
    } else if (start >= 0 && value === connectionStates.writing) writes++;
    if (start >= 0 && (best === undefined || to - start > best.end - best.start)) best = { connection, start, end: to, writes };
    previousEnd = to;
    previous = value;
    return true;
  });
  return best;
}

/** Bytes left after each write of the backlog's last second, as far as the trace holds them: the last value and the largest. */
function leftBytes(context: DiagnosisContext, node: NodeFacts, backlog: Backlog): number {
  const from = Math.max(backlog.start - 1_000_000, backlog.end - lookBackNs);
  const left = (start: number, end: number): number[] =>
    context
      .connectionEvents(node, backlog.connection.connection, start, end)
      .filter(({ name }) => name === "redis:write_to_client_end")
      .map(({ fields }) => Number(fields.find(([name]) => name === "left")?.[1] ?? 0));
  const late = left(from, backlog.end);
  return Math.max(0, ...(late.length > 0 ? late : left(backlog.start - 1_000_000, backlog.start + 1)));
}

function finding(context: DiagnosisContext, node: NodeFacts, backlogs: readonly Backlog[]): readonly Found[] {
  const [worst] = [...backlogs].sort((left, right) => right.end - right.start - (left.end - left.start));
  if (worst === undefined) return [];
  const left = leftBytes(context, node, worst);
  const cut = backlogs.filter(({ connection, end }) => connection.closed <= end).length;
  const amount = left > 0 ? ` ${bytes(left)} were left after its last writes.` : "";
  const lost = cut > 0 ? ` ${cut === 1 ? "One connection was" : `${cut} connections were`} closed with bytes unsent.` : "";
  const others = backlogs.length > 1 ? ` (and ${backlogs.length - 1} more like it)` : "";
  return [
    {
      severity: cut > 0 ? "critical" : "warning",
      confidence: "high",
      node: node.name,
      start: worst.start,
      end: worst.end,
      prose: `${worst.connection.label}, a ${worst.connection.kind} of ${node.name}${others}, did not keep up with reading for ${duration(worst.end - worst.start)}: its socket was full after each of ${worst.writes} writes.${amount}${lost}`,
      advice:
        "Let the client read faster, or on a thread of its own; spread its channels over several connections; ask for less at a time. `client-output-buffer-limit` decides when the server gives up on such a client, before it takes the memory of all.",
      evidence: [
        { name: "slow consumers", value: backlogs.length, unit: "count" },
        { name: "longest time with a full socket", value: worst.end - worst.start, unit: "ns" },
        { name: "writes in that time", value: worst.writes, unit: "count" },
        { name: "bytes left after its last writes", value: left, unit: "bytes" },
        { name: "bytes that it took while recorded", value: worst.connection.bytesOut, unit: "bytes" },
        { name: "closed with bytes unsent", value: cut, unit: "count" },
      ],
      requests: [],
      costNs: backlogs.reduce((sum, { start, end }) => sum + end - start, 0),
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const findings: Found[] = [];
  let longest = 0;
  for (const node of context.nodes) {
    const backlogs: Backlog[] = [];
    for (const connection of connectionsOf(context.history, node)) {
      if (connection.bytesOut < leastBytes) continue;
      const backlog = longestBacklog(context, node, connection);
      if (backlog === undefined) continue;
      longest = Math.max(longest, backlog.end - backlog.start);
      if (backlog.end - backlog.start >= noticeNs) backlogs.push(backlog);
    }
    findings.push(...finding(context, node, backlogs));
  }
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason: longest === 0 ? "no socket was ever full" : `sockets were full for up to ${duration(longest)} only`,
  };
}

const slowConsumer: Diagnosis = {
  id: "slow-consumer",
  title: "A client does not read what it is sent",
  version: 1,
  needs: ["write_to_client_start", "write_to_client_end"],
  view: "netflow",
  explanation: `A subscriber, replica or pipelining client that reads more slowly than the server writes fills its socket, then the server's memory. At client-output-buffer-limit the
server closes it, and what was not sent is lost; without a limit (ordinary clients have none) it goes on until memory is full, evicting keys if it may.

Decided from writes that left bytes behind: a backlog lasts from the first such write to one that leaves nothing. 500 ms of it is a warning: a reader that is only far away, or lost a
packet, is done within a few round trips or one retransmission (200 ms). It is critical when a connection was closed in that state.`,
  check,
};

export default slowConsumer;
