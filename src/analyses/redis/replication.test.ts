import { describe, expect, it } from "vitest";
import { analyseText } from "../../testing/analyse-text.ts";
import { primarySide, replicaSide, replicatedPair } from "../../testing/replicated-pair.ts";
import redis from "./index.ts";
import { replicationColumns, tables } from "./keys.ts";

const never = Number.POSITIVE_INFINITY;

/** Rows of the table; `others` are changes to the text. */
function rows(text: string): Record<string, number>[] {
  const table = analyseText([redis], text).history.table(tables.replication);
  return Array.from({ length: table?.rowCount ?? 0 }, (_, i) => {
    const values = table?.row(i) ?? [];
    return Object.fromEntries(replicationColumns.map(({ name }, c) => [name, values[c] ?? Number.NaN]));
  });
}

describe("replication", () => {
  it("finds for each write when the replica had read it and executed what it completed, however TCP cut it", () => {
    const link = { from: 0, connection: 0, to: 1, toConnection: 1 };
    expect(rows(replicatedPair)).toEqual([
      { ...link, bytes: 60, offset: 1060, sent: 100, received: 300, applied: 505 },
      { ...link, bytes: 40, offset: 1100, sent: 200, received: 500, applied: 505 },
    ]);
  });

  it("does not need the two clocks to agree", () => {
    const early = replicaSide.replaceAll(/@(\d+)/g, (_, at: string) => `@${Number(at) - 250}`);
    expect(rows(`${primarySide}\n${early}`)).toMatchObject([
      { sent: 100, received: 50, applied: 255 },
      { sent: 200, received: 250, applied: 255 },
    ]);
  });

  it("says what one side alone knows", () => {
    const primary = { from: 0, connection: 0, to: 0xffff, toConnection: 0xffff_ffff, received: never, applied: never };
    expect(rows(primarySide)).toEqual([
      { ...primary, bytes: 60, offset: 1060, sent: 100 },
      { ...primary, bytes: 40, offset: 1100, sent: 200 },
    ]);
    const replica = { from: 0xffff, connection: 0xffff_ffff, to: 0, toConnection: 0, bytes: 0, sent: never };
    expect(rows(replicaSide)).toEqual([
      { ...replica, offset: 1080, received: 300, applied: 505 },
      { ...replica, offset: 1100, received: 500, applied: 505 },
    ]);
  });

  it("leaves what was never read or executed open", () => {
    const cut = replicaSide.replace(/read_start@490[^}]*/, "");
    expect(rows(`${primarySide}\n${cut}`)).toMatchObject([
      { sent: 100, received: 300, applied: never },
      { sent: 200, received: never, applied: never },
    ]);
  });

  it("has the stream among the links of both nodes, with its type and its bytes", () => {
    const { state } = analyseText([redis], replicatedPair).history;
    const values = (node: string, peer: string, name: string): unknown[] => {
      const quark = state.attributes.find("Redis", node, "Bus", peer, name);
      const found: unknown[] = [];
      state.range(quark === undefined ? [] : [quark], 0, never, (_quark, _start, _end, value) => found.push(value) > 0);
      return found.filter((value) => value !== undefined);
    };
    expect(values("test:7021", "replica test/127.0.0.1:6000", "Type")).toEqual(["primary-to-replica"]);
    expect(values("test:7021", "replica test/127.0.0.1:6000", "Sent")).toEqual([60, 100]);
    expect(values("test:7022", "master test/127.0.0.1:7021", "Received")).toEqual([80, 100]);
  });

  it("tells nothing of a connection whose place in the history is not known", () => {
    expect(rows(replicatedPair.replaceAll(/.*replication_offset.*/g, ""))).toEqual([]);
  });
});
