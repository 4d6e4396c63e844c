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
import { type DiagnosisReport, openExperiment } from "../../src/engine/index.ts";
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
const own = new Set(["tls-double-free", "tls-race"]);
const sick = scenarios.filter(({ id, finds }) => finds !== undefined && !own.has(id));
const healthy = scenarios.filter(({ id }) => id.startsWith("healthy"));

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
      expect(delayed).toBeGreaterThan(0);
      expect(evidence["requests delayed"]).toBe(delayed);
      expect((evidence["waited"] ?? 0) / waited).toBeCloseTo(1, 3);
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
