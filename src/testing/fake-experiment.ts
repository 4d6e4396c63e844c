/**
 * An experiment made up in memory, for tests of the server and the web UI: a Redis node with client connections, a main thread and one io thread,
 * and a second node that receives its publishes over the cluster bus. Deterministic: the same options give the same experiment.
 *
 *     iteration:  poll | read A, read B, ... (main and io_thd_1) | execute A, execute B, ... | write A, write B, ...
 *     a request:  arrives .. queued-for-read .. read .. queued-behind .. parse .. queued-for-execution .. execute .. queued-for-write .. write
 *
 * Requests live in typed arrays, objects are made on demand, so hundreds of thousands of requests fit in a test.
 */

import type { PhaseName } from "../analyses/redis/keys.ts";
import { type RelativeNs, StorescopeError, toAbsolute, toRelative, UsageError } from "../base/index.ts";
import type {
  CommandStats,
  Distribution,
  EventRow,
  Experiment,
  ExperimentStats,
  ExperimentStatus,
  Finding,
  Holder,
  Phase,
  RequestInfo,
  RequestQuery,
} from "../engine/contract.ts";
import type { HistoryReader, StateHistory } from "../state/index.ts";
import type { TimeGraphView, View, ViewArrow, ViewEntry, ViewRange, ViewState, XyView } from "../views/contract.ts";

export interface FakeOptions {
  readonly requests?: number;
  readonly connections?: number;
  readonly name?: string;
  readonly id?: string;
  /** Milliseconds that `analyze` takes; 0: the experiment is analysed from the start. */
  readonly analysisMs?: number;
  /** `analyze` fails with this message. */
  readonly failure?: string;
}

const origin = 1_763_928_569_123_456_789n;
const phaseNames: readonly PhaseName[] = [
  "queued-for-read",
  "read",
  "queued-behind",
  "parse",
  "queued-for-execution",
  "execute",
  "queued-for-write",
  "write",
];
/** Boundaries of a request in `times`: one start per phase, and the end of the last. */
const boundaries = phaseNames.length + 1;

const commands = [
  { name: "get", type: "read", ns: 2_100, request: 36, reply: 12, weight: 40 },
  { name: "set", type: "write", ns: 3_300, request: 45, reply: 5, weight: 25 },
  { name: "lpush", type: "write", ns: 3_900, request: 52, reply: 4, weight: 12 },
  { name: "lrange", type: "read", ns: 41_000, request: 41, reply: 2_048, weight: 6 },
  { name: "publish", type: "write", ns: 14_000, request: 61, reply: 4, weight: 16 },
  { name: "keys", type: "read", ns: 3_200_000, request: 24, reply: 65_536, weight: 0.02 },
] as const;

const styles = {
  idle: { text: "Idle", color: "#c9ced6" },
  "queued-for-read": { text: "Queued for read", color: "#f2b84b" },
  reading: { text: "READ CLIENT", color: "#3b82d6" },
  "queued-behind": { text: "Queued behind others", color: "#e08a3c" },
  executing: { text: "Executing", color: "#2e9e6b" },
  "queued-for-write": { text: "Queued for write", color: "#d9a0c7" },
  writing: { text: "WRITE TO CLIENT", color: "#8b5fc9" },
  polling: { text: "Polling", color: "#aeb8c4" },
  "before-sleep": { text: "Before sleep", color: "#7d8ba0" },
  "cluster-read": { text: "CLUSTER READ", color: "#2aa5b8" },
  "cluster-send": { text: "Cluster send", color: "#c2554d" },
} as const;
type StyleKey = keyof typeof styles;

interface Segment {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  readonly label: string;
  readonly style: StyleKey;
  readonly request: number | undefined;
}

/** A small linear congruential generator: the same numbers on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

interface Simulation {
  readonly count: number;
  readonly end: RelativeNs;
  readonly times: Float64Array;
  readonly connection: Uint16Array;
  readonly command: Uint8Array;
  readonly readThread: Uint8Array;
  readonly byConnection: readonly number[][];
  readonly main: Segment[];
  readonly io: Segment[];
  readonly bus: Segment[];
  readonly arrows: ViewArrow[];
}

const ids = { node: 0, connections: 1, threads: 2, main: 3, io: 4, node2: 5, connections2: 6, bus: 7, firstConnection: 10 };

function simulate(count: number, connections: number): Simulation {
  const random = randomNumbers(42);
  const times = new Float64Array(count * boundaries);
  const connection = new Uint16Array(count);
  const command = new Uint8Array(count);
  const readThread = new Uint8Array(count);
  const byConnection: number[][] = Array.from({ length: connections }, () => []);
  const main: Segment[] = [];
  const io: Segment[] = [];
  const bus: Segment[] = [];
  const arrows: ViewArrow[] = [];
  const freeAt = new Float64Array(connections);
  const totalWeight = commands.reduce((sum, c) => sum + c.weight, 0);
  const pick = (): number => {
    let x = random() * totalWeight;
    return Math.max(
      0,
      commands.findIndex((c) => {
        x -= c.weight;
        return x < 0;
      }),
    );
  };
  const us = (low: number, high: number): number => Math.floor(1_000 * (low + random() * (high - low)));
  let now = 0;
  let id = 0;
  let busFree = 0;
  while (id < count) {
    // Load comes in bursts, with a pause now and then.
    const burst = 0.35 + 0.65 * Math.abs(Math.sin(now / 9e7));
    const pollEnd = now + (random() < 0.004 ? us(1_500, 6_000) : us(12, 120 / burst));
    main.push({ start: now, end: pollEnd, label: "polling", style: "polling", request: undefined });
    const ready: number[] = [];
    for (let c = 0; c < connections && id + ready.length < count; c++) {
      if ((freeAt[c] ?? 0) < pollEnd - 3_000 && random() < 0.3 * burst) ready.push(c);
    }
    const batch = ready.map((c) => {
      const arrival = Math.max((freeAt[c] ?? 0) + 1_000, pollEnd - us(1, Math.max(2, (pollEnd - now) / 1_000)));
      return { c, id: id++, arrival, kind: pick() };
    });
    let t = pollEnd;
    let u = pollEnd + 900;
    for (const r of batch) {
      const onIo = r.id % 3 === 2;
      const start = onIo ? u : t;
      const readEnd = start + us(5, 14);
      times.set([r.arrival, start, readEnd], r.id * boundaries);
      connection[r.id] = r.c;
      command[r.id] = r.kind;
      readThread[r.id] = onIo ? 1 : 0;
      byConnection[r.c]?.push(r.id);
      (onIo ? io : main).push({ start, end: readEnd, label: "READ CLIENT", style: "reading", request: r.id });
      if (onIo) u = readEnd;
      else t = readEnd;
    }
    t = Math.max(t, u);
    for (const r of batch) {
      const base = r.id * boundaries;
      const parseEnd = t + us(0.6, 1.8);
      const executeStart = parseEnd + us(0.2, 0.5);
      const spec = commands[r.kind] ?? commands[0];
      const executeEnd = executeStart + Math.floor(spec.ns * (0.7 + 0.8 * random() ** 3));
      times.set([t, parseEnd, executeStart, executeEnd], base + 3);
      main.push({ start: t, end: executeStart, label: "parse", style: "reading", request: r.id });
      main.push({ start: executeStart, end: executeEnd, label: spec.name, style: "executing", request: r.id });
      if (spec.name === "publish") {
        const sent = executeEnd - 3_000;
        const arrived = Math.max(busFree, sent + us(18, 60));
        busFree = arrived + us(6, r.id % 97 === 0 ? 400 : 20);
        bus.push({ start: arrived, end: busFree, label: "CLUSTER READ", style: "cluster-read", request: r.id });
        arrows.push({
          source: ids.firstConnection + r.c,
          target: ids.bus,
          start: sent,
          end: arrived,
          label: "publish",
          style: "cluster-send",
        });
      }
      t = executeEnd;
    }
    for (const r of batch) {
      const base = r.id * boundaries;
      const writeEnd = t + us(4, 11);
      times.set([t, writeEnd], base + 7);
      main.push({ start: t, end: writeEnd, label: "WRITE TO CLIENT", style: "writing", request: r.id });
      freeAt[r.c] = writeEnd;
      t = writeEnd;
    }
    const sleep = t + us(1, 4);
    main.push({ start: t, end: sleep, label: "before sleep", style: "before-sleep", request: undefined });
    now = sleep;
  }
  return { count, end: now + 1_000, times, connection, command, readThread, byConnection, main, io, bus, arrows };
}

/** Index of the first of `count` items whose `end` lies after `time`; items are in time order and do not overlap. */
function firstEndingAfter(count: number, end: (index: number) => number, time: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end(middle) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Drops nothing: states shorter than a column are merged into the longest one of their column. */
function sample(segments: Iterable<Segment>, range: ViewRange): ViewState[] {
  const column = (range.end - range.start) / Math.max(1, range.columns);
  const states: { start: number; end: number; label: string; style: string; count: number }[] = [];
  let slot = Number.NaN;
  let longest = 0;
  for (const s of segments) {
    const last = states.at(-1);
    const length = s.end - s.start;
    const own = Math.floor((s.start - range.start) / column);
    if (last !== undefined && length < column && own === slot) {
      if (length > longest) {
        longest = length;
        last.label = s.label;
        last.style = s.style;
      }
      last.end = Math.max(last.end, s.end);
      last.count++;
    } else {
      states.push({ start: s.start, end: s.end, label: s.label, style: s.style, count: 1 });
      slot = length < column ? own : Number.NaN;
      longest = length;
    }
  }
  return states;
}

function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
  const sum = sorted.reduce((a, b) => a + b, 0);
  return {
    count: sorted.length,
    mean: sum / Math.max(1, sorted.length),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1) ?? 0,
  };
}

/** The smallest part of the filter language that tests need: `command == "x"`, `duration > 2ms`, joined by `&&`. */
function parseFilter(filter: string): (request: RequestInfo) => boolean {
  const tests = filter.split("&&").map((part) => {
    const command = /^\s*command\s*==\s*"([^"]*)"\s*$/.exec(part)?.[1];
    if (command !== undefined) return (r: RequestInfo) => r.command === command;
    const duration = /^\s*duration\s*>\s*([0-9.]+)\s*(ns|us|ms|s)\s*$/.exec(part);
    const factor = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[duration?.[2] ?? ""];
    if (duration !== null && factor !== undefined) return (r: RequestInfo) => r.durationNs > Number(duration[1]) * factor;
    const column = Math.max(0, filter.indexOf(part.trim()));
    throw new UsageError(`unknown condition\n${filter}\n${" ".repeat(column)}^`);
  });
  return (request) => tests.every((test) => test(request));
}

/** Makes the experiment. Cost: some 100 ms per hundred thousand requests. */
export function fakeExperiment(options: FakeOptions = {}): Experiment {
  const count = options.requests ?? 30_000;
  const connections = count === 0 ? 0 : (options.connections ?? 50);
  const node = "127.0.0.1:7001";
  const sim = simulate(count, connections);
  const label = (c: number): string => `fd ${c + 9} 127.0.0.1:${50_312 + c * 2}`;
  const time = (id: number, boundary: number): number => sim.times[id * boundaries + boundary] ?? 0;

  function* connectionSegments(c: number, range: { start: number; end: number }): Generator<Segment> {
    const own = sim.byConnection[c] ?? [];
    const segmentStyles: readonly StyleKey[] = [
      "queued-for-read",
      "reading",
      "queued-behind",
      "reading",
      "queued-behind",
      "executing",
      "queued-for-write",
      "writing",
    ];
    for (let i = firstEndingAfter(own.length, (k) => time(own[k] ?? 0, 8), range.start); i < own.length; i++) {
      const id = own[i] ?? 0;
      if (time(id, 0) >= range.end) return;
      for (let p = 0; p < phaseNames.length; p++) {
        const start = time(id, p);
        const end = time(id, p + 1);
        if (end <= start) continue;
        const style = segmentStyles[p] ?? "idle";
        yield { start, end, label: p === 5 ? (commands[sim.command[id] ?? 0]?.name ?? "") : styles[style].text, style, request: id };
      }
    }
  }
  function* stored(segments: readonly Segment[], range: { start: number; end: number }): Generator<Segment> {
    for (let i = firstEndingAfter(segments.length, (k) => segments[k]?.end ?? 0, range.start); i < segments.length; i++) {
      const segment = segments[i];
      if (segment === undefined || segment.start >= range.end) return;
      yield segment;
    }
  }
  function segmentsOf(entry: number, range: { start: number; end: number }): Iterable<Segment> {
    if (entry === ids.main) return stored(sim.main, range);
    if (entry === ids.io) return stored(sim.io, range);
    if (entry === ids.bus) return stored(sim.bus, range);
    return entry >= ids.firstConnection ? connectionSegments(entry - ids.firstConnection, range) : [];
  }
  const segmentAt = (entry: number, t: number): Segment | undefined => {
    for (const s of segmentsOf(entry, { start: t, end: t + 1 })) if (s.start <= t && t < s.end) return s;
    return undefined;
  };

  const group = (id: number, parent: number, name: string): ViewEntry => ({
    id,
    parent,
    labels: [name],
    start: 0,
    end: sim.end,
    hasData: false,
  });
  const entries: readonly ViewEntry[] =
    count === 0
      ? []
      : [
          group(ids.node, -1, node),
          group(ids.connections, ids.node, "Connections"),
          ...Array.from({ length: connections }, (_, c) => ({
            ...group(ids.firstConnection + c, ids.connections, label(c)),
            hasData: true,
            metadata: { conn_id: [1_000 + c] },
          })),
          group(ids.threads, ids.node, "Threads"),
          { ...group(ids.main, ids.threads, "main"), hasData: true },
          { ...group(ids.io, ids.threads, "io_thd_1"), hasData: true },
          group(ids.node2, -1, "127.0.0.1:7002"),
          group(ids.connections2, ids.node2, "Connections"),
          { ...group(ids.bus, ids.connections2, "fd 14 bus 127.0.0.1:17001"), hasData: true },
        ];

  const netflow: TimeGraphView = {
    id: "netflow",
    title: "Netflow",
    description: "The life of requests: one row per connection and per thread.",
    type: "time-graph",
    needs: [],
    headers: ["Connection or thread"],
    tree: () => entries,
    states: (_context, asked, range) => asked.map((entry) => sample(segmentsOf(entry, range), range)),
    arrows: (_context, range) => {
      const touching = sim.arrows.filter((a) => a.start < range.end && a.end > range.start);
      return touching.length <= 2_000 ? touching : touching.sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, 2_000);
    },
    tooltip: (_context, entry, t) => {
      const s = segmentAt(entry, t);
      return s?.request === undefined ? {} : { Command: commands[sim.command[s.request] ?? 0]?.name ?? "", Request: `#${s.request}` };
    },
    styles: () => styles,
  };

  // Logical events: one at each boundary but the first, in time order.
  const eventNames = [
    "start_read",
    "end_read",
    "parse_start",
    "command_parsed",
    "call_command_start",
    "call_command_end",
    "write_start",
    "write_end",
  ];
  const perRequest = eventNames.length;
  let order: Uint32Array | undefined;
  const eventTime = (code: number): number => time(Math.floor(code / perRequest), (code % perRequest) + 1);
  const orderedEvents = (): Uint32Array => {
    order ??= Uint32Array.from({ length: count * perRequest }, (_, i) => i).sort((a, b) => eventTime(a) - eventTime(b));
    return order;
  };
  const eventOf = (code: number, index: number): EventRow => {
    const id = Math.floor(code / perRequest);
    const kind = code % perRequest;
    const spec = commands[sim.command[id] ?? 0] ?? commands[0];
    return {
      index,
      time: toAbsolute(eventTime(code), origin),
      node,
      thread: kind < 2 && sim.readThread[id] === 1 ? 4713 : 4711,
      name: `redis:${eventNames[kind] ?? ""}`,
      fields: [
        ["conn_id", String(1_000 + (sim.connection[id] ?? 0))],
        ["fd", String(9 + (sim.connection[id] ?? 0))],
        ...(kind === 4 || kind === 5 ? ([["name", spec.name]] as const) : []),
        ...(kind === 1 ? ([["nread", String(spec.request)]] as const) : []),
        ...(kind === 7 ? ([["nwritten", String(spec.reply)]] as const) : []),
      ],
    };
  };
  const eventIndexAt = (t: number): number => {
    const all = orderedEvents();
    return firstEndingAfter(all.length, (k) => eventTime(all[k] ?? 0), t - 1);
  };

  const histogram: XyView = {
    id: "histogram",
    title: "Events",
    description: "Events over time.",
    type: "xy",
    unit: "events",
    needs: [],
    tree: () => (count === 0 ? [] : [{ ...group(0, -1, "Events"), hasData: true, isDefault: true }]),
    series: (_context, asked, range) =>
      asked.includes(0)
        ? [
            {
              id: 0,
              name: "Events",
              x: Array.from({ length: range.columns }, (_, i) => Math.floor(range.start + ((range.end - range.start) * i) / range.columns)),
              y: Array.from({ length: range.columns }, (_, i) => {
                const from = Math.floor(range.start + ((range.end - range.start) * i) / range.columns);
                const to = Math.floor(range.start + ((range.end - range.start) * (i + 1)) / range.columns);
                return eventIndexAt(to) - eventIndexAt(from);
              }),
            },
          ]
        : [],
  };

  const holdersOf = (start: number, end: number): Holder[] => {
    const holders: Holder[] = [];
    let at = start;
    for (const s of stored(sim.main, { start, end })) {
      const from = Math.max(at, s.start);
      if (from > at)
        holders.push({ label: "main: between steps", request: undefined, start: toAbsolute(at, origin), end: toAbsolute(from, origin) });
      at = Math.min(end, s.end);
      if (at > from)
        holders.push({ label: `main: ${s.label}`, request: s.request, start: toAbsolute(from, origin), end: toAbsolute(at, origin) });
    }
    if (at < end)
      holders.push({ label: "main: between steps", request: undefined, start: toAbsolute(at, origin), end: toAbsolute(end, origin) });
    return holders;
  };
  /** A finding about the request that took longest. */
  const slowestFinding = (): Finding => {
    const length = (id: number): number => time(id, phaseNames.length) - time(id, 0);
    let slowest = 0;
    for (let id = 1; id < count; id++) if (length(id) > length(slowest)) slowest = id;
    const { node, start, end, durationNs } = requestOf(slowest, false);
    return {
      id: "slow-command",
      version: 1,
      title: "A slow command <b>held</b> the loop",
      verdict: "found",
      severity: "critical",
      confidence: "high",
      node,
      start,
      end,
      prose: `Request ${slowest} took ${durationNs} ns.`,
      advice: "Ask for less at a time.",
      evidence: [
        { name: "longest", value: durationNs, unit: "ns" },
        { name: "share of all waiting", value: 0.25, unit: "ratio" },
      ],
      requests: [slowest],
      costNs: durationNs,
      link: { view: "netflow", from: start, to: end, fragment: "" },
    };
  };
  const requestOf = (id: number, withHolders: boolean): RequestInfo => {
    const c = sim.connection[id] ?? 0;
    const spec = commands[sim.command[id] ?? 0] ?? commands[0];
    const phases: Phase[] = [];
    phaseNames.forEach((name, p) => {
      const start = time(id, p);
      const end = time(id, p + 1);
      if (end <= start) return;
      phases.push({
        name,
        start: toAbsolute(start, origin),
        end: toAbsolute(end, origin),
        thread: p < 2 && sim.readThread[id] === 1 ? 4713 : 4711,
        ...(withHolders && name.startsWith("queued") ? { holders: holdersOf(start, end) } : {}),
      });
    });
    return {
      id,
      node,
      connection: 1_000 + c,
      connectionLabel: label(c),
      command: spec.name,
      type: spec.type,
      start: toAbsolute(time(id, 0), origin),
      end: toAbsolute(time(id, 8), origin),
      durationNs: time(id, 8) - time(id, 0),
      requestBytes: spec.request,
      replyBytes: spec.reply,
      failed: id % 4_001 === 4_000,
      complete: true,
      phases,
    };
  };
  const inRange = (from: bigint | undefined, to: bigint | undefined): number[] => {
    const low = from === undefined ? 0 : toRelative(from, origin);
    const high = to === undefined ? sim.end : toRelative(to, origin);
    const found: number[] = [];
    for (let id = 0; id < count; id++) if (time(id, 0) < high && time(id, 8) > low) found.push(id);
    return found;
  };
  const waitOf = (id: number): number => time(id, 1) - time(id, 0) + time(id, 3) - time(id, 2) + time(id, 7) - time(id, 6);
  const sortKey: Record<NonNullable<RequestQuery["sort"]>, (id: number) => number> = {
    duration: (id) => time(id, 0) - time(id, 8),
    start: (id) => time(id, 0),
    wait: (id) => -waitOf(id),
    execute: (id) => time(id, 5) - time(id, 6),
  };

  const stats: Experiment["stats"] = (query) => {
    const found = inRange(query?.from, query?.to);
    const perCommand = commands.flatMap((spec, k): CommandStats[] => {
      const own = found.filter((id) => sim.command[id] === k);
      if (own.length === 0) return [];
      const phases: Partial<Record<PhaseName, Distribution>> = {};
      phaseNames.forEach((name, p) => {
        phases[name] = distributionOf(own.map((id) => time(id, p + 1) - time(id, p)));
      });
      return [
        {
          command: spec.name,
          calls: own.length,
          requestBytes: own.length * spec.request,
          replyBytes: own.length * spec.reply,
          failed: own.filter((id) => id % 4_001 === 4_000).length,
          whole: distributionOf(own.map((id) => time(id, 8) - time(id, 0))),
          phases,
        },
      ];
    });
    const result: ExperimentStats = {
      start: query?.from ?? origin,
      end: query?.to ?? toAbsolute(sim.end, origin),
      events: found.length * perRequest,
      lostEvents: 0,
      nodes: [
        {
          node,
          nodeId: "07c37dfeb235213a872192d90877d0cd55635b91",
          flavor: "redis",
          version: "7.0.15",
          pid: 4711,
          requests: found.length,
          bytesIn: perCommand.reduce((sum, c) => sum + c.requestBytes, 0),
          bytesOut: perCommand.reduce((sum, c) => sum + c.replyBytes, 0),
          commands: perCommand,
          connections: [],
          bus: [],
        },
      ],
    };
    return result;
  };

  const history = {} as HistoryReader;
  const views: readonly View[] = [netflow, histogram];
  let status: ExperimentStatus =
    (options.analysisMs ?? 0) > 0 || options.failure !== undefined ? { state: "idle" } : { state: "completed" };
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    const steps = 20;
    for (let i = 0; i < steps; i++) {
      status = { state: "running", done: i, total: steps };
      await new Promise((resolve) => setTimeout(resolve, (options.analysisMs ?? 0) / steps));
      if (options.failure !== undefined && i === 2) {
        status = { state: "failed", code: "EVENT_INVALID", message: options.failure };
        throw new StorescopeError("EVENT_INVALID", options.failure);
      }
    }
    status = { state: "completed" };
  };
  const needHistory = (): void => {
    if (status.state !== "completed") throw new StorescopeError("HISTORY_INVALID", "the analysis has not finished");
  };
  const known = (id: number): number => {
    if (!Number.isInteger(id) || id < 0 || id >= count) throw new StorescopeError("NOT_FOUND", `there is no request ${id}`);
    return id;
  };

  return {
    id: options.id ?? "5f3c9b6e-2f1d-5a6b-9c4e-0d8a7b6c5d4e",
    name: options.name ?? "demo",
    traces: [
      {
        path: "/traces/demo/redis-7001",
        format: "CTF 1.8",
        environment: { hostname: "demo", tracer_name: "lttng-ust" },
        start: origin,
        end: toAbsolute(sim.end, origin),
        bytes: count * 300,
        streams: [],
        discardedEvents: 0,
        discardedPackets: 0,
        warnings: [],
      },
    ],
    origin,
    start: origin,
    end: toAbsolute(sim.end, origin),
    get status() {
      return status;
    },
    analyze: async () => {
      if (status.state !== "completed") {
        running ??= run();
        await running;
      }
      return {
        cached: false,
        events: count * perRequest,
        logicalEvents: count * perRequest,
        requests: count,
        intervals: count * phaseNames.length,
        traceBytes: count * 300,
        historyBytes: count * 100,
        wallMs: options.analysisMs ?? 0,
        historyDirectory: "/traces/demo/.storescope",
      };
    },
    eventCounts: async () => eventNames.map((name) => ({ name: `redis:${name}`, count })),
    views,
    view: (id) => {
      needHistory();
      const view = views.find((v) => v.id === id);
      if (view === undefined) throw new StorescopeError("NOT_FOUND", `there is no view ${id}`);
      return { view, context: { history, start: 0, end: sim.end } };
    },
    state: {} as StateHistory,
    stateAt: () => [],
    requests: (query) => {
      needHistory();
      const test = query.filter === undefined || query.filter.trim() === "" ? undefined : parseFilter(query.filter);
      const key = sortKey[query.sort ?? "duration"];
      const found = inRange(query.from, query.to).filter((id) => test?.(requestOf(id, false)) ?? true);
      found.sort((a, b) => key(a) - key(b));
      return { total: found.length, requests: found.slice(0, query.limit ?? 100).map((id) => requestOf(id, false)) };
    },
    request: (id) => requestOf(known(id), true),
    requestAt: (entry, t) => {
      const id = segmentAt(entry, toRelative(t, origin))?.request;
      return id === undefined ? undefined : requestOf(id, true);
    },
    requestEvents: (id) => {
      const all = orderedEvents();
      return Array.from({ length: perRequest }, (_, k) => known(id) * perRequest + k).map((code) => {
        let index = eventIndexAt(eventTime(code));
        while (all[index] !== code) index++;
        return eventOf(code, index);
      });
    },
    flowAt: () => undefined,
    flows: () => ({ total: 0, flows: [], summary: undefined }),
    flow: (id) => {
      throw new StorescopeError("NOT_FOUND", `there is no flow ${id} in this trace`);
    },
    stats,
    diagnose: async () => ({
      findings: count > 0 ? [slowestFinding()] : [],
      notFound: [{ id: "fork-stall", version: 1, verdict: "not found", reason: "no fork took 1 ms or more" }],
      cannotTell: [{ id: "redirects", version: 1, verdict: "cannot tell", reason: "recorded without call_command_end" }],
    }),
    eventRowCount: count * perRequest,
    eventRows: (index, rows) => Array.from(orderedEvents().subarray(index, index + rows), (code, i) => eventOf(code, index + i)),
    eventIndexAt: (t) => eventIndexAt(toRelative(t, origin)),
    findEvent: async (index, direction, columns) => {
      const all = orderedEvents();
      for (let i = index; i >= 0 && i < all.length; i += direction === "next" ? 1 : -1) {
        const row = eventOf(all[i] ?? 0, i);
        const cells: Record<string, string> = {
          time: String(row.time),
          node: row.node,
          thread: String(row.thread),
          event: row.name,
          fields: row.fields.map(([name, value]) => `${name}=${value}`).join(", "),
        };
        if (Object.entries(columns).every(([name, pattern]) => pattern.test(cells[name] ?? ""))) return i;
      }
      return undefined;
    },
    relative: (t) => toRelative(t, origin),
    absolute: (t) => toAbsolute(t, origin),
    close: () => undefined,
  };
}
