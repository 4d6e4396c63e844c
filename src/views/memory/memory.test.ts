import { describe, expect, it } from "vitest";
import redis from "../../analyses/redis/index.ts";
import { analyseText } from "../../testing/analyse-text.ts";
import { twoNodes } from "../../testing/two-nodes.ts";
import type { ViewContext } from "../contract.ts";
import view from "./index.ts";

const told = (time: number, id: number, query: number, output: number, memory: number): string =>
  `${time} redis:client_memory vpid=1 vtid=1 conn_id=${id} fd=8 query_buffer=${query} output_buffer=${output} memory=${memory}`;
const server = (time: number, used: number): string =>
  `${time} redis:server_state vpid=1 vtid=1 used_memory=${used} connected_clients=1 blocked_clients=0 pending_reads=0 pending_writes=0 clients_to_close=0 repl_backlog=77 commands=0 net_input_bytes=0 net_output_bytes=0`;
const opened = (id: number, time: number): string =>
  `${time} redis:connection_open vpid=1 vtid=1 conn_id=${id} fd=${id} kind=0 tls=0 laddr="127.0.0.1" lport=7001 raddr="10.0.0.1" rport=${id} read_offset=0 write_offset=0`;

function entry(context: ViewContext, ...path: readonly string[]): number {
  let parent = -1;
  for (const label of path) parent = view.tree(context).find((row) => row.parent === parent && row.labels[0]?.includes(label))?.id ?? -2;
  return parent;
}

/** Values where they change, as `time value`. */
function curve(context: ViewContext, path: readonly string[], start: number, end: number, columns: number): string[] {
  const [found] = view.series(context, [entry(context, ...path)], { start, end, columns });
  const { x = [], y = [] } = found ?? {};
  return y.flatMap((value, i) => (i === 0 || value !== y[i - 1] ? [`${x[i]} ${value}`] : []));
}

describe("memory", () => {
  const context = analyseText(
    [redis],
    `${twoNodes}
    ${server(910, 1_000_000)}
    ${opened(9, 915)}
    ${told(920, 7, 0, 0, 2000)}
    ${told(930, 9, 40, 0, 3000)}
    ${told(940, 9, 40, 16_384, 20_000)}
    ${server(950, 1_500_000)}
    970 redis:connection_close vpid=1 vtid=1 conn_id=9 fd=9 reason=0
    ${server(1000, 900_000)}`,
  );

  it("shows the process's memory, and what its connections hold together", () => {
    expect(curve(context, ["test:7001", "Memory used"], 900, 1000, 100)).toEqual(["900 0", "910 1000000", "950 1500000"]);
    expect(curve(context, ["test:7001", "Of connections"], 900, 1000, 100)).toEqual([
      "900 0",
      "920 2000",
      "930 5000",
      "940 22000",
      "970 2000",
    ]);
    expect(curve(context, ["test:7001", "Replication backlog"], 900, 1000, 100)).toEqual(["900 0", "910 77"]);
  });

  it("shows a connection's memory, query buffer and output buffer until it closes", () => {
    const row = ["test:7001", "Connections", "10.0.0.1:9"];
    expect(curve(context, row, 900, 1000, 100)).toEqual(["900 0", "930 3000", "940 20000", "970 0"]);
    expect(curve(context, [...row, "Query buffer"], 900, 1000, 100)).toEqual(["900 0", "930 40", "970 0"]);
    expect(curve(context, [...row, "Output buffer"], 900, 1000, 100)).toEqual(["900 0", "940 16384", "970 0"]);
    expect(entry(context, "test:7001", "Connections", "5000", "Output buffer")).toBe(-2);
  });

  it("keeps the most there was, however few columns there are", () => {
    expect(curve(context, ["test:7001", "Of connections"], 900, 1000, 1)).toEqual(["900 22000"]);
    expect(curve(context, ["test:7001", "Of connections"], 900, 1000, 4)).toEqual(["900 2000", "925 22000", "975 2000"]);
  });

  it("lists ten thousand connections", () => {
    const each = Array.from({ length: 10_000 }, (_, i) => [opened(i + 10, 1000 + i), told(20_000 + i, i + 10, 0, 0, 1000)].join("\n"));
    const many = analyseText([redis], [twoNodes, ...each].join("\n"));
    const rows = view.tree(many).filter(({ labels }) => labels[0]?.includes("id "));
    expect(rows).toHaveLength(10_001);
    expect(rows.some(({ isDefault }) => isDefault)).toBe(false);
    expect(curve(many, ["test:7001", "Of connections"], 29_998, 29_999, 1)).toEqual(["29998 9999000"]);
  });

  it("has no rows for a trace without the store's events", () => {
    expect(view.tree(analyseText([redis], "1 other:event vpid=1 vtid=1 a=1"))).toEqual([]);
  });
});
