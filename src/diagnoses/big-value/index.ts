/** Big values: requests or replies of a MiB and more, which take long themselves and hold up others while they are copied and sent. */

import { requestFlags, unknownBytes } from "../../analyses/redis/keys.ts";
import { Best, bytes, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Hold, NodeFacts } from "../contract.ts";
import { commandName } from "../facts.ts";
import { alarmNs, costMeasures, costSentence, noticeNs, percent, plural, severityOf } from "../severity.ts";
import { bigValueBytes, known, movedBytes } from "../sizes.ts";

interface Big {
  readonly id: number;
  readonly command: number;
  readonly bytes: number;
  readonly ns: number;
  readonly start: number;
  readonly end: number;
  /** Its call and its write: when the main thread worked for it alone. A reply of many writes has more than these two, between which others are served. */
  readonly holds: readonly Hold[];
}

/** Of each node, so that memory does not grow with the trace: what is left out took less time than all of these. */
const keptBig = 20_000;

interface Sum {
  /** The slowest. */
  readonly best: Best<Big>;
  big: number;
  bigBytes: number;
  bigNs: number;
  bytes: number;
  requests: number;
  unknown: number;
  /** Lives of the others, for comparison. */
  otherNs: number;
}

function check(context: DiagnosisContext): Answer {
  const sums = context.nodes.map(
    (): Sum => ({ best: new Best(keptBig), big: 0, bigBytes: 0, bigNs: 0, bytes: 0, requests: 0, unknown: 0, otherNs: 0 }),
  );
  context.scan((row) => {
    const sum = sums[row.process];
    if (sum === undefined) return;
    const moved = movedBytes(row);
    const ns = row.writeEnd - row.arrived;
    sum.requests++;
    sum.bytes += moved;
    if (row.replyBytes === unknownBytes) sum.unknown++;
    if (moved < bigValueBytes) {
      if ((row.flags & requestFlags.blocked) === 0) sum.otherNs += ns;
      return;
    }
    const size = Math.max(known(row.requestBytes), known(row.replyBytes));
    sum.big++;
    sum.bigBytes += size;
    sum.bigNs += ns;
    const owner = { request: row.id, connection: row.connection };
    sum.best.add(ns, {
      id: row.id,
      command: row.command,
      bytes: size,
      ns,
      start: row.arrived,
      end: row.writeEnd,
      holds: [{ start: row.callStart, end: row.callEnd, ...owner }],
    });
  });
  const findings = sums.flatMap((sum, index) => finding(context, context.nodes[index] as NodeFacts, sum));
  if (findings.length > 0) return { verdict: "found", findings };
  const big = sums.reduce((total, sum) => total + sum.big, 0);
  const unknown = sums.reduce((total, sum) => total + sum.unknown, 0);
  const requests = sums.reduce((total, sum) => total + sum.requests, 0);
  if (big === 0 && unknown > 0.5 * requests)
    return {
      verdict: "cannot tell",
      reason: `the sizes of ${percent(unknown / requests)} of the replies are unknown: record with --events full`,
    };
  return {
    verdict: "not found",
    reason:
      big === 0
        ? `no request or reply had ${bytes(bigValueBytes)}`
        : `${plural(big, "value")} of ${bytes(bigValueBytes)} and more, all moved quickly`,
  };
}

function finding(context: DiagnosisContext, node: NodeFacts, sum: Sum): readonly Found[] {
  const big = sum.best.sorted();
  const [slowest] = big;
  if (slowest === undefined) return [];
  const holds = big.flatMap((each) => each.holds).sort((left, right) => left.start - right.start);
  const cost = context.cost(node, holds, "other connections");
  const others = sum.requests - sum.big;
  const severity = slowest.ns >= alarmNs ? "critical" : (severityOf(cost) ?? (slowest.ns >= noticeNs ? "warning" : undefined));
  if (severity === undefined) return [];
  const largest = big.reduce((best, each) => (each.bytes > best.bytes ? each : best), slowest);
  const usual = others > 0 ? `, where the other requests took ${duration(sum.otherNs / others)} on average` : "";
  return [
    {
      severity,
      confidence: sum.big >= 3 ? "high" : "medium",
      node: node.name,
      start: slowest.start,
      end: slowest.end,
      prose: `${plural(sum.big, "request")} of ${node.name} moved ${bytes(bigValueBytes)} or more, up to ${bytes(largest.bytes)} (${commandName(context.history, largest.command).toUpperCase()}, request ${largest.id}): ${percent(sum.big / sum.requests)} of the requests, ${percent(sum.bigBytes / Math.max(1, sum.bytes))} of the bytes. They took up to ${duration(slowest.ns)}${usual}. ${costSentence(cost, "request")}`,
      advice:
        "Split the value (a hash with fields that are read one by one, pages of a list), compress it, or keep it in an object store and its address in Redis.",
      evidence: [
        { name: "big requests", value: sum.big, unit: "count" },
        { name: "largest", value: largest.bytes, unit: "bytes" },
        { name: "part of the bytes", value: sum.bigBytes / Math.max(1, sum.bytes), unit: "ratio" },
        { name: "slowest big request", value: slowest.ns, unit: "ns" },
        { name: "mean of the other requests", value: others > 0 ? sum.otherNs / others : 0, unit: "ns" },
        ...costMeasures(cost),
      ],
      requests: big.slice(0, 10).map(({ id }) => id),
      costNs: sum.bigNs + cost.waitedNs,
    },
  ];
}

const bigValue: Diagnosis = {
  id: "big-value",
  title: "Big values",
  version: 1,
  needs: ["read_client_query", "call_command_start", "call_command_end", "write_to_client_end"],
  view: "netflow",
  explanation: `A value of a MiB or more is copied into the reply while nobody else is served, takes many writes to send and many reads to take in, and fills buffers.
Its own client waits long, and all others a little.

Decided from the bytes of requests and replies. 1 MiB is sixteen times what Redis writes to a client before it turns to the next (64 KiB): from there on
the value is in everybody's way again and again, its copy takes some 100 µs, and a link of 1 Gbit/s 8 ms. It is a finding when such a request took 10 ms (critical: 100 ms),
or others stood still during their calls by the general scale. In the \`light\` set replies that one write answered together have no size of their own: where that is most of
them, and nothing else was found, the answer is *cannot tell*.`,
  check,
};

export default bigValue;
