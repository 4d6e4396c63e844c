/**
 * The `lttng` command: the only way in which Storescope talks to LTTng. No shell; every argument is ours or was checked (`checkEventName`).
 *
 * It runs in a session of its own, so that Ctrl-C at the terminal does not stop it half way, and never starts a session daemon by itself
 * (session-daemon.ts does, and knows whose it is). Answers that are read by a program come as LTTng's machine interface (`--mi xml`).
 */
import { spawn, spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { StorescopeError, UsageError } from "../base/index.ts";

const general = ["--no-sessiond"];
/** LTTng's messages are parsed nowhere but shown: in English, as in its manual. */
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: "C" });

/** Runs `lttng ARGS` and returns what it printed. Throws TOOL_MISSING without LTTng, RECORD_FAILED with LTTng's words when it refuses. */
export function lttng(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("lttng", [...general, ...args], { detached: true, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      errors += chunk;
    });
    child.on("error", (cause) =>
      reject(new StorescopeError("TOOL_MISSING", "the lttng command is not installed: apt install lttng-tools", { cause })),
    );
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else
        reject(new StorescopeError("RECORD_FAILED", `lttng ${args.join(" ")}: ${errors.trim() || output.trim() || `exit code ${code}`}`));
    });
  });
}

/** The same, blocking, and silent about failures: for the very end of the process only. */
export function lttngAtExit(...args: readonly string[]): string {
  return spawnSync("lttng", [...general, ...args], { env: environment(), encoding: "utf8", timeout: 10_000 }).stdout ?? "";
}

/** Contents of each element of this name. Enough for LTTng's machine interface, whose elements of one name do not nest. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map((match) => match[1] ?? "");
}

const unescapeXml = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"', apos: "'" })[name] ?? "&");

function first(xml: string, name: string): string | undefined {
  const [content] = elements(xml, name);
  return content === undefined ? undefined : unescapeXml(content);
}

/** Names of the user's sessions. */
export async function listSessions(): Promise<readonly string[]> {
  return elements(await lttng("--mi", "xml", "list"), "session").flatMap((session) => first(session, "name") ?? []);
}

/** What the tracer dropped, summed over the session's channels. Right once the session is stopped. */
export async function lostRecords(session: string): Promise<{ readonly events: number; readonly packets: number }> {
  const xml = await lttng("--mi", "xml", "list", session);
  const sum = (name: string) => elements(xml, name).reduce((total, text) => total + Number(text), 0);
  return { events: sum("discarded_events"), packets: sum("lost_packets") };
}

/** A process that offers events to LTTng. */
export interface TracedProcess {
  readonly pid: number;
  readonly name: string;
}

/** LTTng gives up its listing when a process ends in the middle of it: asked again a few times. */
async function userspaceListing(tries = 5): Promise<string> {
  try {
    return await lttng("--mi", "xml", "list", "--userspace");
  } catch (error) {
    if (tries <= 1 || !(error instanceof StorescopeError) || error.code !== "RECORD_FAILED") throw error;
    await delay(100);
    return await userspaceListing(tries - 1);
  }
}

/** Running processes that offer events of the provider. */
export async function listProcesses(provider: string): Promise<readonly TracedProcess[]> {
  const xml = await userspaceListing();
  return elements(xml, "pid").flatMap((pid) => {
    const events = elements(pid, "event").map((event) => first(event, "name"));
    if (!events.some((name) => name?.startsWith(`${provider}:`))) return [];
    return [{ pid: Number(first(pid, "id")), name: first(pid, "name") ?? "" }];
  });
}

/** Refuses what is not `provider:event` with LTTng's wildcard: LTTng separates events by commas, and would take a leading dash as an option. */
export function checkEventName(name: string): string {
  if (!/^[A-Za-z_][\w]*:[\w*]+$/.test(name))
    throw new UsageError(`"${name}" is not an event name such as redis:connection_open or redis:*`);
  return name;
}
