import { describe, expect, it } from "vitest";
import { analyseText } from "../../testing/analyse-text.ts";
import redis from "./index.ts";
import { connectionColumns, documents, nestedCallColumns, type ProcessSummary, requestColumns, type StepSummary, tables } from "./keys.ts";

const call = (time: number, name: string, us: number, client: string): string =>
  `${time} valkey_commands:command_call vpid=9 vtid=9 enum_field=0 addr="${client}" laddr="127.0.0.1:7001" name="${name}" duration=${us}`;

describe("the model, from Valkey's own tracing", () => {
  const { history } = analyseText(
    [redis],
    [
      "5000 valkey_db:expire_cycle vpid=9 vtid=9 duration=1",
      call(10_000, "get", 2, "127.0.0.1:5000"),
      call(50_000, "set", 3, "?:0"),
      call(60_000, "eval", 40, "[::1]:5001"),
      "75000 valkey_rdb:fork vpid=9 vtid=9 duration=4",
      call(80_000, "bgsave", 10, "127.0.0.1:5000"),
      "90000 valkey_aof:aof_fsync_always vpid=9 vtid=9 duration=6",
      call(100_000, "get", 1, "127.0.0.1:5000"),
    ].join("\n"),
  );
  const rows = (name: string, columns: readonly { readonly name: string; readonly type: string }[]) => {
    const table = history.table(name)!;
    return Array.from({ length: table.rowCount }, (_, i) =>
      Object.fromEntries(
        columns.map((column, c) => [column.name, column.type === "text" ? table.text(table.row(i)[c]!) : table.row(i)[c]!]),
      ),
    );
  };
  const [process] = history.document(documents.processes) as readonly ProcessSummary[];

  it("has requests that are as long as their call, of their connections", () => {
    expect(
      rows(tables.requests, requestColumns).map(
        (row) => `${row["command"]} ${row["connection"]} ${row["arrived"]}-${row["writeEnd"]} ${row["flags"]}`,
      ),
    ).toEqual(["get 0 8000-10000 0", "eval 1 20000-60000 0", "bgsave 0 70000-80000 0", "get 0 99000-100000 0"]);
    expect(rows(tables.connections, connectionColumns).map(({ label }) => label)).toEqual(["127.0.0.1:5000", "::1:5001"]);
    expect(rows(tables.nestedCalls, nestedCallColumns)).toMatchObject([{ command: "set", start: 47_000, end: 50_000 }]);
  });

  it("counts calls as INFO commandstats does, and says who the process is", () => {
    expect(process).toMatchObject({ node: "test:7001", flavor: "valkey", pid: 9, calls: { get: 2, eval: 1, set: 1, bgsave: 1 } });
  });

  it("shows what the main thread did", () => {
    const quark = history.state.attributes.find("Redis", "test:7001", "Threads", "9", "Operation")!;
    const found: string[] = [];
    history.state.range([quark], 0, 200_000, (_quark, start, end, value) => {
      if (value !== undefined && value !== "EVENT LOOP") found.push(`${start}-${end} ${value}`);
      return true;
    });
    expect(found).toEqual(
      expect.arrayContaining(["8000-10000 get", "47000-50000 set", "71000-75000 FORK", "84000-90000 AOF FSYNC", "99000-100000 get"]),
    );
  });

  it("adds no logical events: they are in the trace already", () => {
    expect((history.document(documents.steps) as StepSummary).counts).toEqual({});
  });
});
