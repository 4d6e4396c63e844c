/**
 * Integration events: what the analyses of single runtimes tell the `flows` analysis, which joins processes by them. A runtime is part of flows when its
 * analysis offers them; `flows` sees nothing else of it.
 *
 * Two processes are joined by the connection between them, and by where in its stream of bytes a message lies: nothing is added to any message.
 *
 *     process A                                                     process B
 *     callStart  [start, end) of A's outgoing stream  ---------->   serveStart, or served, of the same bytes
 *     read       up to here of A's incoming stream    <----------   serveEnd, or served: the reply ends there
 *
 * Events are rows of `integrationWidth` numbers in a spool, in time order per process:
 *
 *     kind        time   subject     a            b            c           d        e        f
 *     serveStart  time   span        connection   read offset  name        stream   -        -       a request was received: a context begins
 *     serveEnd    time   span        status       reply end    name or -1  broken   grpc     -       and ends; the name, where it is known better now
 *     pushStart   time   span        connection   start        end         name     -        -       a context that pushed bytes began; it ends with the last it does
 *     callStart   time   span        connection   start        end or -1   name     parent   callKind | evidence << 8 | stream << 16
 *     sent        time   span        connection   start        -           -        -        -       a call that began without a connection (-1) is sent over this one
 *     callEnd     time   span        status       grpc         -           -        -        -       the caller knows the answer's head, or (0) that there is none
 *     callOver    time   span        ending       -            -           -        -        -       the caller has the whole answer, or never will
 *     read        time   connection  end offset   -            -           -        -        -       bytes up to there reached the caller
 *     closed      time   connection  -            -            -           -        -        -
 *     served      time   ref         connection   start        end         begun    reply end  target  a whole request, known when its reply was written
 *     pushed      time   message     connection   start        end         -        -        -       bytes that nobody asked for on this connection were written: a published message is among them
 *
 * Spans are numbered by the offer from 0, connections and names are indices into its lists; `noSpan` stands for none. Where one connection carries messages of
 * many requests at once (HTTP/2), `stream` is 1, and the number of the request's stream stands in place of its offset. Offsets are known to their low 32 bits at
 * least, and are compared by these. `grpc` is 1 + the status of gRPC, 0 or -1 where there is none. A target is 1 + the index of where the reply said to ask instead, 0 where it was no redirect. -1 is an unknown offset. A
 * call without a connection (-1) has the index of its process in place of `start`.
 */
import type { RelativeNs } from "../base/index.ts";
import type { SpoolRows } from "./spool.ts";

export const integrationWidth = 9;

export const integrationKinds = {
  serveStart: 1,
  serveEnd: 2,
  pushStart: 3,
  callStart: 4,
  callEnd: 5,
  read: 6,
  closed: 7,
  served: 8,
  sent: 9,
  callOver: 10,
  pushed: 11,
} as const;

/** What is called. */
export const callKinds = { http: 1, store: 2, database: 3 } as const;

/** How a call ended, in callOver. Failed: refused; broken: without its whole answer; cancelled: the caller gave it up before. */
export const callEndings = { answered: 0, failed: 1, broken: 2, cancelled: 3 } as const;

/** In callStart's last number: the start is a stream's number. */
export const streamFlag = 1 << 16;

export const noSpan = 0xffff_ffff;

/** A process that takes part, or a thread of one with a life of its own. */
export interface IntegrationProcess {
  /** As people know it: a service's name, `host:port`. */
  readonly name: string;
  /** What runs it: `node`, `redis`, `valkey`. */
  readonly runtime: string;
  readonly version: string;
  readonly pid: number;
}

/** One end of a connection. Addresses are texts as both ends would write them; empty where unknown (UNIX sockets). */
export interface IntegrationConnection {
  /** Index in the offer's processes. */
  readonly process: number;
  readonly local: string;
  readonly remote: string;
  readonly opened: RelativeNs;
  readonly closed: RelativeNs;
  readonly calls: boolean;
}

/** What one runtime's analysis offers. */
export interface IntegrationOffer {
  readonly processes: readonly IntegrationProcess[];
  readonly connections: readonly IntegrationConnection[];
  readonly names: readonly string[];
  /** How many spans it numbered. */
  readonly spans: number;
  /** What to add to its refs to make them ids of the history. */
  readonly firstRef: number;
  /** The ref (already that of the history) whose request caused each pushed message; `noSpan` where that is not known. */
  readonly causes?: ArrayLike<number>;
  /** Addresses that replies said to ask instead, as in `IntegrationConnection`. */
  readonly targets?: readonly string[];
  readonly rows: SpoolRows;
}

/** An address as both ends of a connection write it. Loopback addresses mean another machine on every machine. */
export function endpoint(hostname: string, address: string, port: number): string {
  if (address === "" || port === 0) return "";
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain.startsWith("127.") || plain === "::1" ? `${hostname}/${plain}:${port}` : `${plain}:${port}`;
}
