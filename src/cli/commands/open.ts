/** `storescope open`. */
import { requireTraces } from "../../engine/index.ts";
import type { CommandFile } from "../contract.ts";
import { parseCount } from "../parse.ts";
import { addTraceOptions, analyzeNoting, type TraceOptions, withExperiment } from "../traces.ts";
import { serveWhile, stopped } from "../web.ts";

const open: CommandFile = (command, shell) => {
  addTraceOptions(command)
    .option("--port <port>", "port on 127.0.0.1; 0: any free one", "0")
    .option("--token <token>", "ask for this token; the printed address carries it")
    .option("--no-browser", "only print the address")
    .addHelpText("after", "\nExamples:\n  storescope open samples/redis-cluster\n  storescope open node-a node-b --port 8080\n")
    .action(
      (paths: readonly string[], options: TraceOptions & { readonly port: string; readonly token?: string; readonly browser: boolean }) => {
        const port = parseCount(options.port, "--port", 0, 65535);
        requireTraces(paths);
        return serveWhile(shell, { port, token: options.token, isBrowserWanted: options.browser }, async (server) => {
          await withExperiment(shell, paths, options, async (experiment) => {
            // What was analysed before is so by now, and told the page at once; of what was not, it shows how far it is.
            const analysis = analyzeNoting(shell, experiment);
            server.show([experiment]);
            await analysis;
            server.readAhead(experiment);
            await stopped(shell);
          });
        });
      },
    );
};

export default open;
