/**
 * The `redis` analysis: front door. The model is in model.ts, the cluster bus in bus.ts, redirects in redirects.ts, replication in replication.ts, Valkey's own
 * tracing in valkey.ts, its names in keys.ts. A part is every eighth process.
 */

import { compareText } from "../../base/index.ts";
import { addBuckets, furthestReach, TimeBuckets, TimeReach } from "../../base/time-buckets.ts";
import { RedisDecoder, type RedisProcess, type Slopes } from "../../environments/redis/index.ts";
import type { TraceSource } from "../../trace/index.ts";
import { partCount, type SharedAnalysis, type Spool, type SpoolEnd } from "../contract.ts";
import { type IntegrationConnection, integrationWidth } from "../integration.ts";
import { deliveryWidth, endWidth, joinMessages, type PartStreams } from "./bus.ts";
import {
  deliveryColumns,
  documents,
  messageColumns,
  type ProcessSummary,
  redirectColumns,
  replicationColumns,
  type StepSummary,
  tables,
} from "./keys.ts";
import { RedisModel } from "./model.ts";
import { hopWidth, joinRedirects } from "./redirects.ts";
import { joinReplication, type ReplicationEnd, replicationWidth } from "./replication.ts";
import { ValkeySteps } from "./valkey.ts";

/** Events looked at to learn how many processes there are: when tracing is switched on, each introduces itself. */
const introductionEvents = 5000;

/** What a part leaves to the join. */
interface PartOutcome {
  readonly part: number;
  readonly processes: readonly ProcessSummary[];
  readonly requests: number;
  readonly steps: Omit<StepSummary, "slopes">;
  readonly streams: PartStreams;
  readonly ends: SpoolEnd;
  readonly deliveries: SpoolEnd;
  readonly connections: number;
  readonly hops: ReturnType<RedisModel["hopsOf"]>;
  readonly replication: ReplicationEnd | undefined;
  readonly integration: { readonly connections: readonly IntegrationConnection[]; readonly rows: SpoolEnd } | undefined;
}

interface Outcome {
  readonly parts: readonly PartOutcome[];
  readonly slopes: Slopes;
}

/** `host:port`; processes that share one (a restarted server) are told apart by their number. */
function nodeName(of: RedisProcess, all: readonly RedisProcess[]): string {
  const plain = ({ info, hostname, pid }: RedisProcess): string =>
    info === undefined ? `${hostname} pid ${pid}` : `${hostname}:${info.port !== 0 ? info.port : info.tlsPort}`;
  const name = plain(of);
  return all.some((other) => other.index < of.index && plain(other) === name) ? `${name} #${of.index}` : name;
}

function countProcesses(source: TraceSource): number {
  const cursor = source.cursor();
  try {
    const decoder = new RedisDecoder(source, cursor, () => undefined);
    for (let i = 0; i < introductionEvents && decoder.isUseful && cursor.next(); i++) decoder.handle();
    return decoder.processes.length;
  } finally {
    cursor.close();
  }
}

const redis: SharedAnalysis<Outcome> = {
  id: "redis",
  version: 8,
  needs: [],
  usefulShares: (source) => Math.min(partCount, countProcesses(source)),
  startShare({ source, cursor, owns, writer, spool, isIntegrated }) {
    interface Part {
      readonly model: RedisModel;
      readonly ends: Spool;
      readonly deliveries: Spool;
      readonly served: Spool | undefined;
      readonly processes: RedisProcess[];
    }
    const parts = new Map<number, Part>();
    const sinkOf = (process: RedisProcess): RedisModel | undefined => {
      const number = process.index % partCount;
      if (!owns(number)) return undefined;
      let part = parts.get(number);
      if (part === undefined) {
        const ends = spool(endWidth);
        const deliveries = spool(deliveryWidth);
        const served = isIntegrated ? spool(integrationWidth) : undefined;
        const spools = { ends, deliveries, served, hops: () => spool(hopWidth), replication: () => spool(replicationWidth) };
        const model = new RedisModel(writer(number), source, spools, (of) => nodeName(of, decoder.processes));
        part = { model, ends, deliveries, served, processes: [] };
        parts.set(number, part);
      }
      part.processes.push(process);
      return part.model;
    };
    const own = new RedisDecoder(source, cursor, sinkOf);
    const decoder: RedisDecoder | ValkeySteps = own.isUseful ? own : new ValkeySteps(source, cursor, sinkOf);
    if (!decoder.isUseful) return undefined;
    return {
      handle: () => decoder.handle(),
      finish(end) {
        decoder.finish();
        const outcomes = [...parts].map(([part, { model, ends, deliveries, served, processes }]): PartOutcome => {
          model.finish(end);
          return {
            part,
            processes: processes.map((of) => model.summary(of)),
            requests: model.requestCount,
            // What is read of Valkey's own tracing are events of the trace already.
            steps: decoder === own ? model.steps() : { counts: {}, buckets: new TimeBuckets().finish(), reach: new TimeReach().finish() },
            streams: model.streams,
            ends: ends.end(),
            deliveries: deliveries.end(),
            connections: model.connectionCount,
            hops: model.hopsOf(processes),
            replication: model.replicationEnd,
            integration: served && { connections: model.integrationConnections(processes), rows: served.end() },
          };
        });
        return { parts: outcomes, slopes: decoder.slopes };
      },
    };
  },
  join(outcomes, { writer, rows, offers }) {
    const parts = outcomes.flatMap((outcome) => outcome.parts).sort((left, right) => left.part - right.part);
    let firstRequest = 0;
    let firstConnection = 0;
    const firstRequests: number[] = [];
    const ends = parts.map((part) => {
      const first = firstRequest;
      const connection = firstConnection;
      firstRequest += part.requests;
      firstConnection += part.connections;
      firstRequests.push(first);
      return {
        streams: part.streams,
        rows: rows(part.ends),
        deliveries: rows(part.deliveries),
        firstRequest: first,
        firstConnection: connection,
      };
    });
    const causes = joinMessages(ends, writer.table(tables.messages, messageColumns), writer.table(tables.deliveries, deliveryColumns));
    const hops = parts.map((part, i) => ({
      ...part.hops,
      processes: part.hops.processes.map(({ process, rows: spooled }) => {
        const commands = part.processes.find(({ index }) => index === process)?.commands ?? [];
        return { process, commands, rows: () => rows(spooled) };
      }),
      firstRequest: firstRequests[i] ?? 0,
      firstConnection: ends[i]?.firstConnection ?? 0,
    }));
    if (hops.some(({ redirected }) => redirected.length > 0)) joinRedirects(hops, writer.table(tables.redirects, redirectColumns));
    const replication = parts.flatMap(({ replication: part }, i) =>
      part === undefined ? [] : [{ streams: part.streams, rows: rows(part.rows), firstConnection: ends[i]?.firstConnection ?? 0 }],
    );
    if (replication.length > 0) joinReplication(replication, writer.table(tables.replication, replicationColumns));
    for (const [i, { processes, integration }] of parts.entries()) {
      if (integration === undefined) continue;
      offers.push({
        processes: processes.map(({ node, flavor, version, pid }) => ({ name: node, runtime: flavor, version, pid })),
        connections: integration.connections,
        names: [],
        spans: 0,
        firstRef: firstRequests[i] ?? 0,
        causes: causes[i] ?? [],
        targets: hops[i]?.targets.map(({ address }) => address) ?? [],
        rows: rows(integration.rows),
      });
    }
    const counts: Record<string, number> = {};
    for (const { steps } of parts) for (const [name, count] of Object.entries(steps.counts)) counts[name] = (counts[name] ?? 0) + count;
    const slopes = outcomes.flatMap((outcome) => Object.entries(outcome.slopes)).sort(([left], [right]) => compareText(left, right));
    const steps: StepSummary = {
      counts,
      buckets: addBuckets(parts.map((part) => part.steps.buckets)),
      reach: furthestReach(parts.map((part) => part.steps.reach)),
      slopes: Object.fromEntries(slopes),
    };
    writer.document(documents.steps, steps);
    writer.document(
      documents.processes,
      parts.flatMap((part) => part.processes).sort((left, right) => left.index - right.index),
    );
  },
};

export default redis;
