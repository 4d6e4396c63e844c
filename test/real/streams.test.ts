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

/** What was done below a request that asked by a way of gRPC, as `name bytes`; calls by their status. */
function doneBelow(experiment: Experiment, root: number): readonly string[] {
  const [, , ...below] = experiment.flow(root).spans;
  return below.flatMap((span) => {
    if (span.kind === "store") return [`${span.name} ${experiment.request(span.request ?? -1).requestBytes}`];
    return span.kind === "http" ? [span.grpc ?? "?"] : [];
  });
}

/** The same by the application's code. */
function expectedBelow(way: string, number: number): readonly string[] {
  const key = `k${"x".repeat(number)}`;
  const [set, get] = [`set ${encode(["set", key, "1"]).length}`, `get ${encode(["get", key]).length}`];
  return way === "retried" ? ["UNAVAILABLE", "OK", set, get] : [grpc[way] ?? "", set, get];
}

it("a call that gRPC tries again is below its caller at each attempt", () => {
  const { flows } = experiment.flows({ filter: 'kind == "http" && name =~ "/retried/"', limit: 1000 });
  expect(flows).toHaveLength(perWay);
  for (const { id, name } of flows)
    expect(doneBelow(experiment, id), name).toEqual(expectedBelow("retried", Number(name.split("/").at(-1))));
});

it("no call over HTTP is left without its other end", () => {
  const { summary } = experiment.flows({ limit: 0 });
  expect(summary?.evidence).toMatchObject({ "stream-id": (ways.length + 2) * perWay, order: 0, nothing: 0 });
});

it("calls of a gRPC that is bundled into the application are below their callers, from its first answer on", async () => {
  const folder = join(directory, "node_modules", "@grpc", "grpc-js");
  const entryPoints = [join(dirname(ensureLibraries("web")), "node_modules", "@grpc", "grpc-js")];
  await build({
    entryPoints,
    outfile: join(folder, "index.js"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  const bundled = await record("bundled", join(directory, "package.json"));
  try {
    const { flows } = bundled.flows({ filter: 'kind == "http" && name =~ "/(unary|streaming|retried|refused|exhausted)/"', limit: 1000 });
    expect(flows).toHaveLength(5 * perWay);
    let followed = 0;
    for (const { id, name } of flows) {
      const [way = "", number] = name.split("/").slice(-2);
      const expected = expectedBelow(way, Number(number));
      const found = doneBelow(bundled, id);
      const isFollowed = found.length > 1;
      if (isFollowed) followed++;
      // What was asked for before the first answer is nobody's.
      expect(found, name).toEqual(isFollowed ? expected : expected.slice(-1));
    }
    // They are asked for 32 at a time.
    expect(followed).toBeGreaterThanOrEqual(5 * perWay - 32);
    const calls = bundled.flows({ filter: 'kind == "http" && name =~ "shop.Orders"', limit: 1000 }).flows;
    expect(new Set(calls.map(({ evidence }) => evidence))).toEqual(new Set(["stream-id"]));
    const { summary } = bundled.flows({ limit: 0 });
    expect(summary?.evidence).toMatchObject({ "stream-id": (ways.length + 2) * perWay, order: 0, nothing: 0 });
  } finally {
    bundled.close();
  }
}, 120_000);
