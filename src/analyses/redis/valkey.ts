/**
 * Valkey's own tracing as steps of the model: calls with their connection, what the main thread did besides, forks. A request is as long as its call, since nothing
 * else is told of it. Only commands say who a process is, so it appears with its first.
 */

import type { RelativeNs } from "../../base/index.ts";
import { housekeepingKinds, type RareEvent, type RedisProcess, type SinkOf, Step, type StepSink } from "../../environments/redis/index.ts";
import { type ValkeyCommand, type ValkeyProcess, ValkeyReader, type ValkeySink } from "../../environments/valkey/index.ts";
import type { EventCursor, TraceSource } from "../../trace/index.ts";

/** In place of a reply's bytes: nothing is told of how it was answered. */
export const replyUntold = -2;
/** Flag bits of call steps (events.ts, callFlags). */
const nested = 1;
const counted = 4;
const mainThread = 0;

interface Known {
  readonly process: RedisProcess;
  readonly sink: StepSink | undefined;
  readonly commands: Map<string, number>;
  readonly connections: Map<string, number>;
}

/** Decodes the `valkey_*` providers' events of one cursor into steps. */
export class ValkeySteps implements ValkeySink {
  readonly processes: RedisProcess[] = [];
  /** No batches, so no counters to be read at random. */
  readonly slopes = {};
  private readonly known = new Map<number, Known>();
  private readonly reader: ValkeyReader;
  private readonly sinkOf: SinkOf;

  constructor(source: TraceSource, cursor: EventCursor, sinkOf: SinkOf) {
    this.sinkOf = sinkOf;
    this.reader = new ValkeyReader(source, cursor, this);
  }

  get isUseful(): boolean {
    return this.reader.isUseful;
  }

  handle(): void {
    this.reader.handle();
  }

  finish(): void {
    this.reader.finish();
  }

  began(of: ValkeyProcess, command: ValkeyCommand, time: RelativeNs, isNested: boolean): void {
    const known = this.process(of, command.server);
    const connection = this.connection(known, command, time);
    this.step(known, Step.callStart, time, connection, this.command(known, command.name), isNested ? nested : 0, 0);
  }

  ended(of: ValkeyProcess, command: ValkeyCommand, time: RelativeNs, isNested: boolean): void {
    const known = this.process(of, command.server);
    const connection = this.connection(known, command, time);
    const flags = counted | (isNested ? nested : 0);
    this.step(known, Step.callEnd, time, connection, this.command(known, command.name), flags, replyUntold);
  }

  housekept(of: ValkeyProcess, kind: string, end: RelativeNs, durationNs: number): void {
    const known = this.known.get(of.index);
    if (known === undefined) return;
    const what = (housekeepingKinds as readonly string[]).indexOf(kind);
    this.step(known, Step.housekeeping, end, -1, what, durationNs, 0);
  }

  forked(of: ValkeyProcess, purpose: number, start: RelativeNs, end: RelativeNs): void {
    const known = this.known.get(of.index);
    if (known === undefined) return;
    this.rare(known, "fork_start", start, -1, { purpose });
    this.rare(known, "fork_end", end, -1, { purpose, duration_ns: end - start });
  }

  private step({ process, sink }: Known, kind: number, time: RelativeNs, connection: number, a: number, b: number, c: number): void {
    sink?.step(process, kind, time, mainThread, connection, a, b, c, 0, 0);
  }

  private rare({ process, sink }: Known, name: string, time: RelativeNs, conn: number, fields: RareEvent["fields"]): void {
    sink?.rare(process, { name, time, thread: mainThread, conn, fields });
  }

  /** `server` is where the process listens: told by its first command. */
  private process({ index, pid, tid, hostname }: ValkeyProcess, server: string): Known {
    const known = this.known.get(index);
    if (known !== undefined) return known;
    const process: RedisProcess = {
      index,
      pid,
      trace: 0,
      hostname,
      commands: [],
      commandFlags: [],
      threads: new Map([[mainThread, { tid, role: "main" }]]),
      info: {
        runId: "",
        nodeId: "",
        flavor: "valkey",
        version: "",
        port: ends(server).port,
        tlsPort: 0,
        busPort: 0,
        clusterEnabled: false,
        ioThreads: 1,
      },
      badRecords: 0,
    };
    if (process.info?.port === 0) process.info = undefined;
    this.processes.push(process);
    const made = { process, sink: this.sinkOf(process), commands: new Map<string, number>(), connections: new Map<string, number>() };
    this.known.set(index, made);
    return made;
  }

  private command({ process, commands }: Known, name: string): number {
    let number = commands.get(name);
    if (number === undefined) {
      number = commands.size;
      commands.set(name, number);
      process.commands[number] = name;
    }
    return number;
  }

  /** Its number: nothing tells of its end, so whoever has the same addresses later is the same. -1 where there is none. */
  private connection(known: Known, { client, server }: ValkeyCommand, time: RelativeNs): number {
    if (client === "") return -1;
    const key = `${client}>${server}`;
    const number = known.connections.get(key);
    if (number !== undefined) return number;
    const made = known.connections.size + 1;
    known.connections.set(key, made);
    const [remote, local] = [ends(client), ends(server)];
    const addresses = { raddr: remote.host, rport: remote.port, laddr: local.host, lport: local.port };
    this.rare(known, "connection_state", time, made, { kind: 0, ...addresses, read_offset: -1, write_offset: -1 });
    return made;
  }
}

/** Parts of `host:port`; the host of an IPv6 address may have brackets. */
function ends(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  const port = Number(address.slice(colon + 1));
  return { host: address.slice(0, Math.max(0, colon)).replace(/^\[|\]$/g, ""), port: Number.isInteger(port) ? port : 0 };
}
