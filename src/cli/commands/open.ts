/** `storescope open`. */
import type { CommandFile } from "../contract.ts";
import { parseCount } from "../parse.ts";
import { addTraceOptions, type TraceOptions, withAnalyzed } from "../traces.ts";
import { serveUntilStopped } from "../web.ts";

const open: CommandFile = (command, shell) => {
  addTraceOptions(command)
    .option("--port <port>", "port on 127.0.0.1; 0: any free one", "0")
    .option("--token <token>", "ask for this token; the printed address carries it")
    .option("--no-browser", "only print the address")
    .addHelpText("after", "\nExamples:\n  storescope open samples/redis-cluster\n  storescope open node-a node-b --port 8080\n")
    .action(
      (paths: readonly string[], options: TraceOptions & { readonly port: string; readonly token?: string; readonly browser: boolean }) => {
        const port = parseCount(options.port, "--port", 0, 65535);
        return withAnalyzed(shell, paths, options, (experiment) =>
          serveUntilStopped(shell, [experiment], { port, token: options.token, isBrowserWanted: options.browser }),
        );
      },
    );
};

export default open;
