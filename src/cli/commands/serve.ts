/** `storescope serve`. */
import type { TaskOptions } from "../../base/index.ts";
import { openExperiment } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { parseCount } from "../parse.ts";
import { serveUntilStopped } from "../web.ts";

const serve: CommandFile = (command, shell) => {
  command
    .argument("<trace...>", "CTF directories, or archives of them; each is an experiment of its own")
    .option("--cache <dir>", "folder for state histories (default: .storescope beside the trace)")
    .option("--port <port>", "port on 127.0.0.1; 0: any free one", "8080")
    .option("--token <token>", "ask for this token; the printed address carries it")
    .addHelpText(
      "after",
      "\nServes the UI at /, the Trace Server Protocol at /tsp/api. Traces are analysed when they are first asked for.\n\nExamples:\n  storescope serve trace-a trace-b --port 8080\n",
    )
    .action(async (paths: readonly string[], options: { readonly cache?: string; readonly port: string; readonly token?: string }) => {
      const port = parseCount(options.port, "--port", 0, 65535);
      const experiments = [];
      try {
        for (const path of paths) {
          const open = (progress: TaskOptions) => openExperiment([path], { cacheDirectory: options.cache, ...progress });
          experiments.push(await shell.withProgress(open));
        }
        await serveUntilStopped(shell, experiments, { port, token: options.token, isBrowserWanted: false });
      } finally {
        for (const experiment of experiments) experiment.close();
      }
    });
};

export default serve;
