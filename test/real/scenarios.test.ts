/**
 * The scenarios, whole: real servers are run into real trouble, and the diagnosis made for it finds it first, from the trace alone; healthy ones are
 * found healthy. What a finding counts is compared with what the engine says of each request, which comes to it another way.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scenario } from "../../scenarios/contract.ts";
import { type DiagnosisReport, type Experiment, openExperiment, type SpanInfo } from "../../src/engine/index.ts";
import { processesIn, run } from "./support.ts";

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "storescope-scenarios-test-"));
});
afterAll(() => {
  const left = processesIn(temporary);
  rmSync(temporary, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const folder = fileURLToPath(new URL("../../scenarios", import.meta.url));
const scenarios: Scenario[] = [];
for (const entry of readdirSync(folder, { withFileTypes: true })) {
  if (!entry.isDirectory() || !existsSync(join(folder, entry.name, "index.ts"))) continue;
  const module = (await import(join(folder, entry.name, "index.ts"))) as { readonly default: Scenario };
  scenarios.push(module.default);
}
/** Those that are looked at closer below. */
const own = new Set(["tls-double-free", "tls-race", "healthy-shop"]);
const sick = scenarios.filter(({ id, finds }) => finds !== undefined && !own.has(id));
const healthy = scenarios.filter(({ id }) => id.startsWith("healthy") && !own.has(id));

type Document = DiagnosisReport & { readonly scenario: string; readonly seed: number; readonly trace: string };

async function demo(id: string, ...more: string[]): Promise<Document> {
  const args = ["demo", id, "--size", "small", "--seed", "5", "--no-open", "--json", ...more];
  const { code, stdout, stderr } = await run(args, { env: { TMPDIR: temporary } });
  expect(code, stderr).toBe(0);
  const document = JSON.parse(stdout) as Document;
  expect(document).toMatchObject({ scenario: id, seed: 5, trace: expect.stringContaining("/"), cannotTell: [] });
  return document;
}

/** Its own finding is the first, and the only critical one there may be. */
async function findsItself(id: string, finds: string | undefined, ...more: string[]): Promise<Document> {
  const document = await demo(id, ...more);
  const { findings } = document;
  expect(findings[0]).toMatchObject({ id: finds, verdict: "found", evidence: expect.anything(), prose: expect.stringMatching(/\d/) });
  expect(findings.filter((finding) => finding.severity === "critical" && finding.id !== finds)).toEqual([]);
  return document;
}

describe("scenarios", () => {
  it.each(sick)("$id is found, before anything else", async ({ id, finds }) => {
    await findsItself(id, finds);
  });

  it.each(healthy)("$id has nothing wrong", async ({ id }) => {
    expect((await demo(id)).findings).toEqual([]);
  });

  it("are there in some number, so that the two above say something", () => {
    expect(sick.length).toBeGreaterThanOrEqual(11);
    expect(healthy.length).toBeGreaterThanOrEqual(3);
  });
});

const evidenceOf = ({ findings }: Document): Readonly<Record<string, number>> =>
  Object.fromEntries((findings[0]?.evidence ?? []).map(({ name, value }) => [name, value]));

describe("two io threads on one connection", () => {
  it("are seen in the trace of a server that died of them, which holds every command that its crash report counts", async () => {
    let trace = "";
    let report = "";
    let document: Document | undefined;
    // A crash report may itself die of the damage, before it has counted: seldom, so not three times in a row.
    for (let attempt = 0; attempt < 3 && !report.includes("cmdstat_set:calls="); attempt++) {
      trace = join(temporary, `died-${attempt}`);
      document = await findsItself("tls-double-free", "io-thread-race", "--keep", trace);
      report = readFileSync(join(trace, "redis-server.log"), "utf8");
      expect(report).toContain("REDIS BUG REPORT START");
    }
    if (document === undefined) throw new Error("nothing ran");
    const evidence = evidenceOf(document);
    expect(evidence["queued twice"]).toBeGreaterThan(0);
    expect(evidence["handed out twice in one turn"]).toBeGreaterThan(0);
    expect(evidence["cycle 1: SSL bytes read"]).toBeGreaterThan(0);
    const counted = Number(/cmdstat_set:calls=(\d+)/.exec(report)?.[1]);
    expect(counted).toBeGreaterThan(0);
    const experiment = await openExperiment([trace]);
    try {
      await experiment.analyze();
      const { nodes, lostEvents } = experiment.stats();
      expect(lostEvents).toBe(0);
      expect(nodes[0]?.commands.find(({ command }) => command === "set")?.calls).toBe(counted);
    } finally {
      experiment.close();
    }
  });

  it("meet in one read where reads are delayed", async () => {
    const evidence = evidenceOf(await findsItself("tls-race", "io-thread-race"));
    expect(evidence["read by two threads at once"]).toBeGreaterThan(0);
    // They overlap for a part of the delay.
    expect(evidence["longest time with two threads"]).toBeGreaterThan(10_000);
  });
});

/** A flow as its spans' names, indented; numbers in paths left out, and waits for a connection. */
function treeOf(experiment: Experiment, root: number): string {
  const line = ({ depth, process, kind, name }: SpanInfo): string =>
    `${"  ".repeat(depth)}${process}${kind === "served" ? "" : ` ${kind} ${name.replace(/ 127.*/, "").replace(/^mysql /, "")}`}`;
  // Whether its pool had a connection free, the code does not say.
  const { spans } = experiment.flow(root);
  return spans
    .filter(({ name }) => name !== "mysql connection")
    .map(line)
    .join("\n");
}

describe("a shop of five services", () => {
  it("has nothing wrong, and each request's tree is what the services' code does for it", async () => {
    const trace = join(temporary, "shop");
    expect((await demo("healthy-shop", "--keep", trace)).findings).toEqual([]);
    const experiment = await openExperiment([trace]);
    try {
      await experiment.analyze();
      const { flows, summary } = experiment.flows({ filter: 'process == "gateway"', limit: 10_000 });
      expect(flows).toHaveLength(240);
      const user = (depth: number): RegExp =>
        new RegExp(
          `^${"  ".repeat(depth)}gateway http GET\n *user\n *user http GET\n *redis-gateway\n *redis-gateway store get(\n *user http GET\n *mysql-gateway(\n *mysql-gateway database PREPARE)?\n *mysql-gateway database SELECT\n *user http PUT\n *redis-gateway\n *redis-gateway store set)?$`,
        );
      const orders =
        /^ {2}gateway http GET\n *order\n *order http GET\n *mysql-gateway\n *mysql-gateway database SELECT\n *order http GET\n *redis-gateway\n *redis-gateway store mget$/;
      const order =
        /^ {2}gateway http POST\n *order\n *order http POST\n *mysql-gateway(\n *mysql-gateway database PREPARE)?\n *mysql-gateway database INSERT\n *order http POST\n *redis-gateway\n *redis-gateway store publish(\n *redis-gateway message message(\n *redis-gateway store incr)+)?$/;
      let published = 0;
      let below = 0;
      for (const { id, name } of flows) {
        const tree = treeOf(experiment, id);
        const [, ...rest] = tree.split("\n");
        // Two parts at once, in whichever order they began.
        const parts = rest.join("\n").split(/\n(?= {2}gateway)/);
        if (name === "GET /users/:id/orders") {
          const [first, second] = parts as [string, string];
          const [own, others] = orders.test(first) ? [second, first] : [first, second];
          expect(own, tree).toMatch(user(1));
          expect(others, tree).toMatch(orders);
        } else if (name === "GET /users/:id") expect(parts[0], tree).toMatch(user(1));
        else {
          expect(name).toBe("POST /orders");
          expect(parts[0], tree).toMatch(order);
          published++;
          below += tree.split("store incr").length - 1;
        }
      }
      // Several messages that were read at once are one context, below the first one's publish; all of them were counted.
      const incremented = experiment.requests({ filter: 'command == "incr"', limit: 10_000 }).total;
      expect(published).toBeGreaterThan(10);
      expect(incremented).toBe(published);
      expect(below).toBeGreaterThan(0.9 * published);
      // Statements to the database have no other end in the trace; of all others it is found, by the bytes on the connection.
      const databases = flows.flatMap(({ id }) => experiment.flow(id).spans).filter(({ kind }) => kind === "database").length;
      expect(summary?.evidence["nothing"]).toBe(databases);
      expect((summary?.evidence["stream-offset"] ?? 0) / ((summary?.calls ?? 0) - databases)).toBeGreaterThanOrEqual(0.99);
    } finally {
      experiment.close();
    }
  });
});

describe("storescope diagnose", () => {
  it("says of a kept trace what the demo said, counts as the engine does, and exits with 3 where it is told to", async () => {
    const trace = join(temporary, "kept");
    const { findings } = await demo("slow-command", "--keep", trace);
    const again = await run(["diagnose", trace, "--json", "--fail-on", "warning"]);
    expect(again.code).toBe(3);
    expect(JSON.parse(again.stdout).findings).toEqual(findings);
    expect((await run(["diagnose", trace, "--json"])).code).toBe(0);
    const text = await run(["diagnose", trace]);
    expect(text.stdout).toContain("slow-command, confidence");
    expect(text.stdout).toContain("What to do: Walk the key space with SCAN");

    const experiment = await openExperiment([trace]);
    try {
      await experiment.analyze();
      // Each request's waits, attributed through the main thread's states, not through the table of calls that the diagnosis reads.
      let waited = 0;
      let delayed = 0;
      const { requests } = experiment.requests({ sort: "start", limit: 100_000 });
      for (const { id, command } of requests) {
        if (command === "keys") continue;
        const holders = experiment.request(id).phases.flatMap((phase) => phase.holders ?? []);
        const ns = holders.filter(({ label }) => label === "keys").reduce((sum, { start, end }) => sum + Number(end - start), 0);
        waited += ns;
        if (ns > 0) delayed++;
      }
      const evidence = Object.fromEntries((findings[0]?.evidence ?? []).map(({ name, value }) => [name, value]));
      // Where clients are slow, all requests may come while the store is held, and none be read before.
      expect(delayed + (evidence["requests that came unseen"] ?? 0)).toBeGreaterThan(0);
      expect(evidence["requests delayed"]).toBe(delayed);
      expect(Math.abs((evidence["waited"] ?? 0) - waited)).toBeLessThanOrEqual(waited / 1000);
    } finally {
      experiment.close();
    }
  });

  it("explains itself, and refuses what is not there", async () => {
    expect((await run(["diagnose", "--explain", "fork-stall"])).stdout).toContain("page tables");
    expect((await run(["diagnose", "--explain", "nonsense"])).code).toBe(2);
    expect((await run(["diagnose"])).code).toBe(2);
    expect((await run(["diagnose", "somewhere", "--fail-on", "dreadful"])).code).toBe(2);
  });
});
