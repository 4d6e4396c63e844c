/** N+1: a service asks the store the same thing again and again for one request, each time waiting for the answer before. */

import { none, serviceRuntimes, spanKinds } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { percent } from "../severity.ts";
import { flowProcess, noServices, type SpanRow, scanServed, spanName } from "../spans.ts";

/** Fewer commands one after the other are how programs are written; a loop over a list is longer. */
const leastCommands = 10;
const noticeShare = 0.2;
const alarmShare = 0.5;

/** Commands of one name for one request, as far as each began after the one before had ended. */
interface Run {
  readonly command: number;
  commands: number;
  ns: number;
  readonly start: number;
  end: number;
  readonly requests: number[];
}

/** All requests of one process with such runs of one command. */
interface Sum {
  readonly process: number;
  readonly command: number;
  served: number;
  commands: number;
  most: number;
  ns: number;
  servedNs: number;
  start: number;
  end: number;
  requests: readonly number[];
}

function finding(context: DiagnosisContext, sum: Sum): readonly Found[] {
  const share = sum.ns / Math.max(1, sum.servedNs);
  if (share < noticeShare) return [];
  const process = flowProcess(context.history, sum.process);
  const command = spanName(context.history, sum.command);
  return [
    {
      severity: share >= alarmShare ? "critical" : "warning",
      confidence: "high",
      node: process,
      start: sum.start,
      end: sum.end,
      prose: `${process} asked the store ${count(Math.round(sum.commands / sum.served))} times for ${command}, one after the other, in each of ${count(sum.served)} requests: ${duration(sum.ns / sum.served)} of a request's ${duration(sum.servedNs / sum.served)} (${percent(share)}) went by with waiting for them.`,
      advice: `Ask for all at once: a command that takes many keys (MGET for GET), a pipeline, or commands sent without waiting for each (Promise.all with a client that pipelines by itself). A script or a data structure that holds the list as one does it in one round trip, too.`,
      evidence: [
        { name: "requests with such a run", value: sum.served, unit: "count" },
        { name: "commands one after the other, on average", value: sum.commands / sum.served, unit: "count" },
        { name: "most for one request", value: sum.most, unit: "count" },
        { name: "time in them", value: sum.ns, unit: "ns" },
        { name: "part of the requests' time", value: share, unit: "ratio" },
      ],
      requests: sum.requests,
      costNs: sum.ns,
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const open = new Map<number, Map<number, Run>>();
  const sums = new Map<string, Sum>();
  const begin = (row: SpanRow): void => {
    const runs = open.get(row.parent) ?? new Map<number, Run>();
    open.set(row.parent, runs);
    const run = runs.get(row.name);
    const ns = row.end - row.start;
    if (run === undefined) {
      runs.set(row.name, {
        command: row.name,
        commands: 1,
        ns,
        start: row.start,
        end: row.end,
        requests: row.request === none ? [] : [row.request],
      });
    } else if (row.start >= run.end) {
      run.commands++;
      run.ns += ns;
      run.end = row.end;
      if (row.request !== none && run.requests.length < 10) run.requests.push(row.request);
    }
  };
  const end = (row: SpanRow): void => {
    for (const run of open.get(row.id)?.values() ?? []) {
      if (run.commands < leastCommands) continue;
      const key = `${row.process} ${run.command}`;
      const known = sums.get(key);
      const sum = known ?? {
        process: row.process,
        command: run.command,
        served: 0,
        commands: 0,
        most: 0,
        ns: 0,
        servedNs: 0,
        start: row.start,
        end: row.end,
        requests: [],
      };
      sum.served++;
      sum.commands += run.commands;
      sum.ns += run.ns;
      sum.servedNs += row.end - row.start;
      if (run.commands > sum.most) {
        sum.most = run.commands;
        sum.start = row.start;
        sum.end = row.end;
        sum.requests = run.requests;
      }
      sums.set(key, sum);
    }
    open.delete(row.id);
  };
  const call = (row: SpanRow): void => {
    // Only of calls whose request in the store is known it is known when they were over.
    if (spanKinds[row.kind] === "store" && row.parent !== none && row.request !== none) begin(row);
  };
  const hasServices = scanServed(context.history, call, end);
  if (!hasServices) return { verdict: "cannot tell", reason: noServices };
  const findings = [...sums.values()].flatMap((sum) => finding(context, sum));
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason: `no service asked the store ${leastCommands} times for one thing, one after the other, for one request`,
  };
}

const nPlusOne: Diagnosis = {
  id: "n-plus-one",
  title: "Commands one after the other in a loop",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "spans",
  explanation: `A service that loops over a list and asks the store for each entry waits a whole round trip for each: the store is idle, the network is idle, and the request
is slow in proportion to the list. It shows in no statistics of the store: every command is fast.

Decided from the spans of services recorded together with the store, as far as calls were joined with the store's requests: commands of one name, issued for one request, each begun after the one before had ended. Ten of them are a loop;
programs written by hand have fewer. They must make a fifth of those requests' time to be a warning; with half of it they are what the request mostly does, which is critical.`,
  check,
};

export default nPlusOne;
