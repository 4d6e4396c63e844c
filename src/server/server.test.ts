/**
 * The server over real HTTP, on a made-up experiment. Answers of the Trace Server Protocol are also validated against the specification's own schemas
 * when its API.yaml is there (`../shared/tsp/API.yaml` beside the checkout); where it is not, those checks are reported as skipped.
 */
import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import Ajv from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { BadInputError, StorescopeError } from "../base/index.ts";
import { fakeExperiment } from "../testing/fake-experiment.ts";
import { decodeWindow, parseExact, stringifyExact } from "../tsp/index.ts";
import { type RunningServer, startServer } from "./index.ts";

const specification = new URL("../../../shared/tsp/API.yaml", import.meta.url);
const experiment = fakeExperiment({ requests: 2_000 });
const slow = fakeExperiment({ requests: 100, analysisMs: 200, id: "11111111-2222-4333-8444-555555555555", name: "slow" });
const bugs: unknown[] = [];
let server: RunningServer;

beforeAll(async () => {
  server = await startServer({ port: 0, experiments: [experiment, slow], onBug: (error) => bugs.push(error) });
});
afterAll(async () => {
  await server.close();
  expect(bugs).toEqual([]);
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers freely; the schemas check their shape.
  readonly body: any;
}

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const init: RequestInit = { method, headers: body === undefined ? headers : { "content-type": "application/json", ...headers } };
  if (body !== undefined) init.body = typeof body === "string" ? body : stringifyExact(body);
  const response = await fetch(new URL(path, server.url), init);
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text, body: text === "" ? undefined : parseExact(text) };
}

const tsp = "/tsp/api";
const outputs = `${tsp}/experiments/${experiment.id}/outputs`;
const eventTable = "org.eclipse.tracecompass.internal.provisional.tmf.core.model.events.TmfEventTableDataProvider";
const histogram = "org.eclipse.tracecompass.internal.tmf.core.histogram.HistogramDataProvider";
const range = { start: experiment.start, end: experiment.end, nbTimes: 100 };

/** Raw Host headers need more than fetch allows. */
function statusWithHost(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    httpRequest({ host: "127.0.0.1", port, path: `${tsp}/health`, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe.runIf(existsSync(specification))("answers have the shape that the specification gives them", () => {
  const document = existsSync(specification)
    ? parseYaml(readFileSync(specification, "utf8"))
    : { paths: {}, components: { schemas: undefined } };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  // The specification declares these two as objects that are one of string and number, which nothing can be; what it means is the second part.
  for (const name of ["StyleValue", "MetadataValue"]) if (document.components.schemas) delete document.components.schemas[name].type;
  ajv.addSchema({ $id: "tsp", components: document.components });

  function check(path: string, method: string, answer: Answer): void {
    const response = document.paths[path]?.[method]?.responses?.[String(answer.status)];
    expect(response, `${method} ${path} ${answer.status} is in the specification`).toBeDefined();
    const schema = JSON.parse(JSON.stringify(response.content["application/json"].schema).replaceAll('"#/components', '"tsp#/components'));
    const validate = ajv.compile(schema);
    const isValid = validate(JSON.parse(answer.text));
    expect(validate.errors ?? [], `${method} ${path}\n${answer.text.slice(0, 500)}`).toEqual([]);
    expect(isValid).toBe(true);
    expect(answer.type).toBe("application/json");
  }

  const e = `${tsp}/experiments/${experiment.id}`;
  const o = `${e}/outputs`;
  const rows = { parameters: { requested_timerange: range, requested_items: [3, 10, 11] } };
  const tooltip = {
    parameters: {
      requested_times: [experiment.start + 500_000n],
      requested_items: [10],
      requested_element: { elementType: "state", time: 1, duration: 1 },
    },
  };
  const cases: readonly (readonly [path: string, method: string, url: string, body?: unknown])[] = [
    ["/health", "get", `${tsp}/health`],
    ["/identifier", "get", `${tsp}/identifier`],
    ["/traces", "get", `${tsp}/traces`],
    ["/traces", "post", `${tsp}/traces`, { parameters: { uri: "/traces/demo/redis-7001" } }],
    ["/traces", "post", `${tsp}/traces`, { parameters: { uri: "/nowhere" } }],
    ["/traces/{uuid}", "get", `${tsp}/traces/00000000-0000-4000-8000-000000000000`],
    ["/experiments", "get", `${tsp}/experiments`],
    ["/experiments/{expUUID}", "get", e],
    ["/experiments/{expUUID}", "get", `${tsp}/experiments/00000000-0000-4000-8000-000000000000`],
    ["/experiments/{expUUID}/outputs", "get", o],
    ["/experiments/{expUUID}/outputs/{outputId}", "get", `${o}/netflow`],
    ["/experiments/{expUUID}/outputs/{outputId}", "get", `${o}/nothing`],
    ["/experiments/{expUUID}/outputs/markerSets", "get", `${o}/markerSets`],
    ["/experiments/{expUUID}/outputs/{outputId}/annotations", "get", `${o}/netflow/annotations?markerSetId=x`],
    ["/experiments/{expUUID}/outputs/{outputId}/annotations", "post", `${o}/netflow/annotations`, rows],
    ["/experiments/{expUUID}/outputs/{outputId}/style", "post", `${o}/netflow/style`, { parameters: {} }],
    ["/experiments/{expUUID}/outputs/{outputId}/configTypes", "get", `${o}/netflow/configTypes`],
    ["/config/types", "get", `${tsp}/config/types/`],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/tree", "post", `${o}/timeGraph/netflow/tree`, { parameters: {} }],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/tree", "post", `${o}/timeGraph/nothing/tree`, { parameters: {} }],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/states", "post", `${o}/timeGraph/netflow/states`, rows],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/states", "post", `${o}/timeGraph/netflow/states`, {}],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/arrows", "post", `${o}/timeGraph/netflow/arrows`, rows],
    ["/experiments/{expUUID}/outputs/timeGraph/{outputId}/tooltip", "post", `${o}/timeGraph/netflow/tooltip`, tooltip],
    ["/experiments/{expUUID}/outputs/XY/{outputId}/tree", "post", `${o}/XY/${histogram}/tree`, { parameters: {} }],
    [
      "/experiments/{expUUID}/outputs/XY/{outputId}/xy",
      "post",
      `${o}/XY/${histogram}/xy`,
      { parameters: { requested_timerange: range, requested_items: [0] } },
    ],
    ["/experiments/{expUUID}/outputs/data/{outputId}/tree", "post", `${o}/data/netflow/tree`, { parameters: {} }],
    ["/experiments/{expUUID}/outputs/table/{outputId}/columns", "post", `${o}/table/${eventTable}/columns`, { parameters: {} }],
    [
      "/experiments/{expUUID}/outputs/table/{outputId}/lines",
      "post",
      `${o}/table/${eventTable}/lines`,
      { parameters: { requested_table_index: 5, requested_table_count: 20 } },
    ],
    [
      "/experiments/{expUUID}/outputs/table/{outputId}/lines",
      "post",
      `${o}/table/${eventTable}/lines`,
      {
        parameters: {
          requested_table_index: 0,
          requested_table_count: 20,
          table_search_expressions: { "4": "(" },
          table_search_direction: "NEXT",
        },
      },
    ],
  ];
  it.each(cases.map((c) => ({ path: c[0], method: c[1], url: c[2], body: c[3] })))(
    "$method $path ($url)",
    async ({ path, method, url, body }) => {
      check(path, method, await call(method.toUpperCase(), url, body));
    },
  );
});

describe("what clients of the protocol trip over", () => {
  it("sends the exact type application/json, for errors and unknown paths too", async () => {
    for (const path of [`${tsp}/health`, `${tsp}/nothing`, `${outputs}/nothing`])
      expect((await call("GET", path)).type).toBe("application/json");
    expect((await call("POST", `${tsp}/traces`, "{")).type).toBe("application/json");
  });

  it("reads and writes times to the last nanosecond", async () => {
    const { body } = await call("GET", `${tsp}/experiments/${experiment.id}`);
    expect(body.start).toBe(experiment.start);
    // A tooltip at a state's last nanosecond and at the next one differ: rounding either way would make them equal.
    const { start, end } = experiment.request(700).phases[5]!;
    const at = async (time: bigint) =>
      (
        await call(
          "GET",
          `/api/experiments/${experiment.id}/request-at?entry=${10 + experiment.request(700).connection - 1000}&time=${time}`,
        )
      ).body.request?.id;
    expect(await at(start)).toBe(700);
    expect(await at(experiment.request(700).end - 1n)).toBe(700);
    expect(await at(experiment.request(700).end)).not.toBe(700);
    expect(end - start).toBeLessThan(10_000_000n);
  });

  it("lets VS Code's webviews and loopback pages in, answers their preflight, and nobody else", async () => {
    const preflight = await fetch(new URL(`${tsp}/health`, server.url), {
      method: "OPTIONS",
      headers: { origin: "vscode-webview://1abc-2" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("vscode-webview://1abc-2");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("content-type");
    expect((await call("GET", `${tsp}/health`, undefined, { origin: "http://localhost:3000" })).status).toBe(200);
    expect((await call("GET", `${tsp}/health`, undefined, { origin: "http://evil.example" })).status).toBe(403);
    expect((await call("GET", `${tsp}/health`, undefined, { origin: "http://localhost.evil.example" })).status).toBe(403);
  });

  it("refuses a host name that only resolves to loopback", async () => {
    const { port } = new URL(server.url);
    expect(await statusWithHost(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusWithHost(`localhost:${port}`)).toBe(200);
    expect(await statusWithHost(`evil.example:${port}`)).toBe(421);
    expect(await statusWithHost("127.0.0.1:1")).toBe(421);
  });

  it("never leaves out the model of states and annotations, and leaves out that of a tree, while the analysis runs", async () => {
    const own = `${tsp}/experiments/${slow.id}/outputs`;
    const rows = { parameters: { requested_timerange: { start: slow.start, end: slow.end, nbTimes: 10 }, requested_items: [10] } };
    const states = await call("POST", `${own}/timeGraph/netflow/states`, rows);
    expect(states.body).toEqual({ model: { rows: [] }, status: "RUNNING", statusMessage: "The analysis is running" });
    expect((await call("POST", `${own}/netflow/annotations`, rows)).body.model).toEqual({ annotations: {} });
    const tree = await call("POST", `${own}/timeGraph/netflow/tree`, {});
    expect(tree.body).toEqual({ status: "RUNNING", statusMessage: "The analysis is running" });
    await expect.poll(async () => (await call("POST", `${own}/timeGraph/netflow/tree`, {})).body.status).toBe("COMPLETED");
  });

  it("starts the first tree entry at the experiment's start, where arrows are counted from", async () => {
    const { body } = await call("POST", `${outputs}/timeGraph/netflow/tree`, {});
    expect(body.model.entries[0].start).toBe(experiment.start);
    // One header and one row crash the Python client's table; no headers are legal.
    expect(body.model.headers).toEqual([]);
  });

  it("has a default curve, and the overview under the id that viewers look for", async () => {
    const { body } = await call("POST", `${outputs}/XY/${histogram}/tree`, { parameters: { requested_timerange: range } });
    expect(body.model.entries.some((entry: { isDefault: boolean }) => entry.isDefault)).toBe(true);
    const xy = await call("POST", `${outputs}/XY/${histogram}/xy`, { parameters: { requested_timerange: range, requested_items: [0] } });
    expect(xy.body.model.series[0].yValues.reduce((a: number, b: number) => a + b)).toBe(2_000 * 8);
    expect(xy.body.model.series[0].style.values["series-type"]).toBe("line");
  });

  it("answers a post of what it already serves with 200, so that no client retries under new names", async () => {
    const trace = await call("POST", `${tsp}/traces`, { parameters: { uri: "/traces/demo/redis-7001/", name: "again" } });
    expect(trace.status).toBe(200);
    const made = await call("POST", `${tsp}/experiments`, { parameters: { name: "again", traces: [trace.body.UUID] } });
    expect(made.status).toBe(200);
    expect(made.body.UUID).toBe(experiment.id);
    expect((await call("POST", `${tsp}/traces`, { parameters: { uri: "/etc/passwd" } })).status).toBe(404);
  });

  it("takes a removed experiment off the list until it is posted again", async () => {
    const [first] = (await call("GET", `${tsp}/traces`)).body;
    expect((await call("DELETE", `${tsp}/traces/${first.UUID}?deleteTrace=true`)).status).toBe(409);
    expect((await call("DELETE", `${tsp}/experiments/${experiment.id}`)).status).toBe(200);
    expect((await call("GET", `${tsp}/experiments/${experiment.id}`)).status).toBe(404);
    expect((await call("GET", `/api/experiments/${experiment.id}`)).status).toBe(200);
    expect((await call("POST", `${tsp}/experiments`, { parameters: { name: "demo", traces: [first.UUID] } })).status).toBe(200);
    expect((await call("GET", `${tsp}/experiments/${experiment.id}`)).status).toBe(200);
  });

  it("searches the events table from an index, tags matches, and gives no lines where there is none", async () => {
    const lines = `${outputs}/table/${eventTable}/lines`;
    const search = (expression: string, index: number, direction: string) =>
      call("POST", lines, {
        parameters: {
          requested_table_index: index,
          requested_table_count: 3,
          requested_table_column_ids: [0, 4],
          table_search_expressions: { "4": expression },
          table_search_direction: direction,
        },
      });
    const { body } = await search("call_command_END$", 100, "NEXT");
    expect(body.model.columnIds).toEqual([0, 4]);
    expect(body.model.lines[0].cells[1].content).toBe("redis:call_command_end");
    expect(body.model.lines[0].tags).toBe(8);
    expect(body.model.lowIndex).toBeGreaterThanOrEqual(100);
    expect((await search("^nothing$", 0, "next")).body.model.lines).toEqual([]);
  });

  it("finds the first event at or after a time, and shows the time as an integer", async () => {
    const row = experiment.eventRows(500, 1)[0]!;
    const body = { parameters: { requested_times: [row.time], requested_table_count: 1 } };
    const { body: answer } = await call("POST", `${outputs}/table/${eventTable}/lines`, body);
    expect(answer.model.lines[0].cells[0].content).toBe(row.time.toString());
    const columns = await call("POST", `${outputs}/table/${eventTable}/columns`, {});
    expect(columns.body.model[0].name).toBe("Timestamp ns");
  });

  it("dims and excludes states by the two filter maps", async () => {
    const body = {
      parameters: {
        requested_timerange: { ...range, nbTimes: 65_536 },
        requested_items: [3],
        filter_query_parameters: { filter_expressions_map: { "1": ["publish"], "4": ["publish", "polling"] } },
      },
    };
    const states: { label: string; tags?: number }[] = (await call("POST", `${outputs}/timeGraph/netflow/states`, body)).body.model.rows[0]
      .states;
    const tagsOf = (label: string) => new Set(states.filter((s) => s.label === label).map((s) => s.tags ?? 0));
    expect(tagsOf("polling")).toEqual(new Set([1]));
    expect(tagsOf("READ CLIENT")).toEqual(new Set([5]));
  });

  it("ignores rows that do not exist, and says when an output does not", async () => {
    const rows = { parameters: { requested_timerange: range, requested_items: [9_999_999, -1, 10] } };
    const { body } = await call("POST", `${outputs}/timeGraph/netflow/states`, rows);
    expect(body.model.rows.map((r: { entryId: number }) => r.entryId)).toEqual([10]);
    expect((await call("POST", `${outputs}/XY/netflow/tree`, {})).body).toEqual({
      title: "Not found",
      detail: "output netflow is of type time-graph, not xy",
    });
  });
});

describe("our own endpoints", () => {
  const base = `/api/experiments/${experiment.id}`;

  it("gives a window whose states are those of the view", async () => {
    const from = experiment.start + 1_000_000n;
    const to = from + 2_000_000n;
    const body = { from, to, columns: 300, entries: [10, 3] };
    const window = decodeWindow((await call("POST", `${base}/views/netflow/window`, body)).body, "");
    const { view, context } = experiment.view("netflow");
    if (view.type !== "time-graph") throw new Error("netflow is a time graph");
    const expected = view.states(context, [10, 3], { start: 1_000_000, end: 3_000_000, columns: 300 });
    window.rows.forEach((row, r) => {
      let at = window.base;
      const states = row.gaps.map((gap, i) => {
        const start = at + gap;
        at = start + (row.lengths[i] ?? 0);
        return { start, end: at, label: window.labels[row.labels[i] ?? 0], style: window.styles[row.styles[i] ?? 0], count: row.counts[i] };
      });
      expect(states).toEqual(expected[r]);
    });
    expect(window.arrows.length).toBeGreaterThan(0);
  });

  it("lists the slowest requests first, filters them, and shows the place of an error", async () => {
    const { body } = await call("GET", `${base}/requests?filter=${encodeURIComponent('command == "publish"')}&limit=5`);
    expect(body.requests).toHaveLength(5);
    expect(body.total).toBeGreaterThan(100);
    const durations = body.requests.map((r: { durationNs: number }) => r.durationNs);
    expect(durations).toEqual([...durations].sort((a, b) => b - a));
    const wrong = await call("GET", `${base}/requests?filter=nonsense`);
    expect(wrong.status).toBe(400);
    expect(wrong.body.detail).toBe("unknown condition\nnonsense\n^");
  });

  it("gives one request's waits as a full partition by holder", async () => {
    const { body } = await call("GET", `${base}/requests/700`);
    const wait = body.phases.find((p: { name: string }) => p.name === "queued-for-write");
    expect(wait.holders[0].start).toBe(wait.start);
    expect(wait.holders.at(-1).end).toBe(wait.end);
    expect((await call("GET", `${base}/requests/99999999`)).status).toBe(404);
    expect((await call("GET", `${base}/requests/x`)).status).toBe(400);
    expect((await call("GET", `${base}/requests/700/events`)).body).toHaveLength(8);
  });

  it("pages through events and finds by expression in both directions", async () => {
    const page = await call("GET", `${base}/events?index=15990&count=100`);
    expect(page.body.size).toBe(16_000);
    expect(page.body.rows).toHaveLength(10);
    const next = await call("GET", `${base}/events/find?index=0&event=write_end`);
    const previous = await call("GET", `${base}/events/find?index=15999&direction=previous&event=start_read`);
    expect(experiment.eventRows(next.body.index, 1)[0]?.name).toBe("redis:write_end");
    expect(experiment.eventRows(previous.body.index, 1)[0]?.name).toBe("redis:start_read");
    expect((await call("GET", `${base}/events/find?index=0&event=%28`)).status).toBe(400);
    expect((await call("GET", `${base}/events/find?index=0`)).status).toBe(400);
  });

  it("sums statistics over the asked range", async () => {
    const all = await call("GET", `${base}/stats`);
    expect(all.body.nodes[0].requests).toBe(2_000);
    const part = await call("GET", `${base}/stats?from=${experiment.start}&to=${experiment.start + 5_000_000n}`);
    expect(part.body.nodes[0].requests).toBeLessThan(2_000);
  });
});

describe("the token", () => {
  it("guards both APIs under every spelling of their path, and travels in the fragment only", async () => {
    const guarded = await startServer({ port: 0, experiments: [experiment], token: "s3cret" });
    try {
      const url = new URL(guarded.url);
      expect(url.hash).toBe("#token=s3cret");
      for (const path of ["/api/experiments", "/tsp/api/traces", "/%61pi/experiments", "//api/experiments"]) {
        const { status } = await fetch(`${url.origin}${path}`);
        expect([401, 404], path).toContain(status);
      }
      expect((await fetch(`${url.origin}/api/experiments`)).status).toBe(401);
      expect((await fetch(`${url.origin}/api/experiments`, { headers: { authorization: "Bearer s3cret" } })).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});

describe("a server that has nothing to show yet", () => {
  it("answers for itself, and makes requests for experiments wait until it has", async () => {
    const early = await startServer({ port: 0 });
    try {
      expect((await fetch(`${early.url}tsp/api/health`)).status).toBe(200);
      expect((await fetch(`${early.url}api/experiments`, { headers: { origin: "http://elsewhere.example" } })).status).toBe(403);
      let answers = 0;
      const asked = ["api/experiments", "%61pi/experiments", "tsp/api/experiments"].map(async (path) => {
        const response = await fetch(`${early.url}${path}`);
        answers++;
        return (await response.text()).includes(experiment.id);
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(answers).toBe(0);
      early.show([experiment]);
      expect(await Promise.all(asked)).toEqual([true, true, true]);
    } finally {
      await early.close();
    }
  });

  it("tells those that wait why there will be nothing, and then has nothing to do", async () => {
    const early = await startServer({ port: 0 });
    try {
      const ask = async (path: string) => {
        const response = await fetch(`${early.url}${path}`);
        return { status: response.status, body: (await response.json()) as unknown };
      };
      const asked = ["api/experiments", "tsp/api/experiments"].map(ask);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const why = new BadInputError("PACKET_INVALID", "trace/channel_0", 4096, "no packet begins here");
      await early.refuse(why, 60_000);
      const answer = { status: 500, body: { title: "The trace cannot be read", detail: why.message } };
      expect(await Promise.all(asked)).toEqual([answer, answer]);
      expect(await ask("api/experiments")).toEqual(answer);
      expect((await ask("tsp/api/health")).status).toBe(200);
    } finally {
      await early.close();
    }
  });

  it("is done with refusing though somebody keeps asking", async () => {
    const early = await startServer({ port: 0 });
    let isAsking = true;
    const asking = (async () => {
      while (isAsking) await fetch(`${early.url}api/experiments`).catch(() => undefined);
    })();
    await early.refuse(new StorescopeError("NOT_FOUND", "nothing there"), 60_000);
    isAsking = false;
    await asking;
    await early.close();
  });

  it("refuses though nobody asks", async () => {
    const early = await startServer({ port: 0 });
    await early.refuse(new StorescopeError("NOT_FOUND", "nothing there"), 10);
    await early.close();
  });

  it("closes though requests wait", async () => {
    const early = await startServer({ port: 0 });
    const asked = fetch(`${early.url}api/experiments`).then(
      () => "answered",
      () => "given up",
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await early.close();
    expect(await asked).toBe("given up");
  });
});
