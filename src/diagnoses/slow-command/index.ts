/**
 * Slow command: one command's execution holds the event loop while others wait.
 *
 *     healthy   |g|s|g|g|s|g|          each waits for a few others, some microseconds each
 *     sick      |g|====== KEYS ======|g|s|g|
 */
import { operations, requestFlags } from "../../analyses/redis/keys.ts";
import { count, duration } from "../../base/index.ts";
import { constantTime } from "../commands.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Hold, NodeFacts } from "../contract.ts";
import { commandName, overlap } from "../facts.ts";
import { costMeasures, costSentence, noticeNs, plural, severityOf } from "../severity.ts";
import { bigValueBytes, movedBytes } from "../sizes.ts";

/** Calls this long count at once; shorter ones have to come back: a busy machine takes a thread's processor away for 10 to 20 ms now and then. */
const aloneNs = 50_000_000;
const leastCalls = 3;

const advices: Readonly<Record<string, string>> = {
  keys: "Walk the key space with SCAN, a little at a time, or keep the names you look for in a set.",
  smembers: "Read the set in parts with SSCAN, or ask for what you need (SISMEMBER, SRANDMEMBER, SINTERCARD).",
  hgetall: "Read the fields you need with HMGET, or the hash in parts with HSCAN.",
  lrange: "Ask for a page of the list, not for all of it.",
  zrange: "Ask for a page of the sorted set (LIMIT), not for all of it.",
  sort: "Keep a sorted set in the order you need instead of sorting at each request, or sort on a replica.",
  del: "UNLINK frees large values in the background.",
  flushall: "FLUSHALL ASYNC frees in the background.",
  flushdb: "FLUSHDB ASYNC frees in the background.",
  eval: "A script runs to its end before anybody else is served: work in portions of a few hundred elements, one call each.",
  evalsha: "A script runs to its end before anybody else is served: work in portions of a few hundred elements, one call each.",
  fcall: "A function runs to its end before anybody else is served: work in portions of a few hundred elements, one call each.",
  exec: "A transaction runs to its end before anybody else is served: make it shorter, or move its slow command out of it.",
  save: "BGSAVE saves in a child process.",
};
const generalAdvice = "Work on less at a time, let a replica answer it, or keep what it computes ready in a structure of its own.";

interface Slow {
  readonly command: number;
  readonly hold: Hold & { readonly request: number };
}

/** Calls of 10 ms and more, not counting forks and file work inside them; and how long commands of constant time took beyond that, which shows a machine too busy. */
function slowCalls(context: DiagnosisContext): ReadonlyMap<number, { readonly slow: Slow[]; jitterNs: number }> {
  const byNode = new Map<number, { readonly slow: Slow[]; jitterNs: number }>();
  const names = new Map<number, boolean>();
  context.scan((row) => {
    const length = row.callEnd - row.callStart;
    if (length < noticeNs || (row.flags & requestFlags.notCalled) !== 0) return;
    const node = context.nodes[row.process];
    if (node === undefined) return;
    let found = byNode.get(row.process);
    if (found === undefined) {
      found = { slow: [], jitterNs: 0 };
      byNode.set(row.process, found);
    }
    let isConstant = names.get(row.command);
    if (isConstant === undefined) {
      isConstant = constantTime.has(commandName(context.history, row.command));
      names.set(row.command, isConstant);
    }
    if (movedBytes(row) >= bigValueBytes) return;
    if (isConstant) found.jitterNs += length;
    else if (length - housekeepingIn(context, node, row.callStart, row.callEnd) >= noticeNs)
      found.slow.push({
        command: row.command,
        hold: { start: row.callStart, end: row.callEnd, request: row.id, connection: row.connection },
      });
  });
  return byNode;
}

function housekeepingIn(context: DiagnosisContext, node: NodeFacts, from: number, to: number): number {
  return [operations.fork, "AOF FSYNC", "AOF WRITE", "EVICTION"].reduce(
    (sum, operation) => sum + overlap(context.holds(node, operation).list, from, to),
    0,
  );
}

function check(context: DiagnosisContext): Answer {
  const findings: Found[] = [];
  let calls = 0;
  for (const [index, { slow, jitterNs }] of slowCalls(context)) {
    const node = context.nodes[index] as NodeFacts;
    calls += slow.length;
    for (const command of new Set(slow.map((call) => call.command))) {
      const found = slow.filter((call) => call.command === command);
      const holds = found.map(({ hold }) => hold).sort((left, right) => left.start - right.start);
      const cost = context.cost(node, holds, "other connections");
      const longest = cost.longestHold.end - cost.longestHold.start;
      if (holds.length < leastCalls && longest < aloneNs) continue;
      if (jitterNs >= cost.heldNs) continue;
      const severity = severityOf(cost);
      if (severity === undefined) continue;
      const name = commandName(context.history, command);
      const holders = [...found].sort((left, right) => right.hold.end - right.hold.start - (left.hold.end - left.hold.start));
      findings.push({
        severity,
        confidence: cost.delayed > 0 && jitterNs * 3 < cost.heldNs ? "high" : "medium",
        node: node.name,
        start: cost.longestHold.start,
        end: cost.longestHold.end,
        prose: `${name.toUpperCase()} held ${node.name} ${plural(holds.length, "time")}, for up to ${duration(longest)} (request ${holders[0]?.hold.request}). ${costSentence(cost, "request")}`,
        advice: advices[name] ?? generalAdvice,
        evidence: [...costMeasures(cost), { name: "calls of constant time that took as long, in sum", value: jitterNs, unit: "ns" }],
        requests: [...holders.slice(0, 3).map(({ hold }) => hold.request), ...cost.requests].slice(0, 10),
        costNs: cost.waitedNs,
      });
    }
  }
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason: calls === 0 ? "no command ran for 10 ms" : `${count(calls)} calls of 10 ms and more, too few or with nobody waiting`,
  };
}

const slowCommand: Diagnosis = {
  id: "slow-command",
  title: "A slow command holds everybody",
  version: 1,
  needs: ["poll_end", "start_read_client_query", "call_command_start", "call_command_end", "write_to_client_start", "write_to_client_end"],
  view: "netflow",
  explanation: `Redis executes one command at a time. While KEYS walks a million keys, or a script loops, every other client waits: those whose request was read in the
same turn of the event loop, those whose reply is ready and unsent, and those whose bytes come in meanwhile.

Decided from calls of 10 ms and more (the slow log's own threshold), without forks and file work inside them, and from the requests of *other* connections that
stood still meanwhile. A single call counts from 50 ms, shorter ones from three on: a busy machine now and then takes a thread's processor away for 10 to 20 ms,
in whatever it was doing. How much of that there is shows in commands of constant time (GET, INCR, ...), which can only be slow in this way: with as much of
it as of slow calls there is no finding, with a third of it the confidence is medium. Calls that moved a value of 1 MiB or more are left to big-value.`,
  check,
};

export default slowCommand;
