/** Fork stall: while fork() copies the page tables, the main thread does nothing else. */
import { operations } from "../../analyses/redis/keys.ts";
import { duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { costMeasures, costSentence, plural, severityOf } from "../severity.ts";

function check(context: DiagnosisContext): Answer {
  const findings: Found[] = [];
  let forks = 0;
  for (const node of context.nodes) {
    const holds = context.holds(node, operations.fork).list;
    forks += holds.length;
    if (holds.length === 0) continue;
    const cost = context.cost(node, holds, "everyone");
    const severity = severityOf(cost);
    if (severity === undefined) continue;
    const longest = cost.longestHold.end - cost.longestHold.start;
    findings.push({
      severity,
      confidence: cost.delayed > 0 ? "high" : "medium",
      node: node.name,
      start: cost.longestHold.start,
      end: cost.longestHold.end,
      prose: `fork() stopped ${node.name} ${plural(holds.length, "time")}, for up to ${duration(longest)}. ${costSentence(cost, "request")}`,
      advice:
        "A fork takes time in proportion to the memory of the process. Save (BGSAVE, AOF rewrite) on a replica or when load is low, keep each instance small (several of a few GB instead of one large one), and make sure that transparent huge pages are off.",
      evidence: costMeasures(cost),
      requests: cost.requests,
      costNs: cost.waitedNs,
    });
  }
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason:
      forks === 0 ? "no process forked while this was recorded" : `${plural(forks, "fork")}, none of which held up requests for 10 ms`,
  };
}

const forkStall: Diagnosis = {
  id: "fork-stall",
  title: "Fork stops everything",
  version: 1,
  needs: ["fork_start", "fork_end", "call_command_start", "call_command_end"],
  view: "netflow",
  explanation: `BGSAVE, a rewrite of the append-only file and the first contact of a replica call fork(). The kernel copies the page tables of the process before fork()
returns, 8 bytes for every 4 KiB, and until then the main thread serves nobody. On virtual machines that is 10 to 30 ms for each GB of memory.

Decided from the time between \`fork_start\` and \`fork_end\` on the main thread, and from the requests that stood still meanwhile. One fork is enough: it
happens again at every save. The scale of severity is the general one.`,
  check,
};

export default forkStall;
