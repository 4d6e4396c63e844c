/** The rules, on traces drawn as text: each fires on what it is for, with numbers that can be added up by hand, and not on its healthy neighbour. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diagnosisList } from "../engine/index.ts";
import { diagnoseText, redisServer } from "../testing/diagnose-text.ts";
import { redirectedCluster } from "../testing/redirected-cluster.ts";
import aofFsyncStall from "./aof-fsync-stall/index.ts";
import bigValue from "./big-value/index.ts";
import busBacklog from "./bus-backlog/index.ts";
import connectionStorm from "./connection-storm/index.ts";
import type { Diagnosis } from "./contract.ts";
import expireStorm from "./expire-storm/index.ts";
import forkStall from "./fork-stall/index.ts";
import headOfLinePipeline from "./head-of-line-pipeline/index.ts";
import ioThreadRace from "./io-thread-race/index.ts";
import ioThreadsIdleSpin from "./io-threads-idle-spin/index.ts";
import pubsubAmplification from "./pubsub-amplification/index.ts";
import redirects from "./redirects/index.ts";
import slowCommand from "./slow-command/index.ts";
import slowConsumer from "./slow-consumer/index.ts";

const ms = 1_000_000;
/** A batch that ends at this time; ticks are ns. */
const steps = (end: number, words: string): string =>
  `${end} redis:steps vpid=9 vtid=9 thread=0 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${words}}`;
const poll = (time: number, took = 1000): string => `poll_start@${time - took}; poll_end@${time} aux=2;`;
/** One request of `conn` from its read at `time`: parsed 200 ns later, called for `took` from 1000 on; its reply is queued. */
const ask = (conn: number, time: number, command: number, took: number, offset: number): string =>
  `read_start@${time} conn=${conn}; read_done@${time + 100} nread=30; parsed@${time + 200} aux=2 end_offset=${offset};
   call_start@${time + 1000} aux=${command} flags=4; call_end@${time + 1000 + took} aux=${command} flags=4 reply_bytes=5; process_end@${time + 1100 + took};
   read_end@${time + 1200 + took} conn=${conn};`;
const answer = (conn: number, time: number, left = 0): string =>
  `write_start@${time} conn=${conn}; write_end@${time + 500} conn=${conn} nwritten=50000${left > 0 ? ` left=${left}` : ""};`;

const [set, get, keys, sort] = [3, 4, 5, 6];
const found = (diagnosis: Diagnosis, text: string, left = 0) => {
  const result = diagnoseText(diagnosis, `${redisServer}\n${text}`, left);
  if (result.verdict !== "found") throw new Error(`${result.verdict}: ${result.reason}`);
  const [first] = result.findings;
  return { ...first!, evidence: Object.fromEntries(first!.evidence.map(({ name, value }) => [name, value])) };
};
const verdict = (diagnosis: Diagnosis, text: string) => diagnoseText(diagnosis, `${redisServer}\n${text}`).verdict;

/** A call of connection 7 that holds the loop while a GET of connection 8, read in the same turn, waits. */
const heldUp = (command: number, took: number): string =>
  steps(
    took + 20_000,
    `${poll(10_000)} ${ask(7, 10_000, command, took, 1030)} ${ask(8, took + 12_000, get, 1000, 1030)} ${answer(7, took + 15_000)} ${answer(8, took + 16_000)}`,
  );

/** A cluster of two: the first sends a message a millisecond over the bus from 1 ms on, and of what it writes `left` bytes stay behind, by time. */
const backedUp = (left: readonly (readonly [time: number, bytes: number])[]): string => {
  const sends = Array.from({ length: 400 }, (_, i) => ({ at: (i + 1) * ms, end: (i + 1) * 1000 }));
  const stuck = (time: number): number => left.findLast(([from]) => from <= time)?.[1] ?? 0;
  const links = `4 redis:link_open vpid=9 vtid=9 link=1 inbound=0 node_id="n2" laddr="127.0.0.1" lport=40000 raddr="127.0.0.1" rport=17002 read_offset=0 write_offset=0
    4 redis:link_open vpid=10 vtid=10 link=1 inbound=1 node_id="n1" laddr="127.0.0.1" lport=17002 raddr="127.0.0.1" rport=40000 read_offset=0 write_offset=0`;
  const sent = sends
    .map(
      ({ at, end }) =>
        `cluster_send@${at} link=1 aux=4 length=1000 end_offset=${end} backlog=${stuck(at - 1) + 1000}; cluster_write@${at + 1000} link=1 nwritten=1000 left=${stuck(at)}`,
    )
    .join("; ");
  // The reader comes to a message when nothing is left any more, or 50 us after it was sent.
  const received = sends
    .map(({ at, end }) => {
      const free = stuck(at) === 0 ? at : (left.find(([time, bytes]) => time > at && bytes === 0)?.[0] ?? at);
      return `cluster_packet@${Math.max(at, free) + 50_000} link=1 aux=4 length=1000 end_offset=${end}`;
    })
    .join("; ");
  const second = `1 redis:server_info vpid=10 vtid=10 run_id="s" node_id="n2" flavor="redis" version="7.0.15" port=7002 tls_port=0 bus_port=17002 cluster_enabled=0 io_threads=1`;
  const batch = (pid: number, end: number, words: string): string => steps(end, words).replaceAll("=9 ", `=${pid} `);
  return `${second}\n${links}\n${batch(9, 500 * ms, sent)}\n${batch(10, 500 * ms + 1, received)}`;
};

describe("bus-backlog", () => {
  it("says for how long a link's socket was full, who did not read it, and how late its messages came", () => {
    const finding = found(
      busBacklog,
      backedUp([
        [100 * ms, 50_000],
        [150 * ms, 90_000],
        [160 * ms, 80_000],
        [300 * ms, 0],
      ]),
    );
    expect(finding).toMatchObject({ severity: "warning", confidence: "high", node: "test:7001" });
    expect(finding.prose).toMatch(/^test:7002 did not read what test:7001 sent it over the cluster bus for 20\d/);
    expect(finding.start).toBe(100 * ms);
    expect(finding.end).toBe(300 * ms + 1000);
    expect(finding.evidence).toMatchObject({
      "longest time with a full socket": 200 * ms + 1000,
      "messages sent in that time": 201,
      "most bytes queued": 91_000,
      "usual delay": 50_000,
    });
  });

  it("adds up no two backlogs, however close: what was cleared between them was not stuck", () => {
    const text = backedUp([
      [100 * ms, 50_000],
      [101 * ms, 40_000],
      [160 * ms, 0],
      [161 * ms, 50_000],
      [162 * ms, 40_000],
      [220 * ms, 0],
    ]);
    expect(verdict(busBacklog, text)).toBe("not found");
    expect(
      verdict(
        busBacklog,
        backedUp([
          [100 * ms, 50_000],
          [101 * ms, 40_000],
          [220 * ms, 0],
        ]),
      ),
    ).toBe("found");
  });

  it("finds nothing where every write takes all, and where there is no bus", () => {
    expect(verdict(busBacklog, backedUp([]))).toBe("not found");
    expect(verdict(busBacklog, heldUp(keys, 60 * ms))).toBe("not found");
  });
});

describe("slow-command", () => {
  it("names the command, and counts exactly what others waited for it", () => {
    const finding = found(slowCommand, heldUp(keys, 60 * ms));
    expect(finding).toMatchObject({ severity: "warning", confidence: "high", node: "test:7001", requests: [0, 1], costNs: 60 * ms });
    expect(finding.evidence).toMatchObject({
      holds: 1,
      held: 60 * ms,
      "requests delayed": 1,
      waited: 60 * ms,
      "requests that came unseen": 0,
    });
    expect(finding.prose).toContain("KEYS held test:7001 1 time, for up to 60.0 ms (request 0). 1 request stood still meanwhile");
    expect(finding.advice).toContain("SCAN");
  });

  it("is critical from 100 ms", () => expect(found(slowCommand, heldUp(keys, 100 * ms)).severity).toBe("critical"));

  it("takes a single call below 50 ms, or a slow GET, for a thread without a processor", () => {
    expect(verdict(slowCommand, heldUp(keys, 49 * ms))).toBe("not found");
    expect(verdict(slowCommand, heldUp(get, 60 * ms))).toBe("not found");
  });

  it("counts requests that came meanwhile and are seen by the next poll only", () => {
    const end = 60 * ms + 12_000;
    const finding = found(
      slowCommand,
      steps(
        end + 20_000,
        `${poll(10_000)} ${ask(7, 10_000, keys, 60 * ms, 1030)} ${answer(7, end)} ${poll(end + 5000)} ${ask(8, end + 5000, get, 1000, 1030)} ${answer(8, end + 9000)}`,
      ),
    );
    expect(finding).toMatchObject({
      severity: "warning",
      confidence: "medium",
      evidence: { "requests delayed": 0, "requests that came unseen": 1 },
    });
  });

  it("finds nothing where nobody waits", () => {
    expect(
      verdict(slowCommand, steps(61 * ms, `${poll(10_000)} ${ask(7, 10_000, keys, 60 * ms, 1030)} ${answer(7, 60 * ms + 20_000)}`)),
    ).toBe("not found");
  });
});

describe("head-of-line-pipeline", () => {
  /** A pipeline of one connection: a call of this length, and a GET behind it. */
  const pipeline = (command: number, took: number): string =>
    steps(
      took + 20_000,
      `${poll(10_000)} read_start@10000 conn=7; read_done@10100 nread=60; parsed@10200 aux=2 end_offset=1030;
       call_start@11000 aux=${command} flags=4; call_end@${11_000 + took} aux=${command} flags=4 reply_bytes=5; process_end@${11_100 + took};
       parsed@${11_200 + took} aux=2 end_offset=1060; call_start@${11_300 + took} aux=${get} flags=4; call_end@${11_400 + took} aux=${get} flags=4 reply_bytes=5;
       process_end@${11_500 + took}; read_end@${11_600 + took} conn=7; ${answer(7, took + 13_000)}`,
    );

  it("finds a quick request behind a slow one of its connection, and what it waited", () => {
    expect(found(headOfLinePipeline, pipeline(sort, 80 * ms))).toMatchObject({
      severity: "warning",
      requests: [0, 1],
      costNs: 80 * ms,
      evidence: { "slow calls in front": 1, "requests behind": 1 },
    });
  });

  it("leaves pipelines of equal commands alone, and GETs that the machine made slow", () => {
    expect(verdict(headOfLinePipeline, pipeline(get, 400_000))).toBe("not found");
    expect(verdict(headOfLinePipeline, pipeline(get, 80 * ms))).toBe("not found");
    expect(verdict(headOfLinePipeline, pipeline(sort, 40 * ms))).toBe("not found");
  });

  it("is no business of other connections: that is slow-command's", () => {
    expect(verdict(headOfLinePipeline, heldUp(sort, 80 * ms))).toBe("not found");
    expect(verdict(slowCommand, pipeline(sort, 80 * ms))).toBe("not found");
  });
});

describe("fork-stall", () => {
  const fork = (took: number): string => `${20_000} redis:fork_start vpid=9 vtid=9 purpose=1
    ${20_000 + took} redis:fork_end vpid=9 vtid=9 purpose=1 child_pid=77 duration_ns=${took}
    ${steps(took + 60_000, `${poll(10_000)} ${ask(8, 10_000, get, 1000, 1030)} ${answer(8, took + 40_000)}`)}`;

  it("finds the fork that a reply waited for", () => {
    expect(found(forkStall, fork(30 * ms))).toMatchObject({
      severity: "warning",
      requests: [0],
      costNs: 30 * ms,
      start: 20_000,
      end: 20_000 + 30 * ms,
    });
  });

  it("lets short forks be", () => expect(verdict(forkStall, fork(5 * ms))).toBe("not found"));
});

describe("housekeeping", () => {
  /** So many turns of the loop in which a reply waits for housekeeping of this kind and length. */
  const turns = (count: number, aux: number, took: number): string =>
    steps(
      count * (took + 100_000) + 50_000,
      Array.from({ length: count }, (_, i) => {
        const at = 10_000 + i * (took + 100_000);
        return `${poll(at)} ${ask(8, at, get, 1000, 1030 + 30 * i)} housekeeping@${at + 4000 + took} aux=${aux} duration=${took} amount=1; ${answer(8, at + took + 9000)}`;
      }).join(" "),
    );

  it("finds syncs in the main thread by their part of what requests take", () => {
    expect(found(aofFsyncStall, turns(150, 1, ms))).toMatchObject({
      severity: "critical",
      costNs: 150 * ms,
      evidence: { "syncs in the main thread": 150, "slow writes": 0 },
    });
    expect(verdict(aofFsyncStall, turns(150, 0, 900_000))).toBe("not found");
  });

  it("finds expiry of 25 ms at once, three times, and not once", () => {
    expect(found(expireStorm, turns(3, 2, 25 * ms))).toMatchObject({ severity: "warning", confidence: "high", evidence: { holds: 3 } });
    expect(verdict(expireStorm, turns(2, 2, 25 * ms))).toBe("not found");
    expect(verdict(expireStorm, turns(200, 2, 500_000))).toBe("not found");
  });
});

describe("big-value", () => {
  const value = (bytes: number, took: number): string =>
    steps(
      took + 50_000,
      `${poll(10_000)} read_start@10000 conn=7; read_done@10100 nread=30; parsed@10200 aux=2 end_offset=1030; call_start@11000 aux=${get} flags=4;
       call_end@12000 aux=${get} flags=4 reply_bytes=${bytes}; process_end@12100; read_end@12200 conn=7; write_start@${took} conn=7; write_end@${took + 500} conn=7 nwritten=${bytes}`,
    );

  it("finds a MiB that took long, and neither a smaller one nor a quick one", () => {
    expect(found(bigValue, value(1 << 20, 30 * ms))).toMatchObject({
      severity: "warning",
      requests: [0],
      evidence: { largest: 1 << 20, "big requests": 1 },
    });
    expect(verdict(bigValue, value((1 << 20) - 100, 30 * ms))).toBe("not found");
    expect(verdict(bigValue, value(1 << 20, ms))).toBe("not found");
    expect(found(bigValue, value(1 << 20, 101 * ms)).severity).toBe("critical");
  });
});

describe("slow-consumer", () => {
  const consumer = (gap: number, left: number): string =>
    steps(gap + 100_000, `${poll(10_000)} ${answer(7, 20_000, left)} ${poll(gap)} ${answer(7, gap + 20_000)} poll_start@${gap + 90_000}`);

  it("finds a socket that stayed full for half a second, and how much was left", () => {
    expect(found(slowConsumer, consumer(600 * ms, 4096), 4096)).toMatchObject({
      severity: "warning",
      prose: expect.stringContaining("4.0 KiB were left"),
      evidence: { "slow consumers": 1, "bytes left after its last writes": 4096 },
    });
  });

  it("lets go of a short one, and of one that took everything", () => {
    expect(verdict(slowConsumer, consumer(400 * ms, 4096))).toBe("not found");
    expect(verdict(slowConsumer, consumer(600 * ms, 0))).toBe("not found");
  });
});

describe("connection-storm", () => {
  /** So many connections, one each so many ns, open for a little. */
  const connections = (count: number, every: number): string =>
    Array.from({ length: count }, (_, i) => {
      const at = 100_000 + i * every;
      return `${at} redis:connection_open vpid=9 vtid=9 conn_id=${100 + i} fd=20 kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="127.0.0.1" rport=${6000 + i} read_offset=0 write_offset=0
        ${at + 50_000} redis:connection_close vpid=9 vtid=9 conn_id=${100 + i} fd=20 reason=0`;
    }).join("\n");
  const until = (text: string, end: number): string => `${text}\n${steps(end, `poll_start@${end - 10}`)}`;

  it("finds a hundred brief connections in a second, and not when they take two", () => {
    expect(found(connectionStorm, until(connections(100, 5 * ms), 3000 * ms))).toMatchObject({ evidence: { "most in one second": 100 } });
    expect(verdict(connectionStorm, until(connections(100, 20 * ms), 3000 * ms))).toBe("not found");
  });
});

describe("redirects", () => {
  /** So many redirected requests of connection 7, then one request of connection 8. */
  const redirected = (count: number): string => {
    const one = (i: number): number => 20_000 + i * 10_000;
    const words = Array.from({ length: count }, (_, i) => {
      const at = one(i);
      return `${poll(at)} read_start@${at} conn=7; read_done@${at + 100} nread=30; parsed@${at + 200} aux=2 end_offset=${1030 + 30 * i};
        process_end@${at + 400}; read_end@${at + 500} conn=7; ${answer(7, at + 1000)}`;
    });
    const events = Array.from(
      { length: count },
      (_, i) => `${one(i) + 300} redis:cluster_redirect vpid=9 vtid=9 conn_id=7 fd=8 slot=5 kind=1 target="127.0.0.1:7002"`,
    );
    const end = one(count);
    return `${events.join("\n")}\n${steps(end + 20_000, `${words.join(" ")} ${poll(end)} ${ask(8, end, set, 1000, 1030)} ${answer(8, end + 5000)}`)}`;
  };

  it("counts the requests that were sent elsewhere, and forgives a client that is learning", () => {
    expect(found(redirects, redirected(30))).toMatchObject({
      severity: "critical",
      evidence: { redirects: 30, "connections redirected": 1 },
    });
    expect(verdict(redirects, redirected(19))).toBe("not found");
  });

  it("says what they cost, where they are joined with their repeats", () => {
    expect(found(redirects, redirectedCluster(25))).toMatchObject({
      evidence: { redirects: 25, "redirects joined with their repeat": 25, "time lost by those": 25 * 4000 },
      costNs: 25 * 4000,
    });
  });
});

describe("pubsub-amplification", () => {
  /** A link to each of two peers, and so many publishes of `content` bytes, each sent to both with `header` bytes around it. */
  const publishes = (count: number, content: number, header: number): string => {
    const links = [1, 2].map(
      (link) =>
        `5 redis:link_open vpid=9 vtid=9 link=${link} inbound=0 node_id="p${link}" laddr="127.0.0.1" lport=${4000 + link} raddr="127.0.0.1" rport=${17001 + link} read_offset=0 write_offset=0`,
    );
    const words = Array.from({ length: count }, (_, i) => {
      const at = 10_000 + i * 10_000;
      const sends = [1, 2].map(
        (link) =>
          `cluster_send@${at + 1100 + link} link=${link} aux=4 length=${header + content} end_offset=${(i + 1) * (header + content)}`,
      );
      // 31 bytes of RESP around channel and message.
      return `${poll(at)} read_start@${at} conn=7; read_done@${at + 100} nread=${31 + content}; parsed@${at + 200} aux=3 end_offset=${1000 + (i + 1) * (31 + content)};
        call_start@${at + 1000} aux=7 flags=4; ${sends.join("; ")}; call_end@${at + 2000} aux=7 flags=4 reply_bytes=4; process_end@${at + 2100};
        read_end@${at + 2200} conn=7; ${answer(7, at + 3000)}`;
    });
    return `2 redis:command_table vpid=9 vtid=9 command=7 flags=4 name="publish"\n${links.join("\n")}\n${steps(20_000 + count * 10_000, words.join(" "))}`;
  };

  it("measures what a PUBLISH becomes on the bus, beside what the sizes of the requests predict", () => {
    const { evidence, confidence } = found(pubsubAmplification, publishes(1000, 100, 2264));
    expect(confidence).toBe("high");
    expect(evidence).toMatchObject({ publishes: 1000, "other nodes": 2, published: 100_000, "on the bus": 2 * 1000 * 2364, factor: 47.28 });
    expect(evidence["predicted factor"]).toBe(47.28);
  });

  it("has nothing to say of light headers, or of little traffic", () => {
    expect(verdict(pubsubAmplification, publishes(1000, 100, 24))).toBe("not found");
    expect(verdict(pubsubAmplification, publishes(100, 100, 2264))).toBe("not found");
  });
});

describe("io-threads-idle-spin", () => {
  /** An io thread with a reply to write every 10 ms; between, the main thread finds `queued` replies to send. */
  const spinning = (queued: number): string => {
    const rounds = Array.from({ length: 50 }, (_, i) => 10 * ms * (i + 1));
    const main = rounds.map(
      (at) =>
        `${poll(at)} handle_writes_start@${at + 1000} items=8; handle_writes_end@${at + 90_000} items=8; handle_writes_start@${at + 100_000} items=${queued}; handle_writes_end@${at + 101_000} items=${queued};`,
    );
    const io = rounds.map(
      (at) =>
        `io_run_start@${at + 2000} aux=1 flags=1 items=4; write_start@${at + 3000} conn=7; write_end@${at + 80_000} conn=7 nwritten=10; io_run_end@${at + 81_000} aux=1 flags=1 items=4;`,
    );
    const end = 520 * ms;
    return `6 redis:thread_info vpid=9 vtid=10 thread=1 role="io"
      ${end - 10} redis:steps vpid=9 vtid=10 thread=1 base_ticks=0 base_ns=0 end_ticks=${end} end_ns=${end} words={${io.join(" ")}}
      ${steps(end, main.join(" "))}`;
  };

  it("finds a thread that stays awake for little work", () => {
    const { evidence } = found(ioThreadsIdleSpin, spinning(8));
    // 49 stretches of 10 ms from round to round, and the last round's work.
    expect(evidence["awake"]).toBe(49 * 10 * ms + 79_000);
    expect(evidence["working"]).toBe(50 * 77_000);
  });

  it("knows when the main thread put it to sleep", () => expect(verdict(ioThreadsIdleSpin, spinning(3))).toBe("not found"));
});

describe("io-thread-race", () => {
  const handOut = (time: number, entries: string): string =>
    `handle_reads_start@${time} items=2; ${entries} handle_reads_end@${time + 50_000} items=2;`;
  const add = (time: number, conn: number): string => `read_queue_add@${time} conn=${conn};`;
  const give = (time: number, conn: number, list: number): string => `read_queue_remove@${time} aux=${list} conn=${conn};`;
  const read = (time: number, conn: number, took: number): string =>
    `read_start@${time} conn=${conn}; ssl_read@${time + took - 200} conn=${conn} asked=20000 returned=16384 pending=500;
     read_done@${time + took - 100} nread=16384; read_end@${time + took} conn=${conn};`;
  const done = (time: number, conn: number): string => `read_queue_done@${time} conn=${conn};`;
  /** Records of the main thread and of io thread 1 (kernel id 10), and rare events between them. */
  const threads = (main: string, io: string, rare = ""): string => `6 redis:thread_info vpid=9 vtid=10 thread=1 role="io"
    6 redis:thread_info vpid=9 vtid=9 thread=0 role="main"
    ${rare}
    99000 redis:steps vpid=9 vtid=10 thread=1 base_ticks=0 base_ns=0 end_ticks=99000 end_ns=99000 words={${io}}
    ${steps(100_000, main)}`;
  const turn = (main: string, io: string, rare?: string): string =>
    threads(`${poll(10_000)} ${handOut(20_000, main)} ${poll(90_000)}`, io, rare);
  const healthy = turn(
    `${give(20_100, 7, 0)} ${give(20_200, 8, 1)} ${read(21_000, 7, 5000)} ${done(40_000, 7)} ${done(41_000, 8)}`,
    read(21_500, 8, 5000),
  );
  const twiceQueued = (main: string, io: string, rare?: string): string =>
    threads(`${poll(10_000)} ${add(11_000, 7)} ${add(12_000, 7)} ${handOut(20_000, main)} ${poll(90_000)}`, io, rare);
  const given = `${give(20_100, 7, 0)} ${give(20_200, 7, 1)}`;

  it("finds a client that was on the lists twice, though nothing came of it", () => {
    // The io thread begins when the main thread is done.
    const finding = found(
      ioThreadRace,
      twiceQueued(`${given} ${read(21_000, 7, 5000)} ${done(40_000, 7)} ${done(41_000, 7)}`, read(27_000, 7, 5000)),
    );
    expect(finding).toMatchObject({ severity: "critical", confidence: "high", node: "test:7001", start: 12_000, end: 20_200 });
    expect(finding.evidence).toMatchObject({
      connections: 1,
      "queued twice": 1,
      "handed out twice in one turn": 1,
      "read by two threads at once": 0,
      "used after it was freed": 0,
    });
    expect(finding.prose).toContain("to io lists 0 and 1");
  });

  it("counts how long two threads read at once", () => {
    const { evidence, prose } = found(ioThreadRace, twiceQueued(`${given} ${read(21_000, 7, 5000)}`, read(22_000, 7, 9000)));
    expect(evidence).toMatchObject({ "read by two threads at once": 1, "longest time with two threads": 4000 });
    expect(prose).toContain("The main thread and io thread 1 read from the one connection at the same time, for 4.00 µs.");
  });

  it("tells of the freed client's second entry and its second free, and what each SSL read took", () => {
    const text = `${redisServer}
      ${twiceQueued(
        `${given} ${read(21_000, 7, 5000)} ${done(40_000, 7)} ${done(43_000, 7)}`,
        read(27_000, 7, 5000),
        `41000 redis:free_client vpid=9 vtid=9 conn_id=7 fd=8 flags=1024
         41500 redis:connection_close vpid=9 vtid=9 conn_id=7 fd=8 reason=1024
         44000 redis:free_client vpid=9 vtid=9 conn_id=7 fd=-1 flags=1024`,
      )}`;
    const ssl = (time: number, thread: number, returned: number, pending: number) => ({
      time,
      thread,
      name: "redis:ssl_read",
      fields: Object.entries({ asked: 20000, returned, pending }).map(([key, value]) => [key, String(value)] as const),
    });
    const queued = (time: number) => ({ time, thread: 9, name: "redis:pending_read_add", fields: [] });
    const answer = diagnoseText(ioThreadRace, text, 0, [
      ssl(5000, 9, 8192, 119),
      queued(11_000),
      queued(12_000),
      ssl(25_800, 9, 101, 18),
      ssl(31_800, 10, -1, 0),
    ]);
    if (answer.verdict !== "found") throw new Error(answer.verdict);
    const [finding] = answer.findings;
    expect(finding?.prose).toContain(
      "(1) the main thread read 8192 B (119 left in OpenSSL); (2) the main thread read 101 B (18 left in OpenSSL), io thread 1 found nothing to read.",
    );
    expect(finding?.prose).toContain(
      "and freed again 2.50 µs later, by the main thread, when the second came up 1.50 µs after the client's memory was given back",
    );
    expect(finding?.prose).toContain("The trace ends 56.0 µs later, as it does when the process dies.");
    expect(finding?.evidence).toContainEqual({ name: "cycle 2: SSL bytes read", value: 101, unit: "bytes" });
    expect(finding?.evidence).toContainEqual({ name: "freed twice", value: 1, unit: "count" });
  });

  it("lets a client be read turn after turn, and by another thread each time", () => {
    expect(verdict(ioThreadRace, healthy)).toBe("not found");
    const again = threads(
      `${poll(10_000)} ${add(11_000, 7)} ${handOut(20_000, `${give(20_100, 7, 0)} ${read(21_000, 7, 5000)} ${done(40_000, 7)}`)}
       ${add(75_000, 7)} ${handOut(76_000, `${give(76_100, 7, 1)} ${done(90_000, 7)}`)}`,
      read(77_000, 7, 5000),
    );
    expect(verdict(ioThreadRace, again)).toBe("not found");
  });

  it("takes an overlap of less than a microsecond for two processors' counters", () => {
    const close = threads(`${poll(10_000)} ${read(21_000, 7, 5000)}`, read(25_500, 7, 5000));
    expect(verdict(ioThreadRace, close)).toBe("not found");
    expect(verdict(ioThreadRace, threads(`${poll(10_000)} ${read(21_000, 7, 5000)}`, read(25_000, 7, 5000)))).toBe("found");
  });
});

it("every diagnosis is explained in docs/diagnoses.md, in the words of --explain", async () => {
  const text = readFileSync("docs/diagnoses.md", "utf8");
  for (const { id, title, explanation } of await diagnosisList()) {
    expect(text).toContain(`### ${id}: ${title}\n`);
    expect(text).toContain(explanation);
  }
});
