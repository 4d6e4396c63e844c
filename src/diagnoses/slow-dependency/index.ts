/** Slow dependency: most of a request's time passes in a database, or in a service that is not traced. */

import { serviceRuntimes } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { type Dependency, dependencies } from "../dependencies.ts";
import { percent } from "../severity.ts";
import { flowProcess, noServices } from "../spans.ts";

/** A query that an index answers takes about a millisecond; Redis' slow log begins here, too. */
const noticeNs = 10_000_000;
const alarmNs = 100_000_000;
/** Most of the time. */
const noticeShare = 0.5;
const leastCalls = 10;

function finding(context: DiagnosisContext, of: Dependency): Found {
  const { name } = of;
  const process = flowProcess(context.history, of.process);
  const mean = of.workNs / of.calls;
  const share = of.workInFlowNs / Math.max(1, of.flowNs);
  const longest = of.longestWork.end - of.longestWork.start;
  return {
    severity: mean >= alarmNs ? "critical" : "warning",
    confidence: "high",
    node: process,
    start: of.longestWork.start,
    end: of.longestWork.end,
    prose: `${name}, asked by ${process} ${count(of.calls)} times, took ${duration(mean)} on average, up to ${duration(longest)}: ${percent(share)} of the time of the ${count(of.flows)} requests that needed it passed there.`,
    advice:
      "Look at the other end: for a database its slow query log and EXPLAIN (a scan of a whole table where an index would do), for a service its own trace (start it with the preload, and it joins these flows). Keep the answer in the store where it is asked for more often than it changes; ask meanwhile for what does not need it.",
    evidence: [
      { name: "calls", value: of.calls, unit: "count" },
      { name: "time of a call, on average", value: mean, unit: "ns" },
      { name: "longest call", value: longest, unit: "ns" },
      { name: "part of the requests' time", value: share, unit: "ratio" },
      { name: "requests that needed it", value: of.flows, unit: "count" },
      { name: "failed", value: of.failed, unit: "count" },
    ],
    requests: [],
    costNs: of.workInFlowNs,
  };
}

function check(context: DiagnosisContext): Answer {
  const all = dependencies(context.history);
  if (all === undefined) return { verdict: "cannot tell", reason: noServices };
  const slow = all.filter(
    ({ calls, workNs, workInFlowNs, flowNs }) => calls >= leastCalls && workNs / calls >= noticeNs && workInFlowNs >= noticeShare * flowNs,
  );
  if (slow.length > 0) return { verdict: "found", findings: slow.map((of) => finding(context, of)) };
  return {
    verdict: "not found",
    reason:
      all.length === 0
        ? "the services called nobody but each other and the store"
        : "no call to a database or stranger was most of its requests' time",
  };
}

const slowDependency: Diagnosis = {
  id: "slow-dependency",
  title: "Requests wait for a database or another service",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "spans",
  explanation: `A service is as slow as what it waits for. Where that is a database or a service outside the trace, nothing inside can make up for it.

Decided from calls whose other end is not in the trace: statements to databases, and HTTP requests to strangers; from when they were sent (waiting for a connection is *connection-pool-wait*) to
when the answer was there, all of it. It is a finding when such a call takes 10 ms on average, ten times what an indexed query takes, and half of the time of the requests that need it
passes there; critical from 100 ms. Calls of one request at the same time count once.`,
  check,
};

export default slowDependency;
