/** Connection-pool wait: statements wait inside the service for a connection to be free; the database knows nothing of it. */

import { serviceRuntimes } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { type Dependency, dependencies } from "../dependencies.ts";
import { percent } from "../severity.ts";
import { flowProcess, noServices } from "../spans.ts";

/** Getting a free connection takes microseconds, making a new one some milliseconds, once. */
const noticeNs = 5_000_000;
const noticeShare = 0.2;
const alarmShare = 0.5;
const leastWaits = 20;

/** Of one process and name. */
function finding(context: DiagnosisContext, of: Dependency): Found {
  const process = flowProcess(context.history, of.process);
  const { name } = of;
  const share = of.waitInFlowNs / Math.max(1, of.flowNs);
  const mean = of.waitNs / of.waited;
  const longest = of.longestWait.end - of.longestWait.start;
  return {
    severity: share >= alarmShare ? "critical" : "warning",
    confidence: "high",
    node: process,
    start: of.longestWait.start,
    end: of.longestWait.end,
    prose: `${count(of.waited)} of ${count(of.calls)} calls of ${name} waited in ${process} for a connection, ${duration(mean)} on average, up to ${duration(longest)}, before they were sent; then they took ${duration(of.workNs / of.calls)}. ${percent(share)} of the time of ${count(of.flows)} requests passed in that queue.`,
    advice:
      "Give the pool more connections, as far as the database can work on several statements at once; or need fewer: one statement for a list instead of one for each entry, no connection held while something else is waited for, and given back on every way out.",
    evidence: [
      { name: "calls that waited", value: of.waited, unit: "count" },
      { name: "calls", value: of.calls, unit: "count" },
      { name: "wait, on average", value: mean, unit: "ns" },
      { name: "longest wait", value: longest, unit: "ns" },
      { name: "time of a call once sent", value: of.workNs / of.calls, unit: "ns" },
      { name: "part of the requests' time", value: share, unit: "ratio" },
    ],
    requests: [],
    costNs: of.waitInFlowNs,
  };
}

function check(context: DiagnosisContext): Answer {
  const all = dependencies(context.history);
  if (all === undefined) return { verdict: "cannot tell", reason: noServices };
  const waiting = all.filter(
    ({ waited, waitNs, waitInFlowNs, flowNs }) =>
      waited >= leastWaits && waitNs / waited >= noticeNs && waitInFlowNs >= noticeShare * flowNs,
  );
  if (waiting.length > 0) return { verdict: "found", findings: waiting.map((of) => finding(context, of)) };
  const longest = Math.max(0, ...all.map(({ longestWait }) => longestWait.end - longestWait.start));
  return {
    verdict: "not found",
    reason:
      longest === 0 ? "no call waited for a connection" : `calls waited for a connection for ${duration(longest)} at most, or were few`,
  };
}

const connectionPoolWait: Diagnosis = {
  id: "connection-pool-wait",
  title: "Statements wait for a free connection",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "spans",
  explanation: `A pool has so many connections; whoever comes when all are busy waits in the service's memory. The database sees few, quick statements, and its slow query log is empty.

Decided from the time between asking a client library for a statement (or a connection) and its first byte being written. It is a finding when twenty calls waited, for 5 ms on average, and a
fifth of the time of the requests that made them passed so; critical from half of it.`,
  check,
};

export default connectionPoolWait;
