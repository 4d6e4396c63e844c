/**
 * Io threads that spin without work. Between two lists of clients an io thread of Redis 6 and 7 does not sleep: it looks at its counter a million times.
 *
 *     main    |reads|......wait......|execute............|writes|...wait...|
 *     io 1    |spin |== 2 clients ==|spin spin spin spin |= 1 =|spin spin  |
 */
import { branches, connectionStates, root } from "../../analyses/redis/keys.ts";
import { duration, type RelativeNs } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { threadQuark } from "../facts.ts";
import { percent, plural } from "../severity.ts";

/** Awake and yet useful for less than this: the thread costs more than it gives. */
const usefulShare = 0.25;
/** A tenth of a core, over the whole recording, is worth a change of settings. */
const noticeCores = 0.1;

/**
 * When the main thread puts io threads to sleep: it finds fewer replies to send than two per thread (`threads` counts itself), or it comes to its cron,
 * which looks between two rounds of replies and so finds none.
 */
function sleepTimes(context: DiagnosisContext, node: NodeFacts, threads: number): readonly RelativeNs[] {
  const { state } = context.history;
  const loop = (name: string) => state.attributes.find(root, node.name, branches.eventLoop, name);
  const [queue, phase] = [loop("QueueLength"), loop("Phase")];
  const found: RelativeNs[] = [];
  if (queue === undefined || phase === undefined) return found;
  state.range([queue], context.start, context.end, (_quark, start, _end, value) => {
    if (typeof value === "number" && value > 0 && value < 2 * threads) found.push(start);
    return true;
  });
  state.range([phase], context.start, context.end, (_quark, start, _end, value) => {
    if (value === "cron") found.push(start);
    return true;
  });
  return found.sort((left, right) => left - right);
}

/** How long an io thread worked for clients, and how long it was awake: from a piece of work to the next, or until it is put to sleep. */
function threadTimes(
  context: DiagnosisContext,
  node: NodeFacts,
  tid: number,
  sleeps: readonly RelativeNs[],
): { readonly workNs: number; readonly awakeNs: number } {
  const quark = threadQuark(context.history, node, tid, "Operation");
  let workNs = 0;
  let awakeNs = 0;
  let last = Number.NEGATIVE_INFINITY;
  let next = 0;
  if (quark === undefined) return { workNs, awakeNs };
  context.history.state.range([quark], context.start, context.end, (_quark, start, end, value) => {
    if (value === undefined) return true;
    while (next < sleeps.length && (sleeps[next] as number) < last) next++;
    if (last >= 0) awakeNs += Math.max(0, Math.min(start, sleeps[next] ?? start) - last);
    awakeNs += end - start;
    if (value === connectionStates.reading || value === connectionStates.writing || String(value).startsWith("Reading SSL"))
      workNs += end - start;
    last = end;
    return true;
  });
  return { workNs, awakeNs };
}

function finding(context: DiagnosisContext, node: NodeFacts): readonly Found[] {
  const ids = node.summary.threads.filter(({ role }) => role === "io").map(({ tid }) => tid);
  const sleeps = ids.length === 0 ? [] : sleepTimes(context, node, ids.length + 1);
  const threads = ids.map((tid) => threadTimes(context, node, tid, sleeps));
  const work = threads.reduce((sum, { workNs }) => sum + workNs, 0);
  const awake = threads.reduce((sum, thread) => sum + thread.awakeNs, 0);
  const span = context.end - context.start;
  const wasted = awake - work;
  if (span <= 0 || awake === 0 || work >= usefulShare * awake || wasted < noticeCores * span) return [];
  return [
    {
      severity: "warning",
      confidence: "medium",
      node: node.name,
      start: context.start,
      end: context.end,
      prose: `${plural(threads.length, "io thread")} of ${node.name} stayed awake for ${duration(awake)}, of which ${duration(work)} (${percent(work / awake)}) went into reading and writing: ${(wasted / span).toFixed(1)} cores for nothing while ${duration(span)} were recorded.`,
      advice:
        "Lower io-threads, to 1 where the main thread is not the limit: io threads pay off from some 100 000 requests per second or with TLS and large values, and only where there is a core for each.",
      evidence: [
        { name: "io threads", value: threads.length, unit: "count" },
        { name: "awake", value: awake, unit: "ns" },
        { name: "working", value: work, unit: "ns" },
        { name: "useful part", value: work / awake, unit: "ratio" },
        { name: "cores wasted", value: wasted / span, unit: "count" },
      ],
      requests: [],
      costNs: wasted,
    },
  ];
}

function check(context: DiagnosisContext): Answer {
  const threads = context.nodes.flatMap((node) => node.summary.threads.filter(({ role }) => role === "io"));
  if (threads.length === 0) return { verdict: "not found", reason: "no io thread was at work" };
  const findings = context.nodes.flatMap((node) => finding(context, node));
  if (findings.length > 0) return { verdict: "found", findings };
  return { verdict: "not found", reason: `${plural(threads.length, "io thread")}, busy enough or asleep` };
}

const ioThreadsIdleSpin: Diagnosis = {
  id: "io-threads-idle-spin",
  title: "Io threads spin without work",
  version: 1,
  needs: [
    "io_thread_run_start",
    "io_thread_run_end",
    "handle_pending_writes_start",
    "time_events_start",
    "start_read_client_query",
    "write_to_client_start",
  ],
  view: "threads",
  explanation: `While io threads are switched on, each spins on a counter until the main thread gives it clients to serve, at the full cost of a core; where cores are fewer than
threads, they take them from the main thread and from the clients. The main thread switches them off when fewer than two replies per thread wait to be sent.

Decided per node from what io threads did between \`io_thread_run_start\` and \`io_thread_run_end\`. After a piece of work a thread counts as awake until the next, or
until the main thread puts it to sleep: when it finds fewer replies than that to send, or at its cron, ten times a second. It is a warning when less than a quarter of the time awake was
reading and writing, and a tenth of a core or more was spent spinning over the whole recording. On a machine that is too busy some of that time the thread was not
running at all, so the confidence is medium. The \`light\` set does not tell how many replies waited: with it the answer is *cannot tell*.`,
  check,
};

export default ioThreadsIdleSpin;
