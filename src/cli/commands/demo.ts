/** `storescope demo`: a scenario from start to picture. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario, ScenarioSize } from "../../../scenarios/contract.ts";
import { UsageError } from "../../base/index.ts";
import { type AnalysisSummary, type DiagnosisReport, type Experiment, openExperiment } from "../../engine/index.ts";
import { examine, type RecordResult, startRecording } from "../../record/index.ts";
import { buildNode, preloadEnvironment } from "../../record/node/index.ts";
import { thisPackage } from "../../record/package/index.ts";
import { buildStore, findStore } from "../../record/store/index.ts";
import type { CommandFile } from "../contract.ts";
import { findingsText, unansweredText } from "../findings.ts";
import { bytes, count, duration } from "../format.ts";
import { parseChoice, parseCount } from "../parse.ts";
import type { Shell } from "../shell.ts";
import { busTable, commandTable, requestTable } from "../tables.ts";
import { analyzeNoting } from "../traces.ts";
import { serveUntilStopped } from "../web.ts";

interface Options {
  readonly list?: boolean;
  readonly open: boolean;
  readonly keep?: string;
  readonly size: string;
  readonly seed: string;
  readonly events: string;
  readonly port: string;
  readonly json?: boolean;
}

const sizes: readonly ScenarioSize[] = ["small", "medium", "large"];
const slowestShown = 5;

/** Scenarios are built beside the command, one file each. */
const scenarioFolder = () => join(thisPackage().root, "dist", "scenarios");

function scenarioNames(): readonly string[] {
  return readdirSync(scenarioFolder())
    .filter((name) => name.endsWith(".js"))
    .map((name) => name.slice(0, -3))
    .sort();
}

async function loadScenario(name: string): Promise<Scenario> {
  const known = parseChoice(name, "the scenario", scenarioNames());
  const module = (await import(pathToFileURL(join(scenarioFolder(), `${known}.js`)).href)) as { default: Scenario };
  return module.default;
}

/** Says what is being done, and how long it took. */
async function step<T>(shell: Shell, title: string, task: () => Promise<T>): Promise<T> {
  const started = performance.now();
  if (process.stderr.isTTY) process.stderr.write(`   ${title} ...`);
  const clear = process.stderr.isTTY ? "\r\u001b[K" : "";
  try {
    const result = await task();
    shell.note(`${clear}ok ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return result;
  } catch (error) {
    shell.note(`${clear}-- ${title}`);
    throw error;
  }
}

/** What was run, where there was a run. */
interface Run {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly recording: RecordResult;
}

function summary(
  shell: Shell,
  experiment: Experiment,
  trace: string,
  run: Run | undefined,
  analysis: AnalysisSummary,
  report: DiagnosisReport,
  isJson: boolean,
): void {
  const stats = experiment.stats();
  const slowest = experiment.requests({ sort: "duration", limit: slowestShown });
  if (isJson) {
    const { scenario, seed, recording } = run ?? {};
    shell.printJson({ scenario: scenario?.id, seed, trace, ...report, recording, analysis, stats, slowest: slowest.requests });
    return;
  }
  shell.print(
    `\n${shell.bold(experiment.name)}: ${duration(Number(stats.end - stats.start))}, ${count(stats.events)} events (${bytes(analysis.traceBytes)}), `,
  );
  shell.print(`lost events: ${count(stats.lostEvents)}, requests: ${count(analysis.requests)}\n`);
  for (const node of stats.nodes) {
    shell.print(`\n${shell.bold(node.node)}: ${count(node.requests)} requests, ${bytes(node.bytesIn)} in, ${bytes(node.bytesOut)} out\n`);
    shell.print(commandTable(node));
    if (node.bus.length > 0) shell.print(`\n${busTable(node)}`);
  }
  shell.print(`\n${shell.bold("slowest requests")}\n${requestTable(experiment, slowest.requests)}\n`);
  shell.print(`${findingsText(shell, experiment, report, [trace])}${unansweredText(report)}\n`);
}

/** Analyses, prints, and serves unless told not to. */
async function show(shell: Shell, trace: string, run: Run | undefined, options: Options): Promise<void> {
  const experiment = await openExperiment([trace], { signal: shell.signal });
  try {
    const analysis = await step(shell, "analysing", () => analyzeNoting(shell, experiment));
    const report = await step(shell, "diagnosing", () => shell.withProgress((progress) => experiment.diagnose(progress)));
    summary(shell, experiment, trace, run, analysis, report, options.json === true);
    if (options.open)
      await serveUntilStopped(shell, [experiment], { port: parseCount(options.port, "--port", 0, 65535), isBrowserWanted: true });
  } finally {
    experiment.close();
  }
}

/** Why nothing can be recorded here; undefined when it can. `npm run demo` has tried to install what is missing and says what it could not. */
async function obstacle(): Promise<string | undefined> {
  const known = process.env["STORESCOPE_NO_RECORDING"];
  if (known) return known;
  const { canRecord, checks } = await examine((await findStore())?.server);
  if (canRecord) return undefined;
  return checks
    .filter(({ status, neededTo }) => status === "problem" && neededTo !== "compare")
    .map(({ title, detail, fix }) => `${title}: ${detail} (${fix})`)
    .join("; ");
}

/** The whole way, in a temporary folder that is gone afterwards, whatever happens. */
async function runScenario(shell: Shell, scenario: Scenario, options: Options): Promise<void> {
  const store = await step(shell, "instrumented Redis (the first time it is built, which takes a minute or two)", () =>
    shell.withProgress((progress) => buildStore({ flavor: "redis", ...progress })),
  );
  const seed = parseCount(options.seed, "--seed", 0, 0xffff_ffff);
  const temporary = mkdtempSync(join(tmpdir(), "storescope-demo-"));
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    const directory = mkdtempSync(join(temporary, "servers-"));
    const recording = await scenario.run({
      store,
      directory,
      output: options.keep ?? join(temporary, scenario.id),
      events: options.events,
      size: parseChoice(options.size, "--size", sizes),
      seed,
      signal: shell.signal,
      step: (title, task) => step(shell, title, task),
      startRecording,
      programs: join(thisPackage().root, "dist"),
      tracedNode: async () => preloadEnvironment((await buildNode({ signal: shell.signal })).preload),
    });
    if (recording.problem !== undefined) shell.note(recording.problem);
    await show(shell, recording.directory, { scenario, seed, recording }, options);
    if (options.keep !== undefined) shell.note(`the trace is in ${recording.directory}`);
  } finally {
    remove();
    process.off("exit", remove);
  }
}

const demo: CommandFile = (command, shell) => {
  command
    .argument("[name]", "the scenario", "cluster")
    .option("--list", "print the scenarios")
    .option("--no-open", "end after the summary; otherwise the UI is served until Ctrl-C")
    .option("--keep <dir>", "keep the trace in this folder")
    .option("--size <size>", sizes.join(", "), "medium")
    .option("--seed <number>", "decides the random choices of the load", "1")
    .option("-e, --events <set>", "light, full or classic", "full")
    .option("--port <port>", "port of the UI on 127.0.0.1; 0: any free one", "0")
    .option("--json", "print the summary as one JSON document")
    .addHelpText(
      "after",
      "\nWhere nothing can be recorded, the trace that ships with Storescope is opened instead.\n\nExamples:\n  storescope demo\n  storescope demo cluster --size small --keep trace --no-open\n  storescope demo slow-command --size small --seed 7 --no-open --json\n",
    )
    .action(async (name: string, options: Options) => {
      if (options.list) {
        const scenarios = await Promise.all(scenarioNames().map(loadScenario));
        if (options.json) shell.printJson(scenarios.map(({ id, title, description, finds }) => ({ id, title, description, finds })));
        else for (const { id, title, description } of scenarios) shell.print(`${id}: ${title}\n  ${description}\n`);
        return;
      }
      const scenario = await loadScenario(name);
      parseChoice(options.size, "--size", sizes);
      parseCount(options.seed, "--seed", 0, 0xffff_ffff);
      if (options.keep !== undefined && existsSync(options.keep) && readdirSync(options.keep).length > 0)
        throw new UsageError(`${options.keep} is not empty`);
      const why = await obstacle();
      if (why === undefined) {
        await runScenario(shell, scenario, options);
        return;
      }
      const sample = join(thisPackage().root, "samples", "redis-cluster");
      shell.note(`Nothing can be recorded here, so this is the trace that ships with Storescope. ${why}`);
      await show(shell, sample, undefined, options);
    });
};

export default demo;
