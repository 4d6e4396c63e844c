import { describe, expect, it } from "vitest";
import { traceFromText } from "../../testing/trace-from-text.ts";
import { ValkeyReader } from "./reader.ts";

const call = (time: number, name: string, us: number, client = "127.0.0.1:5000"): string =>
  `${time} valkey_commands:command_call vpid=9 vtid=9 enum_field=0 addr="${client}" laddr="127.0.0.1:7001" name="${name}" duration=${us}`;
const nobody = "?:0";

/** What the reader says of these events, one word each: `>name` began, `<name` ended, in brackets where nested; times in microseconds. */
function told(...lines: readonly string[]): readonly string[] {
  const found: string[] = [];
  const us = (time: number): string => String(Math.round(time / 1000));
  const source = traceFromText(lines.join("\n"));
  const cursor = source.cursor();
  let last = 0;
  const at = (time: number): string => {
    expect(time).toBeGreaterThanOrEqual(last);
    last = time;
    return us(time);
  };
  const reader = new ValkeyReader(source, cursor, {
    began: (_process, { name }, time, isNested) => found.push(`${at(time)}${isNested ? "(" : ""}>${name}`),
    ended: (_process, { name }, time, isNested) => found.push(`${at(time)}<${name}${isNested ? ")" : ""}`),
    housekept: (_process, kind, end, ns) => found.push(`${at(end)} ${kind} ${us(ns)}`),
    forked: (_process, purpose, start, end) => found.push(`${at(start)} fork ${purpose} ${at(end)}`),
  });
  while (cursor.next()) reader.handle();
  reader.finish();
  return found;
}

describe("Valkey's own tracing", () => {
  it("gives each command its start", () => {
    expect(told(call(100_000, "get", 10), call(200_000, "set", 20))).toEqual(["90>get", "100<get", "180>set", "200<set"]);
  });

  it("puts what a script calls, and what a transaction executes, inside it", () => {
    expect(told(call(100_000, "set", 2, nobody), call(110_000, "get", 1, nobody), call(120_000, "eval", 50))).toEqual([
      "70>eval",
      "98(>set",
      "100<set)",
      "109(>get",
      "110<get)",
      "120<eval",
    ]);
    expect(told(call(10_000, "multi", 1), call(100_000, "set", 2), call(110_000, "get", 1), call(120_000, "exec", 30))).toEqual([
      "9>multi",
      "10<multi",
      "90>exec",
      "98(>set",
      "100<set)",
      "109(>get",
      "110<get)",
      "120<exec",
    ]);
  });

  it("lets what a script or transaction executed belong to it, though it seems to have begun later", () => {
    expect(told(call(100_000, "set", 2, nobody), call(120_000, "eval", 5))).toEqual(["98>eval", "98(>set", "100<set)", "120<eval"]);
    expect(told(call(10_000, "multi", 1), call(100_000, "set", 2), call(120_000, "exec", 5)).slice(2)).toEqual([
      "98>exec",
      "98(>set",
      "100<set)",
      "120<exec",
    ]);
    // Not to a command that executes no others, nor to a script much later.
    expect(told(call(100_000, "set", 2, nobody), call(120_000, "get", 5))).toEqual(["98(>set", "100<set)", "115>get", "120<get"]);
    expect(told(call(100_000, "set", 2, nobody), call(20_000_000, "eval", 5))[0]).toBe("98(>set");
  });

  it("has a transaction that was refused hold up nobody, and later commands of its connection stand by themselves", () => {
    // The EXEC of 5000 is not told of.
    expect(
      told(call(10_000, "multi", 1), call(50_000, "get", 1), call(100_000, "ping", 1, "127.0.0.1:5001"), call(150_000, "set", 1)),
    ).toEqual(["9>multi", "10<multi", "49>get", "50<get", "99>ping", "100<ping", "149>set", "150<set"]);
  });

  it("puts a fork inside the command that it was for, and lets what lies between commands be", () => {
    expect(
      told(
        "20000 valkey_db:expire_cycle vpid=9 vtid=9 duration=5",
        "90000 valkey_rdb:fork vpid=9 vtid=9 duration=30",
        call(100_000, "bgsave", 50),
        "200000 valkey_aof:aof_write vpid=9 vtid=9 duration=7",
        call(300_000, "get", 1),
      ),
    ).toEqual(["20 expire_cycle 5", "50>bgsave", "60 fork 1 90", "100<bgsave", "200 aof_write 7", "299>get", "300<get"]);
  });

  it("never goes back in time where durations are rounded, and holds only so much", () => {
    expect(told(call(100_500, "get", 1), call(101_000, "set", 2))).toEqual(["100>get", "101<get", "101>set", "101<set"]);
    const many = Array.from({ length: 10_001 }, (_, i) => call(100_000 + i * 1000, "get", 0));
    expect(told(call(10_000, "multi", 1), ...many)).toHaveLength(2 + 2 * many.length);
  });
});
