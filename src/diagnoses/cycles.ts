/** What expiry and eviction have in common: cycles of housekeeping on the main thread, harmless one by one, a storm when they are long or follow each other. */
import { count, duration } from "../base/index.ts";
import type { Answer, DiagnosisContext, Found, NodeFacts } from "./contract.ts";
import { costMeasures, costSentence, noticeNs, plural, severityOf } from "./severity.ts";

export interface Cycles {
  /** As in the Threads rows. */
  readonly operation: string;
  /** Cycles shorter than this are everyday work. */
  readonly leastNs: number;
  /** "looked for expired keys", ... */
  readonly did: string;
  readonly advice: string;
}

/** A storm has this many cycles of note: a single one may be a thread without a processor. */
const leastCycles = 3;

function finding(context: DiagnosisContext, node: NodeFacts, cycles: Cycles): readonly Found[] {
  const holds = context.holds(node, cycles.operation).list.filter(({ start, end }) => end - start >= cycles.leastNs);
  if (holds.length < leastCycles) return [];
  const cost = context.cost(node, holds, "everyone");
  const severity = severityOf(cost);
  if (severity === undefined) return [];
  const long = holds.filter(({ start, end }) => end - start >= noticeNs).length;
  const [first, last] = [holds[0], holds.at(-1)];
  const span = (last?.end ?? 0) - (first?.start ?? 0);
  const longest = cost.longestHold.end - cost.longestHold.start;
  return [
    {
      severity,
      // Where no part of time shows it, several cycles must.
      confidence: long >= leastCycles || cost.share >= 0.2 ? "high" : "low",
      node: node.name,
      start: first?.start ?? 0,
      end: last?.end ?? 0,
      prose: `${node.name} ${cycles.did} ${plural(holds.length, "time")} for ${duration(cycles.leastNs)} or longer, up to ${duration(longest)}: ${duration(cost.heldNs)} of the ${duration(span)} from the first to the last. ${costSentence(cost, "request")}`,
      advice: cycles.advice,
      evidence: [{ name: "from the first to the last", value: span, unit: "ns" }, ...costMeasures(cost)],
      requests: cost.requests,
      costNs: cost.waitedNs,
    },
  ];
}

export function checkCycles(context: DiagnosisContext, cycles: Cycles): Answer {
  const findings = context.nodes.flatMap((node) => finding(context, node, cycles));
  if (findings.length > 0) return { verdict: "found", findings };
  const all = context.nodes.map((node) => context.holds(node, cycles.operation));
  const cycleCount = all.reduce((sum, holds) => sum + holds.count, 0);
  const longest = Math.max(0, ...all.map(({ longestNs }) => longestNs));
  return {
    verdict: "not found",
    reason:
      cycleCount === 0
        ? "there was no such cycle"
        : `${count(cycleCount)} cycles, the longest ${duration(longest)}, held up nobody for long`,
  };
}
