/** `storescope clean`. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cacheFolderName, userCacheDirectory } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { bytes, table } from "../format.ts";

interface Cache {
  readonly path: string;
  readonly what: string;
  readonly bytes: number;
}

function treeBytes(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + treeBytes(join(path, name)), 0) : stat.size;
}

/** The user's cache, and the cache folder beside each trace (or in the working folder). */
function findCaches(traces: readonly string[]): readonly Cache[] {
  const beside = traces.length === 0 ? [resolve(".")] : traces.map((trace) => dirname(resolve(trace)));
  const candidates = [
    ...[...new Set(beside)].map((folder) => ({
      path: join(folder, cacheFolderName),
      what: "state histories, unpacked archives; made again when needed",
    })),
    { path: userCacheDirectory(), what: "instrumented stores; histories and unpacked archives where a trace's folder is read-only" },
  ];
  return candidates.filter(({ path }) => existsSync(path)).map((cache) => ({ ...cache, bytes: treeBytes(cache.path) }));
}

const clean: CommandFile = (command, shell) => {
  command
    .argument("[trace...]", "traces and archives whose caches to look for (default: those in this folder)")
    .option("--yes", "remove what is shown")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nWithout --yes nothing is removed.\n\nExamples:\n  storescope clean\n  storescope clean traces/monday --yes\n")
    .action((traces: readonly string[], options: { readonly yes?: boolean; readonly json?: boolean }) => {
      const caches = findCaches(traces);
      if (options.yes) for (const { path } of caches) rmSync(path, { recursive: true, force: true });
      if (options.json) {
        shell.printJson({ removed: options.yes === true, caches });
        return;
      }
      if (caches.length === 0) {
        shell.print("There are no caches.\n");
        return;
      }
      shell.print(
        table(
          [{ title: "size", align: "right" }, { title: "path" }, { title: "holds" }],
          caches.map(({ path, what, bytes: size }) => [bytes(size), path, what]),
        ),
      );
      shell.print(options.yes ? "Removed.\n" : "--yes removes them.\n");
    });
};

export default clean;
