import { describe, expect, it } from "vitest";
import redis from "../analyses/redis/index.ts";
import { analyseText } from "../testing/analyse-text.ts";
import { redisServer } from "../testing/diagnose-text.ts";
import { traceFromText } from "../testing/trace-from-text.ts";
import type { DiagnosisReport } from "./contract.ts";
import { diagnose, diagnosisList } from "./diagnose.ts";
import { EventRows } from "./event-rows.ts";

function report(text: string, lostEvents = 0): Promise<DiagnosisReport> {
  const source = traceFromText(text);
  const context = analyseText([redis], text);
  const rows = new EventRows(source, context.history, 0n);
  return diagnose({ source, rows, context, lostEvents, experiment: "e", absolute: (time) => BigInt(Math.round(time)) });
}

const end = 200_000_000;
/** A GET whose reply waits for a fork of 120 ms, then for a shorter one. */
const forks = `${redisServer}
  20000 redis:fork_start vpid=9 vtid=9 purpose=1
  120020000 redis:fork_end vpid=9 vtid=9 purpose=1 child_pid=77 duration_ns=120000000
  ${end} redis:steps vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={
    poll_start@9000; poll_end@10000 aux=1; read_start@10000 conn=7; read_done@10100 nread=30; parsed@10200 aux=2 end_offset=1030;
    call_start@11000 aux=4 flags=4; call_end@12000 aux=4 flags=4 reply_bytes=5; process_end@12100; read_end@12200 conn=7;
    write_start@130000000 conn=7; write_end@130000500 conn=7 nwritten=5}`;

/** Those about services are asked only where there are some. */
const asked = diagnosisList().filter(({ providers }) => providers === undefined);

describe("diagnose", () => {
  it("gives a finding absolute times and a link with some room around it", async () => {
    const { findings, cannotTell } = await report(forks);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      id: "fork-stall",
      verdict: "found",
      severity: "critical",
      confidence: "high",
      start: 20_000n,
      end: 120_020_000n,
      requests: [0],
      link: { fragment: "trace=e&from=-11981000&to=132021000&request=0" },
    });
    // Only these were never switched on.
    expect(cannotTell.map(({ id }) => id)).toEqual(["connection-storm", "redirects"]);
    expect(cannotTell[0]?.reason).toContain("recorded without connection_open, connection_close");
  });

  it("is less sure of everything when events were lost, and never says not found", async () => {
    const { findings, notFound, cannotTell } = await report(forks, 3);
    expect(findings[0]?.confidence).toBe("medium");
    expect(notFound).toEqual([]);
    expect(cannotTell).toHaveLength(asked.length - 1);
  });

  it("cannot tell anything of a trace without a store", async () => {
    const { findings, notFound, cannotTell } = await report("10 app:begin id=1");
    expect([findings, notFound]).toEqual([[], []]);
    expect(new Set(cannotTell.map(({ reason }) => reason))).toEqual(new Set(["the trace holds no store process"]));
  });

  it("answers each diagnosis once", async () => {
    const { findings, notFound, cannotTell } = await report(forks);
    const ids = [...findings, ...notFound, ...cannotTell].map(({ id }) => id).sort();
    expect(ids).toEqual(asked.map(({ id }) => id));
  });
});
