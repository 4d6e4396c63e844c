/** `storescope build store`, `storescope build node` and `storescope build python`. */
import { buildNode } from "../../record/node/index.ts";
import { buildPython } from "../../record/python/index.ts";
import { buildPlainStore, buildStore } from "../../record/store/index.ts";
import type { CommandFile } from "../contract.ts";
import { table } from "../format.ts";
import { parseChoice } from "../parse.ts";

interface Options {
  readonly version?: string;
  readonly source?: string;
  readonly plain?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const build: CommandFile = (command, shell) => {
  command
    .command("store")
    .summary("build an instrumented data store")
    .description(
      "Builds an instrumented data store from the distribution's source package, or from a source tree, once; then it is in the cache.",
    )
    .argument("[name]", "redis or valkey", "redis")
    .option("--version <version>", "upstream version (default: the newest that can be built instrumented)")
    .option("--source <dir>", "a source tree to build a copy of, instead of the distribution's package")
    .option("--plain", "the same source and flags without instrumentation, to compare with")
    .option("--dry-run", "only show which rules of the semantic patches match")
    .option("--force", "build again though it is in the cache")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  storescope build store redis\n  storescope build store redis --json | jq -r .server\n  storescope build store valkey --version 9.1 --dry-run\n",
    )
    .action(async (name: string, options: Options) => {
      const flavor = parseChoice(name, "the store", ["redis", "valkey"]);
      const make = options.plain ? buildPlainStore : buildStore;
      const built = await shell.withProgress((task) =>
        make({ flavor, version: options.version, source: options.source, dryRun: options.dryRun, force: options.force, ...task }),
      );
      if (options.json) {
        shell.printJson(built);
      } else if (options.dryRun) {
        const rows = built.rules.map(({ patch, rule, file, found, wanted }) => [patch, rule, file, String(found), String(wanted)]);
        const columns = [
          { title: "patch" },
          { title: "rule" },
          { title: "file" },
          { title: "found", align: "right" },
          { title: "wanted", align: "right" },
        ] as const;
        shell.print(table(columns, rows));
        shell.print(
          `${built.rules.filter(({ matched }) => matched).length} of ${built.rules.length} rules match ${flavor} ${built.version}\n`,
        );
      } else {
        shell.print(`${built.cached ? "found" : "built"} ${flavor} ${built.version}: ${built.server}\n`);
      }
    });

  command
    .command("node")
    .summary("build what traces Node.js")
    .description(
      "Builds the preload that traces Node.js processes, once; then it is in the cache. `storescope record -- CMD` does so by itself; elsewhere, an image for example, copy the folder and set NODE_OPTIONS.",
    )
    .option("--force", "build again though it is in the cache")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      '\nExamples:\n  storescope build node\n  NODE_OPTIONS="--require=$(storescope build node --json | jq -r .preload)" node app.js\n',
    )
    .action(async (options: { readonly force?: boolean; readonly json?: boolean }) => {
      const built = await shell.withProgress((task) => buildNode({ force: options.force, ...task }));
      if (options.json) shell.printJson(built);
      else shell.print(`${built.cached ? "found" : "built"}: ${built.preload}\n`);
    });

  command
    .command("python")
    .summary("build what traces Python")
    .description(
      "Builds the folder that traces Python processes, once; then it is in the cache. `storescope record -- CMD` does so by itself; elsewhere, an image for example, copy the folder and put it first in PYTHONPATH.",
    )
    .option("--force", "build again though it is in the cache")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      '\nExamples:\n  storescope build python\n  PYTHONPATH="$(storescope build python --json | jq -r .directory)" python3 app.py\n',
    )
    .action(async (options: { readonly force?: boolean; readonly json?: boolean }) => {
      const built = await shell.withProgress((task) => buildPython({ force: options.force, ...task }));
      if (options.json) shell.printJson(built);
      else shell.print(`${built.cached ? "found" : "built"}: ${built.directory}\n`);
    });
};

export default build;
