/**
 * Statements to databases, for real: a MariaDB with mysql2, a PostgreSQL with pg, and a service whose requests share a pool that is too small. The application's
 * code is the truth.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMariadb } from "../../scenarios/lib/mariadb.ts";
import { Processes } from "../../scenarios/lib/processes.ts";
import { type Experiment, openExperiment, type SpanInfo } from "../../src/engine/index.ts";
import { applicationNode, start } from "./support.ts";

const requests = 240;
/** Debian's, newest first. */
const postgresFolder = (): string => {
  const root = "/usr/lib/postgresql";
  const [newest] = readdirSync(root).sort((left, right) => Number(right) - Number(left));
  return join(root, newest ?? "", "bin");
};

/** A PostgreSQL on a private socket in the folder. It refuses to run as root: then it is nobody's. */
async function startPostgres(processes: Processes, directory: string): Promise<readonly [host: string, user: string]> {
  const folder = join(directory, "pg");
  mkdirSync(folder);
  const isRoot = process.getuid?.() === 0;
  const nobody = isRoot ? ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
  if (isRoot) {
    chmodSync(directory, 0o755);
    execFileSync("chown", ["nobody", folder]);
  }
  const bin = postgresFolder();
  const data = join(folder, "data");
  await processes.run("setpriv", [...nobody, join(bin, "initdb"), "-D", data, "-U", "tester", "--auth=trust", "--no-sync"], {
    log: "initdb",
  });
  const settings = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"];
  await processes.start("setpriv", [...nobody, join(bin, "postgres"), ...settings], { log: "postgres" });
  await processes.waitFor("PostgreSQL's socket", 30, async () => existsSync(join(folder, ".s.PGSQL.5432")));
  return [folder, "tester"];
}

const startMysql = async (processes: Processes, directory: string): Promise<readonly [socketPath: string, user: string]> => {
  const { socketPath, user } = await startMariadb(processes, directory);
  return [socketPath, user];
};

interface Case {
  readonly name: string;
  readonly system: string;
  readonly app: string;
  readonly start: (processes: Processes, directory: string) => Promise<readonly [string, string]>;
  readonly isBundled: boolean;
  /** The first requests ask before there is any connection: of a bundled library's statements, those are nobody's. */
  readonly isCold?: boolean;
}

const databases: readonly Case[] = [
  { name: "mysql", system: "mysql", app: "database.mjs", start: startMysql, isBundled: false },
  { name: "mysql, bundled", system: "mysql", app: "database.mjs", start: startMysql, isBundled: true },
  { name: "mysql, bundled, cold", system: "mysql", app: "database.mjs", start: startMysql, isBundled: true, isCold: true },
  { name: "postgresql", system: "postgresql", app: "postgres.mjs", start: startPostgres, isBundled: false },
  { name: "postgresql, bundled", system: "postgresql", app: "postgres.mjs", start: startPostgres, isBundled: true },
  { name: "postgresql, bundled, cold", system: "postgresql", app: "postgres.mjs", start: startPostgres, isBundled: true, isCold: true },
];

/** The program as one file. */
async function bundled(program: string, directory: string): Promise<string> {
  const outfile = join(directory, "bundle.mjs");
  // The library is CommonJS, and asks for Node's modules by `require`.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await build({ entryPoints: [program], outfile, bundle: true, minify: true, platform: "node", format: "esm", banner, logLevel: "error" });
  return outfile;
}

describe.each(databases)("calls to a database: $name", ({ system, app, start: startDatabase, isBundled, isCold }) => {
  let directory: string;
  let processes: Processes;
  let experiment: Experiment;
  /** What the server counted, where it does. */
  let selects: number | undefined;
  /** How often a timer of the application asked, which no request did. */
  let tended = 0;
  let output = "";

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-database-"));
    processes = new Processes(directory, new AbortController().signal);
    const args = await startDatabase(processes, directory);
    output = join(directory, "trace");
    const source = fileURLToPath(new URL(`node-apps/${app}`, import.meta.url));
    const program = isBundled ? await bundled(source, directory) : source;
    const { code, stdout, stderr } = await start(["record", "--output", output, "--", applicationNode, program, ...args], {
      env: isCold === true ? { DATABASE_COLD: "1" } : {},
    }).ended;
    expect(code, stderr).toBe(0);
    const counted = /"selects":(\d+)/.exec(stdout)?.[1];
    selects = counted === undefined ? undefined : Number(counted);
    tended = Number(/"tended":(\d+)/.exec(stdout)?.[1]);
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
    const each = style === 5 ? [`${system} SELECT`, `${system} SELECT`] : [`${system} SELECT`];
    const failing = number === 7 ? [`${system} SELECT`] : [];
    return [...failing, ...Array.from({ length: rounds }, () => each).flat()];
  }

  /**
   * Those of them that are below the request: what it asked before its library was found is not, and what is asked in a callback of that. Mysql2 publishes what
   * it is asked.
   */
  function attributed(number: number): readonly string[] {
    const style = number % 6;
    const unknown = isCold !== true || system === "mysql" || number >= 60 || style === 3 ? 0 : style === 5 ? 2 : 1;
    return expected(number).slice(unknown);
  }

  /** What was done for each request of the load, whose calls are the roots: the application calls itself. */
  function served(): readonly { readonly span: SpanInfo; readonly below: readonly SpanInfo[] }[] {
    return experiment.flows({ filter: 'kind == "http" && name =~ "/ask/"', limit: 1000 }).flows.map((root) => {
      const { spans } = experiment.flow(root.id);
      const span = spans.find(({ kind }) => kind === "served") as SpanInfo;
      return { span, below: spans.filter(({ kind }) => kind === "database") };
    });
  }

  it("are each attributed to the request that made them, however the pool hands its connections on", () => {
    const all = served();
    expect(all).toHaveLength(requests);
    let statements = 0;
    for (const { span, below } of all) {
      const calls = below.filter(({ name }) => !/connection|PREPARE/.test(name));
      expect(
        calls.map(({ name }) => name),
        span.name,
      ).toEqual(attributed(Number(span.name.split("/")[2])));
      statements += calls.length;
      for (const call of calls) {
        expect(call.parent).toBe(span.id);
        expect(call.start).toBeGreaterThanOrEqual(span.start);
        expect(call.end).toBeLessThanOrEqual(span.end);
        expect(call.complete).toBe(true);
      }
    }
    // SELECT that was refused counts for the server, too.
    if (system === "mysql") expect(statements).toBe(selects);
    expect(statements).toBeGreaterThan(1.5 * requests);
  });

  it("are below no request when a timer makes them, whose connection a request frees, or nobody saw who asked", () => {
    expect(tended).toBeGreaterThan(20);
    // pg's pool is asked for a connection by a call of its own.
    const { flows } = experiment.flows({ filter: 'kind == "database"', limit: 2000 });
    const statements = flows.filter(({ name }) => !name.includes("connection") && name !== `${system} SHOW`);
    const unknown = Array.from({ length: requests }, (_, number) => expected(number).length - attributed(number).length);
    const selected = statements.filter(({ name }) => name === `${system} SELECT`);
    expect(selected).toHaveLength(unknown.reduce((sum, each) => sum + each, 0));
    expect(statements.filter((each) => !selected.includes(each)).map(({ name }) => name)).toEqual(
      Array.from({ length: tended }, () => `${system} SET`),
    );
    // Among sixty requests for three connections they wait, and who frees one hands it on.
    expect(Math.max(...flows.map(({ waitedNs, durationNs }) => Math.max(waitedNs, durationNs)))).toBeGreaterThan(10e6);
  });

  it("last as long as the application waited, with the time in the pool told apart", () => {
    const calls = served().flatMap(({ below }) => below.filter(({ name }) => name === `${system} SELECT`));
    const sleeping = calls.filter(({ durationNs, waitedNs }) => durationNs - waitedNs >= 2e6);
    // All but the `SELECT 1` of the last style and the one that fails.
    const brief = Array.from({ length: requests }, (_, n) => (n % 6 === 5 ? (n % 3) + 1 : 0)).reduce((sum, n) => sum + n, 1);
    expect(sleeping.length).toBeGreaterThanOrEqual(calls.length - brief);
    // Sixty requests for three connections; pg's pool is asked for one by the statement, and that is a call of its own.
    const waits = served().flatMap(({ below }) => below.map(({ waitedNs }) => waitedNs));
    expect(Math.max(...waits)).toBeGreaterThan(10e6);
    expect(calls.filter(({ failed }) => failed)).toHaveLength(attributed(7).length === expected(7).length ? 1 : 0);
  });

  it("tell nothing of what was asked", async () => {
    const text = (await start(["events", output, "--format", "babeltrace"]).ended).stdout;
    expect(text).toContain("node:database_query");
    expect(text).not.toContain("secret");
  });
});
