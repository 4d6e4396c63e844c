/**
 * Sequential calls: a service asks several others for one request, each only when the one before has answered, though none of them changes anything.
 *
 *     now     |-- user --||-- orders --||-- stock --||-- prices --|
 *     could   |-- user --|
 *             |-- orders --|
 *             |-- stock --|
 *             |-- prices --|
 */

import { failureFlags, none, serviceRuntimes, spanFlags, spanKinds } from "../../analyses/flows/keys.ts";
import { count, duration } from "../../base/index.ts";
import { readCommands } from "../commands.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found } from "../contract.ts";
import { percent } from "../severity.ts";
import { calleeName, flowProcess, noServices, type SpanRow, scanServed, spanName } from "../spans.ts";

/** Two calls often need each other: who is it, and what has he got. */
const leastCalls = 3;
const leastRequests = 10;
/** Work between an answer and the next call, as a part of the request: whoever computes with the answer needs it. */
const mostPause = 0.05;
const leastPauseNs = 300_000;
const noticeShare = 0.3;
const leastSavedNs = 1_000_000;
/** Requests whose calls are remembered. */
const mostOpen = 20_000;

interface Call {
  readonly start: number;
  readonly end: number;
  /** Whom, and of stores and databases what. */
  readonly name: string;
  readonly kind: string;
  readonly isRead: boolean;
}

/** Calls one after the other, none of which needs to wait for another as far as can be seen. */
interface Chain {
  readonly calls: readonly Call[];
  /** What would be gone if they were asked for at once: all but the longest. */
  readonly savedNs: number;
}

/** All requests of one process with chains of the same names. */
interface Sum {
  readonly process: number;
  readonly names: readonly string[];
  requests: number;
  calls: number;
  savedNs: number;
  servedNs: number;
  mostSavedNs: number;
  start: number;
  end: number;
}

function callOf(context: DiagnosisContext, row: SpanRow): Call {
  const kind = spanKinds[row.kind] ?? "";
  const text = spanName(context.history, row.name);
  const whom = calleeName(context.history, row);
  const hasFailed = (row.flags & (failureFlags | spanFlags.unfinished)) !== 0 || row.status >= 400;
  const isRead =
    kind === "http" ? /^(GET|HEAD) /.test(text) : kind === "store" ? readCommands.has(text.toLowerCase()) : / (SELECT|SHOW)$/i.test(text);
  const { start, end } = row;
  return { start, end, kind, name: kind === "store" ? `${text.toUpperCase()} of ${whom}` : whom, isRead: isRead && !hasFailed };
}

/** Whether `next` may have been asked for only because of what `before` answered: looked for in a cache, and then where it comes from. */
const mayNeed = (before: Call, next: Call): boolean => before.kind === "store" && next.kind !== "store";

/** The chain that costs most; undefined where there is none. */
function chainOf(calls: readonly Call[], servedNs: number): Chain | undefined {
  let best: Chain | undefined;
  let run: Call[] = [];
  const close = (): void => {
    // Commands of one kind are one step: n-plus-one looks at these.
    const steps = run.filter((call, i) => call.kind !== "store" || call.name !== run[i - 1]?.name);
    const total = steps.reduce((sum, { start, end }) => sum + end - start, 0);
    const savedNs = total - Math.max(0, ...steps.map(({ start, end }) => end - start));
    if (steps.length >= leastCalls && savedNs > (best?.savedNs ?? 0)) best = { calls: steps, savedNs };
    run = [];
  };
  const pause = Math.max(leastPauseNs, servedNs * mostPause);
  // A call that overlaps another is not in a chain, and ends the one before it.
  let reached = Number.NEGATIVE_INFINITY;
  const sorted = calls.toSorted((left, right) => left.start - right.start);
  for (const [i, call] of sorted.entries()) {
    const isAlone = call.start >= reached && (sorted[i + 1]?.start ?? Number.POSITIVE_INFINITY) >= call.end;
    const before = run.at(-1);
    if (!isAlone || !call.isRead) close();
    else {
      if (before !== undefined && (call.start - before.end > pause || mayNeed(before, call))) close();
      run.push(call);
    }
    reached = Math.max(reached, call.end);
  }
  close();
  return best;
}

/** `a, b three times and c`. */
function inWords(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function finding(context: DiagnosisContext, sum: Sum): readonly Found[] {
  const share = sum.savedNs / Math.max(1, sum.servedNs);
  const saved = sum.savedNs / sum.requests;
  if (sum.requests < leastRequests || share < noticeShare || saved < leastSavedNs) return [];
  const process = flowProcess(context.history, sum.process);
  return [
    {
      severity: "warning",
      confidence: "medium",
      node: process,
      start: sum.start,
      end: sum.end,
      prose: `${process} asked ${inWords(sum.names)} one after the other in each of ${count(sum.requests)} requests, ${count(Math.round(sum.calls / sum.requests))} calls each; none of them changes anything. Asked for at once, a request would take ${duration(saved)} less of its ${duration(sum.servedNs / sum.requests)} (${percent(share)}).`,
      advice:
        "Where none needs the answer of the one before, send them without waiting for each (Promise.all), and wait for the slowest only; of the store ask in one pipeline or with one command for many keys. Where they do need each other, let the service behind answer them in one call.",
      evidence: [
        { name: "requests with such a chain", value: sum.requests, unit: "count" },
        { name: "calls one after the other, on average", value: sum.calls / sum.requests, unit: "count" },
        { name: "time that could be saved", value: sum.savedNs, unit: "ns" },
        { name: "part of the requests' time", value: share, unit: "ratio" },
      ],
      requests: [],
      costNs: sum.savedNs,
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const open = new Map<number, Call[]>();
  const sums = new Map<string, Sum>();
  const call = (row: SpanRow): void => {
    if (row.parent === none) return;
    const calls = open.get(row.parent) ?? [];
    open.set(row.parent, calls);
    calls.push(callOf(context, row));
    if (open.size > mostOpen) for (const oldest of [...open.keys()].slice(0, mostOpen / 2)) open.delete(oldest);
  };
  const served = (row: SpanRow): void => {
    const servedNs = row.end - row.start;
    const chain = chainOf(open.get(row.id) ?? [], servedNs);
    open.delete(row.id);
    if (chain === undefined) return;
    const names = [...new Set(chain.calls.map(({ name }) => name))];
    const key = `${row.process} ${names.join(" ")}`;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { process: row.process, names, requests: 0, calls: 0, savedNs: 0, servedNs: 0, mostSavedNs: 0, start: row.start, end: row.end };
      sums.set(key, sum);
    }
    sum.requests++;
    sum.calls += chain.calls.length;
    sum.savedNs += chain.savedNs;
    sum.servedNs += servedNs;
    if (chain.savedNs > sum.mostSavedNs) {
      sum.mostSavedNs = chain.savedNs;
      sum.start = row.start;
      sum.end = row.end;
    }
  };
  if (!scanServed(context.history, call, served)) return { verdict: "cannot tell", reason: noServices };
  const findings = [...sums.values()].flatMap((sum) => finding(context, sum));
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason:
      sums.size === 0
        ? `no service asked others ${leastCalls} times in a row without need, as far as can be seen`
        : "calls one after the other were too few, or too small a part of their requests",
  };
}

const sequentialCalls: Diagnosis = {
  id: "sequential-calls",
  title: "Calls one after the other that could go out at once",
  version: 1,
  needs: [],
  providers: serviceRuntimes,
  view: "spans",
  explanation: `A service that awaits each call before it makes the next is as slow as all of them together; asked for at once, they cost as much as the slowest. It shows in no
statistics: every call is fast, every service idle.

Decided from the calls of one request that do not overlap with any other: three or more in a row that only read (GET and HEAD, SELECT, reading commands of the store), none of which failed, with less than a twentieth of
the request (or 0.3 ms) between an answer and the next call. What is looked for in the store and then elsewhere is no chain: a cache is asked first. Commands of one name in a row count once (*n-plus-one* is about them).
It is a finding when ten requests have the same chain, and calls at once would save three tenths of them and 1 ms each. Whether a call needs the answer of the one before cannot be seen from outside: so it is never
critical, and the confidence is medium.`,
  check,
};

export default sequentialCalls;
