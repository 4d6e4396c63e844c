/**
 * UNIX domain sockets, for real. Neither end of such a connection has an address that the other end knows, so the two are not joined, and that is shown; what one
 * process tells of itself, its tree, is whole.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Experiment } from "../../src/engine/index.ts";
import { applicationNode, besideStore, recordedExperiment, run } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/unix.mjs", import.meta.url));
let directory: string;
let output: string;
let experiment: Experiment;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "storescope-unix-"));
  output = join(directory, "trace");
  const socket = join(directory, "store.sock");
  const script = besideStore(socket, `"${applicationNode}" "${app}" "${socket}" "${join(directory, "http.sock")}"`);
  experiment = await recordedExperiment(output, script);
}, 120_000);

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe("calls over UNIX domain sockets", () => {
  it("are below the request that they were made for, and joined with nothing", async () => {
    const { flows } = experiment.flows({ filter: 'kind == "http" && name =~ "/outer/"', limit: 100 });
    expect(flows).toHaveLength(20);
    for (const { id } of flows) {
      const { spans } = experiment.flow(id);
      expect(spans.map(({ depth, kind, name, evidence }) => `${depth} ${kind} ${name.split("/")[1] ?? name} ${evidence}`)).toEqual([
        "0 http outer stream-offset",
        "1 served outer stream-offset",
        "2 http inner nothing",
        "2 store get nothing",
      ]);
      for (const span of spans.slice(2))
        expect(span).toMatchObject({ request: undefined, broken: false, cancelled: false, complete: true });
    }
    const { stdout } = await run(["spans", output, "--id", String(flows[0]?.id)]);
    expect(stdout.match(/other end not traced/g)).toHaveLength(2);
  });

  it("are served by trees of their own, and by requests that the store tells of by itself", () => {
    const inner = experiment.flows({ filter: 'kind == "served" && name =~ "/inner"', limit: 100 }).flows;
    expect(inner).toHaveLength(20);
    for (const { id } of inner)
      expect(experiment.flow(id).spans.map(({ kind, name, evidence }) => `${kind} ${name} ${evidence}`)).toEqual([
        "served GET /inner nothing",
        "store set nothing",
      ]);
    expect(experiment.requests({ filter: 'command == "set" || command == "get"', limit: 0 }).total).toBe(40);
  });
});
