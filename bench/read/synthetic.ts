/**
 * Writes the trace the reading benchmark reads: what LTTng-UST 2.13 writes for a busy Redis (large event header, contexts vpid, vtid, procname, pthread_id,
 * two CPUs' streams), deterministic, and with its checksum computed while writing: an oracle that shares no code with the reader.
 *
 *     packet: magic uuid stream_id instance | begin end content size seq discarded cpu | events ... | zeros up to the packet's size
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Checksum } from "./checksum.ts";

const eventCount = 4_000_000;

/** What a reader of all fields must get. */
export interface Result {
  readonly events: number;
  readonly checksum: number;
}

/** Change it when anything about the trace changes: old ones are not reused then. */
const syntheticVersion = 3;

const packetBytes = 1 << 20;
const headerBytes = 32 + 52;
const uuid = "6f1f8a2e-5b0c-4d7e-9a55-0d3c5a1e7f42";
const int = (size: number, signed: 0 | 1): string =>
  `integer { size = ${size}; align = 8; signed = ${signed}; encoding = none; base = 10; }`;
const connection = `${int(64, 0)} _conn_id; ${int(32, 1)} _fd;`;

/** Payload declarations by event id. The writer below follows the same order. */
const events: readonly (readonly [name: string, fields: string])[] = [
  ["start_read", connection],
  ["end_read", `${connection} ${int(32, 1)} _nread; ${int(64, 0)} _memory;`],
  ["command_parsed", `${connection} ${int(32, 0)} _argc; ${int(64, 0)} _start_offset; ${int(64, 0)} _end_offset;`],
  ["call_command_start", `${connection} string _name; ${int(32, 0)} _argc; ${int(32, 0)} _flags; ${int(8, 0)} _nesting;`],
  [
    "call_command_end",
    `${connection} string _name; floating_point { exp_dig = 11; mant_dig = 53; align = 8; } _duration_us; ${int(64, 0)} _reply;`,
  ],
  ["write_start", connection],
  ["write_end", `${connection} ${int(64, 1)} _nwritten; ${int(64, 0)} _reply_offset;`],
  ["poll_end", `${int(32, 1)} _nready; ${int(32, 0)} __fds_length; ${int(32, 0)} _fds[ __fds_length ];`],
  ["key_access", `${connection} string _key; string _type; ${int(16, 0)} _slot;`],
];

const metadata = `/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
trace { major = 1; minor = 8; uuid = "${uuid}"; byte_order = le;
  packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; uint64_t stream_instance_id; }; };
env { hostname = "bench"; domain = "ust"; tracer_name = "lttng-ust"; tracer_major = 2; tracer_minor = 13; };
clock { name = "monotonic"; freq = 1000000000; offset = 1700000000000000000; };
typealias integer { size = 32; align = 8; signed = false; map = clock.monotonic.value; } := uint32_clock_t;
typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := uint64_clock_t;
struct packet_context { uint64_clock_t timestamp_begin; uint64_clock_t timestamp_end; uint64_t content_size; uint64_t packet_size;
  uint64_t packet_seq_num; uint64_t events_discarded; uint32_t cpu_id; };
struct event_header_large { enum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;
  variant <id> { struct { uint32_clock_t timestamp; } compact; struct { uint32_t id; uint64_clock_t timestamp; } extended; } v; } align(8);
stream { id = 0; event.header := struct event_header_large; packet.context := struct packet_context;
  event.context := struct { ${int(32, 1)} _vpid; ${int(32, 1)} _vtid;
    integer { size = 8; align = 8; signed = 1; encoding = UTF8; base = 10; } _procname[17]; ${int(64, 0)} _pthread_id; }; };
${events.map(([name, fields], id) => `event { name = "redis:${name}"; id = ${id}; stream_id = 0; loglevel = 13; fields := struct { ${fields} }; };`).join("\n")}
`;

const commands = ["set", "get", "lpush", "lrange", "publish", "hset", "expire", "zadd"];
const types = ["string", "list", "hash", "zset"];
const words = ["redis-server", ...commands, ...types].map((text) => Buffer.from(text));

/** One CPU's stream file. */
class StreamWriter {
  readonly #file: number;
  readonly #cpu: number;
  readonly bytes = Buffer.alloc(packetBytes);
  at = headerBytes;
  #sequence = 0;
  #begin = 0n;
  #last = 0n;

  constructor(path: string, cpu: number) {
    this.#file = openSync(path, "w");
    this.#cpu = cpu;
  }

  /** Makes room for an event of up to `size` bytes at `time`. */
  beginEvent(time: bigint, size: number): void {
    if (this.at + size > packetBytes) this.flush();
    if (this.at === headerBytes) this.#begin = time;
    this.#last = time;
  }

  flush(): void {
    const { bytes } = this;
    bytes.fill(0, this.at);
    bytes.writeUInt32LE(0xc1fc1fc1, 0);
    Buffer.from(uuid.replaceAll("-", ""), "hex").copy(bytes, 4);
    bytes.writeUInt32LE(0, 20);
    bytes.writeBigUInt64LE(BigInt(this.#cpu), 24);
    bytes.writeBigUInt64LE(this.#begin, 32);
    bytes.writeBigUInt64LE(this.#last, 40);
    bytes.writeBigUInt64LE(BigInt(this.at * 8), 48);
    bytes.writeBigUInt64LE(BigInt(packetBytes * 8), 56);
    bytes.writeBigUInt64LE(BigInt(this.#sequence++), 64);
    bytes.writeBigUInt64LE(0n, 72);
    bytes.writeUInt32LE(this.#cpu, 80);
    writeSync(this.#file, bytes);
    this.at = headerBytes;
  }

  close(): void {
    if (this.at > headerBytes) this.flush();
    closeSync(this.#file);
  }
}

/** The trace of benchmarks, written into .cache/ of the checkout where it is not there yet. */
export function syntheticTrace(root: string): Result & { readonly directory: string } {
  const directory = join(root, ".cache", "bench-read", `synthetic-v${syntheticVersion}-${eventCount}`);
  const oracle = join(directory, ".checksum.json");
  if (!existsSync(oracle)) {
    console.error(`writing a trace of ${eventCount} events (once) ...`);
    writeSyntheticTrace(directory, eventCount);
  }
  return { ...(JSON.parse(readFileSync(oracle, "utf8")) as Result), directory };
}

/** Writes `count` events into `directory` (created; replaced when it is there). Gives the checksum a reader must get. */
export function writeSyntheticTrace(directory: string, count: number): number {
  const building = `${directory}.tmp`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  writeFileSync(join(building, "metadata"), metadata);
  const streams = [0, 1].map((cpu) => new StreamWriter(join(building, `channel0_${cpu}`), cpu));
  const sum = new Checksum();
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 4294967296) * below);
  };
  // Half a second before the 32-bit time stamps wrap.
  let time = (1n << 40n) - 500_000_000n;
  let out = streams[0] as StreamWriter;
  const u16 = (value: number): void => {
    out.at = out.bytes.writeUInt16LE(value, out.at);
    sum.number(value);
  };
  const u32 = (value: number): void => {
    out.at = out.bytes.writeUInt32LE(value, out.at);
    sum.number(value);
  };
  const u64 = (value: number): void => {
    out.bytes.writeUInt32LE(value % 4294967296, out.at);
    out.at = out.bytes.writeUInt32LE(Math.floor(value / 4294967296), out.at + 4);
    sum.number(value);
  };
  const double = (value: number): void => {
    out.at = out.bytes.writeDoubleLE(value, out.at);
    sum.number(value);
  };
  const text = (value: Buffer, size = value.length + 1): void => {
    out.bytes.fill(0, out.at, out.at + size);
    value.copy(out.bytes, out.at);
    sum.bytes(value, 0, value.length);
    out.at += size;
  };
  const word = (first: number, size: number): Buffer => words[first + random(size)] ?? Buffer.alloc(0);
  for (let i = 0; i < count; i++) {
    time += BigInt(60 + random(1000));
    // Runs of about a dozen events per CPU, as real traces have.
    if (random(12) === 0) out = streams[random(2)] as StreamWriter;
    const thread = streams.indexOf(out);
    out.beginEvent(time, 512);
    const id = i % events.length;
    out.at = out.bytes.writeUInt16LE(id, out.at);
    out.at = out.bytes.writeUInt32LE(Number(time & 0xffff_ffffn), out.at);
    sum.number(id);
    const fd = 8 + random(50);
    const fields = (): void => {
      switch (id) {
        case 0:
        case 5:
          break;
        case 1:
          u32(random(16384));
          u64(17_000_000_000 + random(1_000_000));
          break;
        case 2:
          u32(3);
          u64(i * 40);
          u64(i * 40 + 39);
          break;
        case 3:
          text(word(1, commands.length));
          u32(3);
          u32(2);
          out.bytes[out.at++] = 1;
          sum.number(1);
          break;
        case 4:
          text(word(1, commands.length));
          double(random(100_000) / 8);
          u64(random(10_000));
          break;
        case 6:
          u64(random(10_000));
          u64(i * 12);
          break;
        case 8:
          text(Buffer.from(`key:${String(random(100_000)).padStart(12, "0")}`));
          text(word(1 + commands.length, types.length));
          u16(random(16384));
          break;
      }
    };
    // Contexts, in declared order; the checksum takes the payload first, as readers list it.
    const contextAt = out.at;
    out.at += 4 + 4 + 17 + 8;
    if (id === 7) {
      const ready = random(16);
      u32(ready);
      u32(ready);
      for (let k = 0; k < ready; k++) out.at = out.bytes.writeUInt32LE(8 + k, out.at);
      for (let k = 0; k < ready; k++) sum.number(8 + k);
    } else {
      u64(1000 + fd);
      u32(fd);
      fields();
    }
    const endAt = out.at;
    out.at = contextAt;
    u32(4242);
    u32(4242 + thread);
    text(words[0] ?? Buffer.alloc(0), 17);
    u64(139_970_197_255_872);
    out.at = endAt;
    sum.number(thread);
  }
  for (const stream of streams) stream.close();
  writeFileSync(join(building, ".checksum.json"), JSON.stringify({ checksum: sum.value, events: count }));
  rmSync(directory, { recursive: true, force: true });
  renameSync(building, directory);
  return sum.value;
}
