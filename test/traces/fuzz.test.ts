/**
 * Fuzzing within a time budget: mutated copies of the small traces in own/ and cases.ts. STORESCOPE_FUZZ_SECONDS lengthens it, STORESCOPE_FUZZ_SEED repeats a run.
 *
 * For every mutation: both decoders end, and say the same, event by event and field by field; the only errors are StorescopeErrors, and those of bad
 * streams say where; one mutation takes no longer than a second or two; memory does not grow.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { BadInputError, StorescopeError } from "../../src/base/index.ts";
import { parseMetadata } from "../../src/ctf/metadata/index.ts";
import { makeTraceSource } from "../../src/ctf/trace.ts";
import { cases } from "./cases.ts";
import { memoryFile, print, readFields } from "./compare.ts";
import { makeRandom, mutateMetadata, mutateStream } from "./mutate.ts";

const own = join(import.meta.dirname, "own");
const budgetSeconds = Number(process.env["STORESCOPE_FUZZ_SECONDS"] ?? 6);
// The same mutations every time, so that a failing run is a change of ours; other seeds are for long runs.
const firstSeed = Number(process.env["STORESCOPE_FUZZ_SEED"] ?? 1);
const streamBytes = 6000;
const slowestMs = 20_000;
const growthBytes = 48 << 20;

interface Sample {
  readonly name: string;
  readonly metadata: Uint8Array;
  readonly streams: readonly Uint8Array[];
}

const ours = readdirSync(own)
  .filter((name) => !name.endsWith(".gz"))
  .map((name): Sample => {
    const directory = join(own, name);
    const files = readdirSync(directory).filter((file) => file !== "metadata");
    return {
      name,
      metadata: readFileSync(join(directory, "metadata")),
      streams: files.slice(0, 3).map((file) => readFileSync(join(directory, file)).subarray(0, streamBytes)),
    };
  });
const samples: readonly Sample[] = [
  ...ours,
  ...cases.map(({ name, metadata, files }) => ({ name, metadata: Buffer.from(metadata), streams: Object.values(files) })),
];

const plain = samples.filter(({ metadata }) => metadata[0] === 0x1e || metadata[0] === 0x2f);

/** Everything a reading says: printed events, fields, warnings, losses; or the refusal. */
function read(metadata: Uint8Array, streams: readonly Uint8Array[], interpreter: boolean): string {
  try {
    const files = streams.map((bytes, i) => memoryFile(`stream${i}`, bytes));
    const source = makeTraceSource("memory", parseMetadata(metadata, "metadata"), files, [], { interpreter });
    const printed = print(source, "babeltrace", { clockSeconds: true });
    if (printed.error !== undefined && !/^BadInputError: .*: byte \d+: /.test(printed.error))
      throw new Error(`not an error of bad input: ${printed.error}`);
    return [
      printed.text,
      printed.error,
      ...readFields(source),
      ...source.warnings.map(({ message }) => message),
      source.losses?.length,
    ].join("\n");
  } catch (error) {
    if (!(error instanceof StorescopeError)) throw error;
    return error.message;
  }
}

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test(
  `mutated traces for ${budgetSeconds} s: no hang, no crash, no growth, and both decoders agree`,
  () => {
    const end = performance.now() + budgetSeconds * 830;
    const warm = performance.now() + budgetSeconds * 200;
    let before: number | undefined;
    let seed = firstSeed;
    for (; performance.now() < end; seed++) {
      const random = makeRandom(seed);
      const sample = samples[random(samples.length)]!;
      const kind = random(3);
      const metadata = kind === 0 || kind === 2 ? mutateMetadata(sample.metadata, random) : sample.metadata;
      const streams = kind === 0 ? sample.streams : sample.streams.map((bytes) => mutateStream(bytes, random));
      const where = `STORESCOPE_FUZZ_SEED=${seed} (${sample.name})`;
      const started = process.cpuUsage();
      try {
        expect(read(metadata, streams, false), where).toBe(read(metadata, streams, true));
      } catch (error) {
        throw new Error(`${where}: ${String(error).slice(0, 2000)}`, { cause: error });
      }
      const { user, system } = process.cpuUsage(started);
      expect((user + system) / 1000, `${where}: milliseconds of CPU`).toBeLessThan(slowestMs);
      if (before === undefined && performance.now() > warm) before = usedBytes();
    }
    expect(seed - firstSeed).toBeGreaterThan(20);
    process.stdout.write(`fuzzing: ${seed - firstSeed} mutations from seed ${firstSeed}, ${before ?? 0} to ${usedBytes()} bytes in use\n`);
    if (before !== undefined) expect(usedBytes() - before, "bytes gained").toBeLessThan(growthBytes);
  },
  budgetSeconds * 1000 + 60_000,
);

test(
  `mutated metadata alone for ${budgetSeconds / 6} s: the parsers of both languages end, and refuse with a place`,
  () => {
    const end = performance.now() + (budgetSeconds * 1000) / 6;
    let seed = firstSeed;
    let refused = 0;
    for (; performance.now() < end; seed++) {
      const random = makeRandom(seed);
      // Metadata in packets is text behind headers: changing tokens keeps sizes wrong, which is refused early. Here is the text that matters.
      const sample = plain[random(plain.length)]!;
      const metadata = mutateMetadata(random(4) === 0 ? mutateMetadata(sample.metadata, random) : sample.metadata, random);
      try {
        parseMetadata(metadata, "metadata");
      } catch (error) {
        if (!(error instanceof BadInputError))
          throw new Error(`STORESCOPE_FUZZ_SEED=${seed} (${sample.name}): ${String(error)}`, { cause: error });
        expect(error.message, `STORESCOPE_FUZZ_SEED=${seed}`).toMatch(/^metadata: byte \d+: ./);
        expect(error.offset, `STORESCOPE_FUZZ_SEED=${seed}`).toBeLessThanOrEqual(metadata.length);
        refused++;
      }
    }
    process.stdout.write(`fuzzing metadata: ${seed - firstSeed} mutations from seed ${firstSeed}, ${refused} refused\n`);
    expect(refused).toBeGreaterThan(20);
    expect(refused).toBeLessThan(seed - firstSeed);
  },
  budgetSeconds * 1000 + 60_000,
);
