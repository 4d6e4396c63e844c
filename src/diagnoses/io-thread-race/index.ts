/**
 * One client twice on the lists of Redis 7's io threads. The main thread puts clients on the list of pending reads, hands that list out in turns, and goes
 * on with every entry once the threads have read:
 *
 *     healthy                                     sick
 *     pending   [A] [B]                           pending   [A] [A] [B]
 *     list 0    [A]        main reads A           list 0    [A]     [B]      main reads A, then B
 *     list 1        [B]    io 1 reads B           list 1        [A]          io 1 reads A, perhaps at the same time
 *     main      A: go on,  B: go on               main      A: free,  A: is gone: free again
 *
 * postponeClientRead does not ask whether the client is on the list. It comes there twice when TLS has bytes of it inside OpenSSL (its own list of pending
 * reads) and its socket is readable as well.
 */
import { conflictColumns, conflictKinds, tables } from "../../analyses/redis/keys.ts";
import { duration, type RelativeNs } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Measure, NodeFacts } from "../contract.ts";
import { type ConnectionFacts, connectionsOf } from "../facts.ts";
import { plural } from "../severity.ts";

/** How far back the story of a connection goes; the turns that matter are milliseconds long. */
const storyNs = 100_000_000;
/** The reads of the turn that was the last to hand it out twice. */
const turnNs = 20_000_000;
const shownCycles = 5;
const shownReads = 6;
/** A process that is still traced this long after has survived it, at least for now. */
const lastWordsNs = 10_000_000;
/** More than OpenSSL ever holds (records of 16 KiB): what two threads made of its counters. */
const brokenCount = 1 << 24;

type Conflict = Readonly<Record<(typeof conflictColumns)[number]["name"], number>>;

/** Conflicts of a process that are looked at: the first ones tell the story, and memory does not grow with the trace. */
const keptConflicts = 10_000;

/** The first ones of each process, by process and by connection within it, each in order of time. */
function conflictsOf(context: DiagnosisContext): ReadonlyMap<number, ReadonlyMap<number, readonly Conflict[]>> {
  const found = new Map<number, Map<number, Conflict[]>>();
  const kept = context.nodes.map(() => 0);
  const processColumn = conflictColumns.findIndex(({ name }) => name === "process");
  for (const chunk of context.history.table(tables.conflicts)?.chunks() ?? []) {
    for (let i = 0; i < chunk.rowCount; i++) {
      const process = chunk.columns[processColumn]?.[i] ?? 0;
      kept[process] = (kept[process] ?? 0) + 1;
      if (kept[process] > keptConflicts) continue;
      const row = Object.fromEntries(conflictColumns.map(({ name }, column) => [name, chunk.columns[column]?.[i] ?? 0])) as Conflict;
      const ofProcess = found.get(row.process) ?? new Map<number, Conflict[]>();
      found.set(row.process, ofProcess);
      const ofConnection = ofProcess.get(row.connection) ?? [];
      ofProcess.set(row.connection, ofConnection);
      ofConnection.push(row);
    }
  }
  for (const ofProcess of found.values())
    for (const conflicts of ofProcess.values()) conflicts.sort((left, right) => left.time - right.time);
  return found;
}

/** How much a connection's conflicts show: of how many kinds they are, and then how bad the worst is. */
function weight(conflicts: readonly Conflict[]): number {
  const kinds = new Set(conflicts.map(({ kind }) => kind));
  return kinds.size * 100 + Math.max(...kinds);
}

interface SslRead {
  readonly thread: number;
  readonly asked: number;
  readonly returned: number;
  readonly pending: number;
}

/** What a connection lived through from one time on the list of pending reads to the next. */
interface Cycle {
  readonly reads: SslRead[];
}

/** The cycles up to the one in which `last` lies, the oldest first: cut where the connection is put on the list again after something else happened. */
function cyclesOf(
  context: DiagnosisContext,
  node: NodeFacts,
  { connection, opened }: ConnectionFacts,
  first: RelativeNs,
  last: RelativeNs,
): readonly Cycle[] {
  const cycles: Cycle[] = [{ reads: [] }];
  let isQueued = false;
  let hasLast = false;
  const from = Math.max(opened, first - storyNs);
  for (const { time, name, thread, fields } of context.connectionEvents(node, connection, from, last + turnNs)) {
    const isAdd = name === "redis:pending_read_add";
    if (isAdd && !isQueued) {
      if (hasLast) break;
      cycles.push({ reads: [] });
    }
    hasLast = time >= last;
    isQueued = isAdd;
    if (name !== "redis:ssl_read") continue;
    const value = (of: string): number => Number(fields.find(([key]) => key === of)?.[1] ?? 0);
    cycles.at(-1)?.reads.push({ thread, asked: value("asked"), returned: value("returned"), pending: value("pending") });
  }
  return cycles.filter(({ reads }) => reads.length > 0).slice(-shownCycles);
}

function threadName(node: NodeFacts, tid: number): string {
  const known = node.summary.threads.find((thread) => thread.tid === tid && (thread.role === "io" || thread.role === "main"));
  if (known === undefined) return `thread ${tid}`;
  return known.role === "main" ? "the main thread" : `io thread ${known.thread}`;
}

/** `io thread 1 read 8 192 (101 left in OpenSSL)`. */
function readText(node: NodeFacts, { thread, returned, pending }: SslRead): string {
  const left = pending >= brokenCount ? " (OpenSSL's count of what is left is broken)" : pending > 0 ? ` (${pending} left in OpenSSL)` : "";
  return `${threadName(node, thread)} ${returned > 0 ? `read ${returned} B` : "found nothing to read"}${left}`;
}

function cycleSentence(node: NodeFacts, cycles: readonly Cycle[]): string {
  if (cycles.length === 0) return "";
  const text = cycles.map(({ reads }, i) => {
    const more = reads.length > shownReads ? `, and ${reads.length - shownReads} more` : "";
    return `(${i + 1}) ${reads
      .slice(0, shownReads)
      .map((read) => readText(node, read))
      .join(", ")}${more}`;
  });
  return ` Its SSL reads, cycle by cycle: ${text.join("; ")}.`;
}

function finding(
  context: DiagnosisContext,
  node: NodeFacts,
  byConnection: ReadonlyMap<number, readonly Conflict[]>,
  connections: readonly ConnectionFacts[],
): readonly Found[] {
  // The one that shows most; of those the latest, since that is where a process may have died.
  const [shown] = [...byConnection].sort(
    ([, left], [, right]) => weight(right) - weight(left) || (right.at(-1)?.time ?? 0) - (left.at(-1)?.time ?? 0),
  );
  const connection = connections.find(({ row }) => row === shown?.[0]);
  if (shown === undefined || connection === undefined) return [];
  const all = [...byConnection.values()].flat();
  const counted = (kind: number, from = all): number => from.filter((conflict) => conflict.kind === kind).length;
  const last = (kind: number): Conflict | undefined => shown[1].filter((conflict) => conflict.kind === kind).at(-1);

  const [queued, listed, threads] = [conflictKinds.queuedTwice, conflictKinds.listedTwice, conflictKinds.twoThreads].map(last);
  const [used, freed] = [last(conflictKinds.usedAfterFree), last(conflictKinds.freedTwice)];
  const first = queued ?? listed ?? threads ?? used ?? freed;
  const start = Math.min(...[queued, listed, threads, used, freed].flatMap((conflict) => (conflict === undefined ? [] : [conflict.time])));
  const end = Math.max(...shown[1].map((conflict) => conflict.end));
  if (first === undefined) return [];
  const cycles = cyclesOf(context, node, connection, start, end);

  const sentences = [
    `${connection.label} of ${node.name} was twice on the list of clients to read from.`,
    listed === undefined
      ? ""
      : ` One turn handed both entries out, ${listed.other === listed.list ? `to io list ${listed.list}` : `to io lists ${listed.other} and ${listed.list}`}.`,
    threads === undefined
      ? ""
      : ` ${capital(threadName(node, threads.other))} and ${threadName(node, threads.thread)} read from the one connection at the same time, for ${duration(threads.end - threads.time)}.`,
    cycleSentence(node, cycles),
    used === undefined && freed === undefined
      ? ""
      : ` It was freed after its first entry${freed === undefined ? "" : `, and freed again ${duration(freed.time - connection.closed)} later, by ${threadName(node, freed.thread)}`}${used === undefined ? "" : `${freed === undefined ? "; the second was used all the same," : ", when the second came up"} ${duration(used.time - connection.closed)} after the client's memory was given back`}.`,
    context.end - end < lastWordsNs ? ` The trace ends ${duration(context.end - end)} later, as it does when the process dies.` : "",
    byConnection.size > 1 ? ` ${plural(byConnection.size - 1, "other connection")} went through the same.` : "",
  ];
  const measures: Measure[] = [
    { name: "connections", value: byConnection.size, unit: "count" },
    { name: "queued twice", value: counted(conflictKinds.queuedTwice), unit: "count" },
    { name: "handed out twice in one turn", value: counted(conflictKinds.listedTwice), unit: "count" },
    { name: "read by two threads at once", value: counted(conflictKinds.twoThreads), unit: "count" },
    {
      name: "longest time with two threads",
      value: all.reduce(
        (most, conflict) => Math.max(most, conflict.kind === conflictKinds.twoThreads ? conflict.end - conflict.time : 0),
        0,
      ),
      unit: "ns",
    },
    { name: "used after it was freed", value: counted(conflictKinds.usedAfterFree), unit: "count" },
    { name: "freed twice", value: counted(conflictKinds.freedTwice), unit: "count" },
    ...cycles.flatMap(({ reads }, i): readonly Measure[] => [
      { name: `cycle ${i + 1}: SSL bytes read`, value: reads.reduce((sum, { returned }) => sum + Math.max(0, returned), 0), unit: "bytes" },
      { name: `cycle ${i + 1}: left in OpenSSL`, value: reads.at(-1)?.pending ?? 0, unit: "bytes" },
      { name: `cycle ${i + 1}: threads`, value: new Set(reads.map(({ thread }) => thread)).size, unit: "count" },
    ]),
  ];
  return [
    {
      severity: "critical",
      confidence: "high",
      node: node.name,
      start,
      end,
      prose: sentences.join(""),
      advice:
        "Set io-threads-do-reads to no and restart: Redis 7 must not read TLS connections on io threads. Redis 8 and Valkey 8 hand clients over in another way and do not have this fault. What was written to memory by two threads, or after it was freed, may be wrong: restart even a server that still runs.",
      evidence: measures,
      requests: [],
      costNs: 0,
    },
  ];
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function check(context: DiagnosisContext): Answer {
  const findings = [...conflictsOf(context)].flatMap(([index, byConnection]) => {
    const node = context.nodes[index] as NodeFacts;
    return finding(context, node, byConnection, connectionsOf(context.history, node));
  });
  if (findings.length > 0) return { verdict: "found", findings };
  return { verdict: "not found", reason: "no client was on the io threads' lists twice, and none was read by two threads at once" };
}

const ioThreadRace: Diagnosis = {
  id: "io-thread-race",
  title: "Two io threads on one connection",
  version: 1,
  needs: ["pending_read_add", "pending_read_remove", "start_read_client_query"],
  view: "threads",
  explanation: `With \`io-threads-do-reads\`, Redis 7 puts clients on a list of pending reads, hands the list out to its threads, and goes on with each entry when they have read. Nothing keeps a
client from being on it twice: it happens with TLS, when OpenSSL still holds bytes of the client (values of 32 kB and more, read piece by piece) and its socket is readable as
well. Two threads may then read one TLS connection at once, and when it ends the client is freed with its first entry and used, or freed again, with the second. Redis then stops with
a failed assertion or crashes elsewhere, at once or later, or corrupts memory.

Decided from the lists alone: a client put on the list of pending reads before its earlier entry was handed out, or handed out twice in one turn; and from reads of one
connection that overlap by a microsecond or more on two threads. One case is enough, and critical whether or not the process died of it. With the \`full\` set the finding tells the bytes of each
SSL read, thread by thread, and the second use of the freed client.`,
  check,
};

export default ioThreadRace;
