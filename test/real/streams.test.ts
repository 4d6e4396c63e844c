/** HTTP/2 and gRPC, for real: requests of many callers on one connection, each found with its caller and with the command that was sent for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCertificate } from "../../scenarios/lib/certificate.ts";
import { encode } from "../../scenarios/lib/client.ts";
import type { Experiment, SpanInfo } from "../../src/engine/index.ts";
import { ensureLibraries } from "./libraries.ts";
import { applicationNode, besideStore, freePort, recordedExperiment } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/streams.mjs", import.meta.url));
const ways = ["plain", "post", "secure", "unary", "streaming", "refused", "exhausted"];
/** gRPC's own status, by way; HTTP's is 200 for all. */
const grpc: Readonly<Record<string, string>> = { unary: "OK", streaming: "OK", refused: "NOT_FOUND", exhausted: "RESOURCE_EXHAUSTED" };
const perWay = 40;
let directory: string;
let experiment: Experiment;

/** Records the application with the libraries that are found from this file. */
async function record(name: string, libraries: string): Promise<Experiment> {
  const output = join(directory, name);
  const port = await freePort();
  const { certificateFile, keyFile } = writeCertificate(directory);
  const script = besideStore(
    port,
    `STORESCOPE_DEBUG=1 "${applicationNode}" "${app}" ${port} "${certificateFile}" "${keyFile}" "${libraries}" ${perWay}`,
  );
  return recordedExperiment(output, script);
}

beforeAll(async () => {
  const libraries = ensureLibraries("web");
  directory = mkdtempSync(join(tmpdir(), "storescope-streams-"));
  experiment = await record("trace", libraries);
}, 120_000);

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

describe.each(ways)("requests by way of one shared connection: %s", (way) => {
  it("are each below their caller, and the command that was sent for each below it", () => {
    const { flows } = experiment.flows({ filter: `kind == "http" && name =~ "/${way}/"`, limit: 1000 });
    expect(flows).toHaveLength(perWay);
    for (const { id, name } of flows) {
      const number = Number(name.split("/").at(-1));
      const { spans } = experiment.flow(id);
      const below = (span: SpanInfo | undefined): readonly SpanInfo[] => spans.filter(({ parent }) => parent === span?.id);
      const key = `k${"x".repeat(number)}`;
      const bytes = (span: SpanInfo | undefined): number => experiment.request(span?.request as number).requestBytes ?? -1;
      const gateway = spans.find((span) => span.kind === "served");
      const [call, get, ...others] = below(gateway);
      expect(others).toEqual([]);
      const said = { evidence: "stream-id", status: 200, broken: false, cancelled: false, complete: true };
      const failed = grpc[way] !== undefined && grpc[way] !== "OK";
      expect(call).toMatchObject({ kind: "http", failed, ...said });
      expect(call?.grpc).toBe(grpc[way]);
      expect(call?.name).not.toContain("secret");
      expect(get).toMatchObject({ kind: "store", name: "get", evidence: "stream-offset" });
      expect(bytes(get)).toBe(encode(["get", key]).length);
      expect(get?.start).toBeGreaterThanOrEqual(call?.end ?? 0n);
      const [served, ...copies] = below(call);
      expect(copies).toEqual([]);
      expect(served).toMatchObject({ kind: "served", failed, ...said });
      expect(served?.grpc).toBe(grpc[way]);
      const [set, ...more] = below(served);
      expect(more).toEqual([]);
      expect(set).toMatchObject({ kind: "store", name: "set", evidence: "stream-offset" });
      expect(bytes(set)).toBe(encode(["set", key, "1"]).length);
    }
  });
});

it("no call over HTTP is left without its other end", () => {
  const { summary } = experiment.flows({ limit: 0 });
  expect(summary?.evidence).toMatchObject({ "stream-id": ways.length * perWay, order: 0, nothing: 0 });
});

it("calls of a gRPC that is bundled into the application are below nobody: it may send them for another one", async () => {
  const folder = join(directory, "node_modules", "@grpc", "grpc-js");
  const entryPoints = [join(dirname(ensureLibraries("web")), "node_modules", "@grpc", "grpc-js")];
  await build({ entryPoints, outfile: join(folder, "index.js"), bundle: true, platform: "node", format: "cjs", logLevel: "error" });
  const bundled = await record("bundled", join(directory, "package.json"));
  try {
    const { flows } = bundled.flows({ filter: 'kind == "http" && name =~ "/(unary|streaming|refused|exhausted)/"', limit: 1000 });
    expect(flows).toHaveLength(4 * perWay);
    for (const { id, name } of flows) {
      const [, , ...below] = bundled.flow(id).spans;
      const key = `k${"x".repeat(Number(name.split("/").at(-1)))}`;
      expect(below.map((span) => `${span.name} ${bundled.request(span.request ?? -1).requestBytes}`)).toEqual([
        `get ${encode(["get", key]).length}`,
      ]);
    }
    const calls = bundled.flows({ filter: 'kind == "http" && name =~ "shop.Orders"', limit: 1000 }).flows;
    expect(calls.map(({ evidence }) => evidence)).toEqual(Array.from({ length: 4 * perWay }, () => "stream-id"));
  } finally {
    bundled.close();
  }
}, 120_000);
