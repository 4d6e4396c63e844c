/**
 * `npm run bench -- start [TRACE] [--json]`: how long one waits for the first answer.
 *
 * - `storescope info` of the sample, against `node -e 0`, which is the part of it that every Node.js program pays: in the checkout, which looks first whether
 *   something has to be built, and as the package is installed, which has nothing to look at
 * - `storescope open` of a large trace whose history is there: until it prints its address, until the answer to the first view's questions (tree and
 *   states of netflow over the whole time, 50 rows and 1280 columns; the overview's buckets), and until Chromium has drawn it.
 *
 * The large trace is the sample repeated to 1 GB (../memory/repeat.ts), or TRACE. Whole processes; each line is the median of the rounds, with the least and
 * the greatest. Checks: `info` counts the sample's events; the first view has states.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { repeatTrace } from "../memory/repeat.ts";
import { findRoot, median } from "../paired.ts";

const infoRounds = 15;
const openRounds = 5;
const largeBytes = 1e9;
const executablePath = process.env["STORESCOPE_CHROMIUM"] ?? "/usr/bin/chromium";
const browserArgs = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** With `json`, one JSON line at the end. */
export async function run(options: { readonly json: boolean; readonly args?: readonly string[] }): Promise<void> {
  const root = findRoot();
  const command = join(root, "bin", "storescope");
  const sample = join(root, "samples", "redis-cluster");
  const results: Record<string, readonly number[]> = {};
  const note = (name: string, times: readonly number[]): void => {
    results[name] = times;
    const shown = [median(times), Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(0).padStart(6)).join("");
    console.log(`${name.padEnd(52)}${shown} ms`);
  };
  console.log(`${" ".repeat(52)}median   min   max; load ${(loadavg()[0] ?? 0).toFixed(1)}`);

  const expected = info(command, sample).events;
  const scratch = mkdtempSync(join(tmpdir(), "storescope-start-"));
  let browser: Browser | undefined;
  try {
    const installed = install(root, join(scratch, "installed"));
    const node: number[] = [];
    const infos: number[] = [];
    const installedInfos: number[] = [];
    for (let round = 0; round < infoRounds; round++) {
      node.push(took(() => spawnSync(process.execPath, ["-e", "0"])));
      for (const [times, each] of [
        [infos, command],
        [installedInfos, installed],
      ] as const)
        times.push(
          took(() => {
            const { events } = info(each, sample);
            if (events !== expected) throw new Error(`info counts ${events} events instead of ${expected}`);
          }),
        );
    }
    note("node -e 0", node);
    note("storescope info, the sample, in the checkout", infos);
    note("... as installed", installedInfos);

    browser = await chromium.launch({ executablePath, args: browserArgs });
    const given = options.args?.[0];
    const trace = given ?? join(scratch, "trace");
    if (given === undefined) repeatTrace(join(sample, "ust", "uid", "0", "64-bit"), trace, largeBytes);
    const histories = join(scratch, "histories");
    const analysed = spawnSync(process.execPath, [command, "analyze", "--json", "--cache", histories, trace], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (analysed.status !== 0) throw new Error("the large trace could not be analysed");
    const rounds: FirstView[] = [];
    for (let round = 0; round < openRounds; round++) rounds.push(await open(command, histories, trace, browser));
    note(
      "storescope open, cached 1 GB: the address",
      rounds.map(({ address }) => address),
    );
    note(
      "... and Chromium has drawn the first view",
      rounds.map(({ drawn }) => drawn),
    );
  } finally {
    await browser?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (options.json) console.log(JSON.stringify({ load: loadavg()[0], ms: results }));
}

/** The command as the package has it: without what builds it. */
function install(root: string, at: string): string {
  for (const name of ["bin", "dist", "package.json"]) cpSync(join(root, name), join(at, name), { recursive: true });
  return join(at, "bin", "storescope");
}

function took(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function info(command: string, trace: string): { readonly events: number } {
  const { stdout, status } = spawnSync(process.execPath, [command, "info", "--json", trace], { encoding: "utf8" });
  if (status !== 0) throw new Error("info failed");
  const { events } = JSON.parse(stdout) as { readonly events: readonly { readonly count: number }[] };
  return { events: events.reduce((sum, { count }) => sum + count, 0) };
}

/** ms from the start of the process. */
interface FirstView {
  readonly address: number;
  readonly drawn: number;
}

async function open(command: string, histories: string, trace: string, browser: Browser): Promise<FirstView> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const start = performance.now();
  const server = spawn(process.execPath, [command, "open", "--no-browser", "--cache", histories, trace], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let output = "";
      server.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const found = /http:\S+/.exec(output);
        if (found !== null) resolve(found[0]);
      });
      server.once("close", () => reject(new Error("the server ended")));
    });
    const address = performance.now() - start;
    await page.goto(url, { waitUntil: "commit" });
    await page.locator('[data-testid="states"]:not([data-states="0"])').waitFor();
    return { address, drawn: performance.now() - start };
  } finally {
    await page.close();
    server.kill();
    await new Promise((resolve) => server.once("close", resolve));
  }
}
