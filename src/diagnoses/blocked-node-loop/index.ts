/** Blocked Node.js event loop: callbacks run so long that everybody else's requests stand still. */
import { none, spanKinds } from "../../analyses/flows/keys.ts";
import { resources, root } from "../../analyses/node/keys.ts";
import { Best, count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Hold } from "../contract.ts";
import { overlap } from "../facts.ts";
import { flowProcess, noServices, type SpanRow, scanSpans } from "../spans.ts";

/** People notice a tenth of a second. */
const leastBlockNs = 100e6;
const alarmNs = 1e9;
const alarmShare = 0.1;
const keptBlocks = 10_000;

interface Sum {
  readonly process: string;
  readonly blocks: readonly Hold[];
  /** Requests that stood still during a block: those being served, and those that waited to be. */
  delayed: number;
  waitedNs: number;
  first: number;
  last: number;
}

function finding(sum: Sum): readonly Found[] {
  // Loading an application blocks as well, and delays nobody.
  if (sum.delayed < 2) return [];
  const blocks = sum.blocks.filter(({ start, end }) => end > sum.first && start < sum.last);
  const longest = blocks.reduce<Hold | undefined>(
    (most, each) => (most === undefined || each.end - each.start > most.end - most.start ? each : most),
    undefined,
  );
  if (longest === undefined) return [];
  const longestNs = longest.end - longest.start;
  const heldNs = blocks.reduce((total, { start, end }) => total + end - start, 0);
  const share = heldNs / Math.max(1, sum.last - sum.first);
  return [
    {
      severity: longestNs >= alarmNs || share >= alarmShare ? "critical" : "warning",
      confidence: "high",
      node: sum.process,
      start: longest.start,
      end: longest.end,
      prose: `Callbacks held the event loop of ${sum.process} ${blocks.length === 1 ? "once" : `${count(blocks.length)} times`} for more than ${duration(leastBlockNs)}, the longest ${duration(longestNs)}; ${count(sum.delayed)} requests stood still meanwhile, for ${duration(sum.waitedNs)} in all.`,
      advice:
        "Find what computes there (a profile of the process over this time): parsing or building large JSON, synchronous file or crypto calls, regular expressions that backtrack, loops over large results. Move it to a worker thread, or do it in pieces with setImmediate between them.",
      evidence: [
        { name: "longest block", value: longestNs, unit: "ns" },
        { name: "blocks", value: blocks.length, unit: "count" },
        { name: "time blocked", value: heldNs, unit: "ns" },
        { name: "part of the time in which it served", value: share, unit: "ratio" },
        { name: "requests that stood still", value: sum.delayed, unit: "count" },
        { name: "time they waited", value: sum.waitedNs, unit: "ns" },
      ],
      requests: [],
      costNs: sum.waitedNs,
    },
  ];
}

function blocksOf(context: DiagnosisContext, process: string): readonly Hold[] {
  const { state } = context.history;
  const quark = state.attributes.find(root, process, resources.eventLoop);
  const best = new Best<Hold>(keptBlocks);
  if (quark === undefined) return [];
  state.range([quark], context.start, context.end, (_quark, start, end, value) => {
    if (value !== undefined && end - start >= leastBlockNs && end - start > best.floor) best.add(end - start, { start, end });
    return true;
  });
  return best.sorted().sort((left, right) => left.start - right.start);
}

function check(context: DiagnosisContext): Answer {
  const sums = new Map<number, Sum>();
  /** Processes by the call that they were asked by: who waits at a blocked process' socket has not been received yet, but has called. */
  const calls = new Map<number, Sum>();
  const delay = (sum: Sum, row: SpanRow): void => {
    const ns = overlap(sum.blocks, row.start, row.end);
    if (ns < leastBlockNs / 2) return;
    sum.delayed++;
    sum.waitedNs += ns;
  };
  const hasServices = scanSpans(context.history, (row) => {
    const kind = spanKinds[row.kind];
    const called = calls.get(row.id);
    if (called !== undefined) {
      calls.delete(row.id);
      delay(called, row);
    }
    if (kind !== "served" && kind !== "message") return;
    let sum = sums.get(row.process);
    if (sum === undefined) {
      const process = flowProcess(context.history, row.process);
      sum = { process, blocks: blocksOf(context, process), delayed: 0, waitedNs: 0, first: row.start, last: row.end };
      sums.set(row.process, sum);
    }
    sum.first = Math.min(sum.first, row.start);
    sum.last = Math.max(sum.last, row.end);
    if (row.parent === none) delay(sum, row);
    else calls.set(row.parent, sum);
  });
  if (!hasServices) return { verdict: "cannot tell", reason: noServices };
  const findings = [...sums.values()].flatMap(finding);
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason: `no Node.js process that served several requests was held up for ${duration(leastBlockNs)} or more`,
  };
}

const blockedNodeLoop: Diagnosis = {
  id: "blocked-node-loop",
  title: "Node.js event loop blocked",
  version: 1,
  needs: [],
  providers: ["node"],
  view: "node-event-loop",
  explanation: `A Node.js process runs one callback at a time. While one computes, no reply is read, no request is served, no timer fires: one slow callback delays every request of
the process, and the store seems slow to all of them, since its replies lie unread.

Decided from the loop's iterations: callbacks that ran for 100 ms or more, and requests that were being served or waited to be meanwhile, at least two of them (loading an application
blocks as well, but delays nobody). It is critical from one second, or from a tenth of the time in which the process served.`,
  check,
};

export default blockedNodeLoop;
