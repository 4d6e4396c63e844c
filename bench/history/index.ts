/**
 * `npm run bench -- history [SCENARIO...] [--json]`: what a state history costs to write, to hold and to ask.
 *
 * The first eight scenarios have the shapes that Trace Compass benchmarks its history tree with (attributes, intervals per attribute, durations around
 * 1000 ns, kinds of value), the others scale up and mix short with very long states. Changes come in time order over all attributes, as an analysis makes
 * them. Each batch of changes is prepared outside the measured time. Queries are measured on a history opened anew (cold: first round, the file in the page
 * cache of the system; warm: second round of the same queries). Every answer that is timed is also summed and checked against what was inserted.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHistory, type HistoryReader, openHistory, type StateBuilder } from "../../src/state/index.ts";

/** Duration of the next state, in ns, given a random number source. */
type Durations = (random: () => number) => number;

interface Scenario {
  readonly name: string;
  readonly attributes: number;
  readonly intervalsPerAttribute: number;
  readonly durations: Durations;
  /** Each attribute takes them in turn; "distinct": no number twice, as ids of requests are. */
  readonly values: readonly (string | number)[] | "distinct";
  /** Minutes and gigabytes: runs only when named. */
  readonly isLarge?: boolean;
}

const mean = 1000;
const whole = (value: number): number => Math.max(1, Math.floor(value));
const uniform: Durations = (random) => whole(2 * mean * random());
const aroundMean: Durations = (random) => whole(mean + Math.sqrt(random()) * mean * (random() < 0.5 ? -1 : 1));
const outliers: Durations = (random) => (random() < 0.1 ? whole(mean * (2 + 3 * random())) : aroundMean(random));
/** Redis-like: short steps, long idle times, now and then a connection that sleeps for ages. */
const shortAndLong: Durations = (random) => {
  const kind = random();
  return whole(kind < 0.7 ? 200 * random() : kind < 0.999 ? 3000 * random() : 2_000_000 * random());
};

const integers = [1, 2, 3];
const texts = ["idle", "reading", "executing"];
const manyTexts = Array.from({ length: 12 }, (_, i) => `state ${i}`);

const scenarios: readonly Scenario[] = [
  { name: "average", attributes: 1500, intervalsPerAttribute: 500, durations: aroundMean, values: integers },
  { name: "more-attributes", attributes: 3500, intervalsPerAttribute: 500, durations: aroundMean, values: integers },
  { name: "more-intervals", attributes: 1500, intervalsPerAttribute: 20_000, durations: aroundMean, values: integers },
  { name: "uniform", attributes: 1500, intervalsPerAttribute: 500, durations: uniform, values: integers },
  { name: "outliers", attributes: 1500, intervalsPerAttribute: 500, durations: outliers, values: integers },
  { name: "strings", attributes: 1500, intervalsPerAttribute: 500, durations: aroundMean, values: texts },
  { name: "longs", attributes: 1500, intervalsPerAttribute: 500, durations: aroundMean, values: [2 ** 62, 1, 1_234_567] },
  { name: "doubles", attributes: 1500, intervalsPerAttribute: 500, durations: aroundMean, values: [Number.MAX_VALUE, 1, 123.456] },
  { name: "1M-10000-attributes", attributes: 10_000, intervalsPerAttribute: 100, durations: shortAndLong, values: manyTexts },
  { name: "10M-10000-attributes", attributes: 10_000, intervalsPerAttribute: 1000, durations: shortAndLong, values: manyTexts },
  { name: "1M-50-attributes", attributes: 50, intervalsPerAttribute: 20_000, durations: shortAndLong, values: manyTexts },
  { name: "10M-50-attributes", attributes: 50, intervalsPerAttribute: 200_000, durations: shortAndLong, values: manyTexts },
  { name: "10M-50-distinct-numbers", attributes: 50, intervalsPerAttribute: 200_000, durations: shortAndLong, values: "distinct" },
  {
    name: "100M-1500-attributes",
    attributes: 1500,
    intervalsPerAttribute: 66_667,
    durations: shortAndLong,
    values: manyTexts,
    isLarge: true,
  },
  {
    name: "100M-10000-attributes",
    attributes: 10_000,
    intervalsPerAttribute: 10_000,
    durations: shortAndLong,
    values: manyTexts,
    isLarge: true,
  },
];

/** What one scenario costs. Times of queries are medians. */
interface Result {
  readonly scenario: string;
  readonly intervals: number;
  readonly intervals_per_s: number;
  readonly bytes_per_interval: number;
  readonly open_ms: number;
  readonly point_cold_us: number;
  readonly point_us: number;
  readonly full_cold_ms: number;
  readonly full_ms: number;
  /** 50 rows x 1400 columns: all of the history, a tenth, a thousandth, a hundred-thousandth of it. */
  readonly columns_cold_ms: readonly number[];
  readonly columns_ms: readonly number[];
}

export async function run(options: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const wanted = options.args ?? [];
  const chosen =
    wanted.length === 0
      ? scenarios.filter((scenario) => scenario.isLarge !== true)
      : scenarios.filter((scenario) => wanted.includes(scenario.name));
  if (chosen.length === 0) throw new Error(`scenarios: ${scenarios.map((scenario) => scenario.name).join(", ")}`);
  const directory = mkdtempSync(join(tmpdir(), "storescope-bench-"));
  const results: Result[] = [];
  try {
    for (const scenario of chosen) {
      const result = measure(scenario, directory);
      results.push(result);
      if (!options.json) print(result);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ results })}\n`);
}

function print(result: Result): void {
  const { scenario, intervals } = result;
  const million = (n: number): string => (n / 1e6).toFixed(2);
  const times = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(" ");
  process.stdout.write(
    `${scenario.padEnd(22)} ${million(intervals).padStart(6)} M, ${million(result.intervals_per_s)} M/s, ${result.bytes_per_interval.toFixed(1)} B each; ` +
      `open ${result.open_ms.toFixed(1)} ms; point ${result.point_us.toFixed(1)} us (cold ${result.point_cold_us.toFixed(0)}); ` +
      `full ${result.full_ms.toFixed(2)} ms (cold ${result.full_cold_ms.toFixed(1)}); ` +
      `columns ${times(result.columns_ms)} ms (cold ${times(result.columns_cold_ms)})\n`,
  );
}

function measure(scenario: Scenario, directory: string): Result {
  const key = { identity: scenario.name };
  const written = write(scenario, directory, key);
  const started = performance.now();
  const history = openHistory(directory, key);
  const openMs = performance.now() - started;
  if (history === undefined) throw new Error("the history that was just written is not there");
  if (history.state.intervalCount !== written.intervals)
    throw new Error(`${history.state.intervalCount} intervals, ${written.intervals} inserted`);
  const random = randomNumbers(7);
  const { state } = history;
  // Every attribute has a state from the mean duration on.
  const anyTime = (): number => mean + Math.floor(random() * (state.end - mean));
  const points = Array.from({ length: 1000 }, () => ({
    time: anyTime(),
    quark: Math.floor(random() * scenario.attributes),
  }));
  const pointRounds = [0, 1].map(() =>
    median(
      points.map(({ time, quark }) =>
        timed(() => {
          const interval = state.at(time, quark);
          if (interval === undefined || !(interval.start <= time && time < interval.end)) throw new Error("a wrong point query");
        }),
      ),
    ),
  );
  const times = Array.from({ length: 20 }, anyTime);
  const fullRounds = [0, 1].map(() =>
    median(
      times.map((time) =>
        timed(() => {
          const all = state.full(time);
          if (
            all.some(
              (interval, quark) => interval !== undefined && !(interval.quark === quark && interval.start <= time && time < interval.end),
            )
          ) {
            throw new Error("a wrong full query");
          }
        }),
      ),
    ),
  );
  history.close();
  const again = openHistory(directory, key);
  if (again === undefined) throw new Error("the history is gone");
  const zooms = [1, 10, 1000, 100_000];
  const columns = [0, 1].map(() => zooms.map((zoom) => measureColumns(again, zoom)));
  checkColumns(again);
  const bytesPerInterval = again.bytes / written.intervals;
  again.close();
  return {
    scenario: scenario.name,
    intervals: written.intervals,
    intervals_per_s: written.intervals / (written.ms / 1000),
    bytes_per_interval: bytesPerInterval,
    open_ms: openMs,
    point_cold_us: (pointRounds[0] as number) * 1000,
    point_us: (pointRounds[1] as number) * 1000,
    full_cold_ms: fullRounds[0] as number,
    full_ms: fullRounds[1] as number,
    columns_cold_ms: columns[0] as number[],
    columns_ms: columns[1] as number[],
  };
}

/** 50 rows x 1400 columns over a `zoom`-th of the history. */
function measureColumns(history: HistoryReader, zoom: number): number {
  const { state } = history;
  const span = state.end / zoom;
  const from = (state.end - span) * 0.4;
  const rows = Array.from({ length: 50 }, (_, i) => i % state.attributes.count);
  return timed(() => {
    const result = state.columns(rows, from, from + span, 1400);
    if (result.length !== 50) throw new Error("rows are missing");
  });
}

/** The sums of a whole row must be those of its intervals. */
function checkColumns(history: HistoryReader): void {
  const { state } = history;
  const [row] = state.columns([3], 0, state.end, 1400);
  let busy = 0;
  let longest = 0;
  state.range([3], 0, state.end, (_, start, end) => {
    busy += end - start;
    longest = Math.max(longest, end - start);
    return true;
  });
  const got = row?.busy.reduce((sum, value) => sum + value, 0) ?? 0;
  const gotLongest = row?.longest.reduce((most, value) => Math.max(most, value), 0);
  if (Math.abs(got - busy) > 1e-6 * busy || gotLongest !== longest)
    throw new Error(`columns say ${got} ns, longest ${gotLongest}; intervals ${busy}, ${longest}`);
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Mulberry32: the same numbers in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Changes of many attributes in time order: a binary heap of each attribute's next change. */
class Changes {
  private readonly times: Float64Array;
  private readonly heap: Uint32Array;
  private readonly random = randomNumbers(1);
  private readonly durations: Durations;

  constructor(attributes: number, durations: Durations) {
    this.durations = durations;
    this.times = Float64Array.from({ length: attributes }, () => whole(mean * this.random()));
    this.heap = Uint32Array.from([...this.times.keys()].sort((a, b) => (this.times[a] as number) - (this.times[b] as number)));
  }

  /** Fills the arrays with the next changes. */
  fill(times: Float64Array, attributes: Uint32Array): void {
    for (let i = 0; i < times.length; i++) {
      const attribute = this.heap[0] as number;
      times[i] = this.times[attribute] as number;
      attributes[i] = attribute;
      this.times[attribute] = (this.times[attribute] as number) + this.durations(this.random);
      this.sink();
    }
  }

  private sink(): void {
    const { heap, times } = this;
    const moving = heap[0] as number;
    const time = times[moving] as number;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (times[heap[child + 1] as number] as number) < (times[heap[child] as number] as number)) child++;
      if ((times[heap[child] as number] as number) >= time) break;
      heap[i] = heap[child] as number;
      i = child;
    }
    heap[i] = moving;
  }
}

function write(scenario: Scenario, directory: string, key: { identity: string }): { ms: number; intervals: number } {
  const total = scenario.attributes * scenario.intervalsPerAttribute;
  const changes = new Changes(scenario.attributes, scenario.durations);
  const batch = Math.min(total, 1 << 19);
  const times = new Float64Array(batch);
  const attributes = new Uint32Array(batch);
  const writer = createHistory(directory, key);
  const { state } = writer;
  const root = state.child(-1, "root");
  const quarks = Uint32Array.from({ length: scenario.attributes }, (_, i) => (i === 0 ? root : state.child(root, `${i}`)));
  const turns = scenario.values === "distinct" ? [] : scenario.values;
  const values = Float64Array.from(turns, (value) => (typeof value === "string" ? state.intern(value) : value));
  const isText = typeof turns[0] === "string";
  const next = new Uint8Array(scenario.attributes);
  let ms = 0;
  let last = 0;
  for (let done = 0; done < total; done += batch) {
    changes.fill(times, attributes);
    const count = Math.min(batch, total - done);
    last = times[count - 1] as number;
    ms += timed(() => insert(state, count, times, attributes, quarks, values, next, isText, done));
  }
  ms += timed(() => writer.finish(last + 1));
  return { ms, intervals: total };
}

function insert(
  state: StateBuilder,
  count: number,
  times: Float64Array,
  attributes: Uint32Array,
  quarks: Uint32Array,
  values: Float64Array,
  next: Uint8Array,
  isText: boolean,
  firstNumber: number,
): void {
  for (let i = 0; i < count; i++) {
    const attribute = attributes[i] as number;
    const quark = quarks[attribute] as number;
    if (values.length === 0) {
      state.setNumber(times[i] as number, quark, firstNumber + i);
      continue;
    }
    const turn = next[attribute] as number;
    next[attribute] = turn + 1 === values.length ? 0 : turn + 1;
    if (isText) state.setText(times[i] as number, quark, values[turn] as number);
    else state.setNumber(times[i] as number, quark, values[turn] as number);
  }
}
