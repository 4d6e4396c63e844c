/**
 * Bus backlog: a node does not read a link of the cluster bus as fast as another node sends on it. The link's socket is full, what is sent piles up in the
 * sender's memory, and every message behind it, heartbeats too, comes late (the paper's use case 2: one bus read slower than all others).
 *
 *     sender    |send|write: all|        |send|write: some|..backlog..|write: some|..backlog..|write: all|
 *     receiver      |read|                            (not reading)          |read|        |read|
 */
import { branches, linkTypes, messageColumns, type ProcessSummary, root, tables } from "../../analyses/redis/keys.ts";
import { bytes, count, duration } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, NodeFacts } from "../contract.ts";
import { mainThread, threadQuark } from "../facts.ts";

/** Redis polls and answers ten times a second when idle: a reader that is away for longer than that was held up. */
const noticeNs = 100_000_000;
/** A third of the default `cluster-node-timeout`: heartbeats wait in the same queue. */
const alarmNs = 5_000_000_000;
const shownReaders = 3;

interface Backlog {
  readonly peer: string;
  readonly start: number;
  readonly end: number;
  /** Writes that left bytes because the socket was full. */
  readonly writes: number;
  readonly bytes: number;
}

/** The longest time in which the link always had bytes left to write; undefined where its socket was never full. */
function longestBacklog(context: DiagnosisContext, node: NodeFacts, peer: string): Backlog | undefined {
  const { state } = context.history;
  const quark = state.attributes.find(root, node.name, branches.bus, peer, "Backlog");
  if (quark === undefined) return undefined;
  let best: Backlog | undefined;
  let start = -1;
  let writes = 0;
  let most = 0;
  let previous = 0;
  let reached = Number.NEGATIVE_INFINITY;
  state.range([quark], context.start, Number.POSITIVE_INFINITY, (_quark, from, to, value) => {
    const left = typeof value === "number" ? value : 0;
    // No state: nothing was left.
    if (from > reached) {
      start = -1;
      previous = 0;
    }
    reached = to;
    if (left === 0) start = -1;
    else {
      if (start < 0) {
        start = from;
        writes = 0;
        most = 0;
      }
      // Only a write makes it less.
      if (left < previous) writes++;
      most = Math.max(most, left);
      if (writes > 0 && (best === undefined || to - start >= best.end - best.start)) best = { peer, start, end: to, writes, bytes: most };
    }
    previous = left;
    return true;
  });
  return best;
}

/** Delays of the messages from `sender` to `receiver`: those sent while the link was backed up, and the others' median. */
function delays(
  context: DiagnosisContext,
  sender: number,
  receiver: number,
  backlog: Backlog,
): { late: number; worst: number; usual: number } {
  const table = context.history.table(tables.messages);
  const others: number[] = [];
  let late = 0;
  let worst = 0;
  if (table !== undefined) {
    const column = (name: (typeof messageColumns)[number]["name"]): number => messageColumns.findIndex((each) => each.name === name);
    for (const chunk of table.chunks()) {
      const at = (name: (typeof messageColumns)[number]["name"]): ArrayLike<number> => chunk.columns[column(name)] ?? [];
      const [from, to, sent, received] = [at("from"), at("to"), at("sent"), at("received")];
      for (let i = 0; i < chunk.rowCount; i++) {
        if (from[i] !== sender || to[i] !== receiver) continue;
        const start = sent[i] as number;
        const delay = (received[i] as number) - start;
        if (!Number.isFinite(delay)) continue;
        if (start >= backlog.start && start < backlog.end) {
          late++;
          worst = Math.max(worst, delay);
        } else if (others.length < keptDelays) others.push(delay);
      }
    }
  }
  others.sort((left, right) => left - right);
  return { late, worst, usual: others[others.length >>> 1] ?? 0 };
}

/** The usual delay is the same after as many messages, and memory does not grow with the trace. */
const keptDelays = 100_000;

/** What the reader's main thread did meanwhile, the longest first. One that takes no step for most of the time was held, or did not run. */
function readerDid(context: DiagnosisContext, node: NodeFacts, { start, end }: Backlog): string {
  const quark = threadQuark(context.history, node, mainThread(node), "Operation");
  if (quark === undefined) return "";
  const times = new Map<string, number>();
  let longest: { readonly what: string; readonly ns: number } = { what: "", ns: 0 };
  const did = (what: string, ns: number): void => {
    if (ns <= 0) return;
    if (ns > longest.ns) longest = { what, ns };
    times.set(what, (times.get(what) ?? 0) + ns);
  };
  const idle = "waiting for its sockets";
  let reached = start;
  context.history.state.range([quark], start, end, (_quark, from, to, value) => {
    if (value === undefined) return true;
    did(idle, Math.min(from, end) - reached);
    did(String(value), Math.min(to, end) - Math.max(from, start));
    reached = Math.max(reached, Math.min(to, end));
    return true;
  });
  did(idle, end - reached);
  const parts = [...times]
    .sort((left, right) => right[1] - left[1])
    .slice(0, shownReaders)
    .map(([what, ns]) => `${what} ${duration(ns)}`);
  // The socket was full: whoever waits for it and does not see that, is not running.
  const stood = longest.what === idle ? "it was not given a processor, or was stopped" : `it was held by ${longest.what}`;
  return ` Meanwhile its main thread's time was: ${parts.join(", ")}.${longest.ns >= (end - start) / 2 ? ` It took no step for ${duration(longest.ns)}: ${stood}.` : ""}`;
}

/** The node behind a peer's name in the bus tree, where it is traced. */
function nodeOf(context: DiagnosisContext, peer: string): NodeFacts | undefined {
  return context.nodes.find(({ summary }) => summary.nodeId === peer);
}

function finding(context: DiagnosisContext, node: NodeFacts, backlog: Backlog): Found {
  const reader = nodeOf(context, backlog.peer);
  const { late, worst, usual } =
    reader === undefined ? { late: 0, worst: 0, usual: 0 } : delays(context, node.index, reader.index, backlog);
  const length = backlog.end - backlog.start;
  const name = reader?.name ?? `the node ${backlog.peer}`;
  const delayed =
    late === 0
      ? ""
      : ` ${count(late)} messages were sent in that time and came up to ${duration(worst)} late, where others take ${duration(usual)}.`;
  return {
    severity: length >= alarmNs ? "critical" : "warning",
    confidence: reader === undefined ? "medium" : "high",
    node: node.name,
    start: backlog.start,
    end: backlog.end,
    prose: `${name} did not read what ${node.name} sent it over the cluster bus for ${duration(length)}: the socket was full after ${count(backlog.writes)} ${backlog.writes === 1 ? "write" : "writes"}, and ${bytes(backlog.bytes)} piled up.${delayed}${reader === undefined ? "" : readerDid(context, reader, backlog)}`,
    advice:
      "Look at what held the reading node in that time; where it simply has more to do than it can (large publishes, many subscribers), publish less over the bus: sharded channels (SPUBLISH) stay on the nodes of one shard. Heartbeats wait in the same queue: beyond `cluster-node-timeout` the node counts as failed. `cluster-link-sendbuf-limit` bounds the memory.",
    evidence: [
      { name: "longest time with a full socket", value: length, unit: "ns" },
      { name: "writes that left bytes", value: backlog.writes, unit: "count" },
      { name: "most bytes queued", value: backlog.bytes, unit: "bytes" },
      { name: "messages sent in that time", value: late, unit: "count" },
      { name: "longest delay", value: worst, unit: "ns" },
      { name: "usual delay", value: usual, unit: "ns" },
    ],
    requests: [],
    costNs: length,
  };
}

const peersOf = (summary: ProcessSummary): readonly string[] =>
  summary.bus.filter(({ type }) => type !== linkTypes.primaryToReplica).map(({ peer }) => peer);

function check(context: DiagnosisContext): Answer {
  if (context.nodes.every(({ summary }) => peersOf(summary).length === 0))
    return { verdict: "not found", reason: "there is no cluster bus" };
  const findings: Found[] = [];
  let longest = 0;
  for (const node of context.nodes) {
    for (const peer of peersOf(node.summary)) {
      const backlog = longestBacklog(context, node, peer);
      if (backlog === undefined) continue;
      longest = Math.max(longest, backlog.end - backlog.start);
      if (backlog.end - backlog.start >= noticeNs) findings.push(finding(context, node, backlog));
    }
  }
  if (findings.length > 0) return { verdict: "found", findings };
  return {
    verdict: "not found",
    reason:
      longest === 0
        ? "no socket of the cluster bus was ever full"
        : `sockets of the cluster bus were full for up to ${duration(longest)} only`,
  };
}

const busBacklog: Diagnosis = {
  id: "bus-backlog",
  title: "A node does not keep up with the cluster bus",
  version: 1,
  needs: ["cluster_send", "cluster_write"],
  view: "data-volume",
  explanation: `Nodes send each other publishes, heartbeats and votes over one connection per direction. Where the receiver's event loop is held, or it gets more than it can take in, the
connection's socket fills (a few MB), the rest waits in the sender's memory, and whatever is sent next waits behind it. PUBLISH answers its client at once, so the publisher sees nothing of it.

Decided from writes to a link that left bytes behind: a backlog lasts from the first message that had to wait to the write that leaves nothing. 100 ms is a warning: an idle Redis
looks at its sockets ten times a second. Critical from 5 s, a third of the default \`cluster-node-timeout\`, after which the node counts as failed. A sender whose own loop is held does not
count: without a write that was refused there is no backlog.`,
  check,
};

export default busBacklog;
