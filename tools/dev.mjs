// `npm run dev -- TRACE...`: the UI with hot reload. Serves the traces on one port and the sources of the UI, with the API passed through, on another.
// The server side is restarted when its sources change.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { join } from "node:path";
import { createServer } from "vite";
import { root } from "./lib/root.mjs";

const apiPort = 5679;
let server;
function restart() {
  server?.kill("SIGTERM");
  server = spawn(process.execPath, [join(root, "bin/storescope"), "serve", "--port", String(apiPort), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
}
let pending;
watch(join(root, "src"), { recursive: true }, (_event, name) => {
  if (name?.startsWith("web/")) return;
  clearTimeout(pending);
  pending = setTimeout(restart, 200);
});
process.on("exit", () => server?.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));

restart();
const vite = await createServer({
  configFile: join(root, "vite.config.ts"),
  root: join(root, "src/web"),
  server: { host: "127.0.0.1", port: 5173, proxy: { "/tsp": `http://127.0.0.1:${apiPort}`, "/api": `http://127.0.0.1:${apiPort}` } },
});
await vite.listen();
vite.printUrls();
