import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { twoNodes } from "../../testing/two-nodes.ts";
import type { ViewContext } from "../contract.ts";
import view from "./index.ts";

const opened = (id: number, time: number, kind = 0): string =>
  `${time} redis:connection_open vpid=1 vtid=1 conn_id=${id} fd=${id} kind=${kind} tls=0 laddr="127.0.0.1" lport=7001 raddr="10.0.0.${id % 250}" rport=${id} read_offset=0 write_offset=0`;

/** Rows as text, indented by depth. */
function outline(context: ViewContext): string[] {
  const depths = new Map<number, number>([[-1, -1]]);
  return view.tree(context).map(({ id, parent, labels }) => {
    const depth = (depths.get(parent) ?? 0) + 1;
    depths.set(id, depth);
    return `${"  ".repeat(depth)}${labels.filter((label) => label !== "").join(" | ")}`;
  });
}

const entry = (context: ViewContext, label: string) => view.tree(context).find(({ labels }) => labels[0]?.includes(label) === true);
const states = (context: ViewContext, label: string, start: number, end: number, columns = end - start): string[] =>
  (view.states(context, [entry(context, label)?.id ?? -1], { start, end, columns })[0] ?? []).map(
    (state) => `${state.start}-${state.end} ${state.label}`,
  );

describe("connections", () => {
  const context = analyseText(
    [redis],
    `${twoNodes}
    ${opened(9, 903, 1)}
    ${opened(8, 904)}
    950 redis:client_blocked vpid=1 vtid=1 conn_id=8 fd=8 type=1
    960 redis:client_unblocked vpid=1 vtid=1 conn_id=8 fd=8 type=1
    970 redis:connection_close vpid=1 vtid=1 conn_id=8 fd=8 reason=0
    1000 redis:server_info vpid=1 vtid=1 run_id="r" node_id="n1" flavor="redis" version="7.0.15" port=7001 tls_port=0 bus_port=17001 cluster_enabled=1 io_threads=1`,
  );

  it("lists the connections of every process by kind, with peer, id and requests", () => {
    expect(outline(context)).toEqual([
      "test:7001 | pid 1",
      "  Clients (2)",
      "    fd 8 127.0.0.1:5000 | id 7, 2 requests",
      "    fd 8 10.0.0.8:8 | id 8, 0 requests",
      "  Replicas (1)",
      "    fd 9 10.0.0.9:9 | id 9, 0 requests",
      "  Bus links (1)",
      "    test:7001 | n1",
      "test:7002 | pid 2",
      "  Bus links (1)",
      "    test:7002 | n2",
    ]);
  });

  it("tells a connection's whole life, idle from its opening to its closing and nothing beyond", () => {
    expect(states(context, "5000", 90, 200)).toEqual([
      "90-100 idle",
      "100-110 queued for read",
      "110-130 READ CLIENT",
      "130-140 publish",
      "140-150 queued for write",
      "150-160 WRITE TO CLIENT",
      "160-200 idle",
    ]);
    expect(states(context, "10.0.0.8", 890, 1000)).toEqual(["904-950 idle", "950-960 BLOCKED", "960-970 idle"]);
    expect(states(context, "10.0.0.8", 0, 500)).toEqual([]);
  });

  it("covers the same time however few columns there are", () => {
    for (const columns of [1, 3, 50]) {
      const [row = []] = view.states(context, [entry(context, "5000")?.id ?? -1], { start: 0, end: 1000, columns });
      expect(row[0]?.start).toBe(3);
      expect(row.at(-1)?.end).toBe(1000);
      for (const [i, state] of row.entries()) if (i > 0) expect(state.start).toBe(row[i - 1]?.end);
    }
  });

  it("says what a connection was at a time, and nothing before or after it", () => {
    const id = entry(context, "10.0.0.8")?.id ?? -1;
    expect(view.tooltip(context, id, 955)).toMatchObject({ State: "BLOCKED", Connection: "8", Kind: "client" });
    expect(view.tooltip(context, id, 965)).toMatchObject({ State: "idle" });
    expect(view.tooltip(context, id, 980)).toEqual({});
  });

  it("shows what waits on a link until it is written", () => {
    const bus = analyseText(
      [redis],
      `${twoNodes}
      990 redis:steps vpid=1 vtid=1 thread=0 base_ticks=902 base_ns=902 end_ticks=88 end_ns=990 words={cluster_send@10 link=1 aux=4 length=500 end_offset=2800 backlog=500; cluster_write@40 link=1 nwritten=500 left=0}`,
    );
    const link = view.tree(bus).find(({ labels }) => labels[1] === "n1");
    const [row = []] = view.states(bus, [link?.id ?? -1], { start: 900, end: 990, columns: 90 });
    expect(row.map(({ label }) => label)).toEqual(["idle", "500 bytes to send", "idle"]);
  });

  it("starts folded, and answers for all, with ten thousand connections", () => {
    const each = Array.from({ length: 10_000 }, (_, i) => opened(i + 10, 1000 + i));
    const many = analyseText([redis], [twoNodes, ...each, opened(20_000, 12_000)].join("\n"));
    const rows = view.tree(many).filter(({ hasData }) => hasData);
    expect(rows).toHaveLength(10_004);
    expect(view.expandLevel?.(many)).toBe(1);
    expect(view.expandLevel?.(context)).toBeUndefined();
    const all = view.states(
      many,
      rows.map(({ id }) => id),
      { start: 0, end: 12_000, columns: 1000 },
    );
    // But the one that opened with the last event.
    expect(all.filter((row) => row.length > 0)).toHaveLength(10_003);
  });

  it("has no rows for a trace without the store's events", () => {
    const none = analyseText([redis], `1 other:event vpid=1 vtid=1 a=1`);
    expect(view.tree(none)).toEqual([]);
    expect(view.states(none, [0], { start: 0, end: 10, columns: 10 })).toEqual([[]]);
  });
});
