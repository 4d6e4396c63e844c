/** What a history directory survives: kills, damage, cuts, full disks. Never a wrong answer: either a whole history, or none, or a clear error. */
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { BadInputError, StorescopeError } from "../base/index.ts";
import { ContainerReader } from "./container.ts";
import { type FileCalls, FileSink, type FileSource, openFinished, realCalls } from "./file-pages.ts";
import { History, HistoryFile } from "./history.ts";
import { HistoryPacker } from "./history-packer.ts";
import {
  createHistory,
  createHistoryPart,
  type HistoryReader,
  type HistoryWriter,
  joinHistoryParts,
  openHistory,
  removeHistory,
  verifyHistory,
} from "./index.ts";

const scratch = mkdtempSync(join(tmpdir(), "storescope-durability-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const key = { identity: "a trace and its analyses" };

/** A small history that has every kind of block. */
function fill(writer: HistoryWriter): void {
  const { state } = writer;
  const names = ["idle", "reading", "executing"].map((name) => state.intern(name));
  for (let q = 0; q < 5; q++) {
    const quark = state.child(-1, `attribute ${q}`);
    // The first one is long enough for a summary.
    for (let i = 0; i < (q === 0 ? 600 : 50); i++) {
      if (q === 4) state.setNumber(i * 10, quark, i / 3);
      else state.setText(i * 10 + q, quark, names[(i + q) % 3] as number);
    }
  }
  const table = writer.table("requests", [
    { name: "start", type: "f64" },
    { name: "command", type: "text" },
  ]);
  for (let i = 0; i < 50; i++) table.append([i * 1.5, names[i % 3] as number]);
  writer.document("summary", { requests: 50 });
  writer.finish(10_000);
}

/** Everything a history says, as text. */
function readAll(history: HistoryReader): string {
  const lines: string[] = [];
  const { state } = history;
  const quarks = Array.from({ length: state.attributes.count }, (_, quark) => quark);
  for (const quark of quarks) lines.push(state.attributes.path(quark).join("/"));
  state.range(quarks, state.start, state.end + 1, (...interval) => void lines.push(interval.join(" ")));
  for (const row of state.columns(quarks, state.start, state.end, 7)) lines.push(JSON.stringify(row));
  const table = history.table("requests");
  for (let i = 0; i < (table?.rowCount ?? 0); i++) lines.push(`${table?.row(i)[0]} ${table?.text(table.row(i)[1] as number)}`);
  lines.push(JSON.stringify(history.document("summary")));
  return lines.join("\n");
}

function directory(name: string): string {
  const path = join(scratch, name);
  rmSync(path, { recursive: true, force: true });
  return path;
}

function thrownBy(work: () => void): StorescopeError {
  try {
    work();
  } catch (error) {
    return error as StorescopeError;
  }
  throw new Error("nothing was thrown");
}

const badHistory = (error: unknown): boolean => error instanceof BadInputError && error.code === "HISTORY_INVALID";

describe("a history directory", () => {
  test("is opened by its key alone, once finished, until removed", () => {
    const dir = directory("life");
    expect(openHistory(dir, key)).toBeUndefined();
    const writer = createHistory(dir, key);
    expect(openHistory(dir, key)).toBeUndefined();
    fill(writer);
    const history = openHistory(dir, key);
    expect(history?.table("requests")?.rowCount).toBe(50);
    expect(history?.bytes).toBe(readFileSync(join(dir, "history")).length);
    history?.close();
    expect(openHistory(dir, { identity: "other" })).toBeUndefined();
    verifyHistory(dir);
    removeHistory(dir);
    expect(existsSync(dir)).toBe(false);
    expect(() => verifyHistory(dir)).toThrow(BadInputError);
  });

  test("has no history from the moment that building anew begins", () => {
    const dir = directory("again");
    fill(createHistory(dir, key));
    const writer = createHistory(dir, key);
    expect(openHistory(dir, key)).toBeUndefined();
    writer.abort();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("loses the partial files of processes that are gone, not those of living ones, nor anything else", () => {
    const dir = directory("stale");
    mkdirSync(dir);
    // Process ids end below 2^22 on Linux.
    for (const name of ["history.4194305.00.partial", `history.${process.pid}.ff.partial`, "notes"]) writeFileSync(join(dir, name), "x");
    createHistory(dir, key).abort();
    expect(readdirSync(dir).sort()).toEqual([`history.${process.pid}.ff.partial`, "notes"]);
    removeHistory(dir);
    expect(readdirSync(dir)).toEqual(["notes"]);
  });

  test("verifies with progress, and stops when asked", () => {
    const dir = directory("verify");
    fill(createHistory(dir, key));
    const seen: number[] = [];
    verifyHistory(dir, { onProgress: ({ done, total }) => void seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(() => verifyHistory(dir, { signal: AbortSignal.abort() })).toThrow(StorescopeError);
  });
});

describe("damage", () => {
  const dir = directory("damage");
  const path = join(dir, "history");

  test("every flipped byte is detected", () => {
    fill(createHistory(dir, key));
    const whole = openHistory(dir, key) as HistoryReader;
    const truth = readAll(whole);
    whole.close();
    const bytes = readFileSync(path);
    let opened = 0;
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((bytes[at] as number) ^ (1 << (at % 8)), at);
      writeFileSync(path, flipped);
      expect(() => verifyHistory(dir), `byte ${at}`).toThrow(BadInputError);
      let damages = 0;
      const history = openHistory(dir, key, () => void damages++);
      if (history === undefined) continue;
      opened++;
      let answer: string | undefined;
      try {
        answer = readAll(history);
      } catch (error) {
        if (!badHistory(error)) throw error;
      }
      expect(answer === undefined || answer === truth, `byte ${at}`).toBe(true);
      // Damage that was met is told once, and the next who opens builds anew.
      expect([damages, existsSync(path)], `byte ${at}`).toEqual(answer === undefined ? [1, false] : [0, true]);
      history.close();
    }
    expect(opened).toBeGreaterThan(1000);
    writeFileSync(path, bytes);
    verifyHistory(dir);
  });

  test("a history cut at any length is none", () => {
    const bytes = readFileSync(path);
    for (let length = 0; length < bytes.length; length += length < 64 || bytes.length - length < 200 ? 1 : 37) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(openHistory(dir, key), `${length} bytes`).toBeUndefined();
    }
    writeFileSync(path, Buffer.concat([bytes, Buffer.from([0])]));
    expect(openHistory(dir, key)).toBeUndefined();
  });

  test("a history cut while it is open gives an error that names file and offset", () => {
    fill(createHistory(dir, key));
    const history = openHistory(dir, key) as HistoryReader;
    truncateSync(path, 100);
    expect(() => history.state.full(500)).toThrow(/history: byte \d+: the file has become shorter/);
    history.close();
  });

  test("a query that is still under way when the history is closed is cancelled, and no damage", () => {
    const directory = join(scratch, "closed");
    const writer = createHistory(directory, key);
    fill(writer);
    let damages = 0;
    const history = openHistory(directory, key, () => damages++)!;
    const chunks = history.table("requests")!.chunks();
    history.close();
    // The descriptor's number is free for any other file now.
    const other = openSync(join(directory, "history"), "r");
    expect(() => [...chunks]).toThrow(expect.objectContaining({ code: "CANCELLED" }));
    expect(() => history.state.at(100, 0)).toThrow(expect.objectContaining({ code: "CANCELLED" }));
    closeSync(other);
    expect(damages).toBe(0);
    verifyHistory(directory);
  });

  test("a directory or another file in the history's place is no history", () => {
    const other = directory("other");
    mkdirSync(join(other, "history"), { recursive: true });
    expect(openHistory(other, key)).toBeUndefined();
    rmSync(join(other, "history"), { recursive: true });
    writeFileSync(join(other, "history"), "x".repeat(1000));
    expect(openHistory(other, key)).toBeUndefined();
  });
});

describe("a disk that fails", () => {
  /** Writes at most `chunk` bytes per call, `limit` in all. */
  const limited = (limit: number, chunk: number): FileCalls => {
    let written = 0;
    return {
      ...realCalls,
      write: (fd, bytes, from, length, position) => {
        const part = Math.min(length, chunk, limit - written);
        if (part <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        written += part;
        return writeSync(fd, bytes, from, part, position);
      },
      sync: () => undefined,
    };
  };

  test("short writes are continued", () => {
    const dir = directory("short");
    fill(new History(new HistoryPacker(new FileSink(dir, limited(Number.POSITIVE_INFINITY, 7))), key));
    verifyHistory(dir);
  });

  test("a full disk is a clear error, and nothing stays of what was written", () => {
    const dir = directory("full");
    for (const limit of [0, 10, 1000, 2500]) {
      const writer = new History(new HistoryPacker(new FileSink(dir, limited(limit, 1 << 20))), key);
      const error = thrownBy(() => fill(writer));
      expect(error).toBeInstanceOf(StorescopeError);
      expect([error.code, error.message]).toEqual([
        "DISK_FULL",
        expect.stringMatching(/partial: byte \d+: the history cannot be written: no space left on the disk/),
      ]);
      expect(readdirSync(dir)).toEqual([]);
      writer.abort();
      expect(openHistory(dir, key)).toBeUndefined();
    }
  });

  test("a failing sync means no history", () => {
    const dir = directory("sync");
    const calls: FileCalls = {
      ...realCalls,
      sync: () => {
        throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
      },
    };
    const writer = new History(new HistoryPacker(new FileSink(dir, calls)), key);
    expect(() => fill(writer)).toThrow(/EIO/);
    expect(openHistory(dir, key)).toBeUndefined();
    writer.abort();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a failure while parts are joined leaves neither parts nor a partial history", () => {
    const dir = directory("full-join");
    const paths = [0, 1].map(() => {
      const part = createHistoryPart(dir);
      part.finish(1);
      return part.path;
    });
    // A folder where the history belongs makes the last step fail, as any failure there does.
    mkdirSync(join(dir, "history", "in the way"), { recursive: true });
    expect(() => joinHistoryParts(dir, key, paths)).toThrow(StorescopeError);
    expect(readdirSync(dir)).toEqual(["history"]);
  });

  test("short reads are continued; a failing read names file and offset, and counts as damage", () => {
    const dir = directory("reads");
    fill(createHistory(dir, key));
    const open = (read: FileCalls["read"]): HistoryReader =>
      new HistoryFile(new ContainerReader(openFinished(dir, { ...realCalls, read }) as FileSource));
    const whole = open(realCalls.read);
    const slow = open((fd, bytes, from, length, position) => realCalls.read(fd, bytes, from, Math.min(length, 5), position));
    expect(readAll(slow)).toBe(readAll(whole));
    let isFailing = false;
    const failing = open((...call) => {
      if (isFailing) throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
      return realCalls.read(...call);
    });
    isFailing = true;
    expect(() => failing.state.full(500)).toThrow(/history: byte \d+: the file cannot be read/);
    isFailing = false;
    expect(readAll(failing)).toBe(readAll(whole));
    for (const history of [whole, slow, failing]) history.close();
  });
});

test("a builder killed at any moment leaves a whole history or none, and the next build works", async () => {
  const dir = directory("killed");
  const program = join(scratch, "builder.mjs");
  buildSync({
    stdin: {
      contents: `
        import { createHistory } from "./index.ts";
        process.stdout.write("ready\\n");
        for (;;) {
          const writer = createHistory(${JSON.stringify(dir)}, ${JSON.stringify(key)});
          const { state } = writer;
          const quark = state.child(-1, "a");
          for (let i = 0; i < 150000; i++) state.setNumber(i * 10, quark, i);
          writer.finish(1500000);
          process.stdout.write("finished\\n");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
        }`,
      resolveDir: import.meta.dirname,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
  const seen = new Set<boolean>();
  for (let round = 0; round < 20; round++) {
    const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    const mark = round % 4 === 0 ? "finished" : "ready";
    await new Promise<void>((resolve) => child.stdout.on("data", (text: Buffer) => text.includes(mark) && resolve()));
    await new Promise((resolve) => setTimeout(resolve, (round * 37) % 60));
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    const history = openHistory(dir, key);
    seen.add(history !== undefined);
    if (history !== undefined) {
      expect(history.state.intervalCount).toBe(150_000);
      expect(history.state.at(755, 0)).toEqual({ quark: 0, start: 750, end: 760, value: 75 });
      history.close();
      verifyHistory(dir);
    }
  }
  fill(createHistory(dir, key));
  verifyHistory(dir);
  expect(readdirSync(dir)).toEqual(["history"]);
  // Round 0 is killed right after a finish, and many others in the middle of a build.
  expect(seen).toEqual(new Set([true, false]));
});
