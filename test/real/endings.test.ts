/** Calls that end in every way, by every client, for real: what `storescope spans` says of each is what its code did. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Experiment, SpanInfo } from "../../src/engine/index.ts";
import { ensureLibraries } from "./libraries.ts";
import { applicationNode, recordedExperiment, run } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/endings.mjs", import.meta.url));
const rounds = 4;
let directory: string;
let output: string;
let experiment: Experiment;

beforeAll(async () => {
  const libraries = ensureLibraries("web");
  directory = mkdtempSync(join(tmpdir(), "storescope-endings-"));
  output = join(directory, "trace");
  experiment = await recordedExperiment(output, [applicationNode, app, libraries]);
}, 120_000);

afterAll(() => {
  experiment?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** The calls of the gateway's request, and what the service served for each. */
function flowOf(path: string): readonly { readonly call: SpanInfo; readonly served: SpanInfo | undefined }[] {
  const [root] = experiment.flows({ filter: `kind == "http" && name =~ "${path}$"`, limit: 10, sort: "start" }).flows;
  const { spans } = experiment.flow(root?.id ?? -1);
  const gateway = spans.find(({ parent }) => parent === root?.id);
  return spans
    .filter(({ parent }) => parent === gateway?.id)
    .map((call) => ({ call, served: spans.find(({ parent }) => parent === call.id) }));
}

const ending = ({ broken, cancelled, complete }: SpanInfo): string =>
  [broken ? "aborted" : "", cancelled ? "cancelled" : "", complete ? "" : "cut"].join("") || "whole";

const expected: readonly { readonly what: string; readonly ends: readonly string[]; readonly statuses: readonly number[] }[] = [
  { what: "whole", ends: ["whole"], statuses: [200] },
  { what: "stream", ends: ["whole"], statuses: [200] },
  { what: "silent", ends: ["cancelled"], statuses: [0] },
  { what: "stalled", ends: ["cancelled"], statuses: [200] },
  { what: "broken", ends: ["aborted"], statuses: [0] },
  { what: "broken-within", ends: ["aborted"], statuses: [200] },
  { what: "retried", ends: ["aborted", "whole", "whole"], statuses: [0, 503, 200] },
];
const clients = ["http", "axios", "fetch", "undici", "http2", "grpc"];
const cases = clients.flatMap((client) =>
  expected.filter(({ what }) => client !== "grpc" || what === "whole" || what === "silent").map((each) => ({ client, ...each })),
);

describe.each(cases)("calls by $client: $what", ({ client, what, ends, statuses }) => {
  it("end as they did, and are joined with what was served", () => {
    for (let round = 0; round < rounds; round++) {
      const calls = flowOf(`/${client}/${what}/${round}`);
      expect(calls.map(({ call }) => ending(call))).toEqual(ends);
      expect(calls.map(({ call }) => call.status)).toEqual(statuses);
      for (const [i, { call, served }] of calls.entries()) {
        expect(call.evidence).toBe(client === "http2" || client === "grpc" ? "stream-id" : "stream-offset");
        expect(served?.broken).toBe(ends[i] !== "whole");
        expect(call.retries).toBe(what === "retried" ? calls[i - 1]?.call.id : undefined);
      }
    }
  });
});

it("a streamed answer is a call until its last byte", () => {
  for (const client of clients.filter((each) => each !== "grpc"))
    for (const { call, served } of flowOf(`/${client}/stream/0`)) {
      expect(call.durationNs).toBeGreaterThan(95e6);
      expect(Number(call.end - (served?.end ?? 0n))).toBeGreaterThan(-5e6);
    }
});

it("storescope spans says so", async () => {
  const idOf = (path: string): string => String(experiment.flows({ filter: `kind == "http" && name =~ "${path}$"` }).flows[0]?.id);
  expect((await run(["spans", output, "--id", idOf("/http/silent/0")])).stdout).toContain("timed out or cancelled by the caller");
  const retried = await run(["spans", output, "--id", idOf("/http/retried/0")]);
  expect(retried.stdout).toContain("aborted");
  expect(retried.stdout.match(/\bretry\b/g)).toHaveLength(2);
  const json = JSON.parse((await run(["spans", output, "--json", "--id", idOf("/http/silent/0")])).stdout) as FlowJson;
  expect(json.spans.filter(({ cancelled }) => cancelled)).toHaveLength(1);
  const listed = await run(["spans", output, "--filter", 'kind == "http" && cancelled', "--limit", "0"]);
  expect(listed.stderr).toMatch(/^0 of \d+ flows/m);
});

interface FlowJson {
  readonly spans: readonly { readonly cancelled: boolean }[];
}
