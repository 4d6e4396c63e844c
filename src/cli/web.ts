/** Serving experiments until told to stop: what `serve`, `open` and `demo` end with. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { StorescopeError } from "../base/index.ts";
import type { Experiment } from "../engine/index.ts";
import { thisPackage } from "../record/package/index.ts";
import { type RunningServer, startServer } from "../server/index.ts";
import type { Shell } from "./shell.ts";

/** A browser that was just started asks within this time. */
const browserStartMs = 5_000;

export interface ServeOptions {
  readonly port: number;
  readonly token?: string | undefined;
  readonly isBrowserWanted: boolean;
}

/** Opens the address in the user's browser where there is a way to; whether it worked is seen there, the address is printed anyway. */
function openBrowser(url: string): void {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

/**
 * Serves while `task` runs, which opens what is served and shows it; the address is printed before, so that a browser starts meanwhile. Requests wait for what is not
 * shown yet.
 */
export async function serveWhile(shell: Shell, options: ServeOptions, task: (server: RunningServer) => Promise<void>): Promise<void> {
  const { root, version } = thisPackage();
  const webRoot = join(root, "dist", "web");
  const server = await startServer({
    port: options.port,
    webRoot: existsSync(webRoot) ? webRoot : undefined,
    token: options.token,
    version,
  });
  let isBrowserStarted = false;
  try {
    shell.print(`${server.url}\n`);
    shell.note("Ctrl-C stops serving");
    const hasScreen = process.platform === "darwin" || Boolean(process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]);
    isBrowserStarted = options.isBrowserWanted && hasScreen;
    if (isBrowserStarted) openBrowser(server.url);
    await task(server);
  } catch (error) {
    // The page is to say why, too, where one has asked or is about to.
    if (error instanceof StorescopeError && !shell.signal.aborted) await server.refuse(error, isBrowserStarted ? browserStartMs : 0);
    throw error;
  } finally {
    await server.close();
  }
}

/** Resolves when the shell is told to stop. */
export function stopped(shell: Shell): Promise<void> {
  return new Promise<void>((resolve) => {
    if (shell.signal.aborted) resolve();
    else shell.signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Serves what is open until the shell is told to stop. */
export function serveUntilStopped(shell: Shell, experiments: readonly Experiment[], options: ServeOptions): Promise<void> {
  return serveWhile(shell, options, async (server) => {
    server.show(experiments);
    const [first] = experiments;
    if (first !== undefined) server.readAhead(first);
    await stopped(shell);
  });
}
