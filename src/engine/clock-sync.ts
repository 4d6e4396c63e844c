/**
 * Clocks of several hosts made one: which traces share a clock, what messages say of those that do not, and how each follows from the first.
 *
 *     host A (reference) ---messages--- B ---messages--- C        C's clock is known through B: a spanning tree, the most accurate links first
 *
 * Traces without messages to others keep their clocks, and say so.
 */
import { StorescopeError, type TaskOptions } from "../base/index.ts";
import type { Environment, MessageEnds } from "../environments/contract.ts";
import { type ClockCorrection, type ClockRelation, type MessageTimes, relateClocks } from "../experiment/index.ts";
import type { TraceSource } from "../trace/index.ts";
import type { ClockInfo } from "./contract.ts";

/** How long a turn is, ms. */
const turnMs = 20;

/** What was found for each source; nothing where all share one clock. */
export interface ClockSync {
  readonly corrections: ReadonlyMap<TraceSource, ClockCorrection>;
  readonly infos: ReadonlyMap<TraceSource, ClockInfo>;
}

/** Sources with one clock. Its times are relative to `origin`. */
interface Host {
  readonly sources: readonly TraceSource[];
  readonly origin: bigint;
  /** Of its first and its last packet. */
  readonly first: number;
  readonly last: number;
  readonly ends: readonly { readonly ends: MessageEnds; readonly shift: number }[];
}

/** A host's time x becomes x * rate + offset on the reference's. */
interface Known {
  readonly host: Host;
  readonly rate: number;
  readonly offset: number;
  /** Largest error at the host's time x. */
  readonly errorAt: (x: number) => number;
  /** Largest error over all of the host's events. */
  readonly accuracy: number;
  readonly relation: ClockRelation | undefined;
}

/** Synchronises clocks by the messages that `environments` know. Reads every trace once where clocks differ, and nothing where they do not. */
export async function synchroniseClocks(
  sources: readonly TraceSource[],
  environments: readonly Environment[],
  options: TaskOptions,
): Promise<ClockSync> {
  const groups = new Map<string, TraceSource[]>();
  for (const source of sources) groups.set(clockOf(source), [...(groups.get(clockOf(source)) ?? []), source]);
  if (groups.size < 2) return { corrections: new Map(), infos: new Map() };
  const hosts: Host[] = [];
  const total = sources.reduce((sum, source) => sum + source.totalBytes, 0);
  let done = 0;
  for (const group of groups.values()) {
    const origin = group.reduce((least, source) => (source.origin < least ? source.origin : least), group[0]?.origin ?? 0n);
    const ends: { ends: MessageEnds; shift: number }[] = [];
    for (const source of group) {
      for (const { detect, messageEnds } of environments) {
        if (messageEnds === undefined || !detect(source)) continue;
        const read = await finish(messageEnds(source), (bytes) => {
          options.onProgress?.({ label: "Synchronising clocks", done: done + bytes, total });
          if (options.signal?.aborted) throw new StorescopeError("CANCELLED", "opening the traces was cancelled");
        });
        ends.push({ ends: read, shift: Number(source.origin - origin) });
      }
      done += source.totalBytes;
    }
    const first = Math.min(...group.map((source) => Number(source.start - origin)));
    const last = Math.max(...group.map((source) => Number(source.end - origin)));
    hosts.push({ sources: group, origin, first, last, ends });
  }
  return describe(hosts, spanningTree(hosts));
}

function clockOf(source: TraceSource): string {
  return source.streams.find((stream) => stream.hasClock)?.clockUid ?? "";
}

/** Runs a generator to its end, giving others a turn now and then. */
async function finish<T>(generator: AsyncGenerator<number, T>, onYield: (value: number) => void): Promise<T> {
  for (let turn = performance.now(); ; ) {
    const step = await generator.next();
    if (step.done === true) return step.value;
    if (performance.now() - turn < turnMs) continue;
    onYield(step.value);
    await new Promise((resume) => setImmediate(resume));
    turn = performance.now();
  }
}

/** Messages between two hosts, with `x` the first's time. */
function messagesBetween(a: Host, b: Host): readonly MessageTimes[] {
  const found: MessageTimes[] = [];
  const match = (from: Host, to: Host, isForward: boolean): void => {
    for (const sender of from.ends) {
      for (const receiver of to.ends) {
        for (const [stream, sent] of sender.ends.sent) {
          const received = receiver.ends.received.get(stream);
          if (received === undefined) continue;
          for (const [end, time] of sent) {
            const arrival = received.get(end);
            if (arrival === undefined) continue;
            const [own, other] = [time + sender.shift, arrival + receiver.shift];
            found.push(isForward ? { x: own, y: other, isForward } : { x: other, y: own, isForward });
          }
        }
      }
    }
  };
  match(a, b, true);
  match(b, a, false);
  return found;
}

/** Every host that messages lead to, each through the most accurate link to those known before (Prim's algorithm). The first host is the reference. */
function spanningTree(hosts: readonly Host[]): readonly Known[] {
  const [reference, ...others] = hosts;
  if (reference === undefined) return [];
  const root: Known = { host: reference, rate: 1, offset: 0, errorAt: () => 0, accuracy: 0, relation: undefined };
  const known = [root];
  const waiting = new Set(others);
  const candidates: Known[] = [];
  for (let parent: Known | undefined = root; parent !== undefined; ) {
    for (const host of waiting) {
      const relation = relateClocks(messagesBetween(parent.host, host));
      if (relation !== undefined) candidates.push(through(parent, host, relation));
    }
    const usable = candidates.filter(({ host }) => waiting.has(host));
    usable.sort((a, b) => a.accuracy - b.accuracy);
    [parent] = usable;
    if (parent === undefined) break;
    known.push(parent);
    waiting.delete(parent.host);
  }
  return known;
}

/** What is known of a host through another. */
function through(parent: Known, host: Host, relation: ClockRelation): Known {
  // y = x + skew x + offset, so x = (y - offset) / (1 + skew), which the parent's own relation takes to the reference.
  const rate = parent.rate / (1 + relation.skew);
  const errorAt = (y: number): number => {
    const x = (y - relation.offset) / (1 + relation.skew);
    return relation.errorAt(x) + parent.errorAt(x);
  };
  const accuracy = Math.max(errorAt(host.first), errorAt(host.last));
  return { host, rate, offset: parent.offset - relation.offset * rate, errorAt, accuracy, relation };
}

function describe(hosts: readonly Host[], known: readonly Known[]): ClockSync {
  const corrections = new Map<TraceSource, ClockCorrection>();
  const infos = new Map<TraceSource, ClockInfo>();
  const [reference] = hosts;
  for (const host of hosts) {
    const found = known.find((each) => each.host === host);
    for (const source of host.sources) {
      if (found === undefined) {
        infos.set(source, { state: "alone" });
        continue;
      }
      if (found.relation === undefined || reference === undefined) {
        infos.set(source, { state: "reference" });
        continue;
      }
      const x = Number(source.origin - host.origin);
      // What the source's origin becomes on the reference's clock, less what it says itself.
      const correction = reference.origin - source.origin + BigInt(Math.round(x * found.rate + found.offset));
      corrections.set(source, { correction, skew: found.rate - 1 });
      infos.set(source, {
        state: found.relation.isConsistent ? "synchronised" : "inconsistent",
        correctionNs: correction,
        skewPpm: (found.rate - 1) * 1e6,
        accuracyNs: found.accuracy,
        messages: found.relation.messages,
      });
    }
  }
  return { corrections, infos };
}
