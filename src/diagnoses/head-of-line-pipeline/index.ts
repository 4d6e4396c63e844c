/**
 * Head of line: in one pipeline, quick commands wait behind a slow one in front of them.
 *
 *     pipeline   [ SORT, GET, GET, GET, ... ]
 *     SORT       |======== execute ========|
 *     GET        ....... queued behind ....|x|
 *     GET        ....... queued behind ......|x|
 */
import { requestFlags } from "../../analyses/redis/keys.ts";
import { duration } from "../../base/index.ts";
import { constantTime } from "../commands.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts, RequestRow } from "../contract.ts";
import { commandName } from "../facts.ts";
import { alarmNs, noticeNs, percent, plural } from "../severity.ts";
import { bigValueBytes, movedBytes } from "../sizes.ts";

/** A head is slow when it alone takes this long: a hundred times an ordinary command, and then half of a 1 ms request. */
const slowHeadNs = 500_000;
/** Heads this slow count from the first, shorter ones when they come back: as in slow-command, for the same reason. */
const aloneNs = 50_000_000;
const leastHeads = 3;
/** It has to be this many times what those behind it take themselves. */
const headFactor = 10;

interface Head {
  readonly command: number;
  readonly id: number;
  readonly callStart: number;
  readonly callEnd: number;
}

interface Sum {
  readonly command: number;
  readonly heads: Set<number>;
  behind: number;
  waitedNs: number;
  longestNs: number;
  worst: { readonly head: Head; readonly waiter: number } | undefined;
}

function check(context: DiagnosisContext): Answer {
  // Requests of one connection are executed in order, so the rows of a connection are too: the last slow call is the only candidate for those behind it.
  const heads = new Map<number, Head>();
  const sums = new Map<number, Map<number, Sum>>();
  let behind = 0;
  const visit = (row: RequestRow): void => {
    const own = row.callEnd - row.callStart;
    const head = heads.get(row.connection);
    if (head !== undefined && (row.flags & requestFlags.deferred) === 0) {
      // Of its wait in the pipeline, the part in which the head was executed.
      const waited = Math.min(head.callEnd, row.parseStart) - Math.max(head.callStart, row.readEnd);
      if (row.parseStart > row.readEnd) behind++;
      if (waited >= slowHeadNs && waited >= own * headFactor) {
        const ofNode = sums.get(row.process) ?? new Map<number, Sum>();
        sums.set(row.process, ofNode);
        let sum = ofNode.get(head.command);
        if (sum === undefined) {
          sum = { command: head.command, heads: new Set(), behind: 0, waitedNs: 0, longestNs: 0, worst: undefined };
          ofNode.set(head.command, sum);
        }
        sum.heads.add(head.id);
        sum.behind++;
        sum.waitedNs += waited;
        if (waited > sum.longestNs) {
          sum.longestNs = waited;
          sum.worst = { head, waiter: row.id };
        }
      }
    }
    const isSlow = own >= slowHeadNs && (movedBytes(row) >= bigValueBytes || !constantTime.has(commandName(context.history, row.command)));
    if (isSlow) heads.set(row.connection, { command: row.command, id: row.id, callStart: row.callStart, callEnd: row.callEnd });
  };
  context.scan(visit);
  const findings = [...sums].flatMap(([index, ofNode]) =>
    [...ofNode.values()].flatMap((sum) => finding(context, context.nodes[index] as NodeFacts, sum)),
  );
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason:
      behind === 0
        ? "no request waited behind a slow one of its own pipeline"
        : "what waited in pipelines did not wait for one slow command",
  };
}

function finding(context: DiagnosisContext, node: NodeFacts, sum: Sum): readonly Found[] {
  const share = node.requestNs > 0 ? sum.waitedNs / node.requestNs : 0;
  const isNotable = sum.longestNs >= noticeNs || (share >= 0.2 && sum.waitedNs >= noticeNs);
  const { worst } = sum;
  if (!isNotable || worst === undefined || (sum.heads.size < leastHeads && sum.longestNs < aloneNs)) return [];
  const perHead = Math.round(sum.behind / sum.heads.size);
  return [
    {
      severity: sum.longestNs >= alarmNs ? "critical" : "warning",
      confidence: "high",
      node: node.name,
      start: worst.head.callStart,
      end: worst.head.callEnd,
      prose: `On ${node.name}, ${plural(sum.behind, "quick request")} waited in their own pipeline behind ${plural(sum.heads.size, "slow call")} of ${commandName(context.history, sum.command).toUpperCase()}, for up to ${duration(sum.longestNs)} and ${duration(sum.waitedNs)} in all (${percent(share)} of the time that requests took); about ${plural(perHead, "request")} behind each.`,
      advice:
        "Replies come in the order of requests, so a slow command delays all that follow on its connection. Send slow commands over a connection of their own, or last in the pipeline; and make them quicker.",
      evidence: [
        { name: "slow calls in front", value: sum.heads.size, unit: "count" },
        { name: "requests behind", value: sum.behind, unit: "count" },
        { name: "waited", value: sum.waitedNs, unit: "ns" },
        { name: "longest wait", value: sum.longestNs, unit: "ns" },
        { name: "part of all requests' time", value: share, unit: "ratio" },
      ],
      requests: [worst.head.id, worst.waiter],
      costNs: sum.waitedNs,
    },
  ];
}

const headOfLinePipeline: Diagnosis = {
  id: "head-of-line-pipeline",
  title: "Quick requests wait behind a slow one of their pipeline",
  version: 1,
  needs: ["read_client_query", "call_command_start", "call_command_end", "write_to_client_end"],
  view: "netflow",
  explanation: `Commands of one connection are executed and answered in order. In a pipeline (or on one connection that many tasks of a program share) a slow command delays
every quick one behind it, though the server could have answered them at once.

Decided per request from the part of its time "queued behind" in which an earlier request of its own connection was executed, where that call took 0.5 ms or more and ten
times what the waiting request took itself: long pipelines of equal commands are what pipelines are for, and no finding. A warning from 10 ms for one request, or a fifth
of the time all requests of the node took and 10 ms in sum; critical from 100 ms. Fewer than three slow
calls of less than 50 ms, and commands of constant time that moved no big value, are a thread without a processor, as in slow-command.`,
  check,
};

export default headOfLinePipeline;
