/** A browser on a server on made-up experiments. Builds the UI when it is not there; everything started here is stopped by `close`. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import type { Experiment } from "../../src/engine/contract.ts";
import { startServer } from "../../src/server/index.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const webRoot = `${repository}dist/web`;
const executablePath = process.env["STORESCOPE_CHROMIUM"] ?? "/usr/bin/chromium";

export const hasBrowser = existsSync(executablePath);

export interface Harness {
  readonly url: string;
  /** Opens the page (or one of its addresses) and waits until it shows something. Errors of the page fail the test at `close`. */
  open(path?: string, options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

/** Builds the UI as it is in the source, if it is not built: in a process of its own, for production, as users get it. */
export async function buildWeb(): Promise<void> {
  await promisify(execFile)(process.execPath, [`${repository}tools/build.mjs`]);
}

export async function startHarness(experiments: readonly Experiment[], options: { readonly token?: string } = {}): Promise<Harness> {
  const bugs: unknown[] = [];
  const server = await startServer({ port: 0, experiments, webRoot, token: options.token, onBug: (error) => bugs.push(error) });
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  } catch (error) {
    await server.close();
    throw error;
  }
  const complaints: string[] = [];
  return {
    url: server.url,
    open: async (path = "", contextOptions = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId: "UTC", ...contextOptions });
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      // A refused style or script (Content-Security-Policy) is reported here.
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
      });
      await page.goto(path === "" ? server.url : new URL(path, server.url).href);
      await page.locator("header").waitFor();
      return page;
    },
    close: async () => {
      await browser.close();
      await server.close();
      if (complaints.length > 0 || bugs.length > 0)
        throw new Error(`the page or the server complained:\n${[...complaints, ...bugs.map(String)].join("\n")}`);
    },
  };
}

/** Waits until the time graph has drawn states. */
export async function graphReady(page: Page): Promise<void> {
  await expect
    .poll(async () => Number(await page.getByTestId("states").getAttribute("data-states")), { timeout: 30_000 })
    .toBeGreaterThan(0);
}

/** The visible range in ns, from the address: it is what links share. */
export async function rangeOf(page: Page): Promise<{ readonly from: bigint; readonly to: bigint } | undefined> {
  // The address follows a moment later.
  await page.waitForTimeout(350);
  const values = new URLSearchParams(new URL(page.url()).hash.slice(1));
  const [from, to] = [values.get("from"), values.get("to")];
  return from === null || to === null ? undefined : { from: BigInt(from), to: BigInt(to) };
}

export function addressOf(page: Page): URLSearchParams {
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}
