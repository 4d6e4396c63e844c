/**
 * Io threads that spin without work. Between two lists of clients an io thread of Redis 6 and 7 does not sleep: it looks at its counter a million times.
 *
 *     main    |reads|......wait......|execute............|writes|...wait...|
 *     io 1    |spin |== 2 clients ==|spin spin spin spin |= 1 =|spin spin  |
 */
import { branches, connectionStates, root } from "../../analyses/redis/keys.ts";
import { duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { percent, plural } from "../severity.ts";

/** A thread that had work within this time is still awake: the main thread puts io threads to sleep when it finds too few replies to send, and spinning lasts until then. */
const awakeNs = 2_000_000;
/** Awake and yet useful for less than this: the thread costs more than it gives. */
const usefulShare = 0.25;
/** A tenth of a core, over the whole recording, is worth a change of settings. */
const noticeCores = 0.1;

/** How long an io thread worked for clients, and how long it was awake. */
function threadTimes(context: DiagnosisContext, node: NodeFacts, tid: number): { readonly workNs: number; readonly awakeNs: number } {
  const { state } = context.history;
  const quark = state.attributes.find(root, node.name, branches.threads, String(tid), "Operation");
  let work = 0;
  let awake = 0;
  let last = Number.NEGATIVE_INFINITY;
  if (quark === undefined) return { workNs: 0, awakeNs: 0 };
  state.range([quark], context.start, context.end, (_quark, start, end, value) => {
    if (value === undefined) return true;
    if (start - last <= awakeNs) awake += start - last;
    awake += end - start;
    if (value === connectionStates.reading || value === connectionStates.writing || String(value).startsWith("Reading SSL"))
      work += end - start;
    last = end;
    return true;
  });
  return { workNs: work, awakeNs: awake };
}

function finding(context: DiagnosisContext, node: NodeFacts): readonly Found[] {
  const threads = node.summary.threads.filter(({ role }) => role === "io").map(({ tid }) => threadTimes(context, node, tid));
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
      prose: `${plural(threads.length, "io thread")} of ${node.name} were awake for ${duration(awake)}, of which ${duration(work)} (${percent(work / awake)}) went into reading and writing: ${(wasted / span).toFixed(1)} cores spun for nothing while ${duration(span)} were recorded.`,
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
  needs: ["io_thread_run_start", "io_thread_run_end", "start_read_client_query", "write_to_client_start"],
  view: "netflow",
  explanation: `While io threads are switched on, each spins on a counter until the main thread gives it clients to serve, at the full cost of a core; where cores are fewer than
threads, they take them from the main thread and from the clients. The main thread switches them off when fewer than two replies per thread wait to be sent.

Decided per node from what io threads did between \`io_thread_run_start\` and \`io_thread_run_end\`. Between two pieces of work less than 2 ms apart a thread counts as awake (a
million looks at a counter take about that long; a thread that was put to sleep in between makes this a little too much, so the confidence is medium). It is a
warning when less than a quarter of the time awake was reading and writing, and a tenth of a core or more was spent spinning over the whole recording.`,
  check,
};

export default ioThreadsIdleSpin;
