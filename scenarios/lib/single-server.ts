/** One Redis on loopback, traced: what most scenarios run. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordResult } from "../../src/record/index.ts";
import type { ScenarioContext } from "../contract.ts";
import { certificateSettings, writeCertificate } from "./certificate.ts";
import { Client } from "./client.ts";
import { Processes } from "./processes.ts";
import { freePorts } from "./redis-cluster.ts";

export interface Server {
  readonly port: number;
  readonly pid: number;
  readonly processes: Processes;
  /** Opened before the recording starts; for preparations and settings. */
  readonly admin: Client;
  /** Where it speaks TLS, besides `port` where it does not. */
  readonly tls: TlsEndpoint | undefined;
}

export interface TlsEndpoint {
  readonly port: number;
  /** The certificate that clients must trust: PEM, and the file that holds it. */
  readonly certificate: string;
  readonly certificateFile: string;
}

export interface SingleServer {
  /** Settings of redis.conf by name. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Environment variables of the server besides ours. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Listen for TLS too, with a certificate made for the run. */
  readonly tls?: boolean;
  /** The server does not survive its load: that it is gone afterwards is no failure. What it said is put beside the trace. */
  readonly dies?: boolean;
  /** What is done before the recording starts, such as filling in data. */
  readonly prepare?: (server: Server) => Promise<void>;
  /** What is recorded. */
  readonly load: (server: Server) => Promise<void>;
}

/** Name of the server's log, in its folder and beside the trace of one that died. */
const serverLog = "redis-server.log";

/** The crash report may hang on the damage that it reports, holding malloc's lock for one. */
const crashReport = "REDIS BUG REPORT START";
const crashReportSeconds = 5;

/** Waits until the server has died, at most for `seconds`; returns whether it has. One that hangs in its crash report is put to its end. */
export async function hasDied({ directory }: ScenarioContext, { processes, pid }: Server, seconds: number): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (await processes.hasEnded(pid, 0.1)) return true;
    if (!readFileSync(join(directory, serverLog), "latin1").includes(crashReport)) continue;
    if (!(await processes.hasEnded(pid, crashReportSeconds))) process.kill(pid, "SIGKILL");
    return await processes.hasEnded(pid, crashReportSeconds);
  }
  return false;
}

/** A certificate in the folder, and the settings that make the server use it. */
function tlsSettings(
  directory: string,
  port: number,
): { readonly settings: Readonly<Record<string, string | number>>; readonly endpoint: TlsEndpoint } {
  const files = writeCertificate(directory);
  const { certificate, certificateFile } = files;
  return { settings: certificateSettings(files, port), endpoint: { port, certificate, certificateFile } };
}

/** Starts the server, prepares it, records the load, and stops everything. */
export async function recordServer(context: ScenarioContext, scenario: SingleServer): Promise<RecordResult> {
  const processes = new Processes(context.directory, context.signal);
  let admin: Client | undefined;
  try {
    const server = await context.step("starting Redis", async (): Promise<Server> => {
      const [port = 0, tlsPort = 0] = await freePorts(2);
      const tls = scenario.tls === true ? tlsSettings(context.directory, tlsPort) : undefined;
      const settings = {
        port,
        bind: "127.0.0.1",
        dir: context.directory,
        save: "",
        appendonly: "no",
        daemonize: "no",
        "enable-debug-command": "local",
        ...tls?.settings,
        ...scenario.settings,
      };
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const pid = await processes.start(context.store.server, args, { log: "redis-server", environment: scenario.environment });
      await processes.waitFor("the answer of Redis", 20, async () => {
        admin = await Client.open(port).catch(() => undefined);
        return (await admin?.ask("ping")) === "+PONG";
      });
      return { port, processes, pid, admin: admin as Client, tls: tls?.endpoint };
    });
    if (scenario.prepare !== undefined) await context.step("preparing the data", () => scenario.prepare?.(server) ?? Promise.resolve());
    const recording = await context.step("starting to record", () =>
      context.startRecording({ output: context.output, events: context.events, pids: [server.pid] }),
    );
    try {
      await processes.waitFor("Redis being traced", 20, async () => (await recording.processes()).some(({ pid }) => pid === server.pid));
      await context.step("running the load", () => scenario.load(server));
      if (scenario.dies !== true) processes.check();
    } finally {
      await context.step("writing the trace", () => recording.stop());
    }
    if (scenario.dies === true) copyFileSync(join(context.directory, serverLog), join(context.output, serverLog));
    return await recording.stop();
  } finally {
    admin?.close();
    await processes.stop();
  }
}
