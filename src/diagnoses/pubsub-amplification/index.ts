/**
 * Publish amplification: in a cluster each PUBLISH is sent to every other node, with a header of 2 KiB, whether anybody listens there or not.
 *
 *     client --PUBLISH, 100 bytes--> node 1 --2 366 bytes--> node 2
 *                                           --2 366 bytes--> node 3   no subscriber: thrown away
 */
import { messageColumns, tables, unknownBytes } from "../../analyses/redis/keys.ts";
import { bytes, count } from "../../base/index.ts";
import type { Answer, Diagnosis, DiagnosisContext, Found, Measure, NodeFacts } from "../contract.ts";
import { commandName } from "../facts.ts";

/** Type of a PUBLISH on the bus (CLUSTERMSG_TYPE_PUBLISH). */
const publishType = 4;
/** clusterMsg before its data, and the two lengths of clusterMsgDataPublish: Redis to 8, Valkey to 7. */
const headerBytes = 2256 + 8;
/** The light header of Valkey 8 (clusterMsgLight), and the same two lengths. */
const lightHeaderBytes = 16 + 8;
/** RESP around a PUBLISH: `*3`, `$7`, the name, two lengths of one to five digits; two of them taken as average. */
const respBytes = 27 + 4;
/** Bytes per second on the bus that are worth a word: a hundredth of a link of 1 Gbit/s. */
const noticeRate = 1_250_000;
/** Half of such a link. */
const alarmRate = 62_500_000;
const noticeFactor = 3;
const leastPublishes = 20;
const shownSizes = 6;

interface Sum {
  publishes: number;
  content: number;
  messages: number;
  bytes: number;
}

interface OfNode {
  readonly bySize: Map<number, Sum>;
  first: number;
  last: number;
  readonly requests: number[];
}

const newSum = (): Sum => ({ publishes: 0, content: 0, messages: 0, bytes: 0 });

/** Publishes that are looked at: the factor is the same after as many, and memory does not grow with the trace. */
const keptPublishes = 250_000;

/** The first PUBLISH requests of each node by their size, and the messages that they caused. */
function collect(context: DiagnosisContext): ReadonlyMap<number, OfNode> {
  const found = new Map<number, OfNode>();
  const sizes = new Map<number, Sum>();
  context.scan((row) => {
    if (sizes.size === keptPublishes || row.requestBytes === unknownBytes || commandName(context.history, row.command) !== "publish")
      return;
    let node = found.get(row.process);
    if (node === undefined) {
      node = { bySize: new Map(), first: row.arrived, last: row.writeEnd, requests: [] };
      found.set(row.process, node);
    }
    let sum = node.bySize.get(row.requestBytes);
    if (sum === undefined) {
      sum = newSum();
      node.bySize.set(row.requestBytes, sum);
    }
    sum.publishes++;
    sum.content += Math.max(0, row.requestBytes - respBytes);
    node.first = Math.min(node.first, row.arrived);
    node.last = Math.max(node.last, row.writeEnd);
    if (node.requests.length < 10) node.requests.push(row.id);
    sizes.set(row.id, sum);
  });
  const table = context.history.table(tables.messages);
  if (table === undefined) return found;
  const column = Object.fromEntries(messageColumns.map(({ name }, i) => [name, i])) as Record<
    (typeof messageColumns)[number]["name"],
    number
  >;
  for (const chunk of table.chunks()) {
    for (let i = 0; i < chunk.rowCount; i++) {
      const at = (name: (typeof messageColumns)[number]["name"]): number => chunk.columns[column[name]]?.[i] ?? 0;
      const sum = sizes.get(at("request"));
      if (sum === undefined || at("type") !== publishType) continue;
      sum.messages++;
      sum.bytes += at("length");
    }
  }
  return found;
}

/** Other nodes that this one sends to. A link whose node is not known yet goes by its address. */
const othersOf = ({ summary }: NodeFacts): number =>
  new Set(summary.bus.filter(({ peer, messagesSent }) => messagesSent > 0 && /^[^:\s]+$/.test(peer)).map(({ peer }) => peer)).size;

/** The factor of one message size, by the number of nodes: what clusters of several sizes in one trace have in common. */
interface Growth {
  readonly content: number;
  readonly points: readonly { readonly nodes: number; readonly factor: number }[];
}

/** The smallest message size that publishers in clusters of different sizes share; undefined where there is none. */
function growth(context: DiagnosisContext, collected: ReadonlyMap<number, OfNode>): Growth | undefined {
  const bySize = new Map<number, Map<number, number>>();
  for (const [index, ofNode] of collected) {
    const nodes = othersOf(context.nodes[index] as NodeFacts) + 1;
    for (const { publishes, content, bytes: sent } of ofNode.bySize.values()) {
      if (publishes < leastPublishes || content === 0) continue;
      const size = Math.round(content / publishes);
      const points = bySize.get(size) ?? new Map<number, number>();
      points.set(nodes, sent / content);
      bySize.set(size, points);
    }
  }
  const [first] = [...bySize].filter(([, points]) => points.size > 1).sort(([left], [right]) => left - right);
  if (first === undefined) return undefined;
  const points = [...first[1]].sort(([left], [right]) => left - right).map(([nodes, factor]) => ({ nodes, factor }));
  return { content: first[0], points };
}

/** How far the points lie from a line through (1 node, nothing), as a part of it, at most. */
function deviation({ points }: Growth): number {
  const slopes = points.map(({ nodes, factor }) => factor / (nodes - 1));
  return Math.max(...slopes) / Math.min(...slopes) - 1;
}

function finding(node: NodeFacts, { bySize, first, last, requests }: OfNode, grown: Growth | undefined): readonly Found[] {
  const total = [...bySize.values()].reduce(
    (all, sum) => ({
      publishes: all.publishes + sum.publishes,
      content: all.content + sum.content,
      messages: all.messages + sum.messages,
      bytes: all.bytes + sum.bytes,
    }),
    newSum(),
  );
  if (total.publishes < leastPublishes || total.content === 0) return [];
  const others = othersOf(node);
  const factor = total.bytes / total.content;
  const predicted = (others * (total.publishes * headerBytes + total.content)) / total.content;
  const seconds = Math.max(1, (last - first) / 1e9);
  const rate = total.bytes / seconds;
  if (factor < noticeFactor || rate < noticeRate) return [];
  const light = total.messages * lightHeaderBytes + (total.bytes - total.messages * headerBytes);
  const perSize = [...bySize]
    .sort(([left], [right]) => left - right)
    .slice(0, shownSizes)
    .flatMap(([, sum]): readonly Measure[] => {
      const content = Math.round(sum.content / sum.publishes);
      return [
        { name: `factor for messages of ${content} B`, value: sum.bytes / sum.content, unit: "ratio" },
        { name: `predicted factor for messages of ${content} B`, value: (others * (headerBytes + content)) / content, unit: "ratio" },
      ];
    });
  return [
    {
      severity: rate >= alarmRate ? "critical" : "warning",
      confidence: Math.abs(factor / predicted - 1) < 0.05 ? "high" : "medium",
      node: node.name,
      start: first,
      end: last,
      prose: `${node.name} turned ${bytes(total.content)} of published channels and messages (${count(total.publishes)} PUBLISH) into ${bytes(total.bytes)} on the cluster bus, to ${others} other nodes: ${factor.toFixed(1)} times as much, where (N-1) x (${headerBytes} + channel + message) predicts ${predicted.toFixed(1)}. It grows with every node that is added: with ${others + 2} nodes it is ${((predicted * (others + 1)) / others).toFixed(1)}.${measuredGrowth(grown)}`,
      advice: `Sharded channels (SPUBLISH, SSUBSCRIBE; Redis 7) stay inside the shard of their slot: ${bytes(total.bytes)} less where shards have no replicas. Valkey 8 and later send messages with a header of 16 bytes: ${bytes(total.bytes - light)} less. Otherwise publish fewer and larger messages.`,
      evidence: [
        { name: "publishes", value: total.publishes, unit: "count" },
        { name: "other nodes", value: others, unit: "count" },
        { name: "published", value: total.content, unit: "bytes" },
        { name: "on the bus", value: total.bytes, unit: "bytes" },
        { name: "on the bus per second", value: rate, unit: "bytes" },
        { name: "factor", value: factor, unit: "ratio" },
        { name: "predicted factor", value: predicted, unit: "ratio" },
        { name: "saved by sharded channels", value: total.bytes, unit: "bytes" },
        { name: "saved by a light header", value: total.bytes - light, unit: "bytes" },
        ...perSize,
        ...(grown?.points ?? []).map(({ nodes, factor }): Measure => {
          return { name: `factor with ${nodes} nodes, for messages of ${grown?.content} B`, value: factor, unit: "ratio" };
        }),
      ],
      requests,
      costNs: 0,
    },
  ];
}

function measuredGrowth(grown: Growth | undefined): string {
  if (grown === undefined) return "";
  const points = grown.points.map(({ nodes, factor }) => `${factor.toFixed(1)} with ${nodes} nodes`).join(", ");
  return ` Measured here, for messages of ${grown.content} B: ${points}; per other node that is the same within ${(deviation(grown) * 100).toFixed(1)} %.`;
}

function check(context: DiagnosisContext): Answer {
  const collected = collect(context);
  const grown = growth(context, collected);
  const findings = [...collected].flatMap(([index, ofNode]) => finding(context.nodes[index] as NodeFacts, ofNode, grown));
  if (findings.length > 0) return { verdict: "found", findings };
  const publishes = [...collected.values()].reduce(
    (all, { bySize }) => all + [...bySize.values()].reduce((sum, each) => sum + each.publishes, 0),
    0,
  );
  return {
    verdict: "not found",
    reason:
      publishes === 0
        ? "nothing was published"
        : `${count(publishes)} publishes made little traffic on the bus, or in proportion to what was published`,
  };
}

const pubsubAmplification: Diagnosis = {
  id: "pubsub-amplification",
  title: "Publishing multiplies on the cluster bus",
  version: 1,
  needs: ["call_command_start", "call_command_end", "command_parsed", "cluster_send"],
  view: "data-volume",
  explanation: `In a cluster PUBLISH is sent to every other node, replicas included, whether it has subscribers or not. Each message has the whole header of the cluster bus (2 256 bytes, of
which 2 048 are the sender's slot map) and two lengths: (N-1) x (2264 + channel + message) bytes for each PUBLISH. Small messages are multiplied most, and the traffic grows with the
number of nodes, so adding nodes makes it worse.

Measured from the messages that each PUBLISH caused (their lengths on the bus) and predicted from the sizes of the requests alone; where the two agree within 5 % the confidence is high.
It is a finding from a factor of 3 and 1.25 MB/s, a hundredth of a link of 1 Gbit/s; critical from half of such a link.`,
  check,
};

export default pubsubAmplification;
