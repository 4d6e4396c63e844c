/**
 * `npm run bench -- history [SCENARIO...] [--json]`: what a state history costs to write, to hold and to ask.
 *
 * The first eight scenarios have the shapes that Trace Compass benchmarks its history tree with (attributes, intervals per attribute, durations around
 * 1000 ns, kinds of value), the others scale up and mix short with very long states. Changes come in time order over all attributes, as an analysis makes
 * them. Each batch of changes is prepared outside the measured time.
 *
 * Queries are measured on a history opened anew: cold is the first round (the file is in the system's page cache), warm the least of the rounds after it, in
 * processor time (user and system, of all threads: on a machine that does other work, too, wall time says little; it is printed for the insertion).
 *
 * Checks: all blocks against their checksums; for some attributes, whose changes are kept while they are made, every interval of `range`, `at` around them, and
 * every cell of `columns` at each zoom, summed anew from the changes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import {
  createHistory,
  type HistoryReader,
  openHistory,
  type StateBuilder,
  type StateColumns,
  verifyHistory,
} from "../../src/state/index.ts";

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

/** What one scenario costs. */
interface Result {
  readonly scenario: string;
  readonly load: number;
  readonly intervals: number;
  readonly intervals_per_s: number;
  readonly intervals_per_cpu_s: number;
  /** Largest resident size of the process so far, the benchmark's own arrays included: name one scenario alone to know its own. */
  readonly peak_rss_mb: number;
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
    `${scenario.padEnd(22)} ${million(intervals).padStart(6)} M, ${million(result.intervals_per_cpu_s)} M/s of cpu (wall ${million(result.intervals_per_s)}), ` +
      `${result.bytes_per_interval.toFixed(1)} B each, peak ${result.peak_rss_mb.toFixed(0)} MB; ` +
      `open ${result.open_ms.toFixed(1)} ms; point ${result.point_us.toFixed(1)} us (cold ${result.point_cold_us.toFixed(0)}); ` +
      `full ${result.full_ms.toFixed(2)} ms (cold ${result.full_cold_ms.toFixed(1)}); ` +
      `columns ${times(result.columns_ms)} ms (cold ${times(result.columns_cold_ms)}); load ${result.load.toFixed(1)}\n`,
  );
}

const warmRounds = 5;

function measure(scenario: Scenario, directory: string): Result {
  const key = { identity: scenario.name };
  const written = write(scenario, directory, key);
  const open = (): HistoryReader => {
    const history = openHistory(directory, key);
    if (history === undefined) throw new Error("the history that was just written is not there");
    return history;
  };
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  verifyHistory(directory);
  open().close();
  const openMs = least(() => open().close());
  const history = open();
  if (history.state.intervalCount !== written.intervals)
    throw new Error(`${history.state.intervalCount} intervals, ${written.intervals} inserted`);
  const random = randomNumbers(7);
  const { state } = history;
  // Every attribute has a state from the mean duration on.
  const anyTime = (): number => mean + Math.floor(random() * (state.end - mean));
  const points = Array.from({ length: 1000 }, () => ({ time: anyTime(), quark: Math.floor(random() * scenario.attributes) }));
  const askPoints = (): void => {
    for (const { time, quark } of points) {
      const interval = state.at(time, quark);
      if (interval === undefined || !(interval.start <= time && time < interval.end)) throw new Error("a wrong point query");
    }
  };
  const pointCold = timed(askPoints).cpu;
  const pointWarm = least(askPoints);
  const times = Array.from({ length: 20 }, anyTime);
  const askFull = (): void => {
    for (const time of times) {
      for (const [quark, interval] of state.full(time).entries()) {
        if (interval !== undefined && !(interval.quark === quark && interval.start <= time && time < interval.end))
          throw new Error("a wrong full query");
      }
    }
  };
  const fullCold = timed(askFull).cpu;
  const fullWarm = least(askFull);
  history.close();
  const again = open();
  const zooms = [1, 10, 1000, 100_000];
  const columnsCold = zooms.map((zoom) => timed(() => askColumns(again, zoom)).cpu);
  const columnsWarm = zooms.map((zoom) => least(() => askColumns(again, zoom)));
  for (const sample of written.samples) checkSample(again, sample, zooms);
  const bytesPerInterval = again.bytes / written.intervals;
  again.close();
  return {
    scenario: scenario.name,
    load: loadavg()[0] ?? 0,
    intervals: written.intervals,
    intervals_per_s: written.intervals / (written.wall / 1000),
    intervals_per_cpu_s: written.intervals / (written.cpu / 1000),
    peak_rss_mb: peakRssMb,
    bytes_per_interval: bytesPerInterval,
    open_ms: openMs,
    point_cold_us: pointCold,
    point_us: pointWarm,
    full_cold_ms: fullCold / times.length,
    full_ms: fullWarm / times.length,
    columns_cold_ms: columnsCold,
    columns_ms: columnsWarm,
  };
}

/** The range of a `zoom`-th of the history. */
function zoomed(end: number, zoom: number): readonly [from: number, to: number] {
  const span = end / zoom;
  const from = Math.floor((end - span) * 0.4);
  return [from, from + span];
}

/** 50 rows x 1400 columns. */
function askColumns({ state }: HistoryReader, zoom: number): void {
  const rows = Array.from({ length: 50 }, (_, i) => i % state.attributes.count);
  if (state.columns(rows, ...zoomed(state.end, zoom), 1400).length !== 50) throw new Error("rows are missing");
}

/** What became of one attribute: value i from times[i] to times[i + 1]. */
interface Sample {
  readonly attribute: number;
  readonly times: number[];
  readonly values: (string | number)[];
}

function checkSample({ state }: HistoryReader, { attribute, times, values }: Sample, zooms: readonly number[]): void {
  const fail = (what: string): never => {
    throw new Error(`attribute ${attribute}: ${what} is not what was inserted`);
  };
  let i = 0;
  state.range([attribute], 0, state.end, (_, start, end, value) => {
    if (start !== times[i] || end !== (times[i + 1] ?? state.end) || value !== values[i]) fail(`interval ${i}`);
    i++;
    return true;
  });
  if (i !== times.length) fail("the number of intervals");
  for (let k = 0; k < times.length; k += 97) {
    for (const time of [times[k] as number, (times[k + 1] ?? state.end) - 1])
      if (state.at(time, attribute)?.value !== values[k]) fail(`the value at ${time}`);
  }
  for (const zoom of zooms) {
    const [from, to] = zoomed(state.end, zoom);
    const [row] = state.columns([attribute], from, to, 1400);
    if (row === undefined || !isExact(row, times, values, state.end, from, to)) fail(`a cell at zoom ${zoom}`);
  }
}

/** Whether each cell is what the changes, gone through one by one, say. The dominant value may be any within rounding of the most. */
function isExact(
  row: StateColumns,
  times: readonly number[],
  values: readonly (string | number)[],
  end: number,
  from: number,
  to: number,
): boolean {
  const columns = row.count.length;
  let first = 0;
  for (let c = 0; c < columns; c++) {
    const low = from + ((to - from) * c) / columns;
    const high = c + 1 === columns ? to : from + ((to - from) * (c + 1)) / columns;
    while ((times[first + 1] ?? end) <= low && first < times.length) first++;
    let count = 0;
    let longest = 0;
    const amounts = new Map<string | number | undefined, number>();
    for (let i = first; i < times.length && (times[i] as number) < high; i++) {
      const start = times[i] as number;
      const stop = times[i + 1] ?? end;
      count++;
      longest = Math.max(longest, stop - start);
      const value = values[i] as string | number;
      amounts.set(value, (amounts.get(value) ?? 0) + Math.min(stop, high) - Math.max(start, low));
    }
    const dominant = row.values[row.dominant[c] as number];
    const most = Math.max(0, ...amounts.values());
    if (row.count[c] !== count || row.longest[c] !== longest) return false;
    if (count > 0 && !((amounts.get(dominant) ?? -1) >= most - 1e-9 * to)) return false;
    if (count === 0 && dominant !== undefined) return false;
  }
  return true;
}

/** Milliseconds, by the clock and of processor. */
function timed(work: () => void): { readonly wall: number; readonly cpu: number } {
  const cpu = process.cpuUsage();
  const started = performance.now();
  work();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1000 };
}

/** Processor time of the best of some rounds. */
function least(work: () => void): number {
  return Math.min(...Array.from({ length: warmRounds }, () => timed(work).cpu));
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

interface Written {
  readonly wall: number;
  readonly cpu: number;
  readonly intervals: number;
  readonly samples: readonly Sample[];
}

function write(scenario: Scenario, directory: string, key: { identity: string }): Written {
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
  const samples: Sample[] = [0, 3, 7, scenario.attributes - 1].map((attribute) => ({ attribute, times: [], values: [] }));
  const sampleOf = new Map(samples.map((sample) => [sample.attribute, sample]));
  let wall = 0;
  let cpu = 0;
  let last = 0;
  for (let done = 0; done < total; done += batch) {
    changes.fill(times, attributes);
    const count = Math.min(batch, total - done);
    last = times[count - 1] as number;
    for (let i = 0; i < count; i++) {
      const sample = sampleOf.get(attributes[i] as number);
      sample?.values.push(turns.length === 0 ? done + i : (turns[sample.values.length % turns.length] as string | number));
      sample?.times.push(times[i] as number);
    }
    const took = timed(() => insert(state, count, times, attributes, quarks, values, next, isText, done));
    wall += took.wall;
    cpu += took.cpu;
  }
  const took = timed(() => writer.finish(last + 1));
  return { wall: wall + took.wall, cpu: cpu + took.cpu, intervals: total, samples };
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
