/** One Redis on loopback, traced: what most scenarios run. */
import type { RecordResult } from "../../src/record/index.ts";
import type { ScenarioContext } from "../contract.ts";
import { Client } from "./client.ts";
import { Processes } from "./processes.ts";
import { freePorts } from "./redis-cluster.ts";

export interface Server {
  readonly port: number;
  readonly pid: number;
  readonly processes: Processes;
  /** Opened before the recording starts; for preparations and settings. */
  readonly admin: Client;
}

export interface SingleServer {
  /** Settings of redis.conf by name. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What is done before the recording starts, such as filling in data. */
  readonly prepare?: (server: Server) => Promise<void>;
  /** What is recorded. */
  readonly load: (server: Server) => Promise<void>;
}

/** Starts the server, prepares it, records the load, and stops everything. */
export async function recordServer(context: ScenarioContext, scenario: SingleServer): Promise<RecordResult> {
  const processes = new Processes(context.directory, context.signal);
  let admin: Client | undefined;
  try {
    const server = await context.step("starting Redis", async (): Promise<Server> => {
      const [port = 0] = await freePorts(1);
      const settings = {
        port,
        bind: "127.0.0.1",
        dir: context.directory,
        save: "",
        appendonly: "no",
        daemonize: "no",
        "enable-debug-command": "local",
        ...scenario.settings,
      };
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const pid = await processes.start(context.store.server, args);
      await processes.waitFor("the answer of Redis", 20, async () => {
        admin = await Client.open(port).catch(() => undefined);
        return (await admin?.ask("ping")) === "+PONG";
      });
      return { port, processes, pid, admin: admin as Client };
    });
    if (scenario.prepare !== undefined) await context.step("preparing the data", () => scenario.prepare?.(server) ?? Promise.resolve());
    const recording = await context.step("starting to record", () =>
      context.startRecording({ output: context.output, events: context.events, pids: [server.pid] }),
    );
    try {
      await processes.waitFor("Redis being traced", 20, async () => (await recording.processes()).some(({ pid }) => pid === server.pid));
      await context.step("running the load", () => scenario.load(server));
      processes.check();
    } finally {
      await context.step("writing the trace", () => recording.stop());
    }
    return await recording.stop();
  } finally {
    admin?.close();
    await processes.stop();
  }
}
