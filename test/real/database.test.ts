/** Statements to a database, for real: a MariaDB, mysql2, and a service whose requests share a pool that is too small. The application's code is the truth. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMariadb } from "../../scenarios/lib/mariadb.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { type Experiment, openExperiment, type SpanInfo } from "../../src/engine/index.ts";
import { start } from "./support.ts";

let directory: string;
let processes: Processes;
let experiment: Experiment;
/** What the server counted. */
let selects = 0;
let output = "";

const app = fileURLToPath(new URL("node-apps/database.mjs", import.meta.url));
const requests = 240;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-database-"));
  processes = new Processes(directory, new AbortController().signal);
  const { socketPath, user } = await startMariadb(processes, directory);
  output = join(directory, "trace");
  const { code, stdout, stderr } = await start(["record", "--output", output, "--", process.execPath, app, socketPath, user]).ended;
  expect(code, stderr).toBe(0);
  selects = Number(/"selects":(\d+)/.exec(stdout)?.[1]);
  experiment = await openExperiment([output]);
  await experiment.analyze();
}, 120_000);

afterAll(async () => {
  experiment?.close();
  await processes?.stop();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** Statements that the application's code makes for this request. */
function expected(number: number): readonly string[] {
  const rounds = (number % 3) + 1;
  const style = number % 6;
  // A prepared statement is prepared once on each connection, for whoever comes first.
  const each = style === 5 ? ["mysql SELECT", "mysql SELECT"] : ["mysql SELECT"];
  const failing = number === 7 ? ["mysql SELECT"] : [];
  return [...failing, ...Array.from({ length: rounds }, () => each).flat()];
}

/** What was done for each request of the load, whose calls are the roots: the application calls itself. */
function served(): readonly { readonly span: SpanInfo; readonly below: readonly SpanInfo[] }[] {
  return experiment.flows({ filter: 'kind == "http" && name =~ "/ask/"', limit: 1000 }).flows.map((root) => {
    const { spans } = experiment.flow(root.id);
    const span = spans.find(({ kind }) => kind === "served") as SpanInfo;
    return { span, below: spans.filter(({ kind }) => kind === "database") };
  });
}

describe("calls to a database", () => {
  it("are each attributed to the request that made them, however the pool hands its connections on", () => {
    const all = served();
    expect(all).toHaveLength(requests);
    let statements = 0;
    for (const { span, below } of all) {
      const calls = below.filter(({ name }) => !/connection|PREPARE/.test(name));
      expect(
        calls.map(({ name }) => name),
        span.name,
      ).toEqual(expected(Number(span.name.split("/")[2])));
      statements += calls.length;
      for (const call of calls) {
        expect(call.parent).toBe(span.id);
        expect(call.start).toBeGreaterThanOrEqual(span.start);
        expect(call.end).toBeLessThanOrEqual(span.end);
        expect(call.complete).toBe(true);
      }
    }
    // SELECT that was refused counts for the server, too.
    expect(statements).toBe(selects);
  });

  it("last as long as the application waited, with the time in the pool told apart", () => {
    const calls = served().flatMap(({ below }) => below.filter(({ name }) => name === "mysql SELECT"));
    const sleeping = calls.filter(({ durationNs, waitedNs }) => durationNs - waitedNs >= 2e6);
    // All but the `SELECT 1` of the last style and the one that fails.
    const brief = Array.from({ length: requests }, (_, n) => (n % 6 === 5 ? (n % 3) + 1 : 0)).reduce((sum, n) => sum + n, 1);
    expect(sleeping.length).toBeGreaterThanOrEqual(calls.length - brief);
    // Sixty requests for three connections.
    expect(Math.max(...calls.map(({ waitedNs }) => waitedNs))).toBeGreaterThan(10e6);
    expect(calls.filter(({ failed }) => failed)).toHaveLength(1);
  });

  it("tell nothing of what was asked", async () => {
    const text = (await start(["events", output, "--format", "babeltrace"]).ended).stdout;
    expect(text).toContain("node:database_query");
    expect(text).not.toContain("secret");
  });
});
