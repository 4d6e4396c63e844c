/** Archives: the trace that ships, packed by the system's tar and by a zip writer of a few lines, and what an attacker would pack. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { Header } from "tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StorescopeError } from "../../base/index.ts";
import { openExperiment, printEvents } from "../index.ts";
import { unpackArchive } from "./index.ts";

const sample = join(import.meta.dirname, "..", "..", "..", "samples", "redis-cluster");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "storescope-archive-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Packed {
  readonly path: string;
  readonly content?: Buffer;
  readonly type?: "File" | "Link" | "SymbolicLink" | "CharacterDevice" | "Directory";
  readonly linkpath?: string;
  /** What the archive says instead of the content's size. */
  readonly size?: number;
}

function tarOf(members: readonly Packed[]): Buffer {
  const parts = members.flatMap(({ path, content = Buffer.alloc(0), type = "File", linkpath = "", size = content.length }) => {
    const header = new Header({ path, size, type, linkpath, mode: 0o644, mtime: new Date(0) });
    header.encode();
    return [header.block as Buffer, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** APPNOTE.TXT section 4.3: local headers with content, then the central directory and its end. */
function zipOf(members: readonly (Packed & { readonly mode?: number })[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { path, content = Buffer.alloc(0), size = content.length, mode = 0o100644 } of members) {
    const packed = deflateRawSync(content);
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    // Made by: Unix.
    central.push(Buffer.from("PK\u0001\u0002"), Buffer.from([20, 3]), common, tail, name);
    local.push(entry);
    at += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...local, directory, Buffer.from("PK\u0005\u0006"), end]);
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();
}

const sampleFiles = (): readonly Packed[] =>
  filesBelow(sample).map((path) => ({ path: `redis-cluster/${path}`, content: readFileSync(join(sample, path)) }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function textOf(path: string, cacheDirectory?: string): Promise<string> {
  const experiment = await openExperiment([path], { cacheDirectory });
  const parts: Buffer[] = [];
  const add = (bytes: Uint8Array): undefined => void parts.push(Buffer.from(bytes));
  await printEvents(experiment, { format: "babeltrace", write: add });
  experiment.close();
  return Buffer.concat(parts).toString();
}

const failure = async (task: Promise<unknown>): Promise<StorescopeError> => {
  const error: unknown = await task.then(
    () => "nothing was thrown",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StorescopeError);
  return error as StorescopeError;
};

describe("an archive reads like the folder that was packed", () => {
  const packers: Readonly<Record<string, () => string>> = {
    "x.tar": () => systemTar("x.tar", "-cf"),
    "x.tar.gz": () => systemTar("x.tar.gz", "-czf"),
    "x.tgz, pax headers": () => systemTar("x.tgz", "--format=pax", "-czf"),
    "x.tar, members without their folder": () => systemTar("flat.tar", "-C", join(sample, "ust"), "-cf"),
    "x.zip": () => write("x.zip", zipOf(sampleFiles())),
    "a name that says nothing": () => write("upload-1", gzipSync(tarOf(sampleFiles()))),
  };
  function systemTar(name: string, ...options: readonly string[]): string {
    const path = join(folder, name);
    const member = options.includes("-C") ? "." : "redis-cluster";
    execFileSync("tar", [...(options.includes("-C") ? [] : ["-C", join(sample, "..")]), ...options, path, member]);
    return path;
  }

  test.each(Object.keys(packers))("%s", async (name) => {
    const path = packers[name]!();
    expect(await textOf(path)).toBe(await textOf(sample, join(folder, "elsewhere")));
    expect(existsSync(join(folder, ".storescope"))).toBe(true);
  });

  test("long member names", async () => {
    const deep = join(folder, "a".repeat(90), "b".repeat(90), "c".repeat(90));
    mkdirSync(join(deep, ".."), { recursive: true });
    cpSync(join(sample, "ust"), deep, { recursive: true });
    execFileSync("tar", ["-C", folder, "-cf", join(folder, "x.tar"), "a".repeat(90)]);
    expect(await textOf(join(folder, "x.tar"))).toBe(await textOf(sample, join(folder, "elsewhere")));
  });

  test("analyses of it are cached like any other", async () => {
    const path = packers["x.zip"]!();
    const summaries = [];
    for (let i = 0; i < 2; i++) {
      const experiment = await openExperiment([path]);
      summaries.push(await experiment.analyze());
      experiment.close();
    }
    expect(summaries.map(({ cached }) => cached)).toEqual([false, true]);
    expect(summaries[1]?.historyDirectory.startsWith(join(folder, ".storescope", "x.zip-"))).toBe(true);
  });
});

describe("unpacking happens once", () => {
  const cache = (): string => join(folder, "cache");
  const names = (): readonly string[] => readdirSync(cache());

  test("and again when the archive has changed, which removes the old files", async () => {
    const path = write("x.tar", tarOf([{ path: "a", content: Buffer.from("one") }]));
    const first = await unpackArchive(path, cache());
    utimesSync(join(first.directory, "a"), 1, 1);
    const again = await unpackArchive(path, cache());
    expect(again).toEqual(first);
    expect(statSync(join(again.directory, "a")).mtimeMs).toBe(1000);
    write("x.tar", tarOf([{ path: "a", content: Buffer.from("two") }, { path: "b" }]));
    const second = await unpackArchive(path, cache());
    expect(readFileSync(join(second.directory, "a"), "utf8")).toBe("two");
    expect(names()).toEqual([basename(join(second.directory, ".."))]);
  });

  test("what a killed process left is neither believed nor kept", async () => {
    const path = write("x.tar", tarOf([{ path: "a", content: Buffer.from("whole") }]));
    // No process has the highest id that there can be.
    mkdirSync(join(cache(), "4194304.abc.partial", "files"), { recursive: true });
    const { directory } = await unpackArchive(path, cache());
    rmSync(join(directory, "..", "left-out.json"));
    writeFileSync(join(directory, "a"), "half");
    expect(names()).not.toContain("4194304.abc.partial");
    rmSync(join(directory, ".."), { recursive: true });
    expect(readFileSync(join((await unpackArchive(path, cache())).directory, "a"), "utf8")).toBe("whole");
  });

  test("two at once agree", async () => {
    const path = write("x.tar.gz", gzipSync(tarOf(sampleFiles())));
    const both = await Promise.all([unpackArchive(path, cache()), unpackArchive(path, cache())]);
    expect(both[0]).toEqual(both[1]);
    expect(names().length).toBe(1);
  });

  test("cancelling leaves nothing", async () => {
    const path = write("x.tar.gz", gzipSync(tarOf(sampleFiles())));
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    expect((await failure(unpackArchive(path, cache(), { onProgress, signal: controller.signal }))).code).toBe("CANCELLED");
    expect(names()).toEqual([]);
  });
});

describe("hostile archives", () => {
  const secret = Buffer.from("outside");
  const escapes = ["../evil", "a/../../evil", "/tmp/storescope-evil", "..\\evil", "C:\\evil", "a/..", "..", "./../evil"];
  const kinds: Readonly<Record<string, (members: readonly Packed[]) => Buffer>> = { tar: tarOf, zip: zipOf };

  describe.each(Object.keys(kinds))("%s", (kind) => {
    const pack = (members: readonly Packed[]): string => write(`x.${kind}`, kinds[kind]!(members));

    test.each(escapes)("a path that leads out: %s", async (path) => {
      const archive = pack([
        { path: "ok", content: secret },
        { path, content: secret },
      ]);
      const error = await failure(unpackArchive(archive, join(folder, "cache")));
      expect(error.code).toBe("ARCHIVE_INVALID");
      expect(error.message).toContain(archive);
      // Nothing but the archive itself, in or around the cache.
      expect(filesBelow(folder)).toEqual([`x.${kind}`]);
      expect(existsSync("/tmp/storescope-evil")).toBe(false);
    });

    test("a member larger than the disk's room is refused before it is written", async () => {
      const archive = pack([
        { path: "ok", content: secret },
        { path: "a/bomb", content: Buffer.alloc(1 << 20) },
      ]);
      const freeBytes = (): number => 256 * 1024 * 1024 + 1000;
      const error = await failure(unpackArchive(archive, join(folder, "cache"), { freeBytes }));
      expect(error.message).toMatch(/member "a\/bomb": it has 1048576 bytes, but only 1000 can be used/);
      expect(filesBelow(folder)).toEqual([`x.${kind}`]);
    });

    test("flipped bytes: unpacked, or an error with a code; never another", async () => {
      const bytes = kinds[kind]!(sampleFiles().slice(0, 2));
      for (let i = 0; i < 200; i++) {
        const broken = Buffer.from(bytes);
        // Headers and the central directory are where it hurts.
        const at = i % 2 === 0 ? (i * 7) % 600 : broken.length - 1 - ((i * 13) % 600);
        broken[at] = (broken[at]! ^ (1 << (i % 8))) & 255;
        const cache = join(folder, `cache-${i}`);
        try {
          await unpackArchive(write(`x.${kind}`, broken), cache);
        } catch (error) {
          expect(error).toBeInstanceOf(StorescopeError);
          if (existsSync(cache)) expect(readdirSync(cache)).toEqual([]);
        }
      }
    });
  });

  test("links and devices are not made, and said", async () => {
    const archive = write(
      "x.tar",
      tarOf([
        { path: "link", type: "SymbolicLink", linkpath: "/etc" },
        { path: "link/passwd", content: secret },
        { path: "hard", type: "Link", linkpath: "link/passwd" },
        { path: "null", type: "CharacterDevice" },
      ]),
    );
    const { directory, warnings } = await unpackArchive(archive, join(folder, "cache"));
    expect(filesBelow(directory)).toEqual(["link/passwd"]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'member "link" is left out: it is a symbolic link',
      'member "hard" is left out: it is a hard link',
      'member "null" is left out: it is no file (a device or the like)',
    ]);
  });

  test("a symbolic link in a zip is not made", async () => {
    const archive = write("x.zip", zipOf([{ path: "link", content: Buffer.from("/etc"), mode: 0o120777 }]));
    const { directory, warnings } = await unpackArchive(archive, join(folder, "cache"));
    expect(filesBelow(directory)).toEqual([]);
    expect(warnings[0]?.message).toBe('member "link" is left out: it is a symbolic link');
  });

  test("a zip member with more content than it says", async () => {
    const archive = write("x.zip", zipOf([{ path: "bomb", content: Buffer.alloc(1 << 20), size: 10 }]));
    expect((await failure(unpackArchive(archive, join(folder, "cache")))).code).toBe("ARCHIVE_INVALID");
    expect(filesBelow(folder)).toEqual(["x.zip"]);
  });

  test("a file that is no archive", async () => {
    const path = write("notes.txt", Buffer.from("no archive"));
    expect((await failure(openExperiment([path]))).code).toBe("TRACE_NOT_FOUND");
  });
});

describe("an archive that was cut", () => {
  test.each(["tar", "gzip"])("%s: whole members are used, with a warning, or an error with a code", async (kind) => {
    const tar = tarOf([...sampleFiles(), { path: "last", content: Buffer.from("last") }]);
    const bytes = kind === "tar" ? tar : gzipSync(tar);
    const whole = join(sample, "..");
    let used = 0;
    for (let cut = 1; cut < 40; cut++) {
      const archive = write("x", bytes.subarray(0, Math.floor((bytes.length * cut) / 40)));
      try {
        const { directory, warnings } = await unpackArchive(archive, join(folder, "cache"));
        const names = filesBelow(directory);
        for (const name of names) expect(readFileSync(join(directory, name)).equals(readFileSync(join(whole, name)))).toBe(true);
        expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining("the archive ends early")]);
        used = Math.max(used, names.length);
      } catch (error) {
        expect(error).toBeInstanceOf(StorescopeError);
        expect((error as StorescopeError).message).toContain("was it copied whole?");
      }
    }
    expect(used).toBeGreaterThan(2);
  });

  test("zip: its directory is at the end, so it is an error", async () => {
    const bytes = zipOf(sampleFiles());
    const archive = write("x.zip", bytes.subarray(0, bytes.length - 30));
    expect((await failure(unpackArchive(archive, join(folder, "cache")))).code).toBe("ARCHIVE_INVALID");
  });

  test("a gzip whose content does not fit its checksum", async () => {
    const bytes = gzipSync(tarOf(sampleFiles()));
    bytes[bytes.length - 6]! ^= 1;
    expect(() => gunzipSync(bytes)).toThrow();
    const outcome = await unpackArchive(write("x.tgz", bytes), join(folder, "cache")).then(
      () => "unpacked",
      (error: StorescopeError) => error.code,
    );
    expect(outcome).toBe("ARCHIVE_INVALID");
  });
});
