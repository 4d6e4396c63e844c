/** Cache stampede: when an entry of the cache is gone, everybody asks for the same thing at the same time. */

import { serviceRuntimes, spanFlags, spanKinds } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { percent } from "../severity.ts";
import { flowProcess, noServices, type SpanRow, scanSpans, spanName } from "../spans.ts";

/** So many identical calls at the same time are a crowd: two or three meet by chance. */
const crowd = 5;
/** Calls of one name that are looked back at. */
const remembered = 200;
const leastCalls = 20;
/** What is answered faster than this is not worth a cache. */
const noticeNs = 5_000_000;
const noticeShare = 0.2;
const alarmShare = 0.5;
const mostNames = 20_000;

interface Sum {
  readonly process: number;
  readonly name: number;
  calls: number;
  crowded: number;
  crowds: number;
  crowdedNs: number;
  most: number;
  start: number;
  end: number;
  /** The latest, in order of their ends. */
  readonly recent: { readonly start: number; readonly end: number; isCounted: boolean }[];
}

/** Counts a call with those before it that it overlaps. */
function add(sum: Sum, row: SpanRow): void {
  const own = { start: row.start, end: row.end, isCounted: false };
  const together = [...sum.recent.filter(({ end }) => end > row.start), own];
  sum.calls++;
  if (together.length >= crowd) {
    if (together.filter(({ isCounted }) => isCounted).length === 0) sum.crowds++;
    for (const each of together) {
      if (each.isCounted) continue;
      each.isCounted = true;
      sum.crowded++;
      sum.crowdedNs += each.end - each.start;
    }
    if (together.length > sum.most) {
      sum.most = together.length;
      sum.start = Math.min(...together.map(({ start }) => start));
      sum.end = row.end;
    }
  }
  sum.recent.push(own);
  if (sum.recent.length > remembered) sum.recent.shift();
}

function finding(context: DiagnosisContext, sum: Sum): Found {
  const process = flowProcess(context.history, sum.process);
  const share = sum.crowded / sum.calls;
  const saved = sum.crowded - sum.crowds;
  return {
    severity: share >= alarmShare ? "critical" : "warning",
    confidence: "medium",
    node: process,
    start: sum.start,
    end: sum.end,
    prose: `${process} asked for ${spanName(context.history, sum.name)} up to ${count(sum.most)} times at once: ${count(sum.crowded)} of ${count(sum.calls)} calls (${percent(share)}) came in ${count(sum.crowds)} crowds of identical ones, ${duration(sum.crowdedNs / sum.crowded)} each. One for each crowd would have done: ${count(saved)} fewer.`,
    advice:
      "Let the first ask and the others wait for its answer (one promise for each key in flight); across processes, a lock in the store (SET NX with an expiry). Renew an entry before it expires, or let entries expire at random times, so that they are not gone all at once.",
    evidence: [
      { name: "most at once", value: sum.most, unit: "count" },
      { name: "calls in crowds", value: sum.crowded, unit: "count" },
      { name: "crowds", value: sum.crowds, unit: "count" },
      { name: "calls", value: sum.calls, unit: "count" },
      { name: "part of the calls", value: share, unit: "ratio" },
      { name: "calls that could be saved", value: saved, unit: "count" },
    ],
    requests: [],
    costNs: sum.crowdedNs,
  };
}

function check(context: DiagnosisContext): Answer {
  const sums = new Map<string, Sum>();
  const hasServices = scanSpans(context.history, (row) => {
    // Only names of HTTP calls say what was asked for; of writes each has its own effect. What a query asked for is not recorded.
    if (spanKinds[row.kind] !== "http" || (row.flags & spanFlags.unfinished) !== 0) return;
    const key = `${row.process} ${row.name}`;
    let sum = sums.get(key);
    if (sum === undefined) {
      const name = spanName(context.history, row.name);
      if (sums.size >= mostNames || !name.startsWith("GET ") || name.endsWith("?")) return;
      sum = { process: row.process, name: row.name, calls: 0, crowded: 0, crowds: 0, crowdedNs: 0, most: 0, start: 0, end: 0, recent: [] };
      sums.set(key, sum);
    }
    add(sum, row);
  });
  if (!hasServices) return { verdict: "cannot tell", reason: noServices };
  const found = [...sums.values()].filter(
    ({ crowded, calls, crowdedNs }) => crowded >= leastCalls && crowded >= noticeShare * calls && crowdedNs / crowded >= noticeNs,
  );
  if (found.length > 0) return { verdict: "found", findings: worst(found).map((sum) => finding(context, sum)) };
  return { verdict: "not found", reason: "nobody asked for the same thing many times at once" };
}

/** One for each process: a crowd at the front asks for the same things further down. */
function worst(sums: readonly Sum[]): readonly Sum[] {
  const byProcess = new Map<number, Sum>();
  for (const sum of sums) {
    const known = byProcess.get(sum.process);
    if (known === undefined || sum.crowdedNs > known.crowdedNs) byProcess.set(sum.process, sum);
  }
  return [...byProcess.values()];
}

const cacheStampede: Diagnosis = {
  id: "cache-stampede",
  title: "Many ask for the same thing at once",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "spans",
  explanation: `When an entry of the cache expires, every request that comes before it is there again goes to the database for it. The slower the answer, the more of them: a crowd that asks the same
question, of which one would have been enough.

Decided from HTTP calls (GET) of one process with the same host and path, and without a query (which is not recorded): five or more at the same time are a crowd. It is a finding when twenty calls came in crowds, a fifth of all
calls of that name, and took 5 ms or more; critical from half of them. That the answers would have been the same is inferred: the confidence is medium.`,
  check,
};

export default cacheStampede;
