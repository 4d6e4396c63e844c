import { describe, expect, it } from "vitest";
import { random } from "../../../scenarios/lib/random.ts";
import { traceFromText } from "../../testing/trace-from-text.ts";
import { stepName } from "./describe.ts";
import { type RareEvent, RedisDecoder, type RedisProcess, type StepSink } from "./steps.ts";

class Lines implements StepSink {
  readonly lines: string[] = [];
  step(process: RedisProcess, kind: number, time: number, thread: number, conn: number, a: number, b: number, c: number): void {
    this.lines.push(`${time} p${process.pid} t${thread} ${stepName(kind, a).slice(6)} conn=${conn} ${a} ${b} ${c}`);
  }
  rare(process: RedisProcess, event: RareEvent): void {
    this.lines.push(`${event.time} p${process.pid} ${event.name} conn=${event.conn}`);
  }
}

function decode(text: string): { lines: readonly string[]; decoder: RedisDecoder } {
  const source = traceFromText(text);
  const cursor = source.cursor();
  const sink = new Lines();
  const decoder = new RedisDecoder(source, cursor, () => sink);
  while (cursor.next()) decoder.handle();
  decoder.finish();
  return { lines: sink.lines, decoder };
}

const pair = (from: number, to: number): string => `base_ticks=${from * 3} base_ns=${from} end_ticks=${to * 3} end_ns=${to}`;

/** Three threads that take steps at times of their own and send them in batches when they please. The main thread's say what has been sent by all. */
function sideBySide(seed: number): { readonly text: string; readonly truth: readonly string[] } {
  const next = random(seed);
  const threads = [0, 1, 2].map((thread) => ({ thread, unsent: [] as number[] }));
  const truth: string[] = [];
  const lines: string[] = [];
  const send = (of: (typeof threads)[number], now: number): void => {
    if (of.unsent.length === 0) return;
    const words = of.unsent.map((time) => `poll_start@${time}`).join("; ");
    of.unsent = [];
    const settled = Math.min(now, ...threads.flatMap(({ unsent }) => unsent.map((time) => time - 1)));
    lines.push(
      `${now} redis:steps vpid=9 vtid=${9 + of.thread} thread=${of.thread} base_ticks=0 base_ns=0 end_ticks=${now} end_ns=${now} settled_ticks=${settled} words={${words}}`,
    );
  };
  for (let now = 1; now < 300; now++) {
    const of = threads[Math.floor(next() * threads.length)]!;
    of.unsent.push(now);
    truth.push(`${now} p9 t${of.thread}`);
    if (next() < 0.2) send(threads[Math.floor(next() * threads.length)]!, now);
  }
  for (const each of threads) send(each, 300);
  return { text: lines.join("\n"), truth };
}

describe("RedisDecoder", () => {
  it("gives records of the full set their own times, by the batch's two clock pairs", () => {
    const { lines } = decode(
      `2000 redis:steps vpid=9 vtid=9 thread=0 ${pair(1000, 2000)} words={read_start@300 conn=7; read_done@600 nread=42; call_start@900 aux=3 flags=4}`,
    );
    expect(lines).toEqual([
      "1100 p9 t0 start_read_client_query conn=7 0 0 0",
      "1200 p9 t0 read_client_query conn=7 42 0 0",
      "1300 p9 t0 call_command_start conn=7 3 4 0",
    ]);
  });

  it("expands the light set's whole scopes into the same steps, nested calls inside their outer call", () => {
    const { lines } = decode(
      `2000 redis:commands vpid=9 vtid=9 thread=0 ${pair(1000, 2000)} words={read@300 duration=150 conn=7 nread=42; call@1200 aux=5 flags=5 duration=300; call@1800 aux=3 flags=4 duration=1200 end_offset=42; write@2400 duration=300 conn=7 nwritten=5}`,
    );
    expect(lines.map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      "1050 p9 t0 start_read_client_query",
      "1100 p9 t0 read_client_query",
      "1200 p9 t0 command_parsed",
      "1200 p9 t0 call_command_start",
      "1300 p9 t0 call_command_start",
      "1400 p9 t0 call_command_end",
      "1600 p9 t0 call_command_end",
      "1700 p9 t0 write_to_client_start",
      "1800 p9 t0 write_to_client_end",
    ]);
  });

  it("merges io threads and rare events by time when the main thread's batch comes", () => {
    const { lines } = decode(`
      1250 redis:connection_open vpid=9 vtid=9 conn_id=8 fd=3
      1500 redis:steps vpid=9 vtid=10 thread=1 ${pair(1000, 1500)} words={read_start@600 conn=7; read_done@900 nread=1}
      2000 redis:steps vpid=9 vtid=9 thread=0 ${pair(1000, 2000)} words={handle_reads_start@300 items=1; handle_reads_end@1500 items=1}`);
    expect(lines.map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      "1100 p9 t0 handle_pending_reads_start",
      "1200 p9 t1 start_read_client_query",
      "1250 p9 connection_open conn=8",
      "1300 p9 t1 read_client_query",
      "1500 p9 t0 handle_pending_reads_end",
    ]);
  });

  it("gives the steps of threads that work side by side in their order, each when every thread is known to have sent what came before", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { text, truth } = sideBySide(seed);
      const { lines } = decode(text);
      expect(lines.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(truth);
    }
  });

  it("keeps processes apart by their pid", () => {
    const { decoder } = decode(`
      10 redis:poll_start vpid=1 vtid=1
      11 redis:poll_start vpid=2 vtid=2`);
    expect(decoder.processes.map((process) => process.pid)).toEqual([1, 2]);
  });

  it("gives the classic set's events as the same steps", () => {
    const { lines } = decode(`
      100 redis:start_read_client_query vpid=9 vtid=9 conn_id=7 fd=8
      110 redis:call_command_start vpid=9 vtid=9 conn_id=7 fd=8 name="get" argc=2 flags=1 nesting=0 db=0
      120 redis:call_command_end vpid=9 vtid=9 conn_id=7 fd=8 name="get" duration_ns=10 reply_bytes=5 error=0 nesting=0 counted=1`);
    expect(lines).toEqual([
      "100 p9 t0 start_read_client_query conn=7 0 0 0",
      "110 p9 t0 call_command_start conn=7 0 0 0",
      "120 p9 t0 call_command_end conn=7 0 4 5",
    ]);
  });

  it("stops at a record it does not know or that runs over the batch's end, and counts it", () => {
    const { lines, decoder } = decode(`2000 redis:steps vpid=9 vtid=9 thread=0 ${pair(1000, 2000)} words={poll_end@30 aux=2}`);
    expect(lines).toHaveLength(1);
    expect(decoder.processes[0]?.badRecords).toBe(0);
    const source = traceFromText(
      `2000 redis:steps vpid=9 vtid=9 thread=0 ${pair(1000, 2000)} words={poll_end@30 aux=2; read_start@60 conn=1}`,
    );
    const cursor = source.cursor();
    const sink = new Lines();
    const broken = new RedisDecoder(source, cursor, () => sink);
    cursor.next();
    cursor.view.setUint32(8, 250, true);
    broken.handle();
    expect(sink.lines).toHaveLength(1);
    expect(broken.processes[0]?.badRecords).toBe(1);
  });
});
