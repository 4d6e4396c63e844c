/** `storescope record`. */
import { basename } from "node:path";
import { StorescopeError } from "../../base/index.ts";
import { type RecordSummary, record } from "../../record/index.ts";
import { buildNode, preloadEnvironment } from "../../record/node/index.ts";
import { buildPython, pythonEnvironment } from "../../record/python/index.ts";
import { findStore } from "../../record/store/index.ts";
import type { CommandFile } from "../contract.ts";
import { bytes, count, duration } from "../format.ts";
import { parseBytes, parseCount } from "../parse.ts";
import type { Shell } from "../shell.ts";

interface Options {
  readonly output?: string;
  readonly events: string;
  readonly pid?: string;
  readonly subbufSize?: string;
  readonly numSubbuf?: string;
  readonly json?: boolean;
}

/** `storescope-20261123-203136`, in UTC. */
const defaultOutput = () => `storescope-${new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;

function summaryText(result: RecordSummary): string {
  const lost = result.lostEvents === undefined ? "unknown" : count(result.lostEvents);
  const lines = [`${result.directory}: ${bytes(result.bytes)} in ${duration(result.durationMs * 1e6)}, events lost: ${lost}`];
  if (result.lostEvents) lines.push("Events were lost: record fewer (--events light) or give more memory (--subbuf-size, --num-subbuf).");
  if (result.problem !== undefined) lines.push(result.problem);
  return `${lines.join("\n")}\n`;
}

/** Variables that have the command's processes traced, by runtime. Without a compiler, say, they are not, and all else is. */
async function tracedRuntimes(shell: Shell): Promise<Readonly<Record<string, string>>> {
  const task = { signal: shell.signal };
  const runtimes = [
    { title: "Node.js", make: async () => preloadEnvironment((await buildNode(task)).preload) },
    { title: "Python", make: async () => pythonEnvironment((await buildPython(task)).directory) },
  ];
  const environment: Record<string, string> = {};
  for (const { title, make } of runtimes) {
    try {
      Object.assign(environment, await make());
    } catch (error) {
      if (!(error instanceof StorescopeError) || error.code === "CANCELLED") throw error;
      shell.note(`${title} is not traced: ${error.message}`);
    }
  }
  return environment;
}

const recordCommand: CommandFile = (command, shell) => {
  command
    .usage("[options] [-- CMD...]")
    .argument("[cmd...]", "program to run while recording; its redis-server is the instrumented one when that is built")
    .option("-o, --output <dir>", "folder for the trace (default: storescope-DATE-TIME)")
    .option(
      "-e, --events <set>",
      "light, full, classic, valkey (its own tracepoints), or a list of events such as poll_start,poll_end",
      "light",
    )
    .option("--pid <list>", "only these processes, such as 812,813 (default: every instrumented one of this user)")
    .option("--subbuf-size <size>", "bytes of one sub-buffer, a power of two (default: what suits the events and this machine)")
    .option("--num-subbuf <count>", "sub-buffers per CPU, a power of two")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Traces every instrumented Redis of this user that runs, or starts meanwhile, and every Node.js and
Python process that CMD starts. Ctrl-C ends the recording properly.
Exits with 0 when the trace is whole, 1 when CMD failed or LTTng broke down on the way.

Examples:
  storescope record --events full -- redis-server --port 7000
  storescope record -- npm start
  storescope record --output trace -- sh -c 'redis-benchmark -p 7000 -t set -n 20000'
  storescope record                         until Ctrl-C
`,
    )
    .passThroughOptions()
    .action(async (argv: readonly string[], options: Options) => {
      const result = await record({
        output: options.output ?? defaultOutput(),
        events: options.events,
        pids: options.pid?.split(",").map((pid) => parseCount(pid, "a process id", 1)),
        channel: {
          ...(options.subbufSize === undefined ? {} : { subBufferBytes: parseBytes(options.subbufSize) }),
          ...(options.numSubbuf === undefined ? {} : { subBufferCount: parseCount(options.numSubbuf, "--num-subbuf", 2) }),
        },
        command: argv.length === 0 ? undefined : argv,
        server: (await findStore())?.server,
        environment: argv.length === 0 ? undefined : await tracedRuntimes(shell),
        signal: shell.signal,
        onStarted: async (recording) => {
          shell.note(`recording to ${recording.directory} (buffers: ${bytes(recording.bufferBytes)} of shared memory)`);
          if (argv.length > 0) return;
          const processes = await recording.processes();
          const names = processes.map(({ name, pid }) => `${basename(name)} (${pid})`);
          shell.note(
            names.length > 0
              ? `traced: ${names.join(", ")}`
              : "no instrumented Redis runs yet; one that starts now is traced (storescope build store redis)",
          );
          shell.note("Ctrl-C ends the recording");
        },
      });
      if (options.json) shell.printJson(result);
      else shell.print(summaryText(result));
      const { command: ran } = result;
      const hasFailed = ran !== undefined && !shell.signal.aborted && ran.exitCode !== 0;
      if (hasFailed) shell.note(`${ran.argv[0]} ended with ${ran.signal ?? `exit code ${ran.exitCode}`}`);
      if (hasFailed || result.problem !== undefined) process.exitCode = 1;
    });
};

export default recordCommand;
