/** AOF stall: replies wait until the append-only file is written and synced. */
import { duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Hold, NodeFacts } from "../contract.ts";
import { costMeasures, costSentence, plural, severityOf } from "../severity.ts";

/** A write shorter than this is an ordinary one: the file's pages were copied to memory. */
const slowWriteNs = 1_000_000;

function finding(context: DiagnosisContext, node: NodeFacts): readonly Found[] {
  const syncs = context.holds(node, "AOF FSYNC").list;
  const writes = context.holds(node, "AOF WRITE").list.filter(({ start, end }) => end - start >= slowWriteNs);
  const holds = [...syncs, ...writes].sort((left, right) => left.start - right.start);
  if (holds.length === 0) return [];
  const cost = context.cost(node, holds, "everyone");
  const severity = severityOf(cost);
  if (severity === undefined) return [];
  const sum = (list: readonly Hold[]): number => list.reduce((total, { start, end }) => total + end - start, 0);
  const longest = cost.longestHold.end - cost.longestHold.start;
  // A write or two that took long may have been a thread without a processor; syncing in the main thread is a setting.
  const isSure = syncs.length > 0 || writes.length >= 3;
  return [
    {
      severity: isSure ? severity : "info",
      confidence: isSure && cost.delayed > 0 ? "high" : "low",
      node: node.name,
      start: cost.longestHold.start,
      end: cost.longestHold.end,
      prose: `${node.name} synced its append-only file ${plural(syncs.length, "time")} in the main thread (${duration(sum(syncs))} in all) and waited 1 ms or more for ${plural(writes.length, "write")} (${duration(sum(writes))}); the longest took ${duration(longest)}. ${costSentence(cost, "request")}`,
      advice:
        syncs.length > 0
          ? "With appendfsync everysec a background thread syncs, and at most a second of writes can be lost; keep `always` only where that is too much, on a disk with a battery-backed or fast cache."
          : "The disk is slower than what is written: put the append-only file on a disk of its own, set no-appendfsync-on-rewrite, and write smaller values.",
      evidence: [
        { name: "syncs in the main thread", value: syncs.length, unit: "count" },
        { name: "syncing", value: sum(syncs), unit: "ns" },
        { name: "slow writes", value: writes.length, unit: "count" },
        { name: "slow writing", value: sum(writes), unit: "ns" },
        ...costMeasures(cost),
      ],
      requests: cost.requests,
      costNs: cost.waitedNs,
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const findings = context.nodes.flatMap((node) => finding(context, node));
  if (findings.length > 0) return { verdict: "found", findings };
  const all = context.nodes.reduce((sum, node) => sum + context.holds(node, "AOF WRITE").count + context.holds(node, "AOF FSYNC").count, 0);
  return {
    verdict: "not found",
    reason:
      all === 0
        ? "no append-only file was written"
        : `${plural(all, "write")} and syncs of the append-only file, which held up nobody for long`,
  };
}

const aofFsyncStall: Diagnosis = {
  id: "aof-fsync-stall",
  title: "The append-only file holds replies back",
  version: 1,
  needs: ["aof_write", "aof_fsync", "write_to_client_start"],
  view: "netflow",
  explanation: `Before it sends replies, Redis writes what the commands of this turn changed to the append-only file. With \`appendfsync always\` it syncs it there too, so
every reply waits for the disk. With \`everysec\` a background thread syncs, but when the disk is behind, the write itself waits for the sync that is under way.

Decided from \`aof_fsync\` (which only exists in the main thread) of any length and \`aof_write\` of 1 ms and more (an ordinary write copies to memory, tens of
microseconds), and from the requests whose reply waited meanwhile, by the general scale. One or two slow writes without a sync may be a busy machine: severity info, low confidence.`,
  check,
};

export default aofFsyncStall;
