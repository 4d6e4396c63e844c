/**
 * Puts what Valkey's own providers tell into the order in which it happened.
 *
 * A command is told of when it is over, so what it called itself is told of before it:
 *
 *     told        GET    SET    EXEC                    in order      EXEC began
 *     happened  |=GET=|=SET=|                                            GET began, ended
 *               |=====EXEC=======|                                       SET began, ended
 *                                                                     EXEC ended
 *
 * Calls without a connection (scripts, modules), those between a connection's MULTI and EXEC, forks and the like are held until the command that they may lie in.
 * One thread does all of them: whatever ended after a command began lies in it, and what did not, stands by itself. The thread may lose its processor between
 * the end of a command and the tracepoint, which makes the command seem to begin late; so what a script called and what a transaction held belong to it anyway.
 */
import type { RelativeNs } from "../../base/index.ts";
import type { EventClass, EventCursor, FieldReader, TraceSource } from "../../trace/index.ts";
import { commandEvent, forkEvents, housekeepingEvents } from "./events.ts";

/** Things held, at most: with more no command comes that they lie in (the end of a transaction that is refused is not told of). */
const mostHeld = 10_000;
const usNs = 1000;
/** How much too late a script or transaction may seem to begin. */
const latestNs = 10_000_000;
const isScript = /^(eval|evalsha|fcall)(_ro)?$/;

/** A process that Valkey's providers tell of. */
export interface ValkeyProcess {
  /** Dense, in order of appearance. */
  readonly index: number;
  readonly pid: number;
  /** Of the thread that executes commands; the pid where the trace does not say. */
  readonly tid: number;
  readonly hostname: string;
}

/** A command that was executed. Addresses are `host:port`; `client` is empty for what no connection sent. */
export interface ValkeyCommand {
  readonly name: string;
  readonly client: string;
  readonly server: string;
  readonly start: RelativeNs;
  readonly end: RelativeNs;
}

/** Receives what happened. Per process, times never decrease. */
export interface ValkeySink {
  began(process: ValkeyProcess, command: ValkeyCommand, time: RelativeNs, isNested: boolean): void;
  ended(process: ValkeyProcess, command: ValkeyCommand, time: RelativeNs, isNested: boolean): void;
  /** `kind` is one of the values of `housekeepingEvents`. */
  housekept(process: ValkeyProcess, kind: string, end: RelativeNs, durationNs: number): void;
  /** fork() took this time; `purpose` is one of the values of `forkEvents`. */
  forked(process: ValkeyProcess, purpose: number, start: RelativeNs, end: RelativeNs): void;
}

/** Something that may lie in a command that is told of later. */
interface Held {
  readonly start: RelativeNs;
  readonly end: RelativeNs;
  /** Who sent the command; empty where nobody did; undefined where it is none. */
  readonly client: string | undefined;
  tell(isInside: boolean): void;
}

interface State extends ValkeyProcess {
  readonly held: Held[];
  /** Connections between MULTI and EXEC, by the client's address. */
  readonly inMulti: Set<string>;
  last: RelativeNs;
}

export class ValkeyReader {
  private readonly processes = new Map<string, State>();
  private readonly handlers: (((process: State) => void) | undefined)[] = [];
  private readonly pid: (FieldReader | undefined)[] = [];
  private readonly tid: (FieldReader | undefined)[] = [];
  private readonly source: TraceSource;
  private readonly cursor: EventCursor;
  private readonly sink: ValkeySink;

  constructor(source: TraceSource, cursor: EventCursor, sink: ValkeySink) {
    this.source = source;
    this.cursor = cursor;
    this.sink = sink;
    for (const eventClass of source.eventClasses) {
      const handler = this.handler(eventClass);
      if (handler === undefined) continue;
      this.handlers[eventClass.index] = handler;
      this.pid[eventClass.index] = cursor.field(eventClass, "vpid");
      this.tid[eventClass.index] = cursor.field(eventClass, "vtid");
    }
  }

  /** Whether the trace has any event for this reader. */
  get isUseful(): boolean {
    return this.handlers.length > 0;
  }

  /** Takes the cursor's current event. */
  handle(): void {
    const { eventClass, stream } = this.cursor;
    const handler = this.handlers[eventClass];
    if (handler === undefined) return;
    // Without a context that names it, a process is known by the folder of its buffers.
    const file = this.source.streams[stream]?.file ?? "";
    const folder = file.slice(0, file.lastIndexOf("/"));
    const pid = this.pid[eventClass]?.number() ?? Number(this.source.environment["vpid"] ?? 0);
    const key = `${folder} ${pid}`;
    let process = this.processes.get(key);
    if (process === undefined) {
      const hostname = String(this.source.environment["hostname"] ?? "");
      const tid = this.tid[eventClass]?.number() ?? pid;
      process = { index: this.processes.size, pid, tid, hostname, held: [], inMulti: new Set(), last: 0 };
      this.processes.set(key, process);
    }
    handler(process);
  }

  /** Hands over what is still held. Call after the last event. */
  finish(): void {
    for (const process of this.processes.values()) this.release(process);
  }

  private handler(eventClass: EventClass): ((process: State) => void) | undefined {
    const field = (name: string): FieldReader | undefined => this.cursor.field(eventClass, name);
    const duration = field("duration");
    if (duration === undefined) return undefined;
    const durationNs = (): number => duration.number() * usNs;
    if (eventClass.name === commandEvent) {
      const [name, client, server] = ["name", "addr", "laddr"].map(field);
      return (process) => {
        const address = client?.text() ?? "";
        const end = this.cursor.time;
        this.command(process, {
          name: name?.text() ?? "",
          client: address.startsWith("?") ? "" : address,
          server: server?.text() ?? "",
          start: Math.max(0, end - durationNs()),
          end,
        });
      };
    }
    const kind = housekeepingEvents[eventClass.name];
    if (kind !== undefined)
      return (process) => {
        const [end, took] = [this.cursor.time, durationNs()];
        this.hold(process, {
          start: end - took,
          end,
          client: undefined,
          tell: () => this.sink.housekept(process, kind, this.at(process, end), took),
        });
      };
    const purpose = forkEvents[eventClass.name];
    if (purpose === undefined) return undefined;
    return (process) => {
      const end = this.cursor.time;
      const start = end - durationNs();
      this.hold(process, {
        start,
        end,
        client: undefined,
        tell: () => this.sink.forked(process, purpose, this.at(process, start), this.at(process, end)),
      });
    };
  }

  private command(process: State, command: ValkeyCommand): void {
    const { client, name, start, end } = command;
    const { held, inMulti } = process;
    const isEnd = name === "exec" || name === "discard" || name === "reset" || name === "quit";
    if (client === "" || (inMulti.has(client) && !isEnd && name !== "multi" && name !== "watch")) {
      this.hold(process, { start, end, client, tell: (isInside) => this.call(process, command, isInside || client === "") });
      return;
    }
    if (name === "multi") inMulti.add(client);
    else if (isEnd) inMulti.delete(client);
    const inside = held.findIndex((each) => each.end > start || (each.end > start - latestNs && belongs(each, command)));
    const own = inside < 0 ? [] : held.splice(inside);
    // Somebody else's turn: a transaction that was begun is not being executed.
    for (const { client: other } of held) if (other !== undefined) inMulti.delete(other);
    this.release(process);
    this.sink.began(process, command, this.at(process, Math.min(start, own[0]?.start ?? start)), false);
    for (const each of own) each.tell(true);
    this.sink.ended(process, command, this.at(process, command.end), false);
  }

  /** What is held stands by itself. */
  private release(process: State): void {
    for (const each of process.held.splice(0)) each.tell(false);
  }

  private hold(process: State, held: Held): void {
    process.held.push(held);
    if (process.held.length < mostHeld) return;
    process.inMulti.clear();
    this.release(process);
  }

  private call(process: State, command: ValkeyCommand, isNested: boolean): void {
    this.sink.began(process, command, this.at(process, command.start), isNested);
    this.sink.ended(process, command, this.at(process, command.end), isNested);
  }

  /** Durations are rounded: nothing begins before what came before it was over. */
  private at(process: State, time: RelativeNs): RelativeNs {
    process.last = Math.max(process.last, time);
    return process.last;
  }
}

/** Whether a command held is one that this command executed, whatever their times. */
function belongs({ client }: Held, { name, client: sender }: ValkeyCommand): boolean {
  return (name === "exec" && (client === sender || client === "")) || (isScript.test(name) && client === "");
}
