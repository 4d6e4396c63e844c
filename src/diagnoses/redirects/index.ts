/** Redirects: a client that does not follow the slot map sends commands to the wrong node and has to send them again. */
import { tables as flowTables, type RepeatColumn, repeatColumns } from "../../analyses/flows/keys.ts";
import { type RedirectColumn, redirectColumns, requestFlags, tables } from "../../analyses/redis/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { percent } from "../severity.ts";

/** After a slot has moved each client is redirected once for it: a few are how clients learn. */
const leastRedirects = 20;
const noticeShare = 0.02;
const alarmShare = 0.2;

interface Sum {
  redirects: number;
  ns: number;
  first: number;
  last: number;
  readonly requests: number[];
  readonly connections: Set<number>;
  /** Of those whose repeat is known: how many, and the time from their arrival to that of the repeat. */
  followed: number;
  lostNs: number;
}

/** Of redirects that the caller's side tells of: when the request was followed, after how long, by the request. */
function told(context: DiagnosisContext): ReadonlyMap<number, number> {
  const column = Object.fromEntries(repeatColumns.map(({ name }, i) => [name, i])) as Record<RepeatColumn, number>;
  const found = new Map<number, number>();
  for (const { columns, rowCount } of context.history.table(flowTables.repeats)?.chunks() ?? []) {
    const at = (name: RepeatColumn, i: number): number => columns[column[name]]?.[i] ?? 0;
    for (let i = 0; i < rowCount; i++)
      if (Number.isFinite(at("resumed", i))) found.set(at("request", i), at("resumed", i) - at("start", i));
  }
  return found;
}

/** Adds what the redirects cost that were joined with their repeats; `sums` by process. */
function addLost(context: DiagnosisContext, sums: readonly Sum[]): void {
  const callers = told(context);
  const column = Object.fromEntries(redirectColumns.map(({ name }, i) => [name, i])) as Record<RedirectColumn, number>;
  for (const { columns, rowCount } of context.history.table(tables.redirects)?.chunks() ?? []) {
    const at = (name: RedirectColumn, i: number): number => columns[column[name]]?.[i] ?? 0;
    for (let i = 0; i < rowCount; i++) {
      const sum = sums[at("process", i)];
      const lostNs = callers.get(at("request", i)) ?? at("resumed", i) - at("arrived", i);
      if (sum === undefined || !Number.isFinite(lostNs)) continue;
      sum.followed++;
      sum.lostNs += lostNs;
    }
  }
}

function finding(node: NodeFacts, sum: Sum): readonly Found[] {
  const share = sum.redirects / Math.max(1, node.requests);
  if (sum.redirects < leastRedirects || share < noticeShare) return [];
  const cost =
    sum.followed > 0
      ? `on average ${duration(sum.lostNs / sum.followed)} until the client had come again on the right node`
      : `a round trip more, of which ${duration(sum.ns / sum.redirects)} on this node`;
  // What is not known of the others is taken to be as in those that are.
  const costNs = sum.followed > 0 ? (sum.lostNs / sum.followed) * sum.redirects : sum.ns;
  return [
    {
      severity: share >= alarmShare ? "critical" : "warning",
      confidence: "high",
      node: node.name,
      start: sum.first,
      end: sum.last,
      prose: `${node.name} sent ${count(sum.redirects)} of ${count(node.requests)} requests (${percent(share)}) of ${count(sum.connections.size)} connections elsewhere: each cost ${cost}.`,
      advice:
        "Use a cluster client that keeps the slot map (CLUSTER SLOTS or SHARDS) and updates it when it is redirected; behind a load balancer or with a client made for a single node every command goes to a node at random.",
      evidence: [
        { name: "redirects", value: sum.redirects, unit: "count" },
        { name: "part of the requests", value: share, unit: "ratio" },
        { name: "connections redirected", value: sum.connections.size, unit: "count" },
        { name: "time in the node for redirects", value: sum.ns, unit: "ns" },
        ...(sum.followed === 0
          ? []
          : [
              { name: "redirects joined with their repeat", value: sum.followed, unit: "count" } as const,
              { name: "time lost by those", value: sum.lostNs, unit: "ns" } as const,
            ]),
      ],
      requests: sum.requests,
      costNs,
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const sums = context.nodes.map(
    (): Sum => ({ redirects: 0, ns: 0, first: 0, last: 0, requests: [], connections: new Set(), followed: 0, lostNs: 0 }),
  );
  context.scan((row) => {
    const sum = sums[row.process];
    if (sum === undefined || (row.flags & requestFlags.redirected) === 0) return;
    if (sum.redirects === 0) sum.first = row.arrived;
    sum.redirects++;
    sum.ns += row.writeEnd - row.arrived;
    sum.last = row.writeEnd;
    sum.connections.add(row.connection);
    if (sum.requests.length < 10) sum.requests.push(row.id);
  });
  addLost(context, sums);
  const findings = sums.flatMap((sum, index) => finding(context.nodes[index] as NodeFacts, sum));
  if (findings.length > 0) return { verdict: "found", findings };
  const redirects = sums.reduce((total, sum) => total + sum.redirects, 0);
  return {
    verdict: "not found",
    reason: redirects === 0 ? "no request was redirected" : `${count(redirects)} redirects, as clients need to learn the slot map`,
  };
}

const redirects: Diagnosis = {
  id: "redirects",
  title: "Requests sent to the wrong node",
  version: 2,
  needs: ["cluster_redirect", "command_parsed"],
  view: "netflow",
  explanation: `In a cluster each key has a node. A client that asks another one is answered MOVED or ASK and has to ask again: two round trips instead of one, and
work for a node that has nothing to do with it. Clients that keep the slot map are redirected once per slot that moved.

Decided from requests that \`cluster_redirect\` belongs to (MOVED, ASK, and refusals for a slot). At least 20 and 2 % of a node's requests are a warning: after a resharding every
client may be redirected once for a slot, which is far less. From 20 % it is critical: that is a client without a slot map (two of three commands, with three nodes).

What a redirect cost is the time from the request's arrival to that of its repeat on the other node, or on the caller's side where that is traced, if the two can be
joined (docs/model.md); else what the first node
spent on it.`,
  check,
};

export default redirects;
