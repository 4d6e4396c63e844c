/** From the HTTP request into the store, for real: two Node.js services and an instrumented Redis, recorded together. The application's code is the truth. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Experiment, SpanInfo } from "../../src/engine/index.ts";
import { plan } from "./node-apps/tree-plan.mjs";
import { applicationNode, besideStore, freePort, recordedExperiment, run } from "./support.ts";

let directory: string;
let experiment: Experiment;
/** Of the store recorded last: others on the machine may be in the trace, too. */
let port: number;
const chain = fileURLToPath(new URL("node-apps/chain.mjs", import.meta.url));

/** Records the application and its store. */
async function recordChain(name: string, environment = ""): Promise<Experiment> {
  const output = join(directory, name);
  port = await freePort();
  const script = besideStore(port, `${environment} STORESCOPE_SERVICE=chain "${applicationNode}" "${chain}" ${port}`);
  return recordedExperiment(output, script);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-flows-"));
  experiment = await recordChain("trace");
});

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

const served = (flow: readonly SpanInfo[], span: SpanInfo): readonly SpanInfo[] => flow.filter((each) => each.parent === span.id);

describe("call trees drawn from a seed, four deep, over three processes", () => {
  it.each([1, 2])("are recovered exactly: seed %i", async (seed) => {
    const output = join(directory, `tree-${seed}`);
    const storePort = await freePort();
    const trees = 60;
    const script = besideStore(
      storePort,
      `"${applicationNode}" "${fileURLToPath(new URL("node-apps/tree.mjs", import.meta.url))}" ${storePort} ${seed} ${trees}`,
    );
    const opened = await recordedExperiment(output, script);
    try {
      /** The tree below a node as the plan has it, and as it was found. */
      const planned = (path: string, at: number): string => {
        const { children, command } = plan(seed, path);
        const below = [...children.map((child) => planned(child.path, child.process)), ...(command === undefined ? [] : [command])];
        return `tree-${at} ${path} [${below.sort().join(", ")}]`;
      };
      let spans = 0;
      const found = (all: readonly SpanInfo[], span: SpanInfo): string => {
        const below = served(all, span).map((call) => {
          if (call.kind === "store") return call.name;
          const inside = served(all, call);
          expect(inside).toHaveLength(1);
          expect(call.evidence).toBe("stream-offset");
          return found(all, inside[0] as SpanInfo);
        });
        spans++;
        return `${span.process} ${span.name.split("/").at(-1)} [${below.sort().join(", ")}]`;
      };
      const { flows } = opened.flows({ filter: 'kind == "http" && name =~ "/node/"', limit: 1000 });
      const seen = flows.map(({ id }) => {
        const all = opened.flow(id).spans;
        return found(all, all.find(({ kind }) => kind === "served") as SpanInfo);
      });
      expect(seen.sort()).toEqual(Array.from({ length: trees }, (_, i) => planned(String(i), i % 3)).sort());
      expect(spans).toBeGreaterThan(4 * trees);
    } finally {
      opened.close();
    }
  });
});

describe("flows", () => {
  it("recovers the call tree of every request exactly, down to its commands in the store", () => {
    const { total, flows } = experiment.flows({ sort: "start", limit: 1000 });
    expect(flows.map(({ name }) => name).sort()).toEqual(Array.from({ length: 40 }, (_, i) => `GET /order/${i}`).sort());
    expect(total).toBe(40);
    for (const root of flows) {
      const number = Number(root.name.split("/")[2]);
      const { spans } = experiment.flow(root.id);
      expect(spans).toHaveLength(10);
      const calls = served(spans, root);
      const trees = calls.map((call) => {
        const [inside] = served(spans, call);
        return `${inside?.name}: ${served(spans, inside as SpanInfo).map(({ name }) => name)}`;
      });
      expect(trees.sort()).toEqual([`GET /item/${number}: set,get`, `GET /user/${number}: incr,get,exists`]);
      const [first, second] = calls as [SpanInfo, SpanInfo];
      if (number % 2 === 0) expect(second.start).toBeGreaterThanOrEqual(first.end);
    }
  });

  it("joins all calls by stream offset, and none is left over", () => {
    const { summary } = experiment.flows({});
    const answered = experiment.requests({ filter: `command != "ping" && node =~ ":${port}$"`, limit: 0 }).total;
    expect(summary?.evidence).toEqual({ nothing: 0, "stream-offset": summary?.calls, order: 0, context: 0, "stream-id": 0 });
    // Five commands and two calls for each of 40 requests; the rest is what the client asks when it connects.
    expect(summary?.calls).toBe(40 * 2 + answered);
    // The load comes over plain sockets of a traced process: requests whose caller says nothing.
    expect(summary?.strangers).toBe(40);
  });

  it("shows each command's request in the store, inside the time of its call", () => {
    let commands = 0;
    for (const root of experiment.flows({ limit: 1000 }).flows) {
      for (const span of experiment.flow(root.id).spans) {
        if (span.kind !== "store") continue;
        commands++;
        const request = experiment.request(span.request as number);
        expect(request.command).toBe(span.name);
        expect(request.start).toBeGreaterThanOrEqual(span.start);
        // The reply may be read before the store's call of write() has returned.
        expect(request.phases.find(({ name }) => name === "write")?.start).toBeLessThanOrEqual(span.end);
      }
    }
    expect(commands).toBe(200);
  });

  it("finds what was waited for: a path that covers the root without gap", () => {
    for (const root of experiment.flows({ limit: 1000 }).flows) {
      const { path } = experiment.flow(root.id);
      expect(path[0]?.start).toBe(root.start);
      expect(path.at(-1)?.end).toBe(root.end);
      for (const [i, part] of path.entries()) if (i > 0) expect(part.start).toBe(path[i - 1]?.end);
    }
  });

  it("finds nothing in a healthy system, and what is wrong in one that is not", async () => {
    expect((await experiment.diagnose()).findings).toEqual([]);
    const only = async (name: string, environment: string) => {
      const troubled = await recordChain(name, environment);
      try {
        const { findings } = await troubled.diagnose();
        expect(findings.map(({ id, node }) => `${id} in ${node}`)).toEqual([`${name} in chain #2`]);
        return Object.fromEntries((findings[0]?.evidence ?? []).map(({ name: measure, value }) => [measure, value]));
      } finally {
        troubled.close();
      }
    };
    const loop = await only("n-plus-one", "CHAIN_GETS=30");
    expect(loop).toMatchObject({
      "requests with such a run": 40,
      "commands one after the other, on average": 30,
      "most for one request": 30,
    });
    const blocked = await only("blocked-node-loop", "CHAIN_BLOCK_MS=300");
    expect(blocked["longest block"]).toBeGreaterThanOrEqual(300e6);
    expect(blocked["requests that stood still"]).toBeGreaterThanOrEqual(2);
  });

  it("prints flows", async () => {
    const trace = join(directory, "trace");
    const list = await run(["spans", trace, "--filter", 'name == "GET /order/7"']);
    expect(list.stdout).toContain("GET /order/7");
    expect(list.stdout).not.toContain("GET /order/8");
    const id = /^\s*(\d+)\s/m.exec(list.stdout)?.[1] ?? "";
    const one = await run(["spans", trace, "--id", id]);
    for (const text of ["GET /order/7", "GET /user/7", "incr", "queued-for-read", "execute"]) expect(one.stdout).toContain(text);
    expect(one.stdout).not.toContain("secret");
    expect((await run(["spans", trace, "--id", "99999"])).stderr).toContain("there is no flow 99999");
  });
});
