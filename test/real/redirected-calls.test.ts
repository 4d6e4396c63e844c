/**
 * A service whose cluster client is redirected, recorded together with the cluster: as many calls are joined with their repeats as the client itself counted
 * MOVED and ASK, in the flow that they belong to, though many requests share the client's connections.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode } from "../../scenarios/lib/client.ts";
import { freePorts } from "../../scenarios/lib/redis-cluster.ts";
import { type Experiment, openExperiment, type SpanInfo } from "../../src/engine/index.ts";
import { applicationNode, start } from "./support.ts";

const app = fileURLToPath(new URL("node-apps/redirects.mjs", import.meta.url));

describe.each(["ioredis", "redis"])("calls of a cluster client: %s", (client) => {
  let directory: string;
  let experiment: Experiment;
  let counts: { readonly moved: number; readonly ask: number };
  const calls: SpanInfo[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "storescope-redirected-"));
    const output = join(directory, "trace");
    const ports = await freePorts(3);
    const servers = ports.map(
      (port) =>
        `redis-server --port ${port} --bind 127.0.0.1 --dir "${directory}" --cluster-enabled yes --cluster-config-file nodes-${port}.conf --save "" --daemonize no >/dev/null & stores="$stores $!"`,
    );
    const script = `${servers.join("\n")}
    for port in ${ports.join(" ")}; do until redis-cli -p $port ping >/dev/null 2>&1; do sleep 0.1; done; done
    redis-cli --cluster create ${ports.map((port) => `127.0.0.1:${port}`).join(" ")} --cluster-yes >/dev/null
    for port in ${ports.join(" ")}; do until redis-cli -p $port cluster info | grep -q state:ok; do sleep 0.1; done; done
    "${applicationNode}" "${app}" ${ports.join(" ")} ${client} >"${directory}/counts.json"; code=$?; sleep 0.3; kill $stores; wait $stores; exit $code`;
    const { code, stderr } = await start(["record", "--events", "full", "--output", output, "--", "sh", "-c", script]).ended;
    expect(code, stderr).toBe(0);
    counts = JSON.parse(readFileSync(join(directory, "counts.json"), "utf8"));
    experiment = await openExperiment([output]);
    await experiment.analyze();
    for (const { id } of experiment.flows({ filter: 'kind == "http"', limit: 10_000 }).flows)
      calls.push(...experiment.flow(id).spans.filter(({ kind }) => kind === "store"));
  }, 180_000);

  afterAll(() => {
    experiment?.close();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  it("are each found below the request that sent them, and no other, though it was sent elsewhere", () => {
    const { flows } = experiment.flows({ filter: 'kind == "http"', limit: 10_000 });
    expect(flows).toHaveLength(280);
    for (const { id, name } of flows) {
      const [, path, number] = /\/(\w+)\/(\d+)$/.exec(name) ?? [];
      const key = `${path === "do" ? "key" : "{moving}"}${"x".repeat(Number(number))}`;
      const commands = [
        ["set", key, "1"],
        ["get", key],
        ["append", `${key}-other`, "2"],
        ["incr", `${key}-third`],
        ["get", key],
      ];
      const expected = commands.map((command) => `${command[0]} ${encode(command).length}`);
      const own = experiment.flow(id).spans.filter((span) => span.kind === "store" && commands.some(([command]) => command === span.name));
      const sizes = new Map(own.map((span) => [span, `${span.name} ${experiment.request(span.request ?? -1).requestBytes}`]));
      expect(new Set(sizes.values()), name).toEqual(new Set(expected));
      expect(
        own
          .filter(({ redirected }) => redirected === undefined)
          .map((span) => sizes.get(span))
          .sort(),
        name,
      ).toEqual(expected.sort());
      for (const span of own) expect(span.evidence).toBe("stream-offset");
    }
    const { summary } = experiment.flows({ limit: 0 });
    expect((summary?.evidence["stream-offset"] ?? 0) / (summary?.calls ?? 0)).toBeGreaterThanOrEqual(0.99);
  });

  it("are joined with their repeats as often as the client was redirected", () => {
    expect(counts.moved).toBeGreaterThan(200);
    expect(counts.ask).toBeGreaterThan(20);
    const redirected = calls.filter((call) => call.redirected !== undefined);
    expect(redirected.length).toBe(counts.moved + counts.ask);
    expect(redirected.filter((call) => call.redirected?.repeat === undefined)).toEqual([]);
    expect(new Set(redirected.map((call) => call.redirected?.repeat)).size).toBe(redirected.length);
  });

  it("have repeats in the same flow, of the same command and size, on the node that was named, and end where they are served", () => {
    const byId = new Map(calls.map((call) => [call.id, call]));
    const kinds = { moved: 0, ask: 0 };
    for (const call of calls.filter(({ redirected }) => redirected !== undefined)) {
      const repeat = byId.get(call.redirected!.repeat!)!;
      expect(repeat).toMatchObject({ flow: call.flow, parent: call.parent, name: call.name, repeats: call.id });
      const { redirected, requestBytes } = experiment.request(call.request!);
      expect(experiment.request(repeat.request!).requestBytes).toBe(requestBytes);
      expect(redirected?.evidence).toBe("context");
      const at = redirected!.hops.findIndex(({ request }) => request === call.request);
      const { redirect } = redirected!.hops[at]!;
      kinds[redirect!.kind]++;
      expect(redirected!.hops[at + 1]).toMatchObject({ request: repeat.request });
      expect(experiment.request(repeat.request!).node.split(":").at(-1)).toBe(redirect!.target.split(":").at(-1));
      expect(redirected!.hops.at(-1)?.redirect).toBeUndefined();
    }
    expect(kinds).toEqual(counts);
  });
});
