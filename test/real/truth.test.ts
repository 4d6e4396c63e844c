/**
 * Whose command it was, for real and against the truth: every HTTP request uses keys of a length that only it uses, so the length of each command, which the store
 * tells, says whose it was. The commands found below each request must be exactly those that the application's code sends for it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCertificate } from "../../scenarios/lib/certificate.ts";
import { encode } from "../../scenarios/lib/client.ts";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import type { Experiment } from "../../src/engine/index.ts";
import { ensureLibraries } from "./libraries.ts";
import { applicationNode, besideStore, recordedExperiment } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/truth.mjs", import.meta.url));
const count = 640;

/** The newest versions are the repository's own; the others have folders, installed from their lock files when first wanted. */
const cases: readonly { readonly name: string; readonly folder?: string; readonly client?: string; readonly callbacks?: boolean }[] = [
  { name: "ioredis 6 and redis 6" },
  { name: "ioredis 5 and redis 5", folder: "ioredis-5-redis-5" },
  { name: "ioredis 4 and redis 4", folder: "ioredis-4-redis-4" },
  { name: "ioredis 4 and redis 3", folder: "ioredis-4-redis-3", callbacks: true },
  { name: "iovalkey and redis 5", folder: "iovalkey-0", client: "iovalkey" },
];

/** Name and bytes of each command that the application sends for request N. */
function expected(number: number): readonly string[] {
  const key = `k${"x".repeat(number)}`;
  const say = (...command: readonly string[]): string => `${command[0]} ${encode(command).length}`;
  const [set, append, get] = [say("set", key, "1"), say("append", key, "2"), say("get", key)];
  const multi = [say("multi"), set, get, say("exec")];
  const styles = [
    [set, get],
    [set, append],
    [set, append, get],
    [say("blpop", key, "5"), say("rpush", key, "1")],
    multi,
    [set, get],
    multi,
  ];
  return (styles[number % styles.length] as readonly string[]).toSorted();
}

describe.each(cases)("commands of 640 requests, 64 at a time: $name", ({ folder, client, callbacks }) => {
  let directory: string;
  let experiment: Experiment;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-truth-"));
    const output = join(directory, "trace");
    const [port = 0, tlsPort = 0] = await freePorts(2);
    const { certificateFile, keyFile } = writeCertificate(directory);
    const tls = `--tls-port ${tlsPort} --tls-cert-file ${certificateFile} --tls-key-file ${keyFile} --tls-auth-clients no`;
    const environment = [
      ...(folder === undefined ? [] : [`TRUTH_LIBRARIES="${ensureLibraries(folder)}"`]),
      ...(callbacks === true ? ["TRUTH_CALLBACKS=1"] : []),
      ...(client === undefined ? [] : [`TRUTH_CLIENT=${client}`]),
    ].join(" ");
    const script = besideStore(port, `${environment} "${applicationNode}" "${app}" ${port} ${tlsPort} "${certificateFile}"`, tls);
    experiment = await recordedExperiment(output, script, "full");
  }, 120_000);

  afterAll(() => {
    experiment?.close();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  it("are each found below the request that sent them, and no other: TLS, pipelines, MULTI, blocking, two libraries", () => {
    const roots = experiment.flows({ filter: 'kind == "http" && name =~ "/do/"', limit: 1000 }).flows;
    expect(roots).toHaveLength(count);
    let commands = 0;
    for (const { id, name, evidence } of roots) {
      expect(evidence).toBe("stream-offset");
      const calls = experiment.flow(id).spans.filter(({ kind }) => kind === "store");
      const found = calls.map((call) => {
        expect(call.evidence).toBe("stream-offset");
        return `${call.name} ${experiment.request(call.request as number).requestBytes}`;
      });
      expect(found.toSorted(), name).toEqual(expected(Number(name.split("/").at(-1))));
      commands += calls.length;
    }
    expect(commands).toBeGreaterThan(1500);
  });
});
