/**
 * One recording: an LTTng session from `startRecording` to `stop`, and the command it may be wrapped around.
 *
 *     daemon (ours if none runs) -> session -> channel + contexts -> events -> start ... stop -> count what was lost -> destroy -> release daemon
 *
 * Whatever happens in between, nothing stays: a failing step undoes those before it, `stop` is safe to call twice, and should the process end without
 * having called it, the session is destroyed on the way out. Only SIGKILL leaves a session behind; its name holds the process id, so the next
 * recording finds and destroys it.
 *
 * The trace can be read alone: the provider states who the server is, its connections and the meaning of its numbers when tracing is switched on, and
 * `recording.json` beside the trace says how it was made.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { arch, cpus, hostname, release } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StorescopeError, UsageError } from "../base/index.ts";
import { type ChannelSize, channelBytes, channelFor, checkChannel } from "./channel.ts";
import { type EventSelection, selectEvents } from "./events.ts";
import { listProcesses, listSessions, lostRecords, lttng, lttngAtExit, type TracedProcess } from "./lttng.ts";
import { thisPackage } from "./package/index.ts";
import { ensureDaemon, isRunning, ownDaemon, releaseDaemon, withDaemonLock } from "./session-daemon.ts";

const channelName = "storescope";
const contexts = ["vpid", "vtid", "procname"];
/** Rings are handed to the consumer at least this often, so that a trace of an idle server is not empty, and a crash of LTTng costs a second. */
const switchTimerUs = 1_000_000;
/** An idle server hands over its last records when it next wakes up, ten times a second by default. */
const handOverMs = 150;

export interface RecordingOptions {
  /** Folder for the trace: must not exist, or be empty. */
  readonly output: string;
  /** `light` (default), `full`, `classic`, or a list of events. */
  readonly events?: string | undefined;
  /** Record only these processes; default: all of this user that offer the events. */
  readonly pids?: readonly number[] | undefined;
  /** Buffer memory; by default what suits the events and this machine. */
  readonly channel?: Partial<ChannelSize> | undefined;
}

export interface RecordResult {
  readonly directory: string;
  readonly events: string;
  readonly durationMs: number;
  /** Size of the trace. */
  readonly bytes: number;
  /** Memory of the rings. */
  readonly bufferBytes: number;
  /** Events that did not fit the rings; undefined when LTTng was gone before it could be asked. */
  readonly lostEvents: number | undefined;
  readonly lostPackets: number | undefined;
  /** What went wrong while recording, though there is a trace. */
  readonly problem: string | undefined;
}

export interface Recording {
  readonly directory: string;
  readonly session: string;
  readonly bufferBytes: number;
  /** Processes that offer Redis' or Node's events now. */
  processes(): Promise<readonly TracedProcess[]>;
  /** Stops, waits until all is on disk, and leaves nothing running. */
  stop(): Promise<RecordResult>;
}

/** Sessions of this process that the last hook must destroy. */
const open = new Set<string>();
let isHooked = false;
function destroyAtExit(session: string): void {
  open.add(session);
  if (isHooked) return;
  isHooked = true;
  process.on("exit", () => {
    if (open.size === 0) return;
    for (const name of open) lttngAtExit("destroy", name);
    const daemon = ownDaemon();
    const isUsed = lttngAtExit("--mi", "xml", "list").includes("<session>");
    if (daemon !== undefined && !isUsed) process.kill(daemon, "SIGTERM");
  });
}

/** Process ids mean something inside one pid namespace only. */
const namespace = (): string => /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";

/** Destroys the sessions of Storescope processes that were killed. */
async function destroyStale(): Promise<void> {
  for (const name of await listSessions()) {
    const [, space, pid] = /^storescope-(\d+)-(\d+)-/.exec(name) ?? [];
    if (space === namespace() && !isRunning(Number(pid))) await lttng("destroy", name);
  }
}

/** The folder to record into, made when it is not there. Returns whether it was. */
function claim(directory: string): boolean {
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true });
    return true;
  }
  if (!statSync(directory).isDirectory() || readdirSync(directory).length > 0) {
    throw new UsageError(`${directory} is there already and not empty: name another folder with --output`);
  }
  return false;
}

function treeBytes(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + treeBytes(join(path, name)), 0) : stat.size;
}

async function createSession(
  session: string,
  directory: string,
  selection: EventSelection,
  size: ChannelSize,
  pids: readonly number[] | undefined,
): Promise<void> {
  const inSession = ["--userspace", `--session=${session}`];
  const inChannel = [...inSession, `--channel=${channelName}`];
  await lttng("create", session, `--output=${directory}`);
  destroyAtExit(session);
  await lttng(
    "enable-channel",
    ...inSession,
    "--discard",
    "--buffers-uid",
    `--subbuf-size=${size.subBufferBytes}`,
    `--num-subbuf=${size.subBufferCount}`,
    `--switch-timer=${switchTimerUs}`,
    channelName,
  );
  if (pids !== undefined) await lttng("track", ...inSession, `--vpid=${pids.join(",")}`);
  await lttng("add-context", ...inChannel, ...contexts.map((name) => `--type=${name}`));
  await lttng("enable-event", ...inChannel, selection.names.join(","));
  await lttng("start", session);
}

/** Starts recording. What is instrumented and runs, or starts from now on, is traced until `stop`. */
export async function startRecording(options: RecordingOptions): Promise<Recording> {
  const selection = selectEvents(options.events ?? "light");
  const size = checkChannel({ ...channelFor(selection.set), ...options.channel });
  const directory = resolve(options.output);
  const isNew = claim(directory);
  const session = `storescope-${namespace()}-${process.pid}-${randomBytes(4).toString("hex")}`;

  const leave = () =>
    withDaemonLock(async () => {
      if (open.has(session)) await lttng("destroy", session);
      open.delete(session);
      await releaseDaemon();
    });

  const startedAt = new Date();
  const bufferBytes = channelBytes(size);
  const describe = (more: object) =>
    writeFileSync(
      join(directory, "recording.json"),
      `${JSON.stringify(
        {
          storescope: thisPackage().version,
          started: startedAt.toISOString(),
          events: selection.label,
          eventNames: selection.names,
          contexts,
          channel: { ...size, bufferBytes, mode: "discard", buffers: "per-user" },
          host: { name: hostname(), kernel: release(), architecture: arch(), cpus: cpus().length },
          ...more,
        },
        undefined,
        2,
      )}\n`,
    );
  try {
    await withDaemonLock(async () => {
      await ensureDaemon();
      await destroyStale();
      await createSession(session, directory, selection, size, options.pids);
    });
    describe({ finished: false });
  } catch (error) {
    await leave().catch((cause: unknown) => {
      throw new AggregateError([error, cause], "recording did not start, and cleaning up failed");
    });
    if (isNew) rmSync(directory, { recursive: true, force: true });
    throw error;
  }

  const started = performance.now();
  const finish = async (): Promise<RecordResult> => {
    let lost: { events: number; packets: number } | undefined;
    let problem: string | undefined;
    try {
      await sleep(handOverMs);
      await lttng("stop", session);
      lost = await lostRecords(session);
    } catch (error) {
      if (!(error instanceof StorescopeError)) throw error;
      // The daemon died, or somebody destroyed the session: what reached the disk is a trace all the same.
      problem = `LTTng's session was gone before the recording was stopped (${error.message})`;
      open.delete(session);
    }
    const durationMs = performance.now() - started;
    try {
      await leave();
    } catch (error) {
      if (problem === undefined) throw error;
    }
    const result = { durationMs: Math.round(durationMs), lostEvents: lost?.events, lostPackets: lost?.packets, problem };
    describe({ finished: true, ...result });
    return { directory, events: selection.label, bufferBytes, bytes: treeBytes(directory), ...result };
  };

  let stopping: Promise<RecordResult> | undefined;
  return {
    directory,
    session,
    bufferBytes,
    processes: async () => [...(await listProcesses("redis")), ...(await listProcesses("node"))],
    stop: () => {
      stopping ??= finish();
      return stopping;
    },
  };
}
