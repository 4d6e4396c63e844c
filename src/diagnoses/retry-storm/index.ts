/** Retry storm: a service asks again and again for what fails, and gives those who are in trouble more to do. */

import { hasFailed, none, serviceRuntimes, spanKinds } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { percent } from "../severity.ts";
import { calleeName, flowProcess, noServices, scanSpans } from "../spans.ts";

const leastRetries = 20;
/** With one call in five a repetition, load is a quarter higher than without. */
const noticeShare = 0.2;
/** Half of all calls are repetitions: load is doubled. */
const alarmShare = 0.5;
/** Requests whose calls are remembered. */
const mostOpen = 20_000;

interface Sum {
  readonly process: number;
  /** Who is asked: a process, a host, or a kind of statement. */
  readonly whom: string;
  calls: number;
  retries: number;
  failedNs: number;
  mostForOne: number;
  start: number;
  end: number;
}

/** Calls of one name for one request, so far: rows come in order of their ends. */
interface Attempts {
  retries: number;
  readonly first: number;
  /** End of the last that failed. */
  failedEnd: number;
}

function finding(context: DiagnosisContext, sum: Sum): Found {
  const process = flowProcess(context.history, sum.process);
  const share = sum.retries / sum.calls;
  return {
    severity: share >= alarmShare ? "critical" : "warning",
    confidence: "high",
    node: process,
    start: sum.start,
    end: sum.end,
    prose: `${process} asked ${sum.whom} again ${count(sum.retries)} times since the call before had failed: ${percent(share)} of its ${count(sum.calls)} calls to it. For one request it did so ${count(sum.mostForOne)} times; ${duration(sum.failedNs)} went by in calls that failed.`,
    advice:
      "Wait longer before each repetition, by a random time, and give up after few; bound repetitions to a part of all calls (a retry budget), and stop asking for a while when most fail (a circuit breaker). Repeat on one level only: where every service on the way does, their numbers multiply. Then look at why the calls fail.",
    evidence: [
      { name: "repetitions", value: sum.retries, unit: "count" },
      { name: "calls", value: sum.calls, unit: "count" },
      { name: "part of the calls", value: share, unit: "ratio" },
      { name: "most for one request", value: sum.mostForOne, unit: "count" },
      { name: "time in calls that failed", value: sum.failedNs, unit: "ns" },
    ],
    requests: [],
    costNs: sum.failedNs,
  };
}

function check(context: DiagnosisContext): Answer {
  const sums = new Map<string, Sum>();
  const open = new Map<number, Map<number, Attempts>>();
  const hasServices = scanSpans(context.history, (row) => {
    const kind = spanKinds[row.kind];
    if (kind === "served" || kind === "message" || row.parent === none) return;
    const whom = calleeName(context.history, row);
    const key = `${row.process} ${whom}`;
    const sum = sums.get(key) ?? {
      process: row.process,
      whom,
      calls: 0,
      retries: 0,
      failedNs: 0,
      mostForOne: 0,
      start: row.start,
      end: row.end,
    };
    sums.set(key, sum);
    sum.calls++;
    if (hasFailed(row.flags, row.status)) sum.failedNs += row.end - row.start;
    const byName = open.get(row.parent) ?? new Map<number, Attempts>();
    const attempts = byName.get(row.name);
    if (attempts !== undefined && row.start >= attempts.failedEnd) {
      sum.retries++;
      attempts.retries++;
      if (attempts.retries > sum.mostForOne) {
        sum.mostForOne = attempts.retries;
        sum.start = attempts.first;
        sum.end = row.end;
      }
    }
    if (hasFailed(row.flags, row.status)) {
      byName.set(row.name, { retries: attempts?.retries ?? 0, first: attempts?.first ?? row.start, failedEnd: row.end });
      open.set(row.parent, byName);
      if (open.size > mostOpen) for (const oldest of [...open.keys()].slice(0, mostOpen / 2)) open.delete(oldest);
    } else byName.delete(row.name);
  });
  if (!hasServices) return { verdict: "cannot tell", reason: noServices };
  const storms = [...sums.values()].filter(({ retries, calls }) => retries >= leastRetries && retries >= noticeShare * calls);
  if (storms.length > 0) return { verdict: "found", findings: storms.map((sum) => finding(context, sum)) };
  const retries = [...sums.values()].reduce((all, sum) => all + sum.retries, 0);
  return {
    verdict: "not found",
    reason: retries === 0 ? "no service asked again after a failure" : `only ${count(retries)} calls were repetitions`,
  };
}

const retryStorm: Diagnosis = {
  id: "retry-storm",
  title: "Failed calls are repeated again and again",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "service-map",
  explanation: `A service that repeats what failed helps against a lost packet; against a service or database in trouble it adds to the trouble, the more the worse it gets.

Decided from the calls of each request: a repetition is a call of the same name, path included, that begins after one that failed (a broken connection, an end of the caller's patience, a refusal of the database, a status of 500 or more). Twenty of
them are a finding when they are a fifth of all calls to the same process or host; critical from half, when they double the load.`,
  check,
};

export default retryStorm;
